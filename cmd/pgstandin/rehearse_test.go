package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

func (s *staging) rehearse(args ...string) (status int, out, errOut string) {
	return s.command(keyA, append([]string{"rehearse", "--source", s.source, "--target", s.target, "--rules", s.rules}, args...)...)
}

const rehearseSchema = `
create table good (id int primary key, name varchar(20) not null, email text unique, upper_name text generated always as (upper(name)) stored);
create table twice (id int primary key, code text not null, kind text, other text);
create unique index twice_code on twice (md5(code || kind));
create table checked (id int primary key, plan text check (plan in ('free', 'team')), amount int, constraint positive check (amount > 0), constraint small check (amount < 100));
create table long (id int primary key, note text constraint short check (length(note) <= 8), secret_code text);
create table during (id int primary key, span int4range, exclude using gist (span with &&));
create table needed (id int primary key, v text not null);
create table part (id int, at date, v text, primary key (id, at)) partition by range (at);
create table part_1 partition of part for values from ('2020-01-01') to ('2021-01-01');
create unique index part_v on part (lower(v), at);
insert into good select n, 'Anna ' || n, 'anna' || n || '@mail.example' from generate_series(1, 50) n;
insert into twice select n, 'secret-' || n, 'k' from generate_series(1, 50) n;
insert into checked select n, 'free', n from generate_series(1, 50) n;
insert into long select n, 'x' || n, 'anna-code-' || n from generate_series(1, 50) n;
insert into during select n, int4range(n, n + 1) from generate_series(1, 50) n;
insert into needed select n, 'v' from generate_series(1, 50) n;
insert into part select n, '2020-02-02', 'v' || n from generate_series(1, 50) n;
`

const rehearseRules = `version: 1
targets: ["*_staging"]
tables:
  good: { columns: { name: person.name, email: email } }
  twice: { columns: { code: { mask: sql, expr: "'equal-code'" }, kind: keep, other: keep } }
  checked: { columns: { plan: { mask: sql, expr: "'gold'" }, amount: { mask: sql, expr: "amount - 10" } } }
  long: { columns: { note: { mask: sql, expr: "secret_code || note" }, secret_code: hash } }
  during: { columns: { span: { mask: sql, expr: "int4range(1, 5)" } } }
  needed: { columns: { v: { mask: sql, expr: "nullif(v, 'v')" } } }
  part: { columns: { at: keep, v: { mask: sql, expr: "'one'" } } }
`

// TestRehearse: every violation is found at once, in seconds, told without a
// value, and nothing stays behind.
func TestRehearse(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, rehearseSchema)
	s.write(rehearseRules)
	objects := func() string {
		return pgtest.Query(t, s.source+" dbname=postgres", "select count(*), (select count(*) from pg_database) from pg_class where relname like '%rehearsal%'")[0][0]
	}
	status, out, errOut := s.rehearse()
	if status != 1 || !strings.Contains(errOut, "a refresh would fail") {
		t.Errorf("status %d: %s", status, errOut)
	}
	flat := strings.ReplaceAll(strings.Join(strings.Fields(out), " "), `"`, "")
	for _, want := range []string{
		"public.twice: unique violation (SQLSTATE 23505), constraint twice_code",
		"public.checked: check violation (SQLSTATE 23514), constraint checked_plan_check",
		"public.checked: check violation (SQLSTATE 23514), constraint positive",
		"public.long: check violation (SQLSTATE 23514), constraint short",
		"public.during: exclusion violation (SQLSTATE 23P01), constraint during_span_excl",
		"public.needed: not null violation (SQLSTATE 23502), column v",
		"public.part: unique violation (SQLSTATE 23505), constraint part_v",
		"7 problems",
	} {
		if !strings.Contains(flat, want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}
	for _, not := range []string{"good", "small", "secret-", "anna-code", "equal-code", "gold", "note:"} {
		if strings.Contains(out+errOut, not) {
			t.Errorf("the report has %q:\n%s%s", not, out, errOut)
		}
	}
	if objects() != "0" {
		t.Error("a table is left behind")
	}
	// The same rules stop a refresh, before it writes, and good ones pass both.
	if status, _, _ := s.refresh(keyA); status != exitUsage {
		t.Errorf("refresh: status %d", status)
	}
	good := "version: 1\ntargets: [\"*_staging\"]\ntables:\n  good: { columns: { name: person.name, email: email } }\n"
	for _, table := range []string{"twice", "checked", "long", "during", "needed", "part"} {
		good += "  " + table + ": { rows: none }\n"
	}
	s.write(good)
	s.must(keyA)
	status, out, errOut = s.rehearse("--json", "--rows", "20")
	var report rehearsalReport
	if err := json.Unmarshal([]byte(out), &report); status != 0 || err != nil {
		t.Fatalf("status %d, %v\n%s%s", status, err, out, errOut)
	}
	if report.Database != s.name || len(report.Tables) != 1 || report.Tables[0].Rows != 20 || report.Problems != 0 {
		t.Errorf("%+v", report)
	}
}

