package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// snapshot writes a snapshot called "one" into a new folder and returns its path.
func (s *staging) snapshot(key string, more ...string) string {
	s.t.Helper()
	dir := s.t.(*testing.T).TempDir()
	status, out, errOut := s.trySnapshot(key, dir, more...)
	if status != 0 {
		s.t.Fatalf("snapshot: status %d\n%s%s", status, out, errOut)
	}
	return filepath.Join(dir, "one")
}

func (s *staging) trySnapshot(key, dir string, more ...string) (status int, out, errOut string) {
	s.t.Helper()
	return s.command(key, append([]string{"snapshot", "--source", s.source, "--rules", s.rules, "--workers", "2", "--out", dir, "--name", "one"}, more...)...)
}

// restored makes a database beside the target and restores a snapshot into it with
// stock pg_restore.
func (s *staging) restored(dir string, args ...string) string {
	s.t.Helper()
	name := s.name + "_restored"
	pgtest.Exec(s.t, s.source, "drop database if exists "+name)
	pgtest.Exec(s.t, s.source, "create database "+name+" template template0")
	dsn := s.source + " dbname=" + name
	pgTool(s.t, "pg_restore", append(append([]string{"--exit-on-error", "-d", dsn}, args...), dir)...)
	return dsn
}

// pgTool runs one of PostgreSQL's client programs and returns what it printed.
func pgTool(t testing.TB, program string, args ...string) string {
	t.Helper()
	out, err := tryPgTool(t, program, args...)
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return out
}

func tryPgTool(t testing.TB, program string, args ...string) (string, error) {
	t.Helper()
	bin, _, err := pgserver.Find()
	if err != nil {
		t.Fatal(err)
	}
	path, err := pgserver.Tool(bin, program)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	return string(out), err
}

