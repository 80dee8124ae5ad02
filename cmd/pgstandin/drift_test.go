package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
)

const manyKinds = `
create extension pg_trgm;
create schema side; comment on schema side is 'aside';
create type mood as enum ('sad', 'ok');
create type pair as (a int, b text);
create domain positive as int check (value > 0);
create collation side.de (provider = icu, locale = 'de');
create table users (id serial primary key, email text unique not null, age positive default 7, m mood, name text collate side.de, "Odd Name" text);
create table orders (id int generated always as identity primary key, user_id int not null references users, placed date not null, total numeric(10,2) check (total >= 0),
  during tsrange, exclude using gist (during with &&));
create table parts (id int, at date not null, primary key (id, at)) partition by range (at);
create table parts_1 partition of parts for values from ('2020-01-01') to ('2021-01-01');
alter table orders enable row level security;
create policy mine on orders using (user_id = 1);
create index orders_placed on orders (placed) where total > 5;
create statistics st on user_id, placed from orders;
create sequence tickets increment 5;
create view v as select email from users; comment on view v is 'mails';
create materialized view mv as select count(*) as n from users;
create rule r as on insert to v do instead nothing;
create function f(int) returns int language sql as 'select $1 + 1';
create procedure p() language sql as 'select 1';
create aggregate agg(int) (sfunc = int4pl, stype = int);
create function touch() returns trigger language plpgsql as 'begin return new; end';
create trigger tr before update on users for each row execute function touch();
create operator === (leftarg = int, rightarg = int, function = int4eq);
create cast (mood as int) with inout;
create text search dictionary dict (template = simple);
comment on column users.email is 'where to write'; comment on constraint users_email_key on users is 'one each';
`

