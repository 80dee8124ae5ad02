package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// placed is a source with most kinds of objects, and a target that a role without
// CREATEDB owns.
type placed struct {
	source, target string
	cfg            pipeline.TargetConfig
}

const twoSchemas = shop + `
create schema app;
comment on schema app is 'the application''s';
create domain app.positive as int check (value > 0);
create type app.pair as (a int, b app.positive);
create function app.same(t text) returns text immutable language plpgsql as 'begin return t; end';
create function app.normal(t text) returns text immutable language sql as 'select lower(app.same(t))';
create function app.touch() returns trigger language plpgsql as 'begin new.touched := now(); return new; end';
create table app."odd name ON x" (id serial primary key, "weird "" col" text, p app.pair, user_id int references public.users on delete cascade,
  touched timestamptz, exclude (user_id with =));
create index "i ON app.odd" on app."odd name ON x" (app.normal("weird "" col"));
create index plain on app."odd name ON x" using btree ("weird "" col" text_pattern_ops) where user_id > 0;
create unique index on app."odd name ON x" (id) include (user_id);
create trigger t before update on app."odd name ON x" for each row execute function app.touch();
create view app.v as select o.id, app.normal(u.email) as email from app."odd name ON x" o join public.users u on u.id = o.user_id;
create function app.counted() returns bigint language sql as 'select count(*) from app."odd name ON x"';
create materialized view app.mv as select app.counted() as n;
create table app.mine (id int primary key);
alter table app.mine enable row level security;
create policy p on app.mine using (app.counted() > id);
create statistics app.st on id, user_id from app."odd name ON x";
create cast (app.positive as text) with inout;
insert into app."odd name ON x" ("weird "" col", p, user_id) select 'A' || i, (i, i)::app.pair, i from generate_series(1, 5) i;
refresh materialized view app.mv;
comment on index app.plain is 'plain';
cluster app."odd name ON x" using "i ON app.odd";
alter table app.mine replica identity using index mine_pkey;
`

func place(t *testing.T, sql string) placed {
	t.Helper()
	who := role(t, "login")
	source, target, name := pair(t)
	pgtest.Exec(t, source, sql)
	server(t, fmt.Sprintf("create database %s template template0 owner %s", schema.QuoteIdent(name), who))
	pgtest.Exec(t, target, "alter schema public owner to "+who)
	return placed{source, target, pipeline.TargetConfig{Conn: as(t, target, who), DSN: target + " user=" + who + " password=secret", InPlace: true}}
}

func (p placed) run(t *testing.T) error {
	t.Helper()
	_, err := refresh{source: p.source, target: p.cfg, verify: p.verify(t)}.run(t)
	return err
}

// verify compares the whole schema, as the command does.
func (p placed) verify(t *testing.T) pipeline.VerifyConfig {
	src := pgtest.Connect(t, p.source)
	if _, err := src.Exec(t.Context(), "set search_path = ''").ReadAll(); err != nil {
		t.Fatal(err)
	}
	want, err := catalog.Objects(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	return pipeline.VerifyConfig{
		Checks: []string{"select count(*) = 10 from users", "select app.counted() = 5", "select to_regclass('app_previous.mine') is null or true"},
		Schema: func(ctx context.Context, conn *pgconn.PgConn) ([]string, int, error) {
			have, err := catalog.Objects(ctx, conn)
			var out []string
			for _, d := range schema.CompareObjects(want, have, true) {
				if d.Change != schema.Extra {
					out = append(out, d.String())
				}
			}
			return out, len(want), err
		},
	}
}

func TestInPlace(t *testing.T) {
	p := place(t, twoSchemas)
	if err := p.run(t); err != nil {
		t.Fatal(err)
	}
	first := ask(t, p.target, "select oid from pg_namespace where nspname = 'app'")
	for sql, want := range map[string]string{
		"select count(*), sum(doubled) from users":       "10,110",
		"select n from app.mv":                           "5",
		"select n from public.mv":                        "10",
		"select count(*), min(email) from app.v":         "5,u1",
		"select nextval('plain_seq')":                    "11",
		"select nextval('app.\"odd name ON x_id_seq\"')": "6",
		"select obj_description('app'::regnamespace) ~ E'^the application''s\\npgstandin: run [0-9a-z]{16}$'":                            "t",
		"select string_agg(nspname, ' ' order by nspname) from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'": "app public public_previous",
		"select count(*) from pg_stat_activity where application_name ~ '^pgstandin run' and datname = current_database()":               "0",
	} {
		if got := ask(t, p.target, sql); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}
	p.same(t)
	// A session that goes on, in its transactions and prepared statements, finds the
	// new tables after the swap, and what it has prepared is prepared still.
	app := pgtest.Connect(t, p.target)
	if _, err := app.Exec(t.Context(), "prepare q as select count(*) from app.mine").ReadAll(); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, p.source, "insert into app.mine select generate_series(1, 7)")
	if err := p.run(t); err != nil {
		t.Fatal(err)
	}
	res, err := app.Exec(t.Context(), "execute q").ReadAll()
	if err != nil || string(res[0].Rows[0][0]) != "7" {
		t.Errorf("a prepared statement after the swap: %v", err)
	}
	if got := ask(t, p.target, "select oid from pg_namespace where nspname = 'app_previous'"); got != first {
		t.Error("app_previous is not what app was")
	}
	if err := p.run(t); err != nil { // drops what was previous
		t.Fatal(err)
	}
	if got := ask(t, p.target, "select count(*) from pg_namespace where oid = "+first); got != "0" {
		t.Error("the older previous schema is still there")
	}
	p.same(t)
}

