package main

import (
	"fmt"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

const forcedShop = `
create table t (id serial primary key, v text);
alter table t enable row level security; alter table t force row level security;
create policy own on t using (v = current_user);
create table child (id int primary key, t_id int not null references t, parent int references child);
alter table child enable row level security; alter table child force row level security;
create table parts (id int primary key, v text) partition by range (id);
create table parts_1 partition of parts for values from (0) to (100);
alter table parts enable row level security; alter table parts force row level security;
create materialized view mv as select count(*) as n from t;
create table later (id int); alter table later force row level security; -- not enabled yet
insert into t (v) select 'x' || i from generate_series(1, 30) i;
insert into child select i, i, nullif(i - 1, 0) from generate_series(1, 30) i;
insert into parts select i, 'y' || i from generate_series(1, 20) i;
refresh materialized view mv;
`

const forcedRules = `version: 1
targets: ["*_staging"]
checks: ["select count(*) = 30 from public.t"]
tables:
  t: { columns: { v: address.city } }
  child: {}
  parts: { columns: { v: keep } }
  later: { columns: { id: keep } }
`

const forcedTables = `select c.relname, c.relrowsecurity, c.relforcerowsecurity from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`

// TestForcedRowSecurity fills tables that hide their rows from their owner as a role
// that no row security is lifted for: beside the live database, in place, and out of a
// snapshot.
func TestForcedRowSecurity(t *testing.T) {
	t.Parallel()
	s, role := newPlaced(t)
	pgtest.Exec(t, s.source, "drop schema public cascade; create schema public;"+forcedShop)
	s.write(forcedRules)
	s.must(keyA, "--in-place")
	s.forced(t)

	pgtest.Exec(t, pgtest.Server(t), "alter role "+role+" createdb")
	s.must(keyA, "--adopt")
	s.forced(t)
	// A migration finds the rows, and may change what hides them.
	s.must(keyA, "--before-swap", `psql -qc "update public.t set v = 'changed'; alter table public.child rename to kids; drop table public.later"`)
	if got := fmt.Sprint(pgtest.Query(t, s.source+" dbname="+s.name, "select count(*) from t where v = 'changed'"),
		pgtest.Query(t, s.target, "select relforcerowsecurity from pg_class where relname = 'kids'")); got != "[[30]] [[t]]" {
		t.Errorf("after a migration: %s", got)
	}

	dest := t.TempDir()
	if status, _, errOut := s.command(keyA, "snapshot", "--source", s.source, "--rules", s.rules, "--out", dest); status != 0 {
		t.Fatalf("snapshot: status %d: %s", status, errOut)
	}
	s.mustRestore(dest)
	s.forced(t)
}

// forced compares with the source who is hidden from whom, and finds all rows.
func (s *staging) forced(t *testing.T) {
	t.Helper()
	if want, got := pgtest.Query(t, s.source, forcedTables), pgtest.Query(t, s.target, forcedTables); fmt.Sprint(want) != fmt.Sprint(got) {
		t.Errorf("row security: want %s, got %s", want, got)
	}
	const counts = "select (select count(*) from t), (select count(*) from child), (select count(*) from parts), (select n from mv)"
	if got := fmt.Sprint(pgtest.Query(t, s.source+" dbname="+s.name, counts)); got != "[[30 30 20 30]]" {
		t.Errorf("rows: %s", got)
	}
	if got := pgtest.Query(t, s.target, "select count(*) from t"); got[0][0] != "0" {
		t.Errorf("the owner sees %s rows of t", got[0][0])
	}
}
