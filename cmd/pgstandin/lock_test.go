package main

import (
	"os"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/lockfile"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

func TestLockDrift(t *testing.T) {
	t.Parallel()
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
		lock, err := os.ReadFile(lockfile.Name(s.rules))
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
	if err := os.WriteFile(lockfile.Name(s.rules), []byte("something\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(2, ".lock:1: ")
}

// A literal that changed is drift where a pattern gives it, and is not in the
// file; nor is anything that another server would write otherwise.
func TestLockDigest(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create type place as (street text, zip text);
		create table users (id int primary key, gone text, email text, home place); alter table users drop gone; create table hollow ()`)
	text := `version: 1
targets: ["*_staging"]
columns:
  - { match: "*.email", mask: constant, value: secretword }
  - { match: "*.home", mask: composite, fields: { street: { mask: constant, value: otherword }, zip: address.zip } }
`
	s.write("")
	check := func(text string, more ...string) (int, string) {
		t.Helper()
		if err := os.WriteFile(s.rules, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		status, _, errOut := s.command("", append([]string{"check", "--source", s.source, "--rules", s.rules}, more...)...)
		return status, errOut
	}
	lock := func() string {
		t.Helper()
		if status, errOut := check(text, "--write-lock"); status != 0 {
			t.Fatalf("status %d\n%s", status, errOut)
		}
		out, err := os.ReadFile(lockfile.Name(s.rules))
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	first := lock()
	if strings.Contains(first, "word") || !strings.Contains(first, "public.hollow\t\t\t\t\t\n") {
		t.Errorf("the lock is\n%s", first)
	}
	// The same tables, made in another order elsewhere.
	pgtest.Exec(t, s.source, "drop table users, hollow; create table hollow (); create table users (home place, id int primary key, email text)")
	if second := lock(); second != first {
		t.Errorf("the lock was\n%s, is\n%s", first, second)
	}
	for _, word := range []string{"secretword", "otherword"} {
		status, errOut := check(strings.Replace(text, word, "changed", 1))
		if status != 3 || !strings.Contains(errOut, "was the same with other parameters") || strings.Count(errOut, "  ~ ") != 1 || strings.Contains(errOut, "changed\n") {
			t.Errorf("%s: status %d\n%s", word, status, errOut)
		}
	}
	if status, errOut := check(text + "tables: { users: { columns: { email: { mask: constant, value: changed } } } }\n"); status != 0 {
		t.Errorf("status %d\n%s", status, errOut)
	}
	pgtest.Exec(t, s.source, "drop table hollow; create table empty ()")
	if status, errOut := check(text); status != 3 || !strings.Contains(errOut, "- public.hollow\n") || !strings.Contains(errOut, "+ public.empty\n") {
		t.Errorf("status %d\n%s", status, errOut)
	}
}

// What nobody decided does not hide what drifted, and a mistake in the rules does
// not hide objects.
func TestUndecidedAndDrift(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, "create table users (id int primary key, name text, note text, plan text)")
	s.write(`version: 1
targets: ["*_staging"]
tables: { users: { columns: { name: person.name, note: scrub, plan: keep } } }
`)
	if status, _, errOut := s.command("", "check", "--source", s.source, "--rules", s.rules, "--write-lock"); status != 0 {
		t.Fatal(errOut)
	}
	pgtest.Exec(t, s.source, "alter table users alter plan type varchar(9), add shoe_size text; create table letters (body text)")
	status, _, errOut := s.command("", "check", "--source", s.source, "--rules", s.rules)
	for _, want := range []string{"2 columns are undecided", "public.users.shoe_size (text)", "~ public.users.plan: type character varying(9), was text", "+ public.letters.body text: undecided"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("no %q in\n%s", want, errOut)
		}
	}
	if status != 3 {
		t.Errorf("status %d", status)
	}
}

// TestRenamedByRules: a column that the rules name is renamed. That is drift,
// though the rules have a mistake now; a misspelt column is none.
func TestRenamedByRules(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, phone text, email text, home text)`)
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  users: { columns: { email: email, phone: phone, home: keep } }\n")
	check := func(more ...string) (int, string) {
		status, _, errOut := s.command(keyA, append([]string{"check", "--source", s.source, "--rules", s.rules}, more...)...)
		return status, errOut
	}
	if status, errOut := check("--write-lock"); status != 0 {
		t.Fatalf("status %d\n%s", status, errOut)
	}
	pgtest.Exec(t, s.source, `alter table users rename email to mail`)
	status, errOut := check()
	for _, want := range []string{"- public.users.email text (renamed to mail?)", "+ public.users.mail", "no column email"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("no %q in\n%s", want, errOut)
		}
	}
	if status != 3 {
		t.Errorf("status %d, want 3", status)
	}
	// The near name is another one than the column that has its place now.
	pgtest.Exec(t, s.source, `alter table users rename mail to email; alter table users rename phone to telephone`)
	status, errOut = check()
	if status != 3 || !strings.Contains(errOut, "- public.users.phone text (renamed to telephone?)") || !strings.Contains(errOut, "no column phone; did you mean telephone?") {
		t.Errorf("status %d\n%s", status, errOut)
	}
	pgtest.Exec(t, s.source, `alter table users rename telephone to phone`)
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  users: { columns: { emial: email, phone: phone, home: keep } }\n")
	if status, errOut := check(); status != 2 {
		t.Errorf("status %d, want 2\n%s", status, errOut)
	}
}
