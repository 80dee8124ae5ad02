package pipeline_test

import (
	"context"
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// afterData has one of everything that pg_dump writes after the data.
const afterData = `
create schema "Odd; Schema";
create extension if not exists btree_gist;
create table users (id int primary key, email text constraint "e;mail' ""key" unique, name text not null, at tstzrange,
  boss int references users deferrable initially deferred, room int,
  constraint no_overlap exclude using gist (room with =, at with &&) deferrable,
  constraint pair unique (name, room) include (boss) with (fillfactor = 70) deferrable initially deferred);
create index users_lower on users (lower(name)) where room > 0;
create index users_name on users (name);
alter index users_lower alter column 1 set statistics 77;
create unique index users_email_live on users (email) where room is not null;
alter table users cluster on users_name;
alter table users replica identity using index users_pkey;
create table "Odd; Schema"."o'rders; ""x" (id bigint primary key, "user;id" int not null references users on delete cascade on update restrict,
  old int, total numeric, constraint "fk;old" foreign key (old) references users (id) not valid);
create index "i;dx" on "Odd; Schema"."o'rders; ""x" (total, "user;id");
comment on index "Odd; Schema"."i;dx" is 'a comment;
--
-- TOC entry 3 (class 1259 OID 1)
-- Name: users; Type: INDEX; Schema: public; Owner: -
--

drop table users;';
comment on constraint users_pkey on users is 'key';
create statistics users_stats (dependencies) on name, room from users;
comment on statistics users_stats is 'more; of it';
create table log (id int, day date not null, user_id int references users, primary key (id, day)) partition by range (day);
create table log_1 partition of log for values from ('2024-01-01') to ('2024-07-01');
create table log_2 partition of log for values from ('2024-07-01') to ('2025-01-01') partition by list (id);
create table log_2a partition of log_2 for values in (1, 2, 3);
create table log_2b partition of log_2 default;
create index log_user on log (user_id);
create unique index log_1_only on log_1 (id);
create table note (id int primary key, log_id int, log_day date, foreign key (log_id, log_day) references log match full);
create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger touch before insert or update on users for each row execute function touch();
alter table users disable trigger touch;
create trigger log_touch after insert on log for each row execute function touch();
create constraint trigger later after insert on users deferrable initially deferred for each row execute function touch();
create view people as select id, count(*) from users group by id, name;
create view grouped as select id, name, email from users group by id;
create materialized view heavy as select id, name from users group by id with no data;
create unique index heavy_id on heavy (id);
create materialized view full_one as select name, count(*) from users group by name;
create index full_one_name on full_one (name);
create rule keep as on delete to users do instead nothing;
alter table users enable row level security;
create policy own on users for select using (name = current_user or room is null);
alter table note add constraint note_positive check (id > 0) not valid;
insert into users (id, email, name, room) select i, i || '@x', 'n' || i, 1 from generate_series(1, 500) i;
update users set boss = id - 1 where id > 1;
insert into "Odd; Schema"."o'rders; ""x" select i, 1 + i % 500, 1 + i % 500, i from generate_series(1, 1000) i;
insert into log select i % 5, date '2024-01-01' + i % 360, 1 + i % 500 from generate_series(0, 300) i on conflict do nothing;
insert into note select i, case when i = 1 then 0 end, case when i = 1 then date '2024-01-01' end from generate_series(1, 20) i;
refresh materialized view full_one;
`

// What one server writes of two databases is the same, but for the keys of
// \restrict, and for the schema public if another role than the default owns it.
var dumpNoise = regexp.MustCompile(`(?m)^\\(un)?restrict .*$|--\n-- Name: public; Type: SCHEMA;.*\n--\n\n-- \*not\* creating.*\n\n\n`)

func dumpOf(t *testing.T, dsn string, more ...string) string {
	t.Helper()
	bin, _, err := pgserver.Find()
	if err != nil {
		t.Fatal(err)
	}
	pgDump, err := pgserver.Tool(bin, "pg_dump")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(pgDump, append(more, "--schema-only", "--no-owner", "--dbname", dsn)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return dumpNoise.ReplaceAllString(string(out), "")
}

// TestBuildMakesWhatPgRestoreMakes compares the schema that a run leaves with the
// source's, by pg_dump: though keys are made in two statements, in another order.
func TestBuildMakesWhatPgRestoreMakes(t *testing.T) {
	source, target, name := pair(t)
	pgtest.Exec(t, source, afterData)
	if _, err := (refresh{source: source, target: pipeline.TargetConfig{Conn: config(t, target)}}).run(t); err != nil {
		t.Fatal(err)
	}
	want, got := dumpOf(t, source), dumpOf(t, pgtest.Server(t)+" dbname="+name)
	if want != got {
		w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
		for i := range w {
			if i >= len(g) || w[i] != g[i] {
				t.Fatalf("line %d:\nsource: %s\ntarget: %s", i+1, w[i], strings.Join(g[i:min(i+3, len(g))], "\n"))
			}
		}
		t.Fatal("the target has more")
	}
	for _, q := range []string{"select count(*) from users", "select count(*) from full_one", "select count(*) from pg_stats where tablename in ('users', 'full_one', 'log_2a', 'log')"} {
		if n := ask(t, pgtest.Server(t)+" dbname="+name, q); n == "0" {
			t.Errorf("%s: %s", q, n)
		}
	}
}

// TestBuildBesideLoad: a table's keys are there before the other tables' rows.
func TestBuildBesideLoad(t *testing.T) {
	source, target, _ := pair(t)
	pgtest.Exec(t, source, "create table a (id int primary key, x int); create index a_x on a (x); create table b (id int primary key, a_id int references a)")
	building := started(t, source, target)
	a, b := schema.Name{Schema: "public", Name: "a"}, schema.Name{Schema: "public", Name: "b"}
	cfg := pipeline.BuildConfig{Loads: []pipeline.Load{{Table: a, Bytes: 1}, {Table: b, Bytes: 1}, {Table: a}}, Beside: 1, Jobs: 4}
	indexes := func() string {
		return ask(t, building.dsn, "select string_agg(c.relname, ' ' order by 1) from pg_class c where relkind = 'i' and relnamespace = 'public'::regnamespace")
	}
	err := building.tgt.Build(t.Context(), cfg, func(ctx context.Context, ready func(schema.Name)) error {
		pgtest.Exec(t, building.dsn, "insert into a select i, i from generate_series(1, 100) i")
		ready(a)
		time.Sleep(50 * time.Millisecond)
		if got := indexes(); got != `\N` {
			t.Errorf("built before the table is complete: %s", got)
		}
		ready(a)
		for range 500 {
			if indexes() == "a_pkey a_x" {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if got := indexes(); got != "a_pkey a_x" {
			t.Errorf("beside the load: %s", got)
		}
		pgtest.Exec(t, building.dsn, "insert into b values (1, 1)")
		ready(b)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, building.dsn, "select string_agg(conname || convalidated, ' ' order by conname) from pg_constraint where contype = 'f'"); got != "b_a_id_fkeytrue" {
		t.Errorf("foreign keys: %s", got)
	}
}

// TestBuildFailures: either side's error ends the other.
func TestBuildFailures(t *testing.T) {
	source, target, _ := pair(t)
	pgtest.Exec(t, source, "create table a (id int primary key); create table b (a_id int references a)")
	a := schema.Name{Schema: "public", Name: "a"}
	t.Run("index", func(t *testing.T) {
		building := started(t, source, target)
		pgtest.Exec(t, building.dsn, "insert into a values (7), (7)")
		err := building.tgt.Build(t.Context(), pipeline.BuildConfig{Loads: []pipeline.Load{{Table: a}}}, func(ctx context.Context, ready func(schema.Name)) error {
			ready(a)
			<-ctx.Done() // the rest of the rows need not be copied
			return context.Cause(ctx)
		})
		if err == nil || !strings.Contains(err.Error(), "constraint public.a a_pkey") || !strings.Contains(err.Error(), "23505") || strings.Contains(err.Error(), "7)") {
			t.Errorf("error: %v", err)
		}
	})
	t.Run("foreign key", func(t *testing.T) {
		building := started(t, source, target)
		pgtest.Exec(t, building.dsn, "insert into b values (7)")
		err := buildAll(t.Context(), building.tgt)
		if err == nil || !strings.Contains(err.Error(), "fk constraint public.b b_a_id_fkey") || !strings.Contains(err.Error(), "23503") {
			t.Errorf("error: %v", err)
		}
	})
	t.Run("load", func(t *testing.T) {
		building := started(t, source, target)
		wrong := errors.New("the source is gone")
		err := building.tgt.Build(t.Context(), pipeline.BuildConfig{}, func(context.Context, func(schema.Name)) error { return wrong })
		if !errors.Is(err, wrong) {
			t.Errorf("error: %v", err)
		}
	})
}

// underWay is a target whose new database has the source's tables and no rows.
type underWay struct {
	tgt *pipeline.Target
	dsn string // of the new database
}

func started(t *testing.T, source, target string) underWay {
	t.Helper()
	src := openSource(t, pipeline.SourceConfig{Conn: config(t, source), DSN: source})
	tgt, err := pipeline.OpenTarget(t.Context(), pipeline.TargetConfig{Conn: config(t, target)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tgt.Drop(context.Background()); err != nil {
			t.Error(err)
		}
		tgt.Close(context.Background())
	})
	if _, err := tgt.Preflight(t.Context(), src, pipeline.PreflightConfig{Allowed: func(string, uint16, string) bool { return true }}); err != nil {
		t.Fatal(err)
	}
	if _, err := src.Begin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, step := range []func() error{
		func() error { _, err := tgt.Lock(t.Context()); return err },
		func() error { return tgt.Create(t.Context(), src) },
		func() error { return tgt.PreData(t.Context(), src, pipeline.Objects{}) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return underWay{tgt, pgtest.Server(t) + " dbname=" + tgt.Building()}
}

// TestBuildMarksRows: after a build all rows are known to be seen by all, so that
// the indexes alone answer queries, as they do on a source that was vacuumed; keys are
// validated that way where an index has their columns, and else by hashing.
func TestBuildMarksRows(t *testing.T) {
	source, target, _ := pair(t)
	pgtest.Exec(t, source, `
create table parents (a int, b int, note text, primary key (a, b));
create table children (id int primary key, a int, b int, c int, d int,
  constraint indexed foreign key (a, b) references parents, constraint bare foreign key (c, d) references parents);
create index children_columns on children (b, a, id);
create index other_part on children (c, d) where id > 0;
create index other_included on children (c) include (d);
create index other_order on children (c, d desc);
create table names (name text primary key);
create table named (id int primary key, name text collate "POSIX" references names);
create index other_collation on named (name);
create table halves (id int, u int) partition by range (id);
create table halves_1 partition of halves for values from (0) to (3000);
create table halves_2 partition of halves for values from (3000) to (9000);
alter table halves add primary key (id);
create table referring (id int primary key, h int references halves);
create index on referring (h)`)
	u := started(t, source, target)
	const rows = `
insert into parents select i, i % 7, repeat('x', 100) from generate_series(1, 5000) i;
insert into children select i, i, i % 7, i, i % 7 from generate_series(1, 5000) i;
insert into halves select i from generate_series(0, 5000) i;
insert into names select i from generate_series(1, 5000) i;
insert into named select i, i from generate_series(1, 5000) i;
insert into referring select i, i from generate_series(1, 5000) i`
	pgtest.Exec(t, u.dsn, rows)
	// One statement at a time: VACUUM beside another does not always mark all.
	if err := u.tgt.Build(t.Context(), pipeline.BuildConfig{Jobs: 1}, func(context.Context, func(schema.Name)) error { return nil }); err != nil {
		t.Fatal(err)
	}
	const marked = "select string_agg(relname, ' ' order by relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relpages > 0 and relallvisible = relpages"
	if got := ask(t, u.dsn, marked); got != "children halves_1 halves_2 named names parents referring" {
		t.Errorf("tables whose pages are marked: %s", got)
	}
	if got := ask(t, u.dsn, "select string_agg(tablename, ' ' order by tablename) from (select distinct tablename from pg_stats where schemaname = 'public') x"); got != "children halves halves_1 halves_2 named names parents referring" {
		t.Errorf("tables with statistics: %s", got)
	}
	for range 2 { // sessions are used again, for the rules' checks too
		conn, err := u.tgt.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		res, err := conn.Exec(t.Context(), `select string_agg(name, ' ') from pg_settings where setting <> reset_val and name in
			('enable_hashjoin', 'jit', 'maintenance_work_mem', 'max_parallel_maintenance_workers', 'vacuum_cost_delay')`).ReadAll()
		if err != nil || res[0].Rows[0][0] != nil {
			t.Errorf("settings that a build left: %s %v", res[0].Rows, err)
		}
		defer u.tgt.Release(conn, true)
	}
	end(t, u.tgt.Building(), "true") // sessions that ended have reported
	// From 16 on the planner can sort the children instead, where those are few.
	if got := ask(t, u.dsn, "select idx_tup_read >= 5000 or current_setting('server_version_num')::int >= 160000 from pg_stat_user_indexes where indexrelname = 'children_columns'"); got != "t" {
		t.Error("the key with an index was validated without it")
	}
	if got := ask(t, u.dsn, "select string_agg(indexrelname, ' ') from pg_stat_user_indexes where indexrelname ~ '^other' and idx_tup_read > 100"); got != `\N` {
		t.Errorf("indexes that do not suit a key were used to validate it: %s", got)
	}
	if got := ask(t, u.dsn, "select count(*), count(*) filter (where convalidated) from pg_constraint where contype = 'f'"); got != "6,6" {
		t.Errorf("foreign keys, valid ones: %s", got)
	}

	bad := started(t, source, source+" dbname="+config(t, source).Database+"_bad_staging")
	pgtest.Exec(t, bad.dsn, rows+"; delete from parents where a = 4000; update children set c = 1, d = 1 where id = 4000")
	err := buildAll(t.Context(), bad.tgt)
	if err == nil || !strings.Contains(err.Error(), `(SQLSTATE 23503), table public.children, constraint "indexed"`) {
		t.Errorf("a child without its parent: %v", err)
	}
}

// TestRowsThatAreNotMarked: where somebody keeps VACUUM from marking rows, keys are
// validated by hashing: their indexes would lead to every row of the table.
func TestRowsThatAreNotMarked(t *testing.T) {
	source, target, _ := pair(t)
	pgtest.Exec(t, source, `
create table parents (id int primary key);
create table children (id int primary key, a int references parents);
create index children_a on children (a)`)
	u := started(t, source, target)
	old := pgtest.Connect(t, u.dsn)
	if _, err := old.Exec(t.Context(), "begin isolation level repeatable read; select 1").ReadAll(); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, u.dsn, "insert into parents select generate_series(1, 5000); insert into children select i, i from generate_series(1, 5000) i")
	if err := buildAll(t.Context(), u.tgt); err != nil {
		t.Fatal(err)
	}
	end(t, u.tgt.Building(), "true") // sessions that ended have reported
	got := ask(t, u.dsn, "select sum(relallvisible), (select sum(idx_tup_read) < 100 from pg_stat_user_indexes) from pg_class where relname in ('parents', 'children')")
	if got != "0,t" { // the planner itself looks at the ends of indexes
		t.Errorf("pages that are marked, and that indexes were not read: %s", got)
	}
}

// TestBuildWithoutItsStandby: rows are marked when their commits are on the target's
// disk; no build waits for a synchronous standby of it.
func TestBuildWithoutItsStandby(t *testing.T) {
	source, target, _ := pair(t)
	pgtest.Exec(t, source, "create table t (id int primary key)")
	u := started(t, source, target)
	pgtest.Exec(t, u.dsn, "insert into t select generate_series(1, 5000)")
	reload := func(sql string) {
		pgtest.Exec(t, source, sql)
		pgtest.Exec(t, source, "select pg_reload_conf()")
		time.Sleep(200 * time.Millisecond)
	}
	reload("alter system set synchronous_standby_names = 'nobody'")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := buildAll(ctx, u.tgt)
	reload("alter system reset synchronous_standby_names")
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, u.dsn, "select relallvisible = relpages from pg_class where relname = 't'"); got != "t" {
		t.Error("its pages are not marked")
	}
}
