package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// BenchmarkSeed fills the shop's tables with PGSTANDIN_BENCH_SEED_ROWS rows, half a
// million if it is not set, and loads the same rows from files by psql: as they
// are, and with the triggers off that check references. It fails if seed is not
// half as fast as the faster of these.
func BenchmarkSeed(b *testing.B) {
	want := 500_000
	if n, err := strconv.Atoi(os.Getenv("PGSTANDIN_BENCH_SEED_ROWS")); err == nil {
		want = n
	}
	r := newRace(b)
	shop, err := filepath.Abs(shopSchema)
	if err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile(shop)
	if err != nil {
		b.Fatal(err)
	}
	fresh := func() string {
		pgtest.Exec(b, r.target.DSN("postgres"), "drop database if exists seeded with (force)")
		pgtest.Exec(b, r.target.DSN("postgres"), "create database seeded template template0")
		pgtest.Exec(b, r.target.DSN("seeded"), string(text))
		pgtest.Exec(b, r.target.DSN("postgres"), "checkpoint")
		return r.target.DSN("seeded")
	}
	args := []string{"seed", "--quiet", "--rows", fmt.Sprintf("%d,countries=200", want/10)}
	run := func(name string, cmd *exec.Cmd) lap {
		b.Helper()
		l, _, err := r.measure(cmd)
		if err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		rows := 0
		for _, n := range r.rows(r.target, "seeded") {
			i, err := strconv.Atoi(n)
			if err != nil {
				b.Fatal(err)
			}
			rows += i
		}
		rate := float64(rows) / l.wall
		b.Logf("%-28s %9d rows %7.1f s %9.0f rows/s, client %6.1f s CPU and %4d MiB, server %6.1f s CPU", name, rows, l.wall, rate, l.client, l.peak, l.servers)
		return l
	}
	files := filepath.Join(r.dir, "rows")
	l, _, err := r.measure(exec.Command(r.bin, append(args, "--schema", shop, "--out", files)...))
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%-28s %24.1f s, client %6.1f s CPU and %4d MiB", "seed --out", l.wall, l.client, l.peak)
	load, err := os.ReadFile(filepath.Join(files, "load.sql"))
	if err != nil {
		b.Fatal(err)
	}
	var copies strings.Builder
	for _, line := range strings.Split(string(load), "\n") {
		if strings.HasPrefix(line, `\copy`) && !strings.Contains(line, "pgstandin_late") {
			fmt.Fprintln(&copies, line)
		}
	}
	if err := os.WriteFile(filepath.Join(files, "copies.sql"), []byte(copies.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	psql := func(options string) *exec.Cmd {
		cmd := r.tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", fresh(), "-f", "copies.sql")
		cmd.Dir, cmd.Env = files, append(os.Environ(), "PGOPTIONS="+options)
		return cmd
	}
	for b.Loop() {
		ours := run("seed --target", exec.Command(r.bin, append(args, "--target", fresh())...))
		plain := run(`psql \copy`, psql(""))
		quick := run(`psql \copy, triggers off`, psql("-c session_replication_role=replica"))
		if best := min(plain.wall, quick.wall); ours.wall > 2*best {
			b.Errorf("seed took %.1f s, psql %.1f s", ours.wall, best)
		}
		if ours.peak > 200 {
			b.Errorf("seed took %d MiB", ours.peak)
		}
	}
}