// same compares the target with what a refresh beside it makes.
func (p placed) same(t *testing.T) {
	t.Helper()
	other := p.target + "_normal"
	cfg := pipeline.TargetConfig{Conn: config(t, other), DSN: other}
	if _, err := (refresh{source: p.source, target: cfg}).run(t); err != nil {
		t.Fatal(err)
	}
	got, want := dumpSchemas(t, p.target), dumpSchemas(t, other)
	if got != want {
		t.Error("another schema than a refresh beside makes")
		have := map[string]int{}
		for _, l := range strings.Split(want, "\n") {
			have[l]++
		}
		for _, l := range strings.Split(got, "\n") {
			if have[l]--; have[l] < 0 {
				t.Log("in place:", l)
			}
		}
		for l, n := range have {
			if n > 0 {
				t.Log("beside:", l)
			}
		}
	}
}

// dumpSchemas is dumpOf without the comments of schemas, which hold marks, and
// without what was put aside.
func dumpSchemas(t *testing.T, dsn string) string {
	t.Helper()
	text := schemaComment.ReplaceAllString(dumpOf(t, dsn, "--exclude-schema=*_previous"), "")
	var out []string
	for _, l := range strings.Split(text, "\n") {
		// Casts are in no schema, those of what was put aside neither.
		if l != "" && !strings.HasPrefix(l, "--") && !strings.Contains(l, "_previous") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

var schemaComment = regexp.MustCompile(`(?s)--\n-- Name: SCHEMA [^\n]*; Type: COMMENT;.*?;\n\n\n`)

// What the application needs of owners and privileges stays, in the new schemas.
func TestInPlaceKeepsWhatTheApplicationNeeds(t *testing.T) {
	reader, second := role(t, "login"), role(t, "")
	p := place(t, "create schema app; create table app.t (id int primary key, secret text); create table app.u (id int); create function app.f() returns int language sql as 'select 1'")
	who := p.cfg.Conn.User
	server(t, fmt.Sprintf("grant %s to %s", second, who))
	pgtest.Exec(t, p.target, fmt.Sprintf(`create schema app; create table app.t (id int, secret text); create table app.gone (id int);
		create function app.f() returns int language sql as 'select 2'; revoke execute on function app.f() from public; grant execute on function app.f() to %[1]s;
		grant usage on schema app to %[1]s; grant select (id) on app.t to %[1]s; alter table app.t owner to %[2]s;
		alter function app.f() owner to %[3]s; alter table app.gone owner to %[3]s; alter schema app owner to %[3]s; comment on schema app is 'ask Ann';
		alter default privileges for role %[3]s in schema app grant insert on tables to %[1]s;
		alter default privileges for role %[3]s grant delete on tables to public;
		create schema other; create table other.t (id int)`, reader, second, who))
	p.cfg.Grants = []pipeline.Grant{{Role: reader, Privileges: []string{"select"}}}
	if err := p.run(t); err == nil || !strings.Contains(err.Error(), "--adopt") {
		t.Errorf("without adopt: %v", err)
	}
	p.cfg.Adopt = true
	if err := p.plain(t); err != nil {
		t.Fatal(err)
	}
	p.cfg.Adopt = false
	for range 2 {
		for sql, want := range map[string]string{
			"select relowner::regrole from pg_class where oid = 'app.t'::regclass":                                                                                                                second,
			"select relowner::regrole from pg_class where oid = 'app.u'::regclass":                                                                                                                who,
			"select has_column_privilege('" + reader + "', 'app.t', 'id', 'select'), has_column_privilege('" + reader + "', 'app.t', 'secret', 'select')":                                         "t,f",
			"select has_table_privilege('" + reader + "', 'app.u', 'select'), has_table_privilege('" + reader + "', 'app.u', 'insert'), has_table_privilege('" + reader + "', 'app.u', 'delete')": "t,f,f",
			"select has_function_privilege('public', 'app.f()', 'execute'), has_function_privilege('" + reader + "', 'app.f()', 'execute'), app.f()":                                              "f,t,1",
			"select count(*) from pg_default_acl a join pg_namespace n on n.oid = a.defaclnamespace where n.nspname = 'app'":                                                                      "1",
			"select count(*) from pg_class where relname = 't' and relnamespace = 'other'::regnamespace":                                                                                          "1",
			"select to_regclass('app.gone') is null, to_regclass('app_previous.gone') is not null":                                                                                                "t,t",
		} {
			if got := ask(t, p.target, sql); got != want {
				t.Errorf("%s: got %s, want %s", sql, got, want)
			}
		}
		// Back to the old schema and forward again.
		for i, want := range []string{"t", "f"} {
			cfg := p.cfg
			cfg.Run = fmt.Sprintf("back%d", i)
			res, err := rollback(t, cfg)
			if err != nil || res.Previous != `"app_previous"` {
				t.Fatalf("%+v, %v", res, err)
			}
			if got := ask(t, p.target, "select to_regclass('app.gone') is not null"); got != want {
				t.Errorf("rollback %d: the old table is there: %s", i, got)
			}
		}
	}
}

// plain is a run without checks.
func (p placed) plain(t *testing.T) error {
	t.Helper()
	_, err := refresh{source: p.source, target: p.cfg}.run(t)
	return err
}

// Everything that cannot be done in place is refused before anything is written.
func TestInPlaceRefusals(t *testing.T) {
	for _, c := range []struct{ name, source, target, want string }{
		{"extension in the source's schema", "create extension citext; create table t (c citext)", "", `extension citext lives in it`},
		{"extension in the target's schema", "create table t (id int)", "create extension citext schema public", `schema "public" of the target cannot be swapped: extension citext`},
		{"extension that is not there", "create schema ext; create extension citext schema ext; create table t (c ext.citext)", "", `extension "citext" must be in`},
		{"an extension's schema that the role may not use", "create schema ext; create extension citext schema ext; create table t (c ext.citext)", "create schema ext; create extension citext schema ext", `may not use schema "ext"`},
		{"a view outside", "create schema app; create table app.t (id int)", "create schema app; create table app.t (id int); create schema reports; create view reports.v as select * from app.t", "rule \"_RETURN\" on reports.v is not swapped"},
		{"a key outside", "create schema app; create table app.t (id int primary key)", "create schema app; create table app.t (id int primary key); create schema o; create table o.t (id int references app.t)", "table constraint t_id_fkey on o.t is not swapped"},
		{"a publication", "create schema app; create table app.t (id int primary key)", "create schema app; create table app.t (id int); create publication p for table app.t", "publication relation app.t in publication p is not swapped"},
		{"an event trigger", "create schema app; create table app.t (id int)", "create schema app; create function app.e() returns event_trigger language plpgsql as 'begin end'; create event trigger e on ddl_command_end execute function app.e()", "event trigger e is not swapped"},
		{"a function in a check", "create schema app; create table app.u (id int); create function app.f(int) returns bool language sql as 'select not exists (select from app.u where id = $1)'; create table app.t (id int check (app.f(id)))", "", "function app.f(integer) cannot be used by table constraint t_id_check on app.t"},
		{"a wrapper of foreign data", "create foreign data wrapper w; create table t (id int)", "", "foreign-data wrapper w of the source cannot be made"},
		{"a protected schema", "create schema app; create table app.t (id int)", "create schema app; comment on schema app is 'pgstandin: protected'", `schema "app" is protected`},
		{"a previous of somebody else", "create schema app; create table app.t (id int)", "create schema app; create schema app_previous", `schema "app_previous" exists and was not put aside`},
		{"a schema of somebody else", "create schema app; create table app.t (id int)", "create schema app authorization postgres", `does not own schema "app"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := place(t, c.source)
			if c.target != "" {
				pgtest.Exec(t, p.target, c.target)
				if c.name != "a schema of somebody else" {
					pgtest.Exec(t, p.target, "do $$ declare s text; begin for s in select nspname from pg_namespace where nspname in ('app', 'app_previous') loop execute format('alter schema %I owner to %I', s, '"+p.cfg.Conn.User+"'); end loop; end $$")
				}
			}
			p.cfg.Adopt = true
			before := dumpOf(t, p.target)
			err := p.plain(t)
			var refused preflightError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if strings.Contains(err.Error(), `in a schema "public"`) {
				t.Errorf("it is to be moved and to stay: %v", err)
			}
			if got := dumpOf(t, p.target); got != before {
				t.Error("something was written")
			}
		})
	}
}

// An extension in a schema of its own is no hindrance, nor are readers that are at
// work on the live tables through it all.
func TestInPlaceBesideReadersAndExtensions(t *testing.T) {
	p := place(t, `create schema ext; create extension citext schema ext; create schema app;
		create table app.t (id int primary key, c ext.citext unique); insert into app.t select i, 'V' || i from generate_series(1, 2000) i`)
	pgtest.Exec(t, p.target, "create schema ext; create extension citext schema ext; grant usage on schema ext to public")
	if err := p.plain(t); err != nil {
		t.Fatal(err)
	}
	// A transaction that has read from the live table neither waits nor is waited for,
	// and until its end sees the table that it has read.
	ctx := t.Context()
	reader := pgtest.Connect(t, p.target)
	if _, err := reader.Exec(ctx, "begin isolation level repeatable read; select count(*) from app.t").ReadAll(); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		conn, err := pgconn.Connect(ctx, p.target)
		if err != nil {
			failed <- err
			return
		}
		defer conn.Close(ctx)
		for {
			select {
			case <-stop:
				failed <- nil
				return
			default:
			}
			res, err := conn.Exec(ctx, "select count(*), count(*) filter (where c = 'V7') from app.t").ReadAll()
			if err != nil || string(res[0].Rows[0][0]) != "2000" || string(res[0].Rows[0][1]) != "1" {
				failed <- fmt.Errorf("a reader: %v", err)
				return
			}
		}
	}()
	for range 2 {
		p.cfg = p.cfg.WithSwapTimeout(10 * time.Second)
		if err := p.plain(t); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	if err := <-failed; err != nil {
		t.Error(err)
	}
	if _, err := reader.Exec(ctx, "select count(*) from app.t; commit").ReadAll(); err != nil {
		t.Error(err)
	}
}

// A connection that is lost at the commit of the swap leaves the old schemas or the
// new ones, and the run knows which.
func TestInPlaceSwapOfUnknownOutcome(t *testing.T) {
	for fate, done := range map[string]bool{"arrives, the answer does not": true, "does not arrive": false} {
		t.Run(fate, func(t *testing.T) {
			p := place(t, "create schema app; create table app.t (id int)")
			if err := p.plain(t); err != nil {
				t.Fatal(err)
			}
			pgtest.Exec(t, p.source, "insert into app.t values (1)")
			var met atomic.Bool
			met.Store(true) // no accident before the swap
			dial := p.cfg.Conn.DialFunc
			p.cfg.Conn.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := dial(ctx, network, addr)
				if err != nil {
					return nil, err
				}
				t.Cleanup(func() { conn.Close() })
				return &fatedConn{Conn: conn, statement: commitStatement, meet: &met, fate: fate}, nil
			}
			_, err := refresh{source: p.source, target: p.cfg, mid: func(*pipeline.Target) error { met.Store(false); return nil }}.run(t)
			if !met.Load() || (err == nil) != done {
				t.Errorf("accident %t, error: %v", met.Load(), err)
			}
			if got := ask(t, p.target, "select count(*) from app.t"); (got == "1") != done {
				t.Errorf("%s rows", got)
			}
			if got := ask(t, p.target, "select count(*) from pg_namespace where nspname ~ '_pgstandin_'"); got != "0" {
				t.Errorf("%s schemas are left", got)
			}
		})
	}
}

// Grants on the live schemas at the same time hold nothing up for long, and are not
// lost.
func TestInPlaceBesideGrants(t *testing.T) {
	who := role(t, "")
	p := place(t, twoSchemas)
	if err := p.plain(t); err != nil {
		t.Fatal(err)
	}
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		conn, err := pgconn.Connect(t.Context(), p.target)
		if err != nil {
			done <- err
			return
		}
		defer conn.Close(context.Background())
		for {
			select {
			case <-stop:
				done <- nil
				return
			case <-time.After(5 * time.Millisecond):
			}
			// It may be told that somebody else changed the schema at the same time.
			_, _ = conn.Exec(t.Context(), "grant usage on schema app to "+who).ReadAll()
			_, _ = conn.Exec(t.Context(), "grant create on schema app to "+who).ReadAll()
		}
	}()
	err := p.plain(t)
	close(stop)
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, p.target, "select has_schema_privilege('"+who+"', 'app', 'usage')"); got != "t" {
		t.Error("a grant was lost")
	}
}
