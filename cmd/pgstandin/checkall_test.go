package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// check says how likely two values of a unique column get the same, in one line.
func TestCheckCollisions(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, "create table users (id int primary key, email text unique, nick varchar(16) unique); insert into users select i, i, i from generate_series(1, 5000) i")
	s.write("version: 1\ntargets: ['*_staging']\ntables: { users: { columns: { email: email, nick: person.user } } }\n")
	for _, c := range []struct{ sql, want string }{
		{"select 1", "note: kept unique by a keyed tail: 2 columns, of at least 80 bits (public.users.nick); with up to 49 million rows a collision has a chance below 1e-9\n"},
		{"analyze users", "note: kept unique by a keyed tail: 2 columns; a collision has a chance of at most 1e-17 (public.users.nick: 80 bits, 5,000 rows)\n"},
		{"drop table users; create table users (id int primary key, email text, nick text)", ""},
	} {
		pgtest.Exec(t, s.source, c.sql)
		status, out, errOut := s.command("", "check", "--source", s.source, "--rules", s.rules)
		if status != 0 || !strings.Contains(out, c.want) || c.want == "" && strings.Contains(out, "note:") {
			t.Errorf("status %d, want %q in\n%s%s", status, c.want, out, errOut)
		}
	}
}

// check says at once what is wrong with the file, its names, its plan and its
// masks; where there is no server to ask, what is wrong with the file.
func TestCheckSaysAllAtOnce(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, "create table users (id int primary key, name text, born date); create table apart (id int primary key); select lo_create(0)")
	s.write(`version: 1
targets: ["*_staging"]
subset: { roots: [{ table: users }], unraeched: all }
tables:
  users: { columns: { naam: person.name, name: email, born: { mask: number } } }
  aparat: { rows: all }
`)
	in := func(want string, args ...string) {
		t.Helper()
		status, out, errOut := s.command("", append([]string{"check", "--rules", s.rules}, args...)...)
		if status != 2 || out != "" {
			t.Errorf("status %d\n%s%s", status, out, errOut)
		}
		for _, w := range strings.Split(want, "|") {
			if strings.Count(errOut, w) != 1 {
				t.Errorf("%q is not there once:\n%s", w, errOut)
			}
		}
	}
	in(":3:38: unknown key unraeched|:5:23: table public.users has no column naam|born: mask number does not fit|:6:3: there is no table aparat|undecided objects", "--source", s.source)
	in(":3:38: unknown key unraeched|source: ", "--source", "host=/nowhere dbname=x")
}

// TestCheckTellsOfTightColumns: a unique column that is too short for what its mask makes
// of values outside its format is told of; a wide one, and one that is not unique, is not.
func TestCheckTellsOfTightColumns(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table desks (id int primary key, ext varchar(4) unique, "Phone" varchar(20) unique, fax varchar(4), card uuid unique)`)
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  desks: { columns: { ext: phone, Phone: { mask: phone, domain: other }, fax: { mask: phone, domain: fax }, card: uuid } }\n")
	status, out, errOut := s.command("", "check", "--source", s.source, "--rules", s.rules)
	const want = "note: unique column public.desks.ext is too short to keep values outside the format of mask phone apart"
	if status != 0 || strings.Count(out, want) != 1 || strings.Count(out, "is too short") != 1 {
		t.Errorf("status %d: no %q:\n%s%s", status, want, out, errOut)
	}
}
