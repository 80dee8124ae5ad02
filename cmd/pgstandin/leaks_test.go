package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/report"
)

// holders is a schema with a place of every kind that may hold an original.
const holders = `
create type pair as (a text, b text);
create type color as enum ('red', 'green');
create table users (id int primary key, email text not null unique, name text, address inet, settings jsonb, token uuid, note text, extra text);
create table posts (id int primary key, user_id int references users, body text, doc jsonb, plain json, list text[], raw bytea, duo pair,
	"Odd. ""col" varchar(80), lexemes tsvector, host inet, code char(40), more jsonb);
insert into users select i, 'user' || i || '@corp.example', 'Anna Maria Berg' || i, ('10.20.30.' || i)::inet,
	jsonb_build_object('contact', jsonb_build_object('mail', 'json' || i || '@corp.example', 'plan', 'gold')), gen_random_uuid(), 'call me at home', 'extra value ' || i
	from generate_series(1, 200) i;
insert into posts (id, user_id, body, doc) select i, i, 'a post about nothing', '{"a": ["b"]}' from generate_series(1, 200) i;
`

const holdersRules = `version: 1
targets: ["*_staging"]
tables:
  users:
    columns:
      email: email
      name: person.name
      address: ip
      settings: { mask: json, paths: { $.contact.mail: email }, other: keep }
      token: uuid
      note: scrub
      extra: { mask: sql, expr: "upper(left(extra, 5))" }
  posts:
    columns:
      { body: keep, doc: keep, plain: keep, list: keep, raw: keep, duo: keep, 'Odd. "col': keep, lexemes: keep, host: keep, code: keep, more: { mask: json, paths: { $.mail: email }, other: keep } }
`

// leakPlants are statements that put originals, and credentials, where none may
// be, and where the scan is to find them.
func leakPlants() [][2]string {
	return [][2]string{
		{`update posts set body = 'Dear USER1@corp.example, hello' where id = 1`, "public.posts.body: 4 values"},
		{`update posts set body = 'zoe: ánna  MARIA berg2!' where id = 2`, ""},
		{`update posts set body = 'the extra value 3' where id = 3`, ""},
		{`update posts set body = 'from 10.20.30.4:80' where id = 4`, ""},
		{`update posts set doc = '{"a": {"b": ["x", "json5@corp.example"]}}' where id = 5`, "public.posts.doc: 2 values"},
		{`update posts set doc = '{"user6@corp.example": 1}' where id = 6`, ""},
		{`update posts set plain = '{"a": "\u0075ser7@corp.example"}' where id = 7`, "public.posts.plain: 1 value"},
		{`update posts set list = array['x', 'user8@corp.example'] where id = 8`, "public.posts.list: 1 value"},
		{`update posts set raw = '\x00ff'::bytea || 'user9@corp.example'::bytea || '\xfe'::bytea where id = 9`, "public.posts.raw: 1 value"},
		{`update posts set duo = ('a "b"', 'Anna Maria Berg10') where id = 10`, "public.posts.duo: 1 value"},
		{`update posts set "Odd. ""col" = 'user11@corp.example' where id = 11`, `public.posts."Odd. ""col": 1 value`},
		{`update posts set host = '10.20.30.12' where id = 12`, "public.posts.host: 1 value"},
		{`update posts set code = 'user13@corp.example' where id = 13`, "public.posts.code: 1 value"},
		{`update posts set more = '{"mail": "new@corp.example", "other": "user14@corp.example"}' where id = 14`, "public.posts.more: 1 value"},
		{`update users set note = 'he told of extra value 15' where id = 16`, "public.users.note: 1 value"},
		{`update users set settings = '{"contact": {"mail": "a@b.example"}, "plan": "user17@corp.example"}' where id = 18`, "public.users.settings: 1 value"},
		{`update posts set lexemes = '''user19@corp.example'':1'::tsvector where id = 19`, ""},
		{`update posts set lexemes = to_tsvector('simple', 'a letter of ANNA Maria Berg27, and of others') where id = 27`, "public.posts.lexemes: 2 values"},
		{`create statistics said on (body || 'user28@corp.example'), code from posts`, "statistics public.said: 1 value"},
		{`create aggregate joined(text) (sfunc = textcat, stype = text, initcond = 'user29@corp.example')`, "function public.joined(text): 1 value"},
		{`comment on column posts.body is 'as user20@corp.example asked'`, "comment on column public.posts.body: 1 value"},
		{`alter table posts alter body set default 'user21@corp.example'`, "default of public.posts.body: 1 value"},
		{`create view one as select * from users where email = 'user22@corp.example'`, "view public.one: 1 value"},
		{`create function f() returns text language sql as $$select 'user23@corp.example'$$`, "function public.f(): 1 value"},
		{`create function g() returns text language sql as $$select 'postgres://app:hunter2x@db.example/app'$$`, "function public.g(): 1 credential"},
		{`alter type color add value 'user24@corp.example'`, "label of public.color: 1 value"},
		{`create index on posts (id) where body <> 'user25@corp.example'`, "index public.posts_id_idx: 1 value"},
		{`alter table posts add check (body <> 'user26@corp.example')`, `constraint posts_body_check on public.posts: 1 value`},
	}
}

