package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// maskSchema has what dumps are made hard by, and a canary in every place of a
// row.
const maskSchema = `
create schema "Odd.One";
create type mood as enum ('glad', 'sad');
create table "Odd.One"."Us""ers" (id int generated always as identity primary key, "E mail" text unique not null, name text, born date, ok boolean, mood mood,
	flags bit(4), amount numeric(10,2), raw bytea, doc jsonb, list text[], low text generated always as (lower(name)) stored);
insert into "Odd.One"."Us""ers" ("E mail", name, born, ok, mood, flags, amount, raw, doc, list)
	select 'canary' || n || '@mail.example', 'Canary O''Neil', date '1980-01-01' + n, n % 2 = 0, 'sad', B'1010', -1.5 * n, 'canary', jsonb_build_object('mail', 'canary@mail.example', 'n', n), array[E'canary\t\n\\.\n', null, 'a"b\'] from generate_series(1, 40) n;
insert into "Odd.One"."Us""ers" ("E mail") values ('');
create table notes (id bigserial primary key, user_id int references "Odd.One"."Us""ers", body text, card_id int);
create table cards (id int primary key, number text);
create table charges (id int primary key, card_id int not null references cards, what text);
alter table notes add foreign key (card_id) references cards;
insert into cards select n, 'canary' || n from generate_series(1, 5) n;
insert into charges select n, n, 'canary' from generate_series(1, 5) n;
insert into notes (user_id, body, card_id) select n, 'from canary' || n || '@mail.example, signed Canary O''Neil', 1 from generate_series(1, 40) n;
create table events (kind text, at date, who text) partition by list (kind);
create table events_a partition of events for values in ('aaaa');
create table events_b partition of events for values in ('bbbb');
create table events_rest partition of events default;
insert into events select k, '2020-01-01', 'canary' from unnest(array['aaaa', 'bbbb', 'canary']) k;
create table hollow (); insert into hollow default values; insert into hollow default values;
create function f() returns text language sql as $$ select 'x;' -- a comment
$$;
create materialized view mv as select id from notes;
comment on table notes is 'it''s; -- fine';
`

const maskRules = `version: 1
targets: ["*_staging"]
tables:
  '"Odd.One"."Us""ers"':
    entity: id
    columns:
      "E mail": email
      name: person.name
      born: { mask: date, shift: 60d }
      flags: { mask: constant, value: "0000" }
      amount: { mask: number, noise: 10% }
      raw: { mask: constant, value: '\x00' }
      doc: { mask: json, paths: { $.mail: email }, other: keep }
      list: text
  notes:
    entity: user_id -> "Odd.One"."Us""ers"
    columns: { body: scrub }
  cards: { rows: none }
  charges: { columns: { what: keep } }
  events: { columns: { kind: { mask: choice, values: [aaaa, bbbb, cccc] }, at: keep, who: { mask: hash, length: 8 } } }
`

// A dump with everything in it comes out as a refresh makes it, from a file and,
// what other tables say of a person aside, from a stream; no canary is in it.
func TestMaskEverything(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, maskSchema)
	s.write(maskRules)
	s.must(keyA)
	want := rowsByTable(t, s.target)
	same := func(how string, out string) {
		t.Helper()
		got := rowsByTable(t, loadDump(t, out))
		for table := range want {
			if got[table] != want[table] {
				t.Errorf("%s: %s differs from refresh: %s", how, table, firstLine(got[table], want[table]))
			}
		}
		if i := strings.Index(strings.ToLower(out), "canary"); i >= 0 {
			t.Errorf("%s: a canary is in the output: %.80s", how, out[max(0, i-40):])
		}
	}
	dump := dumpAs(t, s.source, "--rows-per-insert=7")
	status, out, errOut := s.mask("", s.file("dump.sql", dump))
	if status != 0 {
		t.Fatalf("status %d\n%s", status, errOut)
	}
	same("file", out)
	for _, w := range []string{`"Odd.One"."Us""ers"`, "public.cards", "40", "left out"} {
		if !strings.Contains(errOut, w) {
			t.Errorf("no %q in %s", w, errOut)
		}
	}

	setup := s.maskSetup(dump, true)
	known := *setup
	for _, how := range append(dumpForms, []string{"--load-via-partition-root"}, nil) {
		text := dumpAs(t, s.source, how...)
		file := s.file("again.sql", text)
		known.file, _ = os.Open(file)
		known.options.onePass, known.known = false, nil
		if err := known.learn(t.Context()); err != nil {
			t.Fatalf("%v: %v", how, err)
		}
		same(fmt.Sprint(how), maskWith(t, &known, text))
		_ = known.file.Close()
	}
}

