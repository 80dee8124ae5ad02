package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// objects counts what is in a database, by catalog.
func objects(t testing.TB, dsn string) string {
	t.Helper()
	return fmt.Sprint(pgtest.Query(t, dsn, `select (select string_agg(relname, ' ' order by 1) from pg_class where oid >= 16384 and relnamespace <> 'pg_toast'::regnamespace),
(select count(*) from pg_type where oid >= 16384), (select count(*) from pg_proc where oid >= 16384), (select count(*) from pg_namespace where oid >= 16384 and nspname !~ '^pg_'),
(select count(*) from pg_extension where oid >= 16384), (select count(*) from pg_constraint where oid >= 16384), (select count(*) from pg_operator where oid >= 16384),
(select count(*) from pg_event_trigger) + (select count(*) from pg_cast where oid >= 16384) + (select count(*) from pg_ts_config where oid >= 16384)`))
}

// schemaOf is a file with a schema.
func schemaOf(t testing.TB, sql string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "schema.sql")
	if err := os.WriteFile(name, []byte(sql), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// allKinds is a schema with objects of many kinds; a check of it does not hold.
const allKinds = `create extension citext; create schema "S p"; create type "S p".mood as enum ('a', 'b'); create domain word as text check (value <> '');
create type pair as (a int, b word); create sequence apart;
create function odd(int) returns boolean immutable language sql as 'select $1 % 2 > 0'; create procedure p(n int) language sql as 'select 1';
create aggregate least_of(int) (sfunc = int4smaller, stype = int); create operator === (leftarg = int, rightarg = int, function = int4eq);
create function to_pair(int) returns pair language sql as $$ select row($1, 'x')::pair $$; create cast (int as pair) with function to_pair(int);
create text search configuration plain (copy = simple); create collation c_too from "C";
create table "S p".a (id bigserial primary key, mood "S p".mood, w word, e citext unique);
create table b (id int generated always as identity primary key, a bigint not null references "S p".a, n int not null, constraint never check (odd(n)));
create table c (id int primary key, at date) partition by range (id); create table c1 partition of c for values from (0) to (1000000);
create index on b (n); create view v as select * from b; create materialized view m as select count(*) from v; create rule r as on insert to v do instead nothing;
create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger t before insert on b for each row execute function f();
create statistics s on a, n from b; alter table b enable row level security; create policy pol on b using (n > 0); comment on schema public is 'ours';
`

// A schema that the run made is gone again where the run fails, whoever loads, and
// the next one may make it.
func TestSeedUndoesTheSchema(t *testing.T) {
	t.Parallel()
	good := schemaOf(t, strings.Replace(allKinds, "% 2 > 0", "> 0", 1))
	for _, plain := range []bool{false, true} {
		dsn := pgtest.DB(t)
		pgtest.Exec(t, dsn, "create schema kept; create table kept.t (id int primary key); insert into kept.t values (7)")
		target := dsn
		if plain {
			target = plainRole(t, dsn)
			pgtest.Exec(t, dsn, "drop schema kept cascade")
		}
		before := objects(t, dsn)
		for _, c := range []struct {
			status      int
			schema, say string
			args        []string
		}{
			{1, allKinds, `constraint "never"`, nil},
			{1, "begin;" + allKinds + "commit;", `constraint "never"`, nil},
			{1, "create table x (id int primary key, b boolean not null unique);", "one_each", []string{"--rows", "x=3"}},
			{2, allKinds, "there is no table usrs", []string{"--rows", "usrs=3"}},
			{2, allKinds + "create tabel x ();", "syntax error", nil},
			{2, allKinds + "rollback; create table x (id int);", "ROLLBACK", nil},
		} {
			args := append([]string{"--target", target, "--schema", schemaOf(t, c.schema), "--rows", "10"}, c.args...)
			if c.args == nil && !plain { // of this test alone
				args = append(args, "--rows", "kept.t=0")
				if c.status == 2 {
					args = args[:len(args)-2]
				}
			}
			_, said := seeded(t, c.status, args...)
			if !strings.Contains(said, strings.Replace(c.say, "one_each", "x_b_key", 1)) || strings.Contains(said, "still") {
				t.Errorf("no %s in\n%s", c.say, said)
			}
			if got := objects(t, dsn); got != before {
				t.Errorf("after %s there are\n%s\nbefore there were\n%s", c.say, got, before)
			}
		}
		args := []string{"--target", target, "--schema", good, "--rows", "10", "--quiet"}
		if !plain {
			args = append(args, "--rows", "kept.t=0")
			if got := content(t, dsn); !strings.Contains(got, "kept.t 1 ") {
				t.Error(got)
			}
		}
		seeded(t, 0, args...)
		_, said := seeded(t, 2, args...)
		if !strings.Contains(said, "already exists") || !strings.Contains(said, "if the schema is there already, leave out --schema, or give an empty database") {
			t.Error(said)
		}
	}
}

// meanwhile runs a seed whose schema has a check that waits and then does not hold;
// while it waits somebody else does something.
func meanwhile(t *testing.T, dsn, target, schema, others string, args ...string) (said string) {
	t.Helper()
	gate := pgtest.Connect(t, dsn)
	do := func(sql string) {
		if err := gate.Exec(t.Context(), sql).Close(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	file := schemaOf(t, schema+`; create function waits(int) returns boolean language plpgsql as $$ begin perform pg_advisory_xact_lock(1); return false; end $$;
create table public.waiting (id int primary key, constraint never check (waits(id)))`)
	do("select pg_advisory_lock(1)")
	var out, errOut bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(append([]string{"seed", "--target", target, "--schema", file, "--rows", "10"}, args...), strings.NewReader(""), &out, &errOut)
	}()
	const waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())"
	for pgtest.Query(t, dsn, waiting)[0][0] == "0" {
		time.Sleep(10 * time.Millisecond)
	}
	do(others)
	do("select pg_advisory_unlock(1)")
	if status := <-ended; status != exitFailed {
		t.Errorf("status %d\n%s", status, errOut.String())
	}
	return errOut.String()
}

// What others made meanwhile stays, whether it needs what the run made or has the
// name of it.
func TestSeedUndoKeepsWhatOthersMade(t *testing.T) {
	t.Parallel()
	const schema = "create schema app; create table app.b (id int primary key, n int); create table c (id int primary key)"
	for _, c := range []struct {
		others string
		stays  bool
		want   string
	}{
		{"create table app.mine as select 'precious' as x", true, "select x, (select count(*) from app.b) from app.mine"},
		{"create view v as select count(*) from app.b", true, "select 'precious', count from v"},
		{"alter table app.b add more text default 'precious'", true, "select 'precious', count(more) from app.b"},
		{"drop table c; create table c as select 'precious' as x", false, "select x, count(*) over () - 1 from c"},
		{"alter table c rename to d; create table c as select 'precious' as x", false, "select x, count(*) over () - 1 from c"},
		{"drop table app.b; create table app.b as select 'precious' as x", true, "select x, (select count(*) from c) from app.b"},
	} {
		for _, plain := range []bool{false, true} {
			if plain && !strings.HasPrefix(c.others, "create") { // the transaction holds the tables
				continue
			}
			dsn := pgtest.DB(t)
			target := dsn
			if plain {
				target = plainRole(t, dsn)
			}
			said := meanwhile(t, dsn, target, schema, c.others, "--workers", "1", "--rows", "app.b=0")
			if !strings.Contains(said, `"never"`) || strings.Contains(said, "or others use what was made") != c.stays {
				t.Errorf("%s: %s", c.others, said)
			}
			if got := fmt.Sprint(pgtest.Query(t, dsn, c.want)); got != "[[precious 0]]" {
				t.Errorf("%s: %s", c.others, got)
			}
			if left := pgtest.Query(t, dsn, "select count(*) from pg_class where relname in ('waiting', 'd')")[0][0]; (left != "0") != c.stays {
				t.Errorf("%s: %s tables are left", c.others, left)
			}
		}
	}
}

// Tables that were there before are emptied again where the schema is dropped.
func TestSeedUndoEmptiesOldTables(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		dsn := pgtest.DB(t)
		target := dsn
		if plain {
			target = plainRole(t, dsn)
		}
		pgtest.Exec(t, target, "create table old (id int primary key, n int)")
		before := objects(t, dsn)
		file := schemaOf(t, "create function no(int) returns boolean language sql as 'select $1 is null'; create table b (id int primary key, old int references old, constraint never check (no(id)))")
		_, said := seeded(t, 1, "--target", target, "--schema", file, "--rows", "10", "--workers", "1")
		if got := content(t, dsn); !strings.HasPrefix(got, "old 0 ") || objects(t, dsn) != before || strings.Contains(said, "still") {
			t.Errorf("%s\nleft is %s", said, got)
		}
	}
}