// TestLeaks plants originals in places of every kind: the run names each place,
// says no value, and staging stays as it was. With the masks alone there is no
// alarm, and what the rules accept is none.
func TestLeaks(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, holders)
	s.write(holdersRules)
	if out := s.must(keyA); !strings.Contains(out, "none is there") {
		t.Errorf("no word of the scan:\n%s", out)
	}
	before := s.rowsOf("users") + s.rowsOf("posts")
	accept := "leaks:\n  accept:\n"
	for _, p := range leakPlants() {
		pgtest.Exec(t, s.source, p[0])
		place, _, _ := strings.Cut(p[1], ": ")
		key, name := "object", place
		if column, ok := strings.CutPrefix(place, "public."); ok {
			key, name = "column", column
		}
		if place != "" {
			accept += fmt.Sprintf("    - { %s: '%s', reason: \"it is a test\" }\n", key, name)
		}
	}
	status, out, errOut := s.refresh(keyA)
	if status != exitVerify {
		t.Fatalf("status %d\n%s%s", status, out, errOut)
	}
	for _, p := range leakPlants() {
		if p[1] != "" && !strings.Contains(errOut, "leak: "+p[1]) {
			t.Errorf("not found: %s (%s)", p[1], p[0])
		}
	}
	for _, secret := range []string{"user1", "user2", "corp.example", "Berg", "10.20", "hunter2x", "extra value"} {
		if strings.Contains(out+errOut, secret) {
			t.Errorf("%q is quoted", secret)
		}
	}
	if t.Failed() {
		t.Log(errOut)
	}
	if s.rowsOf("users")+s.rowsOf("posts") != before {
		t.Error("staging has changed")
	}
	s.write(holdersRules + accept)
	out = s.must(keyA)
	if !strings.Contains(out, "it is a test") || strings.Contains(out, "none is there") {
		t.Errorf("nothing of what was accepted:\n%s", out)
	}
}