// canonical is a plain dump of a database with the rows of each table sorted, without
// comments, and without owners, of which a refresh has its own.
func canonical(t *testing.T, dsn string) string {
	t.Helper()
	lines := strings.SplitAfter(pgTool(t, "pg_dump", "--no-owner", "--no-privileges", "-d", dsn), "\n")
	var out strings.Builder
	for i := 0; i < len(lines); i++ {
		switch {
		case strings.HasPrefix(lines[i], "--"), lines[i] == "\n", strings.HasPrefix(lines[i], `\`): // \restrict has another word each time
		case strings.HasPrefix(lines[i], "COPY "):
			end := i + slices.Index(lines[i:], "\\.\n")
			slices.Sort(lines[i+1 : end])
			out.WriteString(strings.Join(lines[i:end+1], ""))
			i = end
		default:
			out.WriteString(lines[i])
		}
	}
	return out.String()
}

// sameDatabase compares two databases, schema, rows and sequences.
func sameDatabase(t *testing.T, want, got string) {
	t.Helper()
	a, b := strings.Split(canonical(t, want), "\n"), strings.Split(canonical(t, got), "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("the databases differ from line %d on\nwant %.300q\ngot  %.300q", i+1, a[i:min(len(a), i+5)], b[i:min(len(b), i+5)])
		}
	}
}

func newShop(t *testing.T, users int) *staging {
	t.Helper()
	s := newStaging(t)
	pgtest.Exec(t, s.source, shop.Schema)
	pgtest.Exec(t, s.source, shop.Data(users))
	s.write(strings.ReplaceAll(shop.Rules, `targets: ["staging"]`, `targets: ["*_staging"]`))
	return s
}

// TestSnapshotEqualsRefresh: what pg_restore makes of a snapshot is what a refresh
// with the same rules and key makes.
func TestSnapshotEqualsRefresh(t *testing.T) {
	t.Parallel()
	s := newShop(t, 300)
	pgtest.Exec(t, s.source, "create materialized view numbers as select last_value, is_called from order_numbers")
	s.must(keyA)
	if got := pgtest.Query(t, s.target, "select v = (select last_value from order_numbers), is_called from numbers n (v)")[0]; got[0] != "t" || got[1] != "t" {
		t.Error("the view was filled before its sequence was set", got)
	}
	dir := s.snapshot(keyA)
	sameDatabase(t, s.target, s.restored(dir, "-j", "2"))
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err != nil {
		t.Error(err)
	}
	list := pgTool(t, "pg_restore", "-l", dir)
	if !strings.Contains(list, "Dump Version: 1.14") {
		t.Errorf("%.800s", list)
	}
}

// TestSnapshotOfCases does so with databases that this project did not write.
func TestSnapshotOfCases(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pagila", "northwind", "chinook"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStaging(t)
			pgtest.LoadCase(t, s.source, name)
			s.rules = filepath.Join("..", "..", "testdata", "rules", name+".yaml")
			s.must(keyA)
			sameDatabase(t, s.target, s.restored(s.snapshot(keyA), "-j", "2"))
		})
	}
}

// oddDump has what a dump can get wrong.
const oddDump = `
create schema "Odd Names"; create schema two; create schema "a""b";
create table two.t (id int primary key, v text);
create table public.t (id int primary key, v text, two_id int references two.t);
create table "Odd Names"."Order" ("select" int generated always as identity primary key, "a b" text, "x""y" text, "tab	name" text,
	twice int generated always as ("select" * 2) stored, dropped int, later text default 'd', email text);
alter table "Odd Names"."Order" drop column dropped;
create table "a""b"."T.x" (id bigint generated by default as identity (start 7 increment -3 minvalue -1000 maxvalue 7) primary key, at timestamptz);
create table public.none ();
create table public.serials (id serial primary key, v text);
create sequence public.alone start 5; select nextval('public.alone');
create sequence public.fresh;
create table public.measures (id int not null, day date not null, v text, primary key (id, day)) partition by range (day);
create table public.measures_1 partition of public.measures for values from ('2024-01-01') to ('2024-07-01');
create table two.measures_2 partition of public.measures for values from ('2024-07-01') to ('2025-01-01') partition by list (id);
create table two.measures_2a partition of two.measures_2 for values in (1, 3, 5, 7, 9);
create table two.measures_2b partition of two.measures_2 default;
create index on public.measures (v);
create table public.readings (id int primary key, measure_id int, day date, foreign key (measure_id, day) references public.measures (id, day));
create table public.parent (id int primary key, v text);
create table public.child (more text) inherits (public.parent);
create materialized view public.filled as select count(*) from public.t;
create materialized view public.deeper as select * from public.filled;
create materialized view public.empty as select 1 with no data;
create view public.seen as select "a b" from "Odd Names"."Order";
create function public.f() returns trigger language plpgsql as 'begin new.v := upper(new.v); return new; end';
create trigger loud before insert on public.serials for each row execute function public.f();
create type two.mood as enum ('so so', 'good');
create table public.moods (id int primary key, m two.mood[], b bytea, j jsonb, f float8, i interval, d numeric);
comment on table public.moods is 'it''s \ odd';
alter table public.parent enable row level security; create policy p on public.parent using (true);

insert into two.t select i, 'two ' || i from generate_series(1, 20) i;
insert into public.t select i, 'one ' || i, i from generate_series(1, 20) i;
insert into "Odd Names"."Order" ("a b", "x""y", "tab	name", email) select E'tab\there\\and\nnewline' || i, null, '', 'anna.' || i || '@mail.example' from generate_series(1, 50) i;
insert into "a""b"."T.x" (at) select now() from generate_series(1, 5);
insert into public.none default values; insert into public.none default values;
insert into public.serials (v) select '\.' from generate_series(1, 9);
insert into public.measures select i, date '2024-01-01' + i * 3, 'v' || i from generate_series(1, 100) i;
insert into public.readings select i, i, date '2024-01-01' + i * 3 from generate_series(1, 100) i;
insert into public.parent select i, 'p' from generate_series(1, 5) i;
insert into public.child select i, 'c', 'more' from generate_series(6, 9) i;
insert into public.moods select i, '{good,"so so"}', '\x00ff5c6e', '{"a": "\\ \" é"}', 0.1 + i, '1 year 2 mons -3 days 04:05:06.7', 'NaN' from generate_series(1, 3) i;
refresh materialized view public.filled; refresh materialized view public.deeper;
`

const oddDumpRules = `version: 1
targets: ["*_staging"]
objects: none
tables:
  '"Odd Names"."Order"': { columns: { email: email } }
columns:
  - { match: "*.*", mask: keep }
`

// TestSnapshotOddities: several schemas, quoted names, generated and identity
// columns, partitions, inheritance, no columns, large objects left out.
func TestSnapshotOddities(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, oddDump+"select lo_from_bytea(0, 'secret')")
	s.write(oddDumpRules)
	s.must(keyA)
	for _, args := range [][]string{{"-j", "3"}, {"--single-transaction"}} {
		sameDatabase(t, s.target, s.restored(s.snapshot(keyA), args...))
	}
	if n := pgtest.Query(t, s.restored(s.snapshot(keyA)), "select count(*) from pg_largeobject_metadata")[0][0]; n != "0" {
		t.Errorf("%s large objects", n)
	}
}

// TestSnapshotReport: the report says what was published, and lies beside the data
// and where it was asked for.
func TestSnapshotReport(t *testing.T) {
	t.Parallel()
	s := newShop(t, 60)
	reports := t.TempDir()
	dest := t.TempDir()
	status, out, errOut := s.trySnapshot(keyA, dest, "--report", reports, "--json")
	if status != 0 {
		t.Fatalf("status %d\n%s", status, errOut)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, want := range []string{`"event":"done"`, `"stored_snapshot":{"name":"one"`, `"format":"directory"`, `"compression":"gzip"`} {
		if !strings.Contains(lines[len(lines)-1], want) {
			t.Errorf("no %s in %s", want, lines[len(lines)-1])
		}
	}
	for _, dir := range []string{reports, filepath.Join(dest, "one")} {
		text, err := os.ReadFile(filepath.Join(dir, "report.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"outcome": "published"`, `"database": "one"`, `"state": "clean"`, `"checks": []` /* the shop's rules have some */, "a snapshot is files, not a database"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: no %s in the report", dir, want)
			}
		}
		page, err := os.ReadFile(filepath.Join(dir, "report.html"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(page), "The run ended before") || !strings.Contains(string(page), "was published") {
			t.Errorf("%s: the page does not say what was done", dir)
		}
	}
}
