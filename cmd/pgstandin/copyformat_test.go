package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

const everyFormat = `
create extension citext; create extension hstore;
create type mood as enum ('sad', 'ok'); create type home as (street text, zip int); create domain positive as int check (value > 0); create domain mails as text;
create table people (id int primary key, email citext unique, name text, born date, seen timestamptz, salary numeric(12,2), pay money, ip inet, net cidr, mac macaddr, token uuid,
	data jsonb, plain json, tags text[], scores int[], mood mood, age positive, other mails, at point, photo bytea, score float8, rate float4, small int2, big int8, ok bool,
	gap interval, code char(8), attrs hstore, span tstzrange, boss int references people, friends int[], search tsvector generated always as (to_tsvector('simple', name)) stored);
create table moods (id int primary key, moods mood[]);
create table homes (id int primary key, home home);
create table ranges (id int primary key, r daterange);
create table roles (id int primary key, role regrole);
create table notes (id int primary key, person int references people, body text);
insert into people select g, 'anna' || g || '@mail.example', case g % 7 when 0 then null when 1 then E'Zoë \\N\t' || g else 'Anna Berg' || g end,
	date '1980-05-17' + g * case g % 5 when 0 then -400 else 30 end, case g % 9 when 0 then 'infinity' else timestamptz '2024-02-29 12:34:56.789+00' - g * interval '1 hour' end,
	g * 1.37, (g * 3.5)::numeric::money, ('10.0.' || g % 256 || '.7')::inet, '2001:db8::/32', '08:00:2b:01:02:03', gen_random_uuid(),
	jsonb_build_object('mail', 'anna' || g || '@mail.example', 'n', g / 3.0), '{"a":  1}', array['x ' || g, null, '{}'], array[g, null], 'ok', g, 'bob' || g || '@x.org',
	point(13.4, g / 7.0), decode(lpad(to_hex(g), 8, '0'), 'hex'), g / 3.0, g / 7.0, g, g * 1e12, g % 2 = 0, g * interval '1 day -1 mon', 'c' || g, hstore('k', 'v' || g), '[2020-01-01,)', nullif(g / 2, 0), array[g, 1 + g / 3]
	from generate_series(1, 300) g;
insert into moods select g, array['sad', 'ok']::mood[] from generate_series(1, 9) g;
insert into homes select g, row('Main St', g)::home from generate_series(1, 9) g;
insert into ranges select g, daterange('2020-01-01', '2020-02-01') from generate_series(1, 9) g;
insert into roles select g, 'pg_monitor' from generate_series(1, 9) g;
insert into notes select g, 1 + g % 300, 'Anna Berg' || 1 + g % 300 || ' called from +49 30 1234567, anna' || 1 + g % 300 || '@mail.example' from generate_series(1, 200) g;`

const everyFormatRules = `version: 1
targets: ["*_staging"]
subset:
  roots: [{ table: people, sample: 50% }]
  references:
    - { from: people(boss), up: nullify, down: off }
    - { from: people(friends), to: people(id), up: nullify, down: off }
  unreached: all
tables:
  people:
    entity: id
    columns:
      email: email
      name: person.name
      born: { mask: date, shift: 60d }
      seen: { mask: date, shift: 60d }
      salary: { mask: number, noise: 10% }
      pay: { mask: money, noise: 10% }
      ip: ip
      net: ip
      mac: mac
      token: uuid
      data: { mask: json, paths: { $.mail: email }, other: keep }
      tags: text
      other: email
      at: { mask: geo, jitter: 5km }
      photo: hash
      score: { mask: number, noise: 10% }
      big: { mask: number, permute: true }
      code: hash
      mood: { mask: choice }
      plain: { mask: sql, expr: "'{}'" }
  ranges: { columns: { r: { mask: date, shift: 9d } } }
  notes: { entity: person -> people, columns: { body: scrub } }
columns: [{ match: "*.*", mask: keep }]
`

// TestCopyFormats copies rows of many types, masked, cut to NULL, with texts that
// quote other tables, in text and with the format that suits each table, and
// finds the same.
func TestCopyFormats(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, everyFormat)
	s.write(everyFormatRules)
	s.must(keyA, "--copy-format", "text")
	text := s.everyRow()
	s.must(keyA)
	if got := s.everyRow(); got != text {
		t.Errorf("other rows:\n%.3000s\ninstead of\n%.3000s", got, text)
	}
	cut := pgtest.Query(t, s.target, "select count(*) filter (where boss is null) > 3, count(*) filter (where cardinality(friends) < 2) > 3 from people")[0]
	if cut[0] != "t" || cut[1] != "t" {
		t.Errorf("nothing was cut to NULL: %v", cut)
	}
	status, out, errOut := s.refresh(keyA, "--copy-format", "binary")
	if status != exitUsage {
		t.Fatalf("status %d\n%s%s", status, out, errOut)
	}
	for _, want := range []string{`public.moods: column "moods": the binary form of public.mood[] holds the OID`, `public.homes: column "home"`, "public.ranges: column r: masks have no converter", `public.roles: column "role"`} {
		if !strings.Contains(errOut, want) {
			t.Errorf("the error lacks %q:\n%s", want, errOut)
		}
	}
	if strings.Contains(errOut, "public.people") || strings.Contains(errOut, "public.notes") {
		t.Errorf("too much is refused:\n%s", errOut)
	}
	status, out, errOut = s.command("", "plan", "--source", s.source, "--rules", s.rules, "--json")
	var doc planDoc
	if err := json.Unmarshal([]byte(out), &doc); status != 0 || err != nil {
		t.Fatalf("status %d, %v\n%s", status, err, errOut)
	}
	for _, x := range doc.Tables {
		want := "text"
		if x.Table == "public.people" || x.Table == "public.notes" {
			want = "binary"
		}
		if x.Format != want || (want == "text") != (x.TextReason != "") {
			t.Errorf("%s: %s, %s", x.Table, x.Format, x.TextReason)
		}
	}
	_, out, _ = s.command("", "plan", "--source", s.source, "--rules", s.rules)
	if !strings.Contains(out, "format") || !strings.Contains(out, "text: public.ranges: column r: masks have no converter") {
		t.Errorf("the plan does not say the format:\n%s", out)
	}
	if status, _, errOut := s.refresh(keyA, "--copy-format", "csv"); status != exitUsage || !strings.Contains(errOut, "auto, text or binary") {
		t.Errorf("status %d: %s", status, errOut)
	}
}
