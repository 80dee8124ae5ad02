package main

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// Restores that are killed or interrupted at any moment leave staging as it was,
// and the next one removes what they left.
func TestRestoreKilled(t *testing.T) {
	t.Parallel()
	role := superuser(t)
	s := newStaging(t)
	s.target += connectAs(role)
	pgtest.Exec(t, s.source, manyObjects+`
create function slow(int) returns int immutable language plpgsql as 'begin if $1 % 100 = 0 then perform pg_sleep(0.01); end if; return $1; end';
create table large (i int primary key, t text); insert into large select i, repeat('x', 200) from generate_series(1, 20000) i;
create index large_slow on large (slow(i))`)
	s.write(restoreRules)
	dest := t.TempDir()
	stock(t, s.source, dest, "x", time.Now(), nil)
	s.mustRestore(dest)
	want := allOf(t, s.target)
	pgtest.Exec(t, s.target, "create table canary ()")
	bin := program(t)
	canary := func() bool {
		return pgtest.Query(t, s.target, "select count(*) from pg_class where relname = 'canary'")[0][0] == "1"
	}
	// The server sees a moment later that a client is gone, and frees its lock.
	quiet := func() {
		for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			n := pgtest.Query(t, s.source, "select count(*) from pg_stat_activity where usename = '"+role+"' and application_name like 'pgstandin%'")[0][0]
			if n == "0" {
				return
			}
			if time.Since(begin) > 20*time.Second {
				t.Fatalf("%s sessions are left", n)
			}
		}
	}
	for i := range 8 {
		quiet()
		cmd := exec.Command(bin, "restore", dest, "--target", s.target, "--rules", s.rules, "-j", "2")
		var errs strings.Builder
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200*time.Millisecond + rand.N(2*time.Second))
		signal := os.Kill
		if i%2 == 1 {
			signal = os.Interrupt
		}
		_ = cmd.Process.Signal(signal)
		err := cmd.Wait()
		switch {
		case err == nil: // it was faster
			if got := allOf(t, s.target); got != want {
				t.Fatal(firstDifference(want, got))
			}
			pgtest.Exec(t, s.target, "create table canary ()")
		case !canary():
			t.Fatalf("staging is another: %s", errs.String())
		case signal == os.Interrupt && cmd.ProcessState.ExitCode() != exitInterrupted:
			t.Errorf("interrupted: %v: %s", err, errs.String())
		}
	}
	quiet()
	s.mustRestore(dest)
	if got := allOf(t, s.target); got != want {
		t.Error(firstDifference(want, got))
	}
	if left := pgtest.Query(t, s.source, "select datname from pg_database where datname like '"+s.name+"\\_pgstandin%'"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
