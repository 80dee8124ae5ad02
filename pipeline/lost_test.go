package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// end ends the sessions of a database of which a condition holds, and waits for
// one to be there.
func end(t testing.TB, database, where string) {
	conn, err := pgconn.Connect(t.Context(), pgtest.Server(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for range 1000 {
		res, err := conn.Exec(t.Context(), "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '"+database+"' and pid <> pg_backend_pid() and "+where).ReadAll()
		if err != nil || len(res[0].Rows) > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("no session with %s", where)
}

// A worker that is lost while it reads hands on each row once, in the end.
func TestQueryOfALostSession(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table t as select i, repeat('x', 1000) as v from generate_series(1, 20000) i")
	src := begin(t, dsn, 1, "t")
	pgtest.Exec(t, dsn, "delete from t where i % 2 = 0") // after the snapshot
	db := config(t, dsn).Database
	next, ended := 1, 0
	err := src.Query(t.Context(), "select i, v from public.t order by i", func(fields [][]byte) error {
		if string(fields[0]) != fmt.Sprint(next) {
			return fmt.Errorf("row %s instead of %d", fields[0], next)
		}
		if next == 1 || next == 15000 {
			ended++
			end(t, db, "query like 'copy%'")
		}
		next++
		return nil
	})
	if err != nil || next != 20001 || ended != 2 {
		t.Errorf("%d rows, %d sessions ended: %v", next-1, ended, err)
	}
	// Rows that come in another order the next time are an error, not wrong rows.
	ended = 0
	err = src.Query(t.Context(), "select i, v from public.t order by random()", func([][]byte) error {
		if ended == 0 {
			ended++
			end(t, db, "query like 'copy%'")
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "another order") {
		t.Errorf("error: %v", err)
	}
	// What is wrong with the query is not tried again.
	calls := 0
	wrong := errors.New("no more")
	err = src.Query(t.Context(), "select i from public.t", func([][]byte) error { calls++; return wrong })
	if !errors.Is(err, wrong) || calls != 1 {
		t.Errorf("%d calls: %v", calls, err)
	}
	start := time.Now()
	if err := src.Query(t.Context(), "select 1 / (i - 1) from public.t", func([][]byte) error { return nil }); err == nil || time.Since(start) > pauseLess {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
}

// pauseLess is less than the pauses before further attempts are together.
const pauseLess = 2 * time.Second

// A session that is lost while it makes an index, or validates a key, is replaced
// by one that does it.
func TestBuildOfALostSession(t *testing.T) {
	source, target, _ := pair(t)
	pgtest.Exec(t, source, `create function slow(int) returns int immutable language plpgsql as 'begin perform pg_sleep(2); return $1; end';
		create table t (id int primary key, u int references t);
		create index t_slow on t (slow(id)); create index t_u on t (u);
		comment on index t_slow is 'of numbers'`)
	u := started(t, source, target)
	pgtest.Exec(t, u.dsn, "insert into t values (1, 1)")
	done := make(chan error, 1)
	load := func(context.Context, func(schema.Name)) error {
		for range 2 {
			end(t, u.tgt.Building(), "query ~ 't_slow' and state = 'active'")
		}
		return nil
	}
	go func() { done <- u.tgt.Build(t.Context(), pipeline.BuildConfig{Beside: 2, Jobs: 2}, load) }()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := ask(t, u.dsn, "select count(*), count(*) filter (where indisvalid) from pg_index where indrelid = 't'::regclass"); got != "3,3" {
		t.Errorf("indexes, valid ones: %s", got)
	}
	if got, want := dumpOf(t, u.dsn), dumpOf(t, source); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A materialized view that another reads is filled first; one that cannot be
// filled is an error that names it and quotes nothing.
func TestViewsOfABuild(t *testing.T) {
	source, target, _ := pair(t)
	pgtest.Exec(t, source, `create table t (n text); insert into t values ('1');
		create materialized view b as select count(*) as n from t; create materialized view a as select n + 1 as n from b;
		create materialized view c as select sum(n::int) from t`)
	u := started(t, source, target)
	pgtest.Exec(t, u.dsn, "insert into t values ('5'), ('secret')")
	err := buildAll(t.Context(), u.tgt, name("b"), name("a"), name("c"))
	if err == nil || !strings.HasPrefix(err.Error(), "target: materialized view public.c: ") || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	if got := ask(t, u.dsn, "select n, (select reltuples from pg_class where relname = 'a') from a"); got != "3,1" {
		t.Errorf("the view holds %s", got)
	}
}

// Sessions that are lost at the end of a run are replaced.
func TestFinishOfALostSession(t *testing.T) {
	source, target, _ := pair(t)
	pgtest.Exec(t, source, `create function slow() returns int volatile language plpgsql as 'begin perform pg_sleep(3); return 1; end';
		create materialized view mv as select public.slow() as n`)
	u := started(t, source, target)
	done := make(chan error, 1)
	go func() { done <- buildAll(t.Context(), u.tgt, name("mv")) }()
	end(t, u.tgt.Building(), "query like 'refresh%' and state = 'active'")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := ask(t, u.dsn, "select n from mv"); got != "1" {
		t.Errorf("the view holds %s", got)
	}
	go func() {
		_, err := u.tgt.Verify(t.Context(), pipeline.VerifyConfig{Checks: []string{"select public.slow() = 1"}})
		done <- err
	}()
	end(t, u.tgt.Building(), "query like 'select public.slow%' and state = 'active'")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// The schema public of a new database belongs to the database's owner, whoever
// that is, as production's does.
func TestOwnerOfPublic(t *testing.T) {
	owner := role(t, "")
	source, target, _ := pair(t)
	pgtest.Exec(t, source, "create table t (id int)")
	want := ask(t, source, "select nspowner::regrole from pg_namespace where nspname = 'public'")
	for range 2 { // the second one takes over from the first
		if _, err := (refresh{source: source, target: pipeline.TargetConfig{Conn: config(t, target)}}).run(t); err != nil {
			t.Fatal(err)
		}
		if got := ask(t, target, "select nspowner::regrole from pg_namespace where nspname = 'public'"); got != want {
			t.Errorf("public belongs to %s, want %s", got, want)
		}
	}
	pgtest.Exec(t, target, "alter schema public owner to "+owner)
	if _, err := (refresh{source: source, target: pipeline.TargetConfig{Conn: config(t, target)}}).run(t); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, target, "select nspowner::regrole from pg_namespace where nspname = 'public'"); got != owner {
		t.Errorf("public belongs to %s, want staging's own choice, %s", got, owner)
	}
}

// Whoever finds the snapshot gone says why the session that held it was ended.
func TestSnapshotOfALostSession(t *testing.T) {
	source, target, _ := pair(t)
	pgtest.Exec(t, source, "create table t (id int primary key)")
	bin, _, err := pgserver.Find()
	if err != nil {
		t.Fatal(err)
	}
	var tools [3]string
	for i, name := range []string{"pg_dump", "psql", "pg_restore"} {
		if tools[i], err = pgserver.Tool(bin, name); err != nil {
			t.Fatal(err)
		}
	}
	const leader = "pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()"
	late := filepath.Join(t.TempDir(), "pg_dump") // the leader ends while it starts
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = --version ] || %s -qXc \"select %s\" '%s' >/dev/null\nexec %s \"$@\"\n", tools[1], leader, source, tools[0])
	if err := os.WriteFile(late, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for what, use := range map[string]func(src *pipeline.Source) error{
		"schema, of an archive": func(src *pipeline.Source) error {
			_, err := src.Archive(t.Context(), late, pipeline.Objects{})
			return err
		},
		"schema, of a target": func(src *pipeline.Source) error {
			tgt, err := pipeline.OpenTarget(t.Context(), pipeline.TargetConfig{Conn: config(t, target), PgDump: late, PgRestore: tools[2]})
			if err != nil {
				return err
			}
			defer tgt.Close(context.Background())
			defer tgt.Drop(context.Background())
			if _, err := tgt.Lock(t.Context()); err != nil {
				return err
			}
			if err := tgt.Create(t.Context(), src); err != nil {
				return err
			}
			return tgt.PreData(t.Context(), src, pipeline.Objects{})
		},
		"worker 1 of 2": func(src *pipeline.Source) error {
			end(t, src.Info().Database, "true")
			return src.OpenWorkers(t.Context(), 2)
		},
	} {
		src := openSource(t, pipeline.SourceConfig{Conn: config(t, source), DSN: source})
		if _, err := src.Begin(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		what, _, _ = strings.Cut(what, ",")
		want := "source: " + what + ": the session that holds the snapshot has ended: terminating connection due to administrator command (SQLSTATE 57P01)"
		if err := use(src); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
