package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestKilled kills runs, with no chance to clean up, at the beginning of each
// step and at random moments. Staging is then whole, the source free within
// seconds; the next run, at once, succeeds and removes what they left, and nothing
// else.
func TestKilled(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop+`insert into audit_logs select i, 1 + i % 100, repeat('x', 500), '2020-01-01' from generate_series(1000, 12000) i;
		create function slow(int) returns int immutable language plpgsql as 'begin if $1 % 100 = 0 then perform pg_sleep(0.01); end if; return $1; end';
		create index audit_logs_slow on audit_logs (slow(id))`)
	s.write(smallRules)
	s.must(keyA)
	want := s.rowsOf("users")
	bin := program(t)
	tmp := t.TempDir()
	keep := decoys(t, s.name, tmp)
	start := func() (*exec.Cmd, *strings.Builder) {
		cmd := exec.Command(bin, "refresh", "--source", s.source, "--target", s.target, "--rules", s.rules, "--workers", "2")
		cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA, "TMPDIR="+tmp)
		return cmd, new(strings.Builder)
	}
	swept := 0
	for _, at := range []string{"check rules", "lock tables", "choose rows", "copy rows", "build indexes", "verify", "a", "b"} {
		t.Run(at, func(t *testing.T) {
			cmd, printed := start()
			if len(at) == 1 {
				cmd.Stderr = printed
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(rand.N(2 * time.Second))
			} else {
				errs, err := cmd.StderrPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				// A line is printed when its step has ended.
				buf := make([]byte, 4096)
				for !strings.Contains(printed.String(), at) && err == nil {
					var n int
					n, err = errs.Read(buf)
					printed.Write(buf[:n])
				}
				if at == "lock tables" || at == "copy rows" || at == "choose rows" { // let the step after it begin
					time.Sleep(rand.N(100 * time.Millisecond))
				}
			}
			_ = cmd.Process.Signal(syscall.SIGKILL)
			_ = cmd.Wait()
			if got := s.rowsOf("users"); got != want {
				t.Error("staging is not whole")
			}
			for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
				open := pgtest.Query(t, s.source, "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")[0][0]
				if open == "0" {
					break
				}
				if time.Since(begin) > 10*time.Second {
					t.Fatalf("%s sessions are left on the source", open)
				}
			}
			dir := t.TempDir()
			status, _, errOut := s.refresh(keyA, "--report", dir)
			if status != 0 {
				t.Errorf("the run after it: status %d: %s", status, errOut)
			}
			dropped := strings.Count(errOut, "which an earlier run left behind")
			if r, _, _ := readReport(t, dir); strings.Count(strings.Join(r.Notes, "\n"), "which an earlier run left behind") != dropped {
				t.Errorf("the report's notes: %q; said: %s", r.Notes, errOut)
			}
			swept += dropped
			if got := s.rowsOf("users"); got != want {
				t.Error("the run after it gave other rows")
			}
		})
	}
	if swept < 3 {
		t.Errorf("%d leftovers were dropped", swept)
	}
	// The commands of this process look into its own folder for temporary files.
	cmd, printed := start()
	cmd.Stderr = printed
	if err := cmd.Run(); err != nil {
		t.Fatalf("the last run: %v: %s", err, printed)
	}
	keep(t)
}

// decoys makes databases and folders that look like a dead run's and are not,
// and returns a check that they, and nothing else, are there.
func decoys(t *testing.T, name, tmp string) func(*testing.T) {
	t.Helper()
	admin := pgtest.Server(t)
	databases := []string{name + "_pgstandin_mine", name + "_pgstandin_backup1_old", name + "_pgstandin_260101000000abcd"}
	for i, d := range databases {
		pgtest.Exec(t, admin, "create database "+d)
		if i == 2 { // a name as we make it up, with somebody's comment
			pgtest.Exec(t, admin, "comment on database "+d+" is 'keep'")
		}
	}
	mark := []byte("pgstandin run folder\n")
	for dir, owner := range map[string][]byte{"pgstandin-12345": nil, "pgstandin-other": []byte("somebody else's file\n"), "pgstandin-open": mark, "pgstandin-locked": mark, "other-1": mark} {
		mode := os.FileMode(0o700)
		if dir == "pgstandin-open" { // not as we make it
			mode = 0o755
		}
		if err := os.Mkdir(filepath.Join(tmp, dir), mode); err != nil {
			t.Fatal(err)
		}
		if owner != nil {
			if err := os.WriteFile(filepath.Join(tmp, dir, "owner"), owner, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Symlink("pgstandin-other", filepath.Join(tmp, "pgstandin-link")); err != nil {
		t.Fatal(err)
	}
	held, err := os.Open(filepath.Join(tmp, "pgstandin-locked", "owner"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { held.Close() })
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	wantFolders := "other-1 pgstandin-12345 pgstandin-link pgstandin-locked pgstandin-open pgstandin-other"
	wantDatabases := fmt.Sprint([]string{name, databases[2], databases[1], databases[0], name + "_previous"})
	return func(t *testing.T) {
		t.Helper()
		entries, err := os.ReadDir(tmp)
		if err != nil {
			t.Fatal(err)
		}
		var folders []string
		for _, e := range entries {
			folders = append(folders, e.Name())
		}
		if got := strings.Join(folders, " "); got != wantFolders {
			t.Errorf("folders: %s, want %s", got, wantFolders)
		}
		var found []string
		for _, r := range pgtest.Query(t, admin, "select datname from pg_database where starts_with(datname, '"+name+"') order by datname collate \"C\"") {
			found = append(found, r[0])
		}
		if got := fmt.Sprint(found); got != wantDatabases {
			t.Errorf("databases: %s, want %s", got, wantDatabases)
		}
	}
}
