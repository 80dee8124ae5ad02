package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// psql is the program, or the test is skipped.
func psql(t *testing.T) string {
	t.Helper()
	bin, _, err := pgserver.Find()
	if err != nil {
		t.Skip(err)
	}
	name := filepath.Join(bin, "psql")
	if _, err := os.Stat(name); err != nil {
		t.Skip(err)
	}
	return name
}

// A migration runs on the new database, between the proof that it is the
// source's schema and the rules' checks, which see what it did.
func TestBeforeSwap(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	s.must(keyA)
	s.write(smallRules + "checks:\n  - \"select count(*) = 1 from users where name = 'nick'\"\n")
	if status, _, errOut := s.refresh(keyA); status != exitVerify || !strings.Contains(errOut, "'nick'") {
		t.Fatalf("without the migration: status %d: %s", status, errOut)
	}
	migrate := psql(t) + ` -qX -v ON_ERROR_STOP=1 -c "alter table users add nickname text default 'nick'; update users set name = 'nick' where id = 7; drop table audit_logs" && echo migrated && echo 'as it should' >&2; env`
	// The report is of what was copied, whatever the command makes of it.
	var errs strings.Builder
	cmd := exec.Command(program(t), "refresh", "--source", s.source, "--target", s.target, "--rules", s.rules, "--workers", "2", "--before-swap", migrate, "--report", t.TempDir())
	cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA, "PGSTANDIN_SOURCE=postgres://hidden:secret@nowhere/x", "PGHOST=elsewhere.example", "PGDATABASE=another")
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	errOut := errs.String()
	for _, want := range []string{"before-swap: migrated\n", "before-swap: as it should\n", "before-swap: PGDATABASE=" + s.name + "_pgstandin_", "before-swap: PGSTANDIN_TARGET=postgres://"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("lacks %q:\n%s", want, errOut)
		}
	}
	for _, never := range []string{keyA, "hidden", "elsewhere", "another"} {
		if strings.Contains(errOut, never) {
			t.Errorf("the command is told %q:\n%s", never, errOut)
		}
	}
	if got := pgtest.Query(t, s.target, "select count(nickname), to_regclass('audit_logs') is null from users")[0]; strings.Join(got, " ") != "100 t" {
		t.Errorf("got %s", got)
	}
	// A command that fails: staging stays as it is, and nothing is left behind.
	before := s.rowsOf("users")
	status, _, errOut := s.refresh(keyB, "--before-swap", "echo first; exit 3")
	if status != exitFailed || !strings.Contains(errOut, "before-swap: first") || !strings.Contains(errOut, "exit status 3") || !strings.Contains(errOut, "untouched") {
		t.Errorf("status %d: %s", status, errOut)
	}
	if s.rowsOf("users") != before || databases(t, s.name) != 2 {
		t.Errorf("staging has changed, or %d databases", databases(t, s.name))
	}
	// So with one that breaks what a check asks for, and one that never ends what
	// it began.
	if status, _, errOut := s.refresh(keyB, "--before-swap", "true"); status != exitVerify {
		t.Errorf("status %d: %s", status, errOut)
	}
	if status, _, errOut := s.refresh(keyB, "--before-swap", "sleep 987 &"); status != exitFailed || !strings.Contains(errOut, "in the background") {
		t.Errorf("status %d: %s", status, errOut)
	}
}

// An interrupt ends the command and all that it has started.
func TestBeforeSwapInterrupted(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	bin := program(t)
	pids := filepath.Join(t.TempDir(), "pids")
	// One that does not listen to reason either.
	cmd := exec.Command(bin, "refresh", "--source", s.source, "--target", s.target, "--rules", s.rules,
		"--before-swap", `sh -c 'trap "" TERM; echo $$ > "`+pids+`"; while :; do sleep 0.2; done'; echo unreached`)
	cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if text, err := os.ReadFile(pids); err == nil && len(text) > 0 {
			break
		}
		if time.Since(start) > time.Minute {
			t.Fatalf("the command does not start: %s", out.String())
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || strings.Contains(out.String(), "unreached") {
		t.Errorf("status %d: %s", code, out.String())
	}
	text, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	for _, c := range bytes.TrimSpace(text) {
		pid = pid*10 + int(c-'0')
	}
	for start := time.Now(); syscall.Kill(pid, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > 5*time.Second {
			t.Fatal("what the command started runs on")
		}
	}
	if n := databases(t, s.name); n != 0 {
		t.Errorf("%d databases are left", n)
	}
}