// What a target gets of foreign tables is looked through, for credentials too, and
// nothing that it never gets. verify reads whatever the target has.
func TestLeaksForeign(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, email text);
		insert into users select i, 'user' || i || '@corp.example' from generate_series(1, 9) i;
		create publication p; comment on publication p is 'asked by user1@corp.example';
		create extension hstore; comment on extension hstore is 'asked by user1@corp.example';
		comment on schema public is 'asked by user1@corp.example';
		create foreign data wrapper bare; create server files foreign data wrapper bare options (password 'hunter2x', host 'files.example');
		create foreign table ft (a text options (b 'user2@corp.example'), b text default 'user3@corp.example')
			server files options (program 'curl -s https://app:hunter2x@files.example/user4@corp.example.csv');
		comment on foreign table ft is 'asked by user1@corp.example'`)
	rules := "version: 1\ntargets: [\"*_staging\"]\nobjects: none\ntables: { users: { columns: { email: email } } }\n"
	s.write(rules)
	s.must(keyA)
	s.write(strings.Replace(rules, "none", "schema", 1))
	found := func(command string, status int, errOut string, places ...string) {
		t.Helper()
		if status != exitVerify || strings.Count(errOut, "leak: ") != len(places) || strings.Contains(errOut, "hunter2x") || strings.Contains(errOut, "corp.example") {
			t.Errorf("%s: status %d\n%s", command, status, errOut)
		}
		for _, place := range places {
			if !strings.Contains(errOut, "leak: "+place+"\n") {
				t.Errorf("%s: not found: %s", command, place)
			}
		}
	}
	foreign := []string{
		"options of foreign table public.ft: 1 value with originals of masked columns", "options of foreign table public.ft: 1 credential",
		"options of public.ft.a: 1 value with originals of masked columns", "default of public.ft.b: 1 value with originals of masked columns",
		"comment on foreign table public.ft: 1 value with originals of masked columns",
	}
	status, _, errOut := s.refresh(keyA)
	found("refresh", status, errOut, foreign...)
	pgtest.Exec(t, s.source, "drop foreign table ft")
	s.must(keyA)
	pgtest.Exec(t, s.source, "alter foreign data wrapper bare options (add url 'https://app:hunter2x@files.example')")
	status, _, errOut = s.refresh(keyA)
	found("refresh", status, errOut, "options of foreign-data wrapper bare: 1 credential")
	pgtest.Exec(t, s.target, "alter server files options (add password 'hunter2x'); comment on schema public is 'asked by user1@corp.example'")
	status, _, errOut = s.command(keyA, "verify", "--source", s.source, "--target", s.target, "--rules", s.rules)
	found("verify", status, errOut, "options of server files: 1 credential", "comment on schema public: 1 value with originals of masked columns")
}

// TestLeakOfOneMask masks the copies of values but keeps one: the run fails.
func TestLeakOfOneMask(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, holders+`
		create table invoices (id int primary key, user_id int references users, sent_to text, title text);
		insert into invoices select i, i, 'user' || i || '@corp.example', 'an invoice' from generate_series(1, 200) i`)
	with := func(mask string) {
		s.write(holdersRules + "  invoices: { columns: { sent_to: " + mask + ", title: keep } }\n")
	}
	with("email")
	s.must(keyA)
	before := s.rowsOf("users")
	with("keep")
	status, _, errOut := s.refresh(keyB)
	if status != exitVerify || !strings.Contains(errOut, "public.invoices.sent_to: 200 values") {
		t.Errorf("status %d\n%s", status, errOut)
	}
	if s.rowsOf("users") != before {
		t.Error("staging has changed")
	}
}

// TestLeakScope looks for values of rows that are not copied only where it is
// told to.
func TestLeakScope(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, holders+`
		create table vault (id int primary key, iban text, born date);
		insert into vault values (1, 'DE89370400440532013000', '1990-01-01');
		update posts set body = 'from DE89370400440532013000' where id = 3;
		update posts set body = 'to user177@corp.example' where id = 4`)
	rules := strings.Replace(holdersRules, "  users:\n", "  vault: { rows: none }\n  users:\n    where: id <= 100\n", 1) + "subset: { references: [{ from: posts(user_id), up: nullify }] }\n"
	s.write(rules)
	s.must(keyA)
	s.write(rules + "leaks: { scope: source }\n")
	status, _, errOut := s.refresh(keyA)
	if status != exitVerify || !strings.Contains(errOut, "public.posts.body: 2 values") {
		t.Errorf("status %d\n%s", status, errOut)
	}
}

// TestResultJSON: the result of a refresh is its report.
func TestResultJSON(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, holders)
	s.write(holdersRules)
	lines := strings.Split(strings.TrimSpace(s.must(keyA, "--json")), "\n")
	var done struct {
		Result struct {
			report.Report
			Page string `json:"report_page"`
		} `json:"result"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &done); err != nil {
		t.Fatal(err)
	}
	r := done.Result
	if l := r.Leak; !l.Ran || l.Scope != "copied" || l.Values != 6*200 || l.Rows != 400 || l.Bytes == 0 || l.Hits == nil {
		t.Errorf("%+v", l)
	}
	// All of the result is in the words of the report.
	if r.Format != report.Format || r.Outcome != report.Swapped || r.Totals.Rows != 400 || r.Target.Database != s.name || len(r.Steps) < 8 || r.Proof.Rows != 400 || r.Page != "" {
		t.Errorf("%+v", r)
	}
	dir := t.TempDir()
	lines = strings.Split(strings.TrimSpace(s.must(keyA, "--json", "--report", dir)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &done); err != nil || done.Result.Page != filepath.Join(dir, "report.html") {
		t.Errorf("%v: %s", err, done.Result.Page)
	}
	written, _, _ := readReport(t, dir)
	if got := &done.Result.Report; !reflect.DeepEqual(got, written) {
		t.Errorf("the result is not what the report says:\n%+v\n%+v", got, written)
	}
}

