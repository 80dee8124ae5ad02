package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkClient runs masked refreshes and snapshots of everything in the test's
// own process: what -cpuprofile then shows is the client alone. "make bench/pgo"
// makes the profile of it that "make build" gives to the compiler.
func BenchmarkClient(b *testing.B) {
	x := newBench(b)
	x.shop(b, "large", benchUsers(b))
	b.Setenv("PGSTANDIN_KEY", keyA)
	b.Setenv("PGSTANDIN_PG_BIN", x.server.Bin())
	rules := filepath.Join(x.dir, "rules.yaml")
	if err := os.WriteFile(rules, []byte(everything(b)), 0o600); err != nil {
		b.Fatal(err)
	}
	for _, args := range [][]string{
		{"refresh", "--target", x.server.DSN("staging")},
		{"snapshot", "--out", filepath.Join(b.TempDir(), "snapshots")},
	} {
		b.Run(args[0], func(b *testing.B) {
			used := -cpuOfSelf(b)
			for b.Loop() {
				var out, errs strings.Builder
				args := append(args, "--source", x.server.DSN("large"), "--rules", rules)
				if status := run(args, strings.NewReader(""), &out, &errs); status != exitDone {
					b.Fatalf("status %d\n%s%s", status, &out, &errs)
				}
			}
			used += cpuOfSelf(b)
			b.ReportMetric(used.Seconds()/float64(b.N), "CPU-s/op")
		})
	}
}

// cpuOfSelf returns the processor time that this process has used.
func cpuOfSelf(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
