package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// benchUsers is the size of the shop that benchmarks run on; the variable is
// for quick looks.
func benchUsers(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("PGSTANDIN_BENCH_USERS"))
	if err != nil {
		n = 500_000
	}
	if n < 20_000 {
		b.Fatalf("PGSTANDIN_BENCH_USERS is %d, less than 20000", n)
	}
	return n
}

// bench is a server with shops, and the program that is measured.
type bench struct {
	server *pgserver.Server
	bin    string
	dir    string
}

func newBench(b *testing.B) *bench {
	server, err := pgserver.Start(b.Context(), pgserver.Config{Settings: map[string]string{
		"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "1h", "maintenance_work_mem": "256MB",
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := server.Stop(); err != nil {
			b.Error(err)
		}
	})
	dir := b.TempDir()
	return &bench{server: server, bin: released(b), dir: dir}
}

// shop makes a database with a shop, once.
func (x *bench) shop(b *testing.B, name string, users int) {
	start := time.Now()
	pgtest.Exec(b, x.server.DSN("postgres"), "create database "+name)
	pgtest.Exec(b, x.server.DSN(name), shop.Schema)
	pgtest.Exec(b, x.server.DSN(name), shop.Data(users))
	pgtest.Exec(b, x.server.DSN(name), "vacuum analyze")
	rows := pgtest.Query(b, x.server.DSN(name), "select sum(reltuples)::bigint, pg_size_pretty(pg_database_size(current_database())) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")[0]
	b.Logf("%s: %d users, %s rows, %s, made in %.0f s", name, users, rows[0], rows[1], time.Since(start).Seconds())
}

// run measures one command: seconds and the most memory that it had.
func (x *bench) run(b *testing.B, source, rules string, args ...string) {
	file := filepath.Join(x.dir, strings.ReplaceAll(b.Name(), "/", "-")+".yaml")
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		b.Fatal(err)
	}
	args = append(args, "--source", x.server.DSN(source), "--rules", file)
	if args[0] == "refresh" {
		args = append(args, "--target", x.server.DSN("staging"))
	}
	peak := int64(0)
	for b.Loop() {
		cmd := exec.Command(x.bin, args...)
		cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA, "PGSTANDIN_PG_BIN="+x.server.Bin())
		out, mem, err := runWatched(cmd)
		if err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		peak = max(peak, mem)
		if testing.Verbose() {
			b.Logf("%s", out)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/op")
	b.ReportMetric(float64(peak), "MiB-peak")
	b.ReportMetric(0, "ns/op")
}

// subsetRules are the shop's rules with another root.
func subsetRules(b *testing.B, root string) string {
	const old = `{ table: users, sample: "${sample}" }`
	if strings.Count(shop.Rules, old) != 1 {
		b.Fatal("the shop's rules have no such root")
	}
	return strings.Replace(shop.Rules, old, root, 1)
}

// BenchmarkRefresh measures what a user waits for, with the reference of
// PostgreSQL's own tools on the same server: a refresh of 5 % of the users with
// all masks, constraints and verification; small subsets of a large shop by an
// indexed condition beside larger ones of a small shop; and a masked copy of
// everything.
func BenchmarkRefresh(b *testing.B) {
	x := newBench(b)
	users := benchUsers(b)
	x.shop(b, "large", users)
	x.shop(b, "small", users/10)
	b.Run("5% of the users", func(b *testing.B) {
		x.run(b, "large", subsetRules(b, "{ table: users, sample: 5% }"), "refresh")
	})
	b.Run("rows of 5%", func(b *testing.B) {
		x.run(b, "large", subsetRules(b, "{ table: users, sample: 5% }"), "plan", "--exact")
	})
	ids := users / 1000
	for _, c := range []struct{ name, source string }{{"0.1% by id", "large"}, {"1% by id of a tenth", "small"}} {
		b.Run(c.name, func(b *testing.B) {
			x.run(b, c.source, subsetRules(b, fmt.Sprintf("{ table: users, where: \"id between 1001 and %d\" }", 1000+ids)), "refresh")
		})
		b.Run("rows of "+c.name, func(b *testing.B) {
			x.run(b, c.source, subsetRules(b, fmt.Sprintf("{ table: users, where: \"id between 1001 and %d\" }", 1000+ids)), "plan", "--exact")
		})
	}
	b.Run("everything, masked", func(b *testing.B) {
		x.run(b, "large", everything(b), "refresh")
	})
	b.Run("everything, pg_dump and pg_restore", func(b *testing.B) {
		for b.Loop() {
			x.dumpAndRestore(b, "large")
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/op")
		b.ReportMetric(0, "ns/op")
	})
}

// everything is the shop's rules without a subset.
func everything(b *testing.B) string {
	from, to := strings.Index(shop.Rules, "subset:\n"), strings.Index(shop.Rules, "tables:\n")
	if from < 0 || to < from {
		b.Fatal("the shop's rules have no subset")
	}
	text := shop.Rules[:from] + shop.Rules[to:]
	for _, none := range []string{"    rows: none\n", "    where: \"created_at <= now() - interval '7 days'\"\n", "  - \"select count(*) = 0 from payment_methods\"\n"} {
		if !strings.Contains(text, none) {
			b.Fatalf("the shop's rules have no %q", none)
		}
		text = strings.Replace(text, none, "", 1)
	}
	return text
}

// dumpAndRestore is an unmasked copy by PostgreSQL's own tools.
func (x *bench) dumpAndRestore(b *testing.B, source string) {
	dir := filepath.Join(b.TempDir(), "dump")
	defer os.RemoveAll(dir)
	pgtest.Exec(b, x.server.DSN("postgres"), "drop database if exists copied")
	pgtest.Exec(b, x.server.DSN("postgres"), "create database copied")
	for _, args := range [][]string{
		{"pg_dump", "-Fd", "-Z0", "-j2", "-f", dir, "-d", x.server.DSN(source)},
		{"pg_restore", "-j2", "-d", x.server.DSN("copied"), dir},
	} {
		tool, err := x.server.Tool(args[0])
		if err != nil {
			b.Fatal(err)
		}
		if out, err := exec.Command(tool, args[1:]...).CombinedOutput(); err != nil {
			b.Fatalf("%s: %v\n%s", args[0], err, out)
		}
	}
}
