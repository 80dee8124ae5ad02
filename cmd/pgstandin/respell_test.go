package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// Lists of values of a varchar, and those of three columns or more, are printed otherwise by a database that was made from a
// dump than by the one where they were written: no refresh may take that for another
// schema, nor drift.
func TestListsOfVarchar(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
create table users (id int primary key, kind varchar(20) not null check (kind in ('guest', 'it''s, me], (')), note varchar default case when 'x'::varchar in ('x', 'y') then 'a' end,
  rank text generated always as (case when kind in ('guest', 'x') then 'low' end) stored, constraint both_of check (kind not in ('q', 'r') and id <> all (array[7, 8]::bigint[])));
alter table users add one text, add two text, add constraint three check (kind not in (note, one, two)), add check ('x' in (kind, one, two, 'y', 'x'));
create view of_three as select * from users where 'x' in (kind, one, two) or 'z' not in (kind, one, two, note) and id > 0;
create policy three on users using (current_user in (kind, one, two));
create index users_three on users (id) where 'x' in (kind, one, two);
create statistics users_three on ('x' not in (kind, one, two)), id from users;
create index users_guests on users (id) where kind in ('guest', 'other');
create index users_kind on users ((kind in ('guest', 'other')));
create unique index users_one on users ((case when kind in ('guest', 'other') then id end));
create view guests as select * from users where kind in ('guest', 'other');
create materialized view counted as select count(*) as n from users where kind in ('guest', 'other');
create rule quiet as on insert to guests where new.kind in ('guest', 'other') do instead nothing;
create function known(x varchar) returns boolean language sql immutable as $$ select x in ('guest', 'other') $$;
create function touch() returns trigger language plpgsql as 'begin return new; end';
create trigger touch before insert on users for each row when (new.kind in ('guest', 'other')) execute function touch();
create domain level as varchar check (value in ('low', 'high'));
create statistics users_stats on (kind in ('guest', 'other')), id from users;
create table parts (kind varchar, id int) partition by list ((case when kind in ('guest', 'other') then 1 else 2 end));
create table parts_1 partition of parts for values in (1);
alter table users enable row level security;
create policy own on users using (kind in ('guest', 'other'));
insert into users values (1, 'guest');
insert into parts values ('guest', 1)`)
	s.write(`version: 1
targets: ["*_staging"]
tables:
  users: { columns: { kind: keep, note: keep, one: keep, two: keep } }
  parts: { columns: { kind: keep, id: keep } }
`)
	s.must(keyA)
	s.must(keyA, "--in-place", "--adopt")
	status, out, errOut := s.command("", "drift", "--source", s.source, "--target", s.target, "--rules", s.rules)
	if status != 0 || !strings.Contains(out, " 0 differences") {
		t.Errorf("drift: status %d: %s%s", status, out, errOut)
	}
	pgtest.Exec(t, s.target, `alter table users drop constraint both_of, add constraint both_of check (kind not in ('q', 's') and id <> all (array[7, 8]::bigint[]))`)
	status, out, errOut = s.command("", "drift", "--source", s.source, "--target", s.target, "--rules", s.rules)
	if status == 0 || !strings.Contains(out, "both_of") || !strings.Contains(out, " 1 difference\n") {
		t.Errorf("drift with another list: status %d: %s%s", status, out, errOut)
	}
}