// TestRehearseShop: enums and domains that the target does not have yet are made
// for the time being.
func TestRehearseShop(t *testing.T) {
	t.Parallel()
	s := stagedShop(t, 400)
	status, out, errOut := s.rehearse()
	if status != 0 || strings.Contains(out, "note:") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	s.must(keyA)
	if status, out, errOut = s.rehearse(); status != 0 || strings.Contains(out, "note:") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	for _, line := range strings.Split(out, "\n") {
		if len([]rune(line)) > 80 {
			t.Errorf("a line is wider than 80: %s", line)
		}
	}
}

func TestRehearseRefuses(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(strings.Replace(smallRules, "*_staging", "*_nothing", 1))
	if status, _, errOut := s.rehearse(); status != 1 || !strings.Contains(errOut, "targets") {
		t.Errorf("status %d: %s", status, errOut)
	}
	s.write(strings.Replace(smallRules, "*_staging", s.host+"/*", 1))
	if status, _, errOut := s.rehearse("--target", s.source); status != 1 || !strings.Contains(errOut, "same database") {
		t.Errorf("status %d: %s", status, errOut)
	}
	if status, _, errOut := s.rehearse("--rows", "0"); status != 2 || !strings.Contains(errOut, "--rows") {
		t.Errorf("status %d: %s", status, errOut)
	}
}

// Values that name a database's objects do not fail where the objects are not there
// yet; types that the role may not use are named with what to grant.
func TestRehearseNamesOfObjects(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	role := fmt.Sprintf("rehearsed_%d", time.Now().UnixNano())
	pgtest.Exec(t, s.source, `
create table watched (id int primary key, at regclass not null, also regclass[], by regproc, type regtype, unique (at));
create function own() returns int language sql as 'select 1';
create domain place as regclass check (value is not null);
create table placed (id int primary key, at place);
insert into watched values (1, 'watched', '{watched,pg_class}', 'own', 'watched'), (2, 'placed', null, 'now', 'int');
insert into placed values (1, 'watched')`)
	s.write(`version: 1
targets: ["*_staging"]
tables:
  watched: { columns: { at: keep, also: keep, by: keep, type: keep } }
  placed: { columns: { at: keep } }
`)
	for _, want := range []string{"3 rows loaded, of 2 tables 2", "4 rows loaded, of 3 tables 3"} { // before there is a target, and after
		status, out, errOut := s.rehearse()
		if status != 0 || !strings.Contains(out, want) {
			t.Errorf("status %d: %s%s", status, out, errOut)
		}
		s.must(keyA)
		pgtest.Exec(t, s.source, "create table if not exists later (); insert into watched values (3, 'later') on conflict do nothing")
	}
	server := pgtest.Server(t)
	pgtest.Exec(t, server, "create role "+role+" login password 'right'")
	t.Cleanup(func() { pgtest.Exec(t, server, "drop owned by "+role+"; drop role "+role) })
	pgtest.Exec(t, s.source, `create schema side; create domain side.positive as int check (value > 0); create schema "Other"; create type "Other".mood as enum ('ok');
		alter table placed add n side.positive, add m "Other".mood[]; drop table later cascade; delete from watched`)
	s.write(`version: 1
targets: ["*_staging"]
tables:
  watched: { rows: none }
  placed: { columns: { at: keep, n: keep, m: keep } }
`)
	s.must(keyA)
	s.target += " user=" + role + " password=right"
	status, out, errOut := s.rehearse()
	for _, want := range []string{"may not use the types of columns", `grant usage on schema "Other" to`, `grant usage on schema "side" to`} {
		if status != exitFailed || !strings.Contains(errOut, want) {
			t.Errorf("status %d: %s%s", status, out, errOut)
		}
	}
}
