package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/store"
)

// stock puts what stock pg_dump makes of a database into a store, as snapshot name.
func stock(t testing.TB, dsn, dest, name string, when time.Time, keys []string, more ...string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "dump")
	pgTool(t, "pg_dump", append([]string{"-Fd", "-j2", "-f", dir, "-d", dsn}, more...)...)
	putFolder(t, dir, dest, name, store.Metadata{Created: when, Database: "prod", LSN: "0/16B3748", RulesHash: strings.Repeat("ab", 32)}, keys)
}

func putFolder(t testing.TB, dir, dest, name string, meta store.Metadata, keys []string) {
	t.Helper()
	ctx := context.Background()
	st, err := store.Open(ctx, dest)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	up, err := st.Begin(ctx, name, store.UploadOptions{Recipients: keys})
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		in, err := os.Open(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		w, err := up.Create(ctx, f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, in); err != nil {
			t.Fatal(err)
		}
		in.Close()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := up.Publish(ctx, meta); err != nil {
		t.Fatal(err)
	}
}

// allOf is a database as pg_dump writes it, without what differs from run to run.
func allOf(t testing.TB, dsn string) string {
	t.Helper()
	out := pgTool(t, "pg_dump", "--no-owner", "--no-privileges", "-d", dsn)
	text := regexp.MustCompile(`(?m)^\\(un)?restrict .*$`).ReplaceAllString(out, "")
	// The owner of public is the database's, as after every swap.
	return regexp.MustCompile(`--\n-- Name: public; Type: SCHEMA; .*\n--\n\n-- \*not\* creating schema.*\n\n\n`).ReplaceAllString(text, "")
}

// firstDifference shows where two texts part.
func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return strings.Join(x[max(0, i-3):min(len(x), i+3)], "\n") + "\n--- and\n" + strings.Join(y[max(0, min(i, len(y))-3):min(len(y), i+3)], "\n")
		}
	}
	return "the second is longer"
}

func (s *staging) restore(dest string, more ...string) (status int, out, errOut string) {
	s.t.Helper()
	return s.command("", append([]string{"restore", dest, "--target", s.target, "--rules", s.rules}, more...)...)
}

func (s *staging) mustRestore(dest string, more ...string) string {
	s.t.Helper()
	status, out, errOut := s.restore(dest, more...)
	if status != 0 {
		s.t.Fatalf("restore: status %d\n%s%s", status, out, errOut)
	}
	return out
}

// restoreRules allow staging as a target; of a restore nothing else counts.
const restoreRules = "version: 1\ntargets: [\"*_staging\"]\n"

// manyObjects has one of everything that an archive may hold.
const manyObjects = `
create extension if not exists pg_trgm;
create schema "Odd Schema"; create schema other;
comment on schema other is 'another';
create type other.mood as enum ('sad', 'ok', 'it''s');
create domain other.positive as int check (value > 0);
create type other.pair as (a int, b text);
create function other.twice(int) returns int language sql immutable as 'select $1 * 2';
create sequence other.lonely start 5 increment 3;
select nextval('other.lonely');
create table "Odd Schema"."Odd ""Table" (id int generated always as identity primary key, "Select" text not null default 'x', mood other.mood, twice int generated always as (other.twice(7)) stored);
insert into "Odd Schema"."Odd ""Table" ("Select", mood) select E'a\tb\\' || i || E'\n', 'it''s' from generate_series(1, 100) i;
create table public.users (id serial primary key, name text not null, email text unique deferrable initially deferred, boss int references public.users, p other.positive, q other.pair, b bytea, j jsonb);
comment on table public.users is 'people'; comment on column public.users.name is 'their names';
insert into public.users (name, email, boss, p, q, b, j) select 'n' || i, 'e' || i || '@x', nullif(i / 2, 0), i, row(i, 'x'::text)::other.pair, decode('00ff', 'hex'), '{"a": [1]}' from generate_series(1, 500) i;
create index users_name on public.users using gin (name gin_trgm_ops);
create index users_lower on public.users (lower(name)) where id > 3;
comment on index public.users_lower is 'an index';
alter table public.users cluster on users_pkey;
create statistics other.st on name, email from public.users;
create table public.parted (id int not null, at date not null, user_id int references public.users, primary key (id, at)) partition by range (at);
create table other.parted_1 partition of public.parted for values from ('2020-01-01') to ('2021-01-01');
create table other.parted_2 partition of public.parted for values from ('2021-01-01') to ('2022-01-01') partition by list (id);
create table other.parted_2_rest partition of other.parted_2 default;
create index on public.parted (user_id);
insert into public.parted select i, date '2020-01-01' + i, i % 400 + 1 from generate_series(1, 600) i;
create table public.child (extra text) inherits (public.users);
insert into public.child (name, extra) values ('c', 'd');
create view public.names as select id, name from public.users;
create materialized view other.totals as select user_id, count(*) from public.parted group by 1;
create unique index on other.totals (user_id);
create materialized view other.totals2 as select count(*) from other.totals;
create materialized view other.hollow as select 1 as one with no data;
create table public.empty (a int check (a > 0), excl int4range, exclude using gist (excl with &&));
alter table public.empty add constraint late check (a < 10) not valid;
create table public.nothing ();
create function public.trg() returns trigger language plpgsql as 'begin return new; end';
create trigger t before insert on public.users for each row execute function public.trg();
alter table public.users disable trigger t;
create rule r as on delete to public.empty do instead nothing;
alter table public.users enable row level security;
create policy pol on public.users using (id > 0);
create unlogged table public.fleeting (a int); insert into public.fleeting values (1);
alter table public.parted replica identity full;
select lo_create(4711); select lo_put(4711, 0, decode(repeat('00ab', 3000), 'hex')); select lo_create(4712);
comment on large object 4711 is 'large';
`

