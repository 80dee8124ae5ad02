package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// BenchmarkSnapshot writes a masked snapshot of everything, and a stock dump of
// the same with the same compression by as many workers, in turns. The metrics
// are medians; "ratio" is the snapshot's time by the dump's, and "size-ratio" is the
// size of its data files by that of a stock dump of the rows that it restores to.
func BenchmarkSnapshot(b *testing.B) {
	rounds := 3
	if n, err := strconv.Atoi(os.Getenv("PGSTANDIN_BENCH_ROUNDS")); err == nil {
		rounds = n
	}
	x := newBench(b)
	x.shop(b, "large", benchUsers(b))
	rules := filepath.Join(x.dir, "everything.yaml")
	if err := os.WriteFile(rules, []byte(everything(b)), 0o600); err != nil {
		b.Fatal(err)
	}
	pgDump, err := x.server.Tool("pg_dump")
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, ours, stock string }{{"gzip", "gzip", "-Z6"}, {"none", "none", "-Z0"}} {
		b.Run(c.name, func(b *testing.B) {
			out := filepath.Join(x.dir, "out")
			dump := []string{pgDump, "-Fd", "-j2", c.stock, "-f", out, "-d", x.server.DSN("large")}
			snapshot := []string{x.bin, "snapshot", "--source", x.server.DSN("large"), "--rules", rules, "--workers", "2", "--out", out, "--compress", c.ours, "--quiet"}
			var ours, stock []lap
			for b.Loop() {
				for round := range rounds {
					stock = append(stock, x.measure(b, out, dump))
					ours = append(ours, x.measure(b, out, snapshot))
					b.Logf("round %d: snapshot %s, pg_dump %s", round+1, ours[round], stock[round])
				}
			}
			wall := func(l lap) float64 { return l.wall }
			b.ReportMetric(medianOf(ours, wall), "s/op")
			b.ReportMetric(medianOf(stock, wall), "s/pg_dump")
			b.ReportMetric(medianOf(ours, wall)/medianOf(stock, wall), "ratio")
			b.ReportMetric(medianOf(ours, func(l lap) float64 { return float64(l.peak) }), "MiB-peak")
			b.ReportMetric(0, "ns/op")
			if c.ours == "none" {
				return
			}
			mine, theirs := x.sameRows(b, out, snapshot, dump)
			b.Logf("data files: snapshot %.2f MB, pg_dump of the same rows %.2f MB", mine, theirs)
			b.ReportMetric(mine/theirs, "size-ratio")
		})
	}
}

// sameRows returns the sizes in MB of the data files of a snapshot and of a stock
// dump of what it restores to.
func (x *bench) sameRows(b *testing.B, out string, snapshot, dump []string) (mine, theirs float64) {
	run := func(args ...string) {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA, "PGSTANDIN_PG_BIN="+x.server.Bin())
		if text, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%s: %v\n%s", args[0], err, text)
		}
	}
	pgRestore, err := x.server.Tool("pg_restore")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(out)
	run(append(slices.Clone(snapshot), "--name", "same")...)
	pgtest.Exec(b, x.server.DSN("postgres"), "drop database if exists restored")
	pgtest.Exec(b, x.server.DSN("postgres"), "create database restored")
	run(pgRestore, "-j2", "-d", x.server.DSN("restored"), filepath.Join(out, "same"))
	mine = dataSize(b, out)
	if err := os.RemoveAll(out); err != nil {
		b.Fatal(err)
	}
	dump = slices.Clone(dump)
	dump[len(dump)-1] = x.server.DSN("restored")
	run(dump...)
	return mine, dataSize(b, out)
}

// dataSize is the size in MB of the data files below a folder.
func dataSize(b *testing.B, dir string) float64 {
	size := 0.0
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "toc.dat" || !strings.Contains(d.Name(), ".dat") {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += float64(info.Size()) / 1e6
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return size
}

func medianOf(laps []lap, of func(lap) float64) float64 {
	var all []float64
	for _, l := range laps {
		all = append(all, of(l))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// String is for the log.
func (l lap) String() string {
	return fmt.Sprintf("%.1f s, %.1f s CPU, %d MiB, wrote %.1f MB", l.wall, l.client, l.peak, l.data)
}

// measure runs one program that writes a folder, and removes what it wrote; data
// is the size of that in MB.
func (x *bench) measure(b *testing.B, out string, args []string) lap {
	begin := time.Now()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA, "PGSTANDIN_PG_BIN="+x.server.Bin())
	text, peak, err := runWatched(cmd)
	if err != nil {
		b.Fatalf("%s: %v\n%s", args[0], err, text)
	}
	l := lap{wall: time.Since(begin).Seconds(), client: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), peak: peak}
	err = filepath.WalkDir(out, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			l.data += float64(info.Size()) / 1e6
		}
		return err
	})
	if err == nil {
		err = os.RemoveAll(out)
	}
	if err != nil {
		b.Fatal(err)
	}
	return l
}