// Each change of staging is a difference, and the only one.
func TestDrift(t *testing.T) {
	t.Parallel()
	source, target := pgtest.DB(t), pgtest.DB(t)
	pgtest.Exec(t, source, manyKinds)
	pgtest.Exec(t, target, manyKinds)
	s := &staging{t: t}
	if _, err := os.Stat("pgstandin.yaml"); err == nil {
		t.Fatal("there is a rules file in this directory")
	}
	drift := func(more ...string) (int, string, string) {
		return s.command("", append([]string{"drift", "--source", source, "--target", target}, more...)...)
	}
	if status, out, errOut := drift(); status != 0 || !strings.Contains(out, " 0 differences") {
		t.Fatalf("two alike: status %d: %s%s", status, out, errOut)
	}
	db := strings.SplitAfter(target, "dbname=")
	name := db[len(db)-1]
	for _, c := range []struct{ do, undo, want string }{
		{"drop table orders", "", "table public.orders missing"},
		{"create table extra (id int primary key)", "", "table public.extra extra"},
		{"alter table users alter age drop default", "", "default public.users.age missing"},
		{"alter table users alter age set default 8", "", "default public.users.age differs"},
		{"alter table users alter email type varchar(99)", "drop view v", "column public.users.email differs text not null character varying(99) not null"},
		{`alter table users alter "Odd Name" set not null`, "", `column public.users."Odd Name" differs text text not null`},
		{"alter table users drop constraint users_email_key", "", "unique public.users.users_email_key missing"},
		{"alter table orders drop constraint orders_pkey", "", "primary key public.orders.orders_pkey missing"},
		{"alter table orders drop constraint orders_user_id_fkey", "", "foreign key public.orders.orders_user_id_fkey missing"},
		{"alter table orders drop constraint orders_user_id_fkey; alter table orders add foreign key (user_id) references users not valid", "", "foreign key public.orders.orders_user_id_fkey invalid"},
		{"alter table orders drop constraint orders_user_id_fkey; alter table orders add foreign key (user_id) references users on delete cascade", "", "foreign key public.orders.orders_user_id_fkey differs"},
		{"alter table orders drop constraint orders_total_check", "", "check public.orders.orders_total_check missing"},
		{"alter domain positive drop constraint positive_check", "", "check public.positive.positive_check missing"},
		{"alter table orders drop constraint orders_during_excl", "", "exclusion public.orders.orders_during_excl missing"},
		{"drop index orders_placed", "", "index public.orders_placed missing"},
		{"update pg_index set indisvalid = false where indexrelid = 'orders_placed'::regclass", "", "index public.orders_placed invalid"},
		{"drop index orders_placed; create index orders_placed on orders (placed)", "", "index public.orders_placed differs"},
		{"alter sequence tickets increment 6", "", "sequence public.tickets differs"},
		{"create or replace view v as select email || '' as email from users", "", "view public.v differs"},
		{"refresh materialized view mv with no data", "", "materialized view public.mv invalid"},
		{"drop rule r on v", "", "rule public.v.r missing"},
		{"create or replace function f(int) returns int language sql as 'select $1 + 2'", "", "function public.f(integer) differs"},
		{"drop procedure p", "", "procedure public.p() missing"},
		{"drop aggregate agg(int)", "", "aggregate public.agg(integer) missing"},
		{"drop trigger tr on users", "", "trigger public.users.tr missing"},
		{"alter table users disable trigger tr", "", "trigger public.users.tr invalid"},
		{"drop policy mine on orders", "", "policy public.orders.mine missing"},
		{"alter table orders disable row level security", "", "table public.orders differs"},
		{"drop statistics st", "", "statistics public.st missing"},
		{"drop operator === (int, int)", "", "operator public.===(integer,integer) missing"},
		{"drop cast (mood as int)", "", "cast (public.mood AS integer) missing"},
		{"drop text search dictionary dict", "", "text search public.dict missing"},
		{"alter type mood add value 'fine'", "", "type public.mood differs"},
		{"alter type pair add attribute c int", "", "type public.pair differs"},
		{"comment on view v is 'other'", "", "comment view public.v differs"},
		{"comment on schema side is null", "", "comment schema side missing"},
		{"comment on constraint users_email_key on users is null", "", "comment table constraint users_email_key on public.users missing"},
		{"alter table parts drop column id", "", ""},
		{"drop extension pg_trgm", "", "extension pg_trgm missing"},
		{"create schema more", "", "schema more extra"},
		{"alter database " + name + " set datestyle to 'German'", "alter database " + name + " reset datestyle", "setting DateStyle differs"},
		{"alter database " + name + " set timezone to 'Asia/Tokyo'", "alter database " + name + " reset timezone", "setting TimeZone differs"},
		{"alter database " + name + " set standard_conforming_strings to off", "alter database " + name + " reset standard_conforming_strings", "setting standard_conforming_strings differs on off"},
	} {
		t.Run(c.do, func(t *testing.T) {
			target, base := pgtest.DB(t), target
			switch {
			case strings.HasPrefix(c.do, "alter database"):
				target = base
				pgtest.Exec(t, target, c.do)
				defer pgtest.Exec(t, target, c.undo)
			default:
				pgtest.Exec(t, target, manyKinds)
				if strings.HasPrefix(c.undo, "drop view") { // it depends on the column
					pgtest.Exec(t, target, "drop view v; "+c.do+"; create view v as select email::text from users; comment on view v is 'mails'; create rule r as on insert to v do instead nothing")
				} else {
					pgtest.Exec(t, target, c.do)
				}
			}
			status, out, errOut := s.command("", "drift", "--source", source, "--target", target, "--json")
			var doc driftDoc
			if err := json.Unmarshal([]byte(out), &doc); err != nil || status != exitUndecided || !strings.Contains(errOut, "the rules do not allow") {
				t.Fatalf("status %d, %v: %s%s", status, err, out, errOut)
			}
			var lines []string
			for _, d := range doc.Differences {
				line := d.Kind + " " + d.Name + " " + string(d.Change)
				if strings.Contains(c.want, " differs ") {
					line += " " + d.Source + " " + d.Target
				}
				lines = append(lines, line)
			}
			if c.want == "" { // what else it takes along is not of interest
				return
			}
			if c.want == "column public.users.email differs text not null character varying(99) not null" {
				lines = lines[:1] // the view has another definition too
			}
			if c.want == "extension pg_trgm missing" || strings.Contains(c.want, "_key missing") || c.want == "table public.orders missing" {
				lines = lines[:1] // comments go with what they are on
			}
			if got := strings.Join(lines, "\n"); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
			// The same is what a refresh refuses to swap in.
			want, err := catalog.Objects(t.Context(), pinned(t, source))
			if err != nil {
				t.Fatal(err)
			}
			j := &copyJob{job: job{file: &rules.File{}}}
			problems, compared, err := j.compareSchema(t.Context(), pinned(t, target), want, true)
			inSchema := !strings.HasPrefix(c.want, "setting") && !strings.HasPrefix(c.want, "extension") && !strings.HasSuffix(c.want, "extra")
			if err != nil || compared != len(want) || (len(problems) > 0) != inSchema {
				t.Errorf("%v, %d of %d, problems %q", err, compared, len(want), problems)
			}
		})
	}
}