// verify runs the command.
func (s *staging) verify(key string, more ...string) (status int, out, errOut string) {
	s.t.Helper()
	return s.command(key, append([]string{"verify", "--source", s.source, "--target", s.target, "--rules", s.rules, "--workers", "2"}, more...)...)
}

// TestVerify compares two databases that are there: made by a refresh, with the
// same secret, there is no leak; then originals are planted in the target, in
// masked columns too.
func TestVerify(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, holders)
	s.write(holdersRules)
	s.must(keyA)
	if status, out, errOut := s.verify(keyA); status != 0 || !strings.Contains(out, "none is there") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	pgtest.Exec(t, s.target, `
		update posts set body = 'to user17@corp.example' where id in (3, 4);
		update users set name = 'Anna Maria Berg9' where id = 5;
		update users set extra = 'extra value 12' where id = 6;
		create table own (id int, made text);
		insert into own values (1, 'json7@corp.example');
		comment on table own is 'as user20@corp.example asked'`)
	status, out, errOut := s.verify(keyA, "--json")
	if status != exitVerify {
		t.Errorf("status %d", status)
	}
	for _, want := range []string{"public.posts.body: 2 values", "public.users.name: 1 value", "public.users.extra: 1 value", "public.own.made: 1 value", "comment on table public.own: 1 value"} {
		if !strings.Contains(errOut, "leak: "+want) {
			t.Errorf("not found: %s\n%s", want, errOut)
		}
	}
	var found report.Leak
	if err := json.Unmarshal([]byte(out), &found); err != nil || len(found.Hits) != 5 || found.Rows != 401 || found.Scope != "source" {
		t.Errorf("%v\n%s", err, out)
	}
	if strings.Contains(out+errOut, "corp.example") {
		t.Errorf("a value is quoted:\n%s%s", out, errOut)
	}
	same := *s
	same.target = s.source
	if status, _, errOut := same.verify(keyA); status != exitUsage || !strings.Contains(errOut, "the same database") {
		t.Errorf("status %d: %s", status, errOut)
	}
}

// TestShopLeaks refreshes the shop, whose names are few and common: no alarm with
// its rules; with one of the masks left out, one.
func TestShopLeaks(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, shop.Schema)
	pgtest.Exec(t, s.source, shop.Data(400))
	rules := strings.Replace(shop.Rules, `targets: ["staging"]`, `targets: ["*_staging"]`, 1)
	for _, sample := range []string{"5%", "100%"} {
		s.write(rules)
		if out := s.must(keyA, "--var", "sample="+sample); !strings.Contains(out, "none is there") {
			t.Errorf("%s", out)
		}
	}
	for mask, place := range map[string]string{
		"customer_email: email":  "public.orders.customer_email",
		"note: scrub":            "public.orders.note",
		"body: scrub":            "public.messages.body",
		"recipient: person.name": "public.addresses.recipient",
		"details: { mask: json, paths: { $.email: email }, other: keep }": "public.audit_logs.details",
	} {
		if !strings.Contains(rules, mask) {
			t.Fatalf("the shop's rules have no %s", mask)
		}
		column, _, _ := strings.Cut(mask, ":")
		s.write(strings.Replace(rules, mask, column+": keep", 1))
		status, _, errOut := s.refresh(keyA, "--var", "sample=100%")
		if status != exitVerify || !strings.Contains(errOut, "leak: "+place) {
			t.Errorf("with %s kept: status %d\n%s", column, status, errOut)
		}
	}
}

