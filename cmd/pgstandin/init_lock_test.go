package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/lockfile"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// init writes the lock file that check --write-lock would, but neither over one
// nor while a decision waits to be read.
func TestInitWritesLock(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	s.rules = filepath.Join(t.TempDir(), "pgstandin.yaml")
	lock := lockfile.Name(s.rules)
	pgtest.Exec(t, s.source, "create table users (id int primary key, email text, created_at timestamptz)")
	runs := func(want int, args ...string) string {
		t.Helper()
		status, out, errOut := s.command(keyA, append(args, "--source", s.source)...)
		if status != want {
			t.Fatalf("%q: status %d, want %d\n%s%s", args, status, want, out, errOut)
		}
		return out + errOut
	}
	read := func() string {
		t.Helper()
		text, err := os.ReadFile(lock)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	says := func(out, want string) {
		t.Helper()
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	says(runs(0, "init", "-o", s.rules), lock+": each column's type")
	first := read()
	runs(0, "check", "--rules", s.rules)
	runs(0, "check", "--rules", s.rules, "--write-lock")
	if again := read(); again != first {
		t.Errorf("the lock file of init is not that of check\n%s\n%s", first, again)
	}

	pgtest.Exec(t, s.source, "alter table users add phone text")
	says(runs(0, "init", "-o", s.rules), "--write-lock")
	if read() != first {
		t.Error("init replaced the lock file")
	}
	says(runs(3, "check", "--rules", s.rules), "+ public.users.phone")
	runs(0, "check", "--rules", s.rules, "--write-lock")
	if out := runs(0, "init", "-o", s.rules); strings.Contains(out, "next:") {
		t.Errorf("nothing is left to do, but\n%s", out)
	}

	if err := os.Remove(s.rules); err != nil {
		t.Fatal(err)
	}
	says(runs(0, "init", "-o", s.rules), "replace it by pgstandin check --source DSN --rules "+s.rules+" --write-lock\n")

	if err := os.Remove(s.rules); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, s.source, "create table odd (id int primary key, zzz varchar(30))")
	says(runs(0, "init", "-o", s.rules, "--sample", "0"), "write "+lock+" by pgstandin check --source DSN --rules "+s.rules+" --write-lock\n")
	if _, err := os.Stat(lock); err == nil {
		t.Error("a lock file of decisions that wait to be read")
	}
	if out := runs(0, "init", "-o", "-"); strings.Contains(out, "next:") {
		t.Errorf("init -o - prints\n%s", out)
	}
}
