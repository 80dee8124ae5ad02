package main

import (
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestRestoreNamesThatRunTogether restores a key whose name, behind its table's, begins
// as another table's: archives write both names with a space between them.
func TestRestoreNamesThatRunTogether(t *testing.T) {
	s := newStaging(t)
	s.write("version: 1\ntargets: [\"*_staging\"]\ncolumns:\n  - { match: \"*.*\", mask: keep }\n")
	pgtest.Exec(t, s.source, `
create table a (id int constraint "b k" primary key, x int constraint "b f" references a);
create table "a b" (id int primary key);
insert into a values (1, 1);
create materialized view mv as select a.id, a.x, count(*) from a group by a.id;
create unique index on mv (id)`)
	dest := t.TempDir()
	stock(t, s.source, dest, "x", time.Now(), nil)
	if status, _, errOut := s.restore(dest); status != exitDone {
		t.Fatalf("status %d\n%s", status, errOut)
	}
	const keys = "select string_agg(conrelid::regclass || conname || convalidated, ' ' order by conname) from pg_constraint where conrelid >= 16384"
	if got, want := pgtest.Query(t, s.target, keys)[0][0], pgtest.Query(t, s.source, keys)[0][0]; got != want {
		t.Errorf("keys are %s, want %s", got, want)
	}
}
