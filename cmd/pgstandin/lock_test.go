package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

func TestLockDrift(t *testing.T) {
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, email text, name text, "odd	\n" int);
		insert into users values (1, 'anna@mail.example', 'Anna', 2)`)
	text := `version: 1
targets: ["*_staging"]
columns:
  - { match: "*.email*", mask: email }
  - { match: "*.*", mask: keep }
`
	s.write(text)
	check := func(more ...string) (int, string, string) {
		return s.command(keyA, append([]string{"check", "--source", s.source, "--rules", s.rules}, more...)...)
	}
	expect := func(want int, lines ...string) {
		t.Helper()
		status, out, errOut := check()
		if status != want {
			t.Fatalf("status %d, want %d\n%s%s", status, want, out, errOut)
		}
		for _, l := range lines {
			if !strings.Contains(errOut, l) {
				t.Errorf("no %q in\n%s", l, errOut)
			}
		}
	}
	accept := func() string {
		t.Helper()
		if status, out, errOut := check("--write-lock"); status != 0 {
			t.Fatalf("status %d\n%s%s", status, out, errOut)
		}
		lock, err := os.ReadFile(lockName(s.rules))
		if err != nil {
			t.Fatal(err)
		}
		return string(lock)
	}
	expect(0)
	first := accept()
	if again := accept(); again != first {
		t.Errorf("the lock changed:\n%s\n%s", first, again)
	}
	if strings.Contains(first, "anna") {
		t.Error("the lock holds a value")
	}
	expect(0)

	pgtest.Exec(t, s.source, `alter table users rename email to email_address; alter table users alter name type varchar(20);
		create table extra (id int primary key)`)
	expect(3, "- public.users.email text (renamed to email_address?)", "+ public.users.email_address", "users.name: type", "+ public.extra.id")
	if status, _, errOut := s.refresh(keyA); status != 3 {
		t.Fatalf("refresh: status %d\n%s", status, errOut)
	}
	accept()
	expect(0)

	// A pattern that decides otherwise is drift, a column named in tables is not.
	edit := func(text string) {
		t.Helper()
		if err := os.WriteFile(s.rules, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edit(strings.Replace(text, "mask: email }", "mask: keep }", 1))
	expect(3, "users.email_address: keep")
	edit(text + "tables:\n  users: { columns: { email_address: keep } }\n")
	expect(0)
	if err := os.WriteFile(lockName(s.rules), []byte("something\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(2, ".lock:1: ")
}

func TestLockText(t *testing.T) {
	want := []lockLine{{"a", "b\t\\n\n", "text", "", "table"}, {"a", "c", "int", "keep", "pattern"}}
	got, err := parseLock("x", formatLock(want))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}
