package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestLostSessions ends sessions of a run, on either end, at random moments: one
// of them, or all of that end. The run then succeeds or fails by itself; staging
// is whole, nothing is left behind, and the next run succeeds.
func TestLostSessions(t *testing.T) {
	t.Parallel()
	role := superuser(t)
	s := newStaging(t)
	s.source, s.target = s.source+connectAs(role), s.target+connectAs(role)
	pgtest.Exec(t, s.source, smallShop+"insert into audit_logs select i, 1 + i % 100, repeat('x', 500), '2020-01-01' from generate_series(1000, 20000) i")
	s.write(smallRules)
	s.must(keyA)
	want := s.rowsOf("users")
	bin := program(t)
	db := strings.TrimSuffix(s.name, "_staging")
	source, target := "datname = '"+db+"'", "usename = '"+role+"' and (datname like '"+s.name+"%' or application_name like 'pgstandin run %')"
	admin := pgtest.Server(t)
	for i := range 8 {
		where := []string{source, target}[i%2]
		limit := []string{"limit 1", ""}[i/2%2]
		t.Run(fmt.Sprintf("%d %s", i, limit), func(t *testing.T) {
			cmd := exec.Command(bin, "refresh", "--source", s.source, "--target", s.target, "--rules", s.rules, "--workers", "2")
			cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() { _ = cmd.Wait(); close(done) }()
			time.Sleep(200*time.Millisecond + rand.N(2500*time.Millisecond))
			ended := pgtest.Query(t, admin, "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity where pid <> pg_backend_pid() and "+where+" order by random() "+limit+") x")[0][0]
			select {
			case <-done:
			case <-time.After(2 * time.Minute):
				_ = cmd.Process.Kill()
				t.Fatalf("the run hangs after %s sessions were ended:\n%s", ended, out.String())
			}
			code := cmd.ProcessState.ExitCode()
			t.Logf("%s sessions ended, status %d", ended, code)
			if code != exitDone && code != exitFailed || strings.Contains(out.String(), "panic") {
				t.Errorf("%s sessions ended, status %d:\n%s", ended, code, out.String())
			}
			if got := s.rowsOf("users"); got != want {
				t.Error("staging is not whole")
			}
			for _, row := range pgtest.Query(t, admin, "select datname from pg_database where datname like '"+s.name+"\\_pgstandin%'") {
				t.Errorf("%s is left behind by a run that could clean up:\n%s", row[0], out.String())
			}
		})
	}
	s.must(keyA)
}
