package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// An expression that the source cannot run is found by every command before
// anything else, with its place, its literal unsaid.
func TestExpressionsAreTried(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, joined date);
		create schema private; create table private.notes (id int primary key)`)
	s.write(`version: 1
targets: ["*_staging"]
columns: [{ match: "*.*", mask: keep }]
tables:
  users:
    where: "id <> 'secretword'"
checks: ["select count(*) > 'many' from users"]
`)
	for _, command := range []string{"check", "plan", "preview users", "refresh"} {
		args := strings.Fields(command)
		args = append(args, "--source", s.source, "--rules", s.rules)
		if command == "refresh" {
			args = append(args, "--target", s.target, "--adopt")
		}
		status, out, errOut := s.command(keyA, args...)
		if status != 2 {
			t.Errorf("%s: status %d\n%s%s", command, status, out, errOut)
		}
		for _, want := range []string{":6:13: where: the server refuses it: invalid text representation (SQLSTATE 22P02)", ":7:11: check: "} {
			if !strings.Contains(errOut, want) {
				t.Errorf("%s: no %q in\n%s", command, want, errOut)
			}
		}
		if strings.Contains(out+errOut, "secretword") {
			t.Errorf("%s quotes the literal\n%s", command, errOut)
		}
	}
	s.write("version: 1\ntargets: ['*_staging']\ncolumns: [{ match: '*.*', mask: keep }]\n")
	status, _, errOut := s.command(keyA, "preview", "users", "--source", s.source, "--rules", s.rules, "--where", "id = 'secretword'")
	if status != 2 || !strings.Contains(errOut, "--where: condition: the server refuses it: invalid text representation") || strings.Contains(errOut, "secretword") {
		t.Errorf("preview --where: status %d\n%s", status, errOut)
	}
}

// A function that the rules list and the source does not have is an error with its
// place; one that is there under several signatures is fine.
func TestFunctionsAreLookedFor(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key); create schema app; create schema "B c";
		create function app.tidy(text) returns text immutable language sql as 'select $1';
		create function app.tidy(int) returns int immutable language sql as 'select $1';
		create function "B c"."D.e"(int) returns int immutable language sql as 'select $1'`)
	rules := func(functions string) {
		s.write("version: 1\ntargets: ['*_staging']\nfunctions: [" + functions + "]\n")
	}
	rules(`app.tidy, '"B c"."D.e"', app.nosuch, nosuch.tidy`)
	status, out, errOut := s.command("", "check", "--source", s.source, "--rules", s.rules)
	for _, want := range []string{":3:38: functions: the source has no function app.nosuch\n", ":3:50: functions: the source has no function nosuch.tidy\n"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("no %q in\n%s", want, errOut)
		}
	}
	if status != 2 || strings.Count(errOut, "functions: ") != 2 {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	rules(`app.tidy, '"B c"."D.e"'`)
	if status, out, errOut := s.command("", "check", "--source", s.source, "--rules", s.rules); status != 0 {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
}