// What cannot be masked is refused with its line, nothing of it is written, and
// what was written does not load.
func TestMaskRefuses(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	const schemaSQL = "create table users (id int primary key, email text, n int generated always as (id) stored);\ncreate table logs (id int primary key, what text);\n"
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  users: { columns: { email: email } }\n  logs: { columns: { what: keep } }\n")
	setup := s.maskSetup(schemaSQL, false)
	good := schemaSQL + "copy users (id, email) from stdin;\n1\tanna@corp.example\n\\.\n"
	for _, c := range []struct {
		name, text string
		status     int
		want       string
	}{
		{"csv", "copy users (id, email) from stdin (format csv);\n1,canary\n\\.\n", 2, ":6: COPY with options"},
		{"csv of old", "copy users (id, email) from stdin csv;\n1,canary\n\\.\n", 2, ":6: COPY with options"},
		{"file", "copy users from '/tmp/canary';", 2, ":6: a COPY that is not from stdin"},
		{"update", "update users set email = 'canary';", 2, ":6: "},
		{"do block", "do $$ begin insert into users values (1, 'canary'); end $$;", 2, ":6: a DO block"},
		{"delete", "delete from users where email = 'canary';", 2, ":6: "},
		{"select", "select canary();", 2, ":6: a SELECT"},
		{"values", "values ('canary');", 2, ":6: "},
		{"with", "with x as (values ('canary')) insert into users select * from x;", 2, ":6: "},
		{"insert select", "insert into users select 1, 'canary';", 2, ":6: an INSERT that is not of VALUES"},
		{"insert of a query of values", "insert into users select 1, 'canary' union values (2, 'canary');", 2, ":6: an INSERT that is not of VALUES"},
		{"expression", "insert into users values (1, 'canary' || 'x', default);", 2, ":6: a value of an INSERT is an expression"},
		{"do update", "insert into users values (1, 'a@b.example', default) on conflict (id) do update set email = 'canary';", 2, ":6: something follows"},
		{"returning", "insert into users values (1, 'a@b.example', default)\nreturning 'canary';", 2, ":7: something follows"},
		{"generated", "insert into users values (1, 'a@b.example', 5);", 2, "generated column"},
		{"too few", "insert into users values (1, 'canary');", 2, ":6: public.users: row has another number of fields"},
		{"row too short", "copy users (id, email) from stdin;\n1\tx@y.example\n2\n\\.\n", 2, ":8: public.users: row has another number of fields"},
		{"unknown table", "copy canaries (id) from stdin;\n1\n\\.\n", 3, ":6: table canaries is not in the schema"},
		{"unknown column", "copy users (id, canary) from stdin;\n1\tx\n\\.\n", 3, "public.users.\"canary\""},
		{"create table as", "create table x as select 'canary';", 2, ":6: CREATE TABLE"},
		{"large object", "select pg_catalog.lowrite(0, '\\x63616e617279');", 3, ":6: a large object"},
		{"encoding", "set client_encoding = 'LATIN1';", 2, ":6: the dump is not in UTF-8"},
		{"cut off", "copy users (id, email) from stdin;\n1\tx@y.example\n", 2, ":6: the rows of this COPY do not end"},
		{"cut off insert", "insert into logs values (1, 'x'),\n(2, 'x'", 2, ":6: this INSERT does not end"},
		{"cut off in a string", "insert into logs values (1, 'x'),\n(2, 'x", 2, ":6: this INSERT does not end"},
		{"command", "\\! canary", 2, ":6: backslash command"},
		{"comment", "insert into users values (1 /* canary */, 'a@b.example', default);", 2, ":6: a comment"},
		{"a role", "alter role anna with nosuperuser login password 'SCRAM-SHA-256$4096:canary';", 2, ":6: a statement about roles, as pg_dumpall writes it"},
		{"a role of old", "create user anna password 'canary';", 2, ":6: a statement about roles"},
		{"a comment on a role", "comment on role anna is 'canary';", 2, ":6: a statement about roles"},
		{"a group", "drop group canaries;", 2, ":6: a statement about roles"},
		{"a cluster", "--\n-- PostgreSQL database cluster dump\n--\n\nset x.y = 'canary';", 2, ":10: a dump of several databases"},
		{"a setting of the database", "alter database shop set x.y to 'https://anna:canary@intra.example/';", 4, ":6: leak: setting of the database: 1 credential"},
		{"a setting of a role", "alter role anna in database shop set x.y to 'https://anna:canary@intra.example/';", 4, ":6: leak: setting of the database: 1 credential"},
		{"what the schema has not", "comment on table users is 'https://anna:canary@intra.example/';", 4, ":6: leak: comment on table users is: 1 credential"},
		{"a comment within", "create view v as select 1 -- https://anna:canary@intra.example/\n;", 4, ":6: leak: create view v: 1 credential"},
		{"another database", "\\connect canaries", 2, ":6: \\connect behind rows"},
		{"setting", "select pg_catalog.set_config('x.y', 'canary', false);", 2, ":6: a set_config"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			_, err := setup.mask(t.Context(), strings.NewReader(good+c.text), &out)
			if err == nil || exitCode(err) != c.status || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("status %d, want %d: %v", exitCode(err), c.status, err)
			}
			if text := out.String() + err.Error(); strings.Contains(strings.ReplaceAll(strings.ReplaceAll(text, "canaries", ""), `"canary"`, ""), "canary") {
				t.Errorf("what was refused is there: %s", text)
			}
			dsn := pgtest.DB(t)
			said, ok := psqlLoads(t, dsn, out.String()+cutOff)
			if ok || !strings.Contains(said, "ERROR") {
				t.Errorf("psql takes it: %s\n%s", said, out.String())
			}
		})
	}
}

// A reference to a table without rows that a refresh could not set to NULL is not
// set to NULL in a stream either, although its column may be NULL.
func TestMaskRefusesCutsThatBreak(t *testing.T) {
	t.Parallel()
	for name, orders := range map[string]string{
		"check":     "card_id int references cards, kind text, check (kind <> 'card' or card_id is not null)",
		"generated": "card_id int references cards, kind text, paid text generated always as (card_id || kind) stored",
		"excluded":  "card_id int references cards, kind text, exclude using btree (card_id with =)",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStaging(t)
			s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  cards: { rows: none }\n  orders: { columns: { kind: keep } }\n")
			pgtest.Exec(t, s.source, "create table cards (id int primary key); insert into cards values (1)")
			pgtest.Exec(t, s.source, "create table orders (id int primary key, "+orders+"); insert into orders values (1, 1, 'card')")
			status, out, errOut := s.mask("", s.file("dump.sql", dumpAs(t, s.source)))
			if status != 2 || !strings.Contains(errOut, "public.orders references public.cards") || !strings.Contains(errOut, "use refresh") {
				t.Errorf("status %d\n%s\n%s", status, errOut, out)
			}
		})
	}
}