// pinned opens a session as a run does.
func pinned(t *testing.T, dsn string) *pgconn.PgConn {
	t.Helper()
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	src, err := pipeline.OpenSource(t.Context(), pipeline.SourceConfig{Conn: cfg, DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close(context.Background()) })
	return src.Leader()
}

// What the rules allow is no drift.
func TestDriftAllowed(t *testing.T) {
	t.Parallel()
	source, target := pgtest.DB(t), pgtest.DB(t)
	pgtest.Exec(t, source, "create table t (id int primary key, v text)")
	pgtest.Exec(t, target, "create table t (id int primary key, v text); create index t_v on t (v); create index t_v2 on t (v); create table scratch_1 ()")
	s := &staging{t: t}
	for _, c := range []struct {
		rules, want string
		status      int
	}{
		{`version: 1
drift: { allow: ["index public.t_*", "table public.scratch_*"] }`, "0 differences, 3 differences allowed", 0},
		{`version: 1
drift: { allow: [index] }`, "1 difference, 2 differences allowed", exitUndecided},
		{`version: 1`, "3 differences\n", exitUndecided},
		{"version: 1\ndrift:\n  allow: [indexes, \"index [\"]", ":3:11: indexes begins with no kind of object", exitUsage},
	} {
		s.write(c.rules)
		status, out, errOut := s.command("", "drift", "--source", source, "--target", target, "--rules", s.rules)
		if status != c.status || !strings.Contains(out+errOut, c.want) {
			t.Errorf("%s: status %d:\n%s%s", c.rules, status, out, errOut)
		}
	}
}

// Another major version is a difference, and what its server spells in another
// way is none.
func TestDriftBetweenVersions(t *testing.T) {
	t.Parallel()
	source := pgtest.DB(t)
	kinds := strings.NewReplacer("create extension pg_trgm;", "", "(provider = icu, locale = 'de')", "(lc_collate = 'C', lc_ctype = 'C')").Replace(manyKinds)
	pgtest.Exec(t, source, kinds)
	pgtest.EachVersion(t, func(t *testing.T, server *pgserver.Server) {
		target := server.DSN("postgres")
		pgtest.Exec(t, target, kinds)
		s := &staging{t: t}
		s.write(`version: 1
drift: { allow: [server, database, setting, extension, collation version] }`)
		if status, out, errOut := s.command("", "drift", "--source", source, "--target", target, "--rules", s.rules); status != 0 {
			t.Errorf("status %d: %s%s", status, out, errOut)
		}
		s.write("version: 1")
		_, out, _ := s.command("", "drift", "--source", source, "--target", target, "--rules", s.rules)
		if version := pgtest.Query(t, target, "show server_version")[0][0]; !strings.Contains(out, version) {
			t.Errorf("%s is not told:\n%s", version, out)
		}
	})
}