// TestLeakMemory has more originals than fingerprints may take: the run ends and
// says what to raise, and nothing is passed over.
func TestLeakMemory(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, email text, backup text);
		insert into users select i, 'user' || i || '@corp.example', 'backup' || i || '@corp.example' from generate_series(1, 100000) i`)
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables: { users: { columns: { email: email, backup: email } } }\n")
	status, _, errOut := s.refresh(keyA, "--memory", "1MiB")
	if status != exitFailed || !strings.Contains(errOut, "raise --memory") {
		t.Errorf("status %d: %s", status, errOut)
	}
	if out := s.must(keyA, "--memory", "4MiB"); !strings.Contains(out, "200,000 originals") {
		t.Errorf("%s", out)
	}
}

// TestMadeSuspects: what looks like an original because a mask made it is no leak,
// and of such a table alone the originals are read again.
func TestMadeSuspects(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
create table people (id int primary key, name text);
insert into people select i, 'Given' || i || ' Family' || i from generate_series(1, 5000) i;
create table notes (id int primary key, body text);
create table docs (id int primary key, doc jsonb, remark text);
insert into docs select i, jsonb_build_object('to', 'somebody', 'no', 'this is number ' || i), 'nothing' from generate_series(1, 3000) i; -- too many to be gathered`)
	s.write(`version: 1
targets: ["*_staging"]
tables:
  people:
    columns:
      name: person.name
  docs:
    columns:
      doc: { mask: json, paths: { $.to: { mask: constant, value: "what is far behind the first words: Given7 Family7" } }, other: keep }
      remark: keep
  notes:
    columns:
      body: keep
`)
	read := func() (rows int) {
		t.Helper()
		from := pgtest.Query(t, s.source, "select seq_tup_read from pg_stat_user_tables where relname = 'people'")[0][0]
		if out := s.must(keyA); !strings.Contains(out, "none is there") {
			t.Fatalf("not clean:\n%s", out)
		}
		return number(t, pgtest.Query(t, s.source, "select seq_tup_read from pg_stat_user_tables where relname = 'people'")[0][0]) - number(t, from)
	}
	if n := read(); n >= 2*5000 {
		t.Errorf("%d rows of people were read, of 5000", n)
	}
	// Found elsewhere it may be the person's: only the other tables say that a mask
	// makes it.
	pgtest.Exec(t, s.source, "insert into notes values (1, 'to Given7 Family7')")
	if n := read(); n > 2*5000 {
		t.Errorf("%d rows of people were read, of 5000", n)
	}
	pgtest.Exec(t, s.source, "insert into notes values (2, 'to Given8 Family8')")
	if status, _, errOut := s.refresh(keyA); status != exitVerify || !strings.Contains(errOut, "leak: public.notes.body: 1 value") {
		t.Errorf("status %d\n%s", status, errOut)
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What the target's role may not do is said of the target alone.
func TestVerifyPoorRole(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	server, poor := pgtest.Server(t), fmt.Sprintf("poor_%d", time.Now().UnixNano())
	pgtest.Exec(t, server, "create role "+poor+" login password 'right'")
	t.Cleanup(func() { pgtest.Exec(t, server, "drop role "+poor) })
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	s.must(keyA)
	status, _, errOut := s.command(keyA, "verify", "--source", s.source, "--target", s.target+" user="+poor+" password=right", "--rules", s.rules)
	if status != exitFailed || !strings.HasPrefix(errOut, "pgstandin: target: snapshot: role \""+poor+"\" may not read everything") || strings.Contains(errOut, "source") {
		t.Errorf("status %d: %s", status, errOut)
	}
}

// TestVerifyCopiedParts: refresh and verify find originals in what masks copied a
// part of.
func TestVerifyCopiedParts(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
create table people (id int primary key, name text);
insert into people select i, 'Others' || i || ' Name' || i from generate_series(1, 50) i;
create table letters (id int primary key, head text, topic text, code text);
insert into letters select i, 'Dear Given' || i || ' Family' || i || ', no ' || i, 'About Given' || (i%3) || ' Family' || (i%3), 'Given' || i || ' Family' || i || ' secret secret' from generate_series(1, 50) i;
create table plain (id int primary key, body text);
`)
	s.write(`version: 1
targets: ["*_staging"]
tables:
  people:
    columns:
      name: person.name
  letters:
    columns:
      head: { mask: regexp, match: "no [0-9]+", replace: "no x" }
      topic: shuffle
      code: { mask: redact, first: 17 }
  plain:
    columns:
      body: keep
`)
	s.must(keyA)
	pgtest.Exec(t, s.source, "update people set name = 'Given' || id || ' Family' || id")
	for name, run := range map[string]func(string, ...string) (int, string, string){"verify": s.verify, "refresh": s.refresh} {
		status, _, errOut := run(keyA)
		if status != exitVerify {
			t.Errorf("%s: status %d", name, status)
		}
		for _, place := range []string{"public.letters.head", "public.letters.topic", "public.letters.code"} {
			if !strings.Contains(errOut, "leak: "+place) {
				t.Errorf("%s: not found: %s\n%s", name, place, errOut)
			}
		}
	}
}
