package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

const oddSchema = `
create schema "Other Schema";
create type mood as enum ('sad', 'ok');
create type contact as (phone text, since date, kind mood);
create domain mail as text check (value ~ '@');
create table "Weird ""Table"".x" ("a.b" text, "select" int primary key, "e'mail" mail, "Prénom" text, "null" text, "1" text, "{x}" text, "# no" text, "${v}" text, "tab	key" text, "new
line" text);
create table "Other Schema"."Weird ""Table"".x" (id uuid primary key, email varchar(12) unique, phone bigint unique, ssn numeric(9) unique);
create table no_columns ();
create table only_keys (id bigint primary key, on_off boolean, m mood);
create table parts (id int not null, region text not null, email text, primary key (id, region)) partition by list (region);
create table parts_a partition of parts for values in ('a');
create table parts_b partition of parts for values in ('b') partition by range (id);
create table parts_b1 partition of parts_b for values from (1) to (1000);
create table parents (id int primary key, name text, born date);
create table kids (school text) inherits (parents);
create table accounts (login varchar(14) primary key, mail citext_or_text unique, password varchar(32), gender char(1), sex mood, c contact, cs contact[], tags text[], scan bytea, x xml, tsv tsvector, p point, during daterange, period tstzrange, amount money, ips inet[], mac macaddr, macs text, docs jsonb[], doc json);
create table logins (id int primary key, login varchar(20) references accounts, by_login text references accounts(login), email varchar(15));
create table comments (id int primary key, commentable_type text, commentable_id int, user_id int, created_by int, body text);
create table users (id int primary key, name text, email text not null);
create unique index on users (lower(email));
create table posts (id int primary key, author_id int, title text);
insert into parts select i, case when i % 2 = 0 then 'a' else 'b' end, 'p' || i || '@example.com' from generate_series(1, 50) i;
insert into users select i, 'Anna Berg', 'u' || i || '@example.com' from generate_series(1, 50) i;
insert into posts select i, i, 'A title' from generate_series(1, 50) i;
insert into comments select i, case when i % 2 = 0 then 'Post' else 'User' end, i, 1000 + i, i, 'text ' || i from generate_series(1, 50) i;
insert into accounts (login, mail, gender, docs, doc, c) select 'log' || i, 'a' || i || '@example.com', 'F', array['{"email": "x@example.com"}'::jsonb], '{"user": {"phone": "+49 30 901820"}}', ('+49 30 901820', '2020-01-01', 'ok')::contact from generate_series(1, 50) i;
insert into logins select i, 'log' || i, 'log' || i, 'l' || i || '@e.example' from generate_series(1, 50) i;
insert into "Other Schema"."Weird ""Table"".x" values (gen_random_uuid(), 'x@e.example', 4930901820, 123456789);
analyze;
`

// Whatever names and types a database has, the file that is written holds, says
// what rows bear out, and runs.
func TestInitOddNames(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, strings.ReplaceAll(oddSchema, "citext_or_text", "text"))
	text := s.initRules()
	for _, want := range []string{
		"- { from: 'comments(commentable_id)', to: 'posts(id)', when: \"\\\"commentable_type\\\" = 'Post'\" }",
		"- { from: 'comments(commentable_id)', to: 'users(id)', when: \"\\\"commentable_type\\\" = 'User'\" }",
		"    - { from: 'posts(author_id)', to: 'users(id)' }",
		"    - { from: 'comments(created_by)', to: 'users(id)', down: off }",
		"    # - { from: 'comments(user_id)', to: 'users(id)' }", // no user has such a number
		"only 0 of 50 rows have theirs",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	s.must(keyA)
	for sql, want := range map[string]string{
		"select count(*) from parts where email like 'p%@example.com' and length(email) < 16": "0",
		"select count(*) from users where email like 'u__@example.com'":                       "0",
	} {
		if got := pgtest.Query(t, s.target, sql)[0][0]; got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}

// A table that the role may not read is judged by its names, and said so.
func TestInitWithoutRights(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	role := "reader_" + filepath.Base(s.name)
	pgtest.Exec(t, s.source, smallShop+fmt.Sprintf(`
		create role %q login;
		grant select on users, orders, audit_logs to %q;`, role, role))
	t.Cleanup(func() {
		pgtest.Exec(t, s.source, fmt.Sprintf("drop owned by %q; drop role %q", role, role))
	})
	file := filepath.Join(t.TempDir(), "rules.yaml")
	status, out, errOut := s.command(keyA, "init", "--source", s.source+" options='-c role="+role+"'", "-o", file)
	if status != 0 {
		t.Fatalf("init: status %d\n%s%s", status, out, errOut)
	}
	if !strings.Contains(errOut, "no rows of public.payment_methods") {
		t.Errorf("no note about what could not be read: %s", errOut)
	}
	if want := "values of 1 table were not looked at: names and types alone decided its columns; \"pgstandin grants\" prints the SQL for a role that may not read, then remove " + file + " and run init again\n"; !strings.Contains(errOut, want) {
		t.Errorf("no %q in\n%s", want, errOut)
	}
	for _, name := range []string{"check", "plan"} {
		status, out, errOut := s.command(keyA, name, "--source", s.source+" options='-c role="+role+"'", "--rules", file)
		if want := "role " + role + " may not read 1 table, so that a run would stop: public.payment_methods; \"pgstandin grants\" prints the SQL"; status != 0 || !strings.Contains(strings.Join(strings.Fields(out+errOut), " "), want) {
			t.Errorf("%s: status %d: no %q in\n%s%s", name, status, want, out, errOut)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "iban: iban") {
		t.Errorf("%v\n%s", err, text)
	}
}

// Without rows it goes by names, and prints where it is told to.
func TestInitPrints(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	status, out, errOut := s.command(keyA, "init", "--source", s.source, "--sample", "0", "-o", "-")
	if status != 0 || !strings.Contains(out, "email: email") || strings.Contains(out, "values") && strings.Contains(out, " of 100 values") {
		t.Fatalf("init: status %d\n%s%s", status, out, errOut)
	}
	if status, _, _ := s.command(keyA, "init", "--source", s.source, "--sample", "-1"); status != exitUsage {
		t.Errorf("--sample -1: status %d", status)
	}
	empty := newStaging(t)
	if empty.initRules(); !strings.Contains(empty.adds(), "tables:") {
		t.Errorf("no tables in the file of an empty database")
	}
}

// TestInitFewRows: what init writes for a root of any size can be refreshed.
func TestInitFewRows(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int]string{0: "  # no root: ", 1: "sample: 100% }", 10: "sample: 50% }", 49: "sample: 50% }", 50: "sample: 10% }"} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			t.Parallel()
			s := newStaging(t)
			pgtest.Exec(t, s.source, fmt.Sprintf(`create table customers (id int primary key, email text);
				create table orders (id int primary key, customer_id int not null references customers);
				create table visits (id int primary key, customer_id int not null references customers);
				insert into customers select n, 'u' || n || '@post.test' from generate_series(1, %d) n`, rows))
			text := s.initRules()
			if !strings.Contains(text, want) {
				t.Fatalf("no %q in\n%s", want, text)
			}
			s.write(text)
			s.must(keyA)
		})
	}
}