// What cannot be undone is named, with what to do.
func TestSeedCannotUndo(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table old (id int primary key, gone int)")
	file := schemaOf(t, "alter table old drop gone, add more int; create function odd(int) returns boolean immutable language sql as 'select $1 % 2 > 0'; create table b (id int primary key, n int not null check (odd(n)))")
	_, said := seeded(t, 1, "--target", dsn, "--schema", file)
	if !strings.Contains(said, "the schema that was made is still in the target, its tables are empty: leave out --schema in the next run, or give an empty database") {
		t.Error(said)
	}
	if got := content(t, dsn); strings.Count(got, " 0 ") != 2 {
		t.Errorf("rows are left, or no tables:\n%s", got)
	}
}

// Where tables cannot be emptied that is said, and where they can be dropped nothing
// is left.
func TestSeedCannotTruncate(t *testing.T) {
	t.Parallel()
	const stubborn = `create function odd(int) returns boolean immutable language sql as 'select $1 % 2 > 0'; create table a (id int primary key);
create table b (id int primary key, a int references a, n int not null check (odd(n)));
create function no() returns trigger language plpgsql as $$ begin raise 'no'; end $$; create trigger no before truncate on a execute function no();`
	dsn := pgtest.DB(t)
	before := objects(t, dsn)
	_, said := seeded(t, 1, "--target", dsn, "--schema", schemaOf(t, stubborn))
	if got := objects(t, dsn); got != before || strings.Contains(said, "still") {
		t.Errorf("%s\nleft is %s", said, got)
	}
	pgtest.Exec(t, dsn, stubborn)
	if _, said = seeded(t, 1, "--target", dsn); !strings.Contains(said, "rows that were loaded are still there, truncate the tables before the next run: ") {
		t.Error(said)
	}
}