// A restore makes what stock pg_restore makes, whatever the store and the archive.
func TestRestoreMakesWhatPgRestoreMakes(t *testing.T) {
	t.Parallel()
	for _, c := range []string{"objects", "pagila", "northwind", "chinook"} {
		t.Run(c, func(t *testing.T) {
			s := newStaging(t)
			if c == "objects" {
				pgtest.Exec(t, s.source, manyObjects)
			} else {
				pgtest.LoadCase(t, s.source, c)
			}
			s.write(restoreRules)
			pgtest.Exec(t, pgtest.Server(t), "create database "+s.name+"_stock template template0")
			plain := s.source + " dbname=" + s.name + "_stock"
			dir := filepath.Join(t.TempDir(), "dump")
			pgTool(t, "pg_dump", "-Fd", "-f", dir, "-d", s.source)
			pgTool(t, "pg_restore", "-j2", "-d", plain, dir)
			want := allOf(t, plain)

			key, err := age.GenerateX25519Identity()
			if err != nil {
				t.Fatal(err)
			}
			identity := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(identity, []byte(key.String()+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			dest := t.TempDir()
			day := time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC)
			stock(t, s.source, dest, "gzip", day, nil)
			stock(t, s.source, dest, "none", day.Add(1), nil, "--compress=0")
			stock(t, s.source, dest, "sealed", day.Add(2), []string{key.Recipient().String()})
			for _, more := range [][]string{{"--snapshot", "gzip", "-j", "1"}, {"--snapshot", "none", "-j", "3"}, {"--identity", identity}} {
				out := s.mustRestore(dest, more...)
				if got := allOf(t, s.target); got != want {
					t.Fatalf("%q: the target differs from what pg_restore makes:\n%s", more, firstDifference(want, got))
				}
				if !strings.Contains(out, "rows of ") {
					t.Errorf("said %q", out)
				}
			}
			if n := pgtest.Query(t, s.target, "select count(*) from pg_constraint where not convalidated"); c != "objects" && n[0][0] != "0" {
				t.Errorf("%s constraints are not valid", n[0][0])
			}
		})
	}
}

func TestRestoreJSON(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, "create table a (i int); insert into a values (1), (2);"+
		"create table p (i int) partition by range (i); create table p_1 partition of p for values from (1) to (9); create table p_2 partition of p default")
	s.write(restoreRules)
	dest := t.TempDir()
	stock(t, s.source, dest, "x", time.Now(), nil)
	out := s.mustRestore(dest, "--json")
	lines := bytes.Split(bytes.TrimSpace([]byte(out)), []byte("\n"))
	var last struct {
		Event  string
		Time   time.Time
		Reason string
		Status int
		Result restoreResult
	}
	if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil || last.Event != "done" || last.Time.IsZero() || last.Result.Rows != 2 || last.Result.Tables != 2 || last.Result.Snapshot != "x" || len(last.Result.Steps) < 3 {
		t.Errorf("%v: %s", err, out)
	}
	// What failed is said where events are read, as it is said to people.
	status, out, errOut := s.restore(dest, "--json", "--snapshot", "y")
	lines = bytes.Split(bytes.TrimSpace([]byte(out)), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil || last.Event != "aborted" || last.Status != status ||
		status != exitFailed || !strings.Contains(last.Reason, "no such snapshot") || errOut != "pgstandin: "+last.Reason+"\n" {
		t.Errorf("%v: %s%s", err, out, errOut)
	}
}

// A snapshot that is restored is what a refresh makes, however it is stored.
func TestRestoreEqualsRefresh(t *testing.T) {
	t.Parallel()
	s := newShop(t, 300)
	s.must(keyA)
	want := canonical(t, s.target)
	identity, public := newIdentity(t)
	for _, more := range [][]string{nil, {"--compress", "zstd"}, {"--compress", "lz4", "--encrypt-to", public}, {"--compress", "none"}} {
		dest := filepath.Dir(s.snapshot(keyA, more...))
		s.mustRestore(dest, "-j", "2", "--identity", identity)
		if got := canonical(t, s.target); got != want {
			t.Errorf("%q: %s", more, firstDifference(want, got))
		}
	}
}
