package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

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