// An interrupted run says what it leaves, last: nothing.
func TestSeedInterrupted(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		dsn := pgtest.DB(t)
		target := dsn
		if plain {
			target = plainRole(t, dsn)
		}
		before := objects(t, dsn)
		out := filepath.Join(t.TempDir(), "rows.sql")
		for at, args := range map[string][]string{
			"look at the target": {"--target", target},
			"make the schema":    {"--target", target},
			"read the schema":    {"--out", out},
		} {
			cmd := exec.Command(program(t), append([]string{"seed", "--schema", shopSchema, "--rows", "1000000"}, args...)...)
			errs, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var shown []string
			for lines := bufio.NewScanner(errs); lines.Scan(); {
				shown = append(shown, lines.Text())
				if strings.Contains(lines.Text(), at) && cmd.Process.Signal(syscall.SIGINT) != nil {
					t.Fatal("gone")
				}
			}
			_ = cmd.Wait()
			all := strings.Join(shown, "\n")
			left := "the (target is as it was|schema that was made is dropped again)"
			if args[0] == "--out" {
				left = "no file is left"
				if _, err := os.Stat(out); err == nil {
					t.Error("there is a file")
				}
			}
			if cmd.ProcessState.ExitCode() != exitInterrupted || !regexp.MustCompile("pgstandin: interrupted: cleaning up\npgstandin: interrupted; "+left+"$").MatchString(all) {
				t.Errorf("at %s: status %d\n%s", at, cmd.ProcessState.ExitCode(), all)
			}
			if got := objects(t, dsn); got != before {
				t.Errorf("at %s: left is\n%s", at, got)
			}
		}
	}
}

// Where events are read, an interrupted run says what it leaves as it does to people.
func TestSeedInterruptedJSON(t *testing.T) {
	t.Parallel()
	for say, schema := range map[string]string{
		"interrupted; the schema that was made is dropped again":            "create or replace function old() returns int language sql as 'select 2'",
		"interrupted; the schema that was made is still in the target, its": "drop function old()",
	} {
		dsn := pgtest.DB(t)
		pgtest.Exec(t, dsn, "create function old() returns int language sql as 'select 1'")
		file := schemaOf(t, schema+"; create table a (id int primary key)")
		cmd := exec.Command(program(t), "seed", "--schema", file, "--rows", "100000000", "--target", dsn, "--json")
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var last event
		for lines := bufio.NewScanner(out); lines.Scan(); {
			last = event{}
			if err := json.Unmarshal(lines.Bytes(), &last); err != nil {
				t.Fatal(err)
			}
			if last.Event == "step" && last.Step == "load rows" && cmd.Process.Signal(syscall.SIGINT) != nil {
				t.Fatal("gone")
			}
		}
		_ = cmd.Wait()
		if last.Event != "aborted" || last.Status != exitInterrupted || !strings.HasPrefix(last.Reason, say) ||
			!strings.HasSuffix(errs.String(), "\npgstandin: "+last.Reason+"\n") {
			t.Errorf("%+v\n%s", last, errs.String())
		}
	}
}
