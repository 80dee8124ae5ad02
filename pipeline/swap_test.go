package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// Applications that reconnect all the time see the old database or the new
// one, and do not keep the swap from happening.
func TestSwapAmongApplicationsThatReconnect(t *testing.T) {
	source, target, db := pair(t)
	pgtest.Exec(t, source, "create table which (v text); insert into which values ('new')")
	server(t, "create database "+schema.QuoteIdent(db))
	pgtest.Exec(t, target, "create table which (v text); insert into which values ('old')")
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for range 4 {
		wg.Go(func() {
			newSeen := false
			for ctx.Err() == nil {
				conn, err := pgconn.Connect(t.Context(), target)
				if err != nil {
					continue
				}
				for range 20 {
					res := conn.ExecParams(t.Context(), "select v from which", nil, nil, nil, nil).Read()
					if res.Err != nil {
						var pg *pgconn.PgError
						if errors.As(res.Err, &pg) && pg.Code == "42P01" {
							t.Error("connected to a half-made database")
						}
						break
					}
					v := string(res.Rows[0][0])
					if v == "old" && newSeen {
						t.Error("the old one came back")
					}
					newSeen = newSeen || v == "new"
					mu.Lock()
					seen[v]++
					mu.Unlock()
				}
				conn.Close(t.Context())
			}
		})
	}
	start := time.Now()
	_, err := refresh{source: source, target: pipeline.TargetConfig{Conn: config(t, target), Adopt: true}}.run(t)
	time.Sleep(200 * time.Millisecond)
	stop()
	wg.Wait()
	if err != nil || seen["old"] == 0 || seen["new"] == 0 {
		t.Errorf("after %s: %v, seen %v", time.Since(start), err, seen)
	}
}

// A session that may not be ended stops the swap; nothing has changed then.
func TestSwapThatCannotEndASession(t *testing.T) {
	runner := role(t, "login createdb")
	server(t, "grant pg_signal_backend to "+runner)
	source, target, db := pair(t)
	pgtest.Exec(t, source, "create table t (v text); grant select on t to "+runner)
	server(t, fmt.Sprintf("create database %q owner %s", db, runner))
	server(t, fmt.Sprintf("comment on database %q is 'mine'", db))
	session := pgtest.Connect(t, target) // a superuser's
	_, err := refresh{source: source, target: pipeline.TargetConfig{Conn: as(t, target, runner)}.WithSwapTimeout(time.Millisecond)}.run(t)
	if err == nil || !regexp.MustCompile(`may not end: backend [0-9]+, role \w+; end them`).MatchString(err.Error()) {
		t.Errorf("error: %v", err)
	}
	if err := session.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if got := databases(t, db); got != "" {
		t.Errorf("databases: %s", got)
	}
	if got := ask(t, target, "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"); got != "mine" {
		t.Errorf("comment: %s", got)
	}
}

// A login that becomes another role by a setting of its own, and inherits nothing of it,
// makes databases that it could not connect to.
func TestSwapByALoginThatBecomesAnotherRole(t *testing.T) {
	owner := role(t, "createdb")
	login := role(t, "login noinherit in role "+owner)
	server(t, "alter role "+login+" set role "+owner)
	source, target, db := pair(t)
	pgtest.Exec(t, source, "create table t (v text); grant select on t to "+login)
	server(t, fmt.Sprintf("create database %q owner %s", db, owner))
	server(t, fmt.Sprintf("grant pg_signal_backend to %s; revoke all on database %q from public; grant connect on database %[2]q to %s", owner, db, login))
	for range 2 {
		if _, err := (refresh{source: source, target: pipeline.TargetConfig{Conn: as(t, target, login), DSN: target + " user=" + login + " password=secret"}}).run(t); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("{%s=CTc/%[1]s,%s=c/%[1]s}", owner, login)
		if got := ask(t, target, "select datacl from pg_database where datname = current_database()"); got != want {
			t.Errorf("privileges %s, want %s", got, want)
		}
	}
}

// What took hours is not given up because the server has no room for a moment.
func TestSwapWaitsForRoom(t *testing.T) {
	runner := role(t, "login createdb")
	source, target, db := pair(t)
	pgtest.Exec(t, source, "create table t (v text); grant select on t to "+runner)
	server(t, fmt.Sprintf("create database %q owner %s", db, runner))
	run := refresh{source: source, target: pipeline.TargetConfig{Conn: as(t, target, runner)}}
	var later sync.WaitGroup
	run.mid = func(*pipeline.Target) error {
		server(t, "alter role "+runner+" connection limit 1")
		later.Go(func() {
			time.Sleep(700 * time.Millisecond)
			server(t, "alter role "+runner+" connection limit -1")
		})
		return nil
	}
	_, err := run.run(t)
	later.Wait()
	if err != nil {
		t.Error(err)
	}
}

// The maintenance connection idles for long and may be gone by the swap.
func TestSwapAfterALostConnection(t *testing.T) {
	source, target, db := pair(t)
	pgtest.Exec(t, source, "create table t (v text)")
	server(t, "create database "+schema.QuoteIdent(db))
	run := refresh{source: source, target: pipeline.TargetConfig{Conn: config(t, target), Run: fmt.Sprintf("lost%d", time.Now().UnixNano()%1e9)}}
	run.mid = func(tgt *pipeline.Target) error {
		server(t, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pgstandin run "+tgt.Run()+"'")
		time.Sleep(100 * time.Millisecond)
		return nil
	}
	if _, err := run.run(t); err != nil {
		t.Error(err)
	}
}

// A team clones its databases from staging: it stays a template, and one that was put
// aside is still dropped, by the run that replaces it or, where that died, by the next.
func TestSwapOfATemplate(t *testing.T) {
	runner := role(t, "login createdb")
	source, target, db := pair(t)
	pgtest.Exec(t, source, "create table t (v text); grant select on t to "+runner)
	server(t, fmt.Sprintf("create database %q owner %s is_template true", db, runner))
	left := db + "_pgstandin_2601010101010000_old"
	server(t, fmt.Sprintf("create database %q owner %s is_template true", left, runner))
	t.Cleanup(func() {
		for _, name := range strings.Split(databases(t, db), "|") {
			server(t, fmt.Sprintf("alter database %q is_template false", db+name))
		}
	})
	for range 3 {
		res, err := refresh{source: source, target: pipeline.TargetConfig{Conn: as(t, target, runner)}}.run(t)
		if err != nil || res.LeftErr != nil {
			t.Fatal(err, res.LeftErr)
		}
	}
	const templates = "select datname from pg_database where datistemplate and starts_with(datname, '%s') order by 1"
	if got := ask(t, pgtest.Server(t), fmt.Sprintf(templates, db)); got != db+"|"+db+"_previous" {
		t.Errorf("templates: %s", got)
	}
	if got := databases(t, db); got != "|_previous" {
		t.Errorf("databases: %s", got)
	}
}

// A database that was put aside while it subscribed to another cannot be dropped: every
// run goes on, and says so.
func TestLeftoverThatCannotBeDropped(t *testing.T) {
	_, target, db := pair(t)
	left := db + "_pgstandin_2601010101010000_old"
	server(t, fmt.Sprintf("create database %q", left))
	in := strings.Replace(target, "dbname="+db, "dbname="+left, 1)
	pgtest.Exec(t, in, "create subscription s_"+db+" connection 'dbname=x' publication p with (connect = false, slot_name = none)")
	t.Cleanup(func() { pgtest.Exec(t, in, "drop subscription s_"+db) })
	tgt, err := pipeline.OpenTarget(t.Context(), pipeline.TargetConfig{Conn: config(t, target)})
	if err != nil {
		t.Fatal(err)
	}
	defer tgt.Close(t.Context())
	if swept, err := tgt.Lock(t.Context()); err != nil || len(swept) > 0 {
		t.Errorf("dropped %q: %v", swept, err)
	}
	want := []string{left + ` could not be dropped: database "` + left + `" is being used by logical replication subscription (SQLSTATE 55006); end what uses it: sessions, prepared transactions, subscriptions`}
	if got := tgt.Undropped(); !slices.Equal(got, want) {
		t.Errorf("not dropped: %q", got)
	}
}

func TestRoleSettingsAndLongNames(t *testing.T) {
	app := role(t, "login")
	source, target, db := pair(t)
	long := db + strings.Repeat("ü", (63-len(db))/2)
	target = strings.Replace(target, "dbname="+db, "dbname="+long, 1)
	pgtest.Exec(t, source, "create table t (v text)")
	server(t, "create database "+schema.QuoteIdent(long))
	server(t, fmt.Sprintf("alter role %s in database %s set \"app.x\" to 'it''s'", app, schema.QuoteIdent(long)))
	run := refresh{source: source, target: pipeline.TargetConfig{Conn: config(t, target)}}
	for range 3 {
		res, err := run.run(t)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Previous) > 63 || !strings.HasSuffix(res.Previous, "_previous") {
			t.Errorf("previous: %s", res.Previous)
		}
	}
	if got := ask(t, target, "select setrole::regrole, setconfig from pg_db_role_setting where setdatabase = (select oid from pg_database where datname = current_database())"); got != app+",{app.x=it's}" {
		t.Errorf("settings: %s", got)
	}
	if got := strings.Count(databases(t, db), "|"); got != 1 {
		t.Errorf("databases: %s", databases(t, db))
	}
}

func TestForeignServersLoseWhatReachesProduction(t *testing.T) {
	for _, with := range []bool{false, true} {
		source, target, _ := pair(t)
		pgtest.Exec(t, source, `create extension postgres_fdw; create server "the prod" type 'x' foreign data wrapper postgres_fdw options (host 'prod.internal');
			create user mapping for current_user server "the prod" options (user 'u', password 'hunter2');
			create foreign table ft (id int) server "the prod"; comment on foreign table ft is 'f'; create table t (); comment on server "the prod" is 's';
			create function et() returns event_trigger language plpgsql as 'begin end'; create event trigger et on sql_drop execute function et()`)
		_, err := refresh{source: source, target: pipeline.TargetConfig{Conn: config(t, target)}, objects: pipeline.Objects{ForeignTables: with}}.run(t)
		if err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{false: "", true: "the prod,x,\\N,s"}[with]
		if got := ask(t, target, "select srvname, srvtype, srvoptions, obj_description(oid) from pg_foreign_server"); got != want {
			t.Errorf("servers: %s", got)
		}
		if got := ask(t, target, "select count(*) from pg_user_mapping"); got != "0" {
			t.Errorf("%s user mappings", got)
		}
		want = map[bool]string{false: "0", true: "1"}[with]
		if got := ask(t, target, "select count(*) from pg_foreign_table"); got != want {
			t.Errorf("%s foreign tables", got)
		}
	}
}

// Where a part of a table is a foreign table, ANALYZE of the whole would read that: from
// a server that the target cannot reach, or is not to.
func TestForeignPartitionsAreNotRead(t *testing.T) {
	for _, with := range []bool{false, true} {
		source, target, _ := pair(t)
		pgtest.Exec(t, source, `create extension postgres_fdw; create server s foreign data wrapper postgres_fdw options (host 'prod.internal');
			create table p (a int, b text) partition by list (a); create table "p 1" partition of p for values in (1);
			create table sub partition of p for values in (2, 3) partition by list (a); create table sub_2 partition of sub for values in (2);
			create table whole partition of p for values in (4, 5) partition by list (a); create table whole_4 partition of whole for values in (4);
			create foreign table sub_3 partition of sub for values in (3) server s;
			create table parent (a int); create table child () inherits (parent); create foreign table far () inherits (parent) server s;
			insert into p values (1), (2), (4); insert into parent values (1); insert into child values (1)`)
		_, err := refresh{source: source, target: pipeline.TargetConfig{Conn: config(t, target)}, objects: pipeline.Objects{ForeignTables: with}}.run(t)
		if err != nil {
			t.Errorf("foreign tables %t: %v", with, err)
			continue
		}
		want := map[bool]string{false: "child|p|p 1|parent|sub|sub_2|whole|whole_4", true: "child|p 1|sub_2|whole|whole_4"}[with]
		if got := ask(t, target, "select distinct tablename collate \"C\" from pg_stats where schemaname = 'public' order by 1"); got != want {
			t.Errorf("foreign tables %t: tables with statistics: %s", with, got)
		}
	}
}

// A run that is interrupted while an index is built ends at once, children
// included, and can be cleaned up after.
func TestInterruptWhileIndexing(t *testing.T) {
	source, target, db := pair(t)
	pgtest.Exec(t, source, `create function slow(int) returns int immutable language plpgsql as 'begin perform pg_sleep(30); return $1; end';
		create table t (id int); create index t_slow on t (slow(id)) where id is not null`)
	src := begin(t, source, 1, "t")
	tgt, err := pipeline.OpenTarget(t.Context(), pipeline.TargetConfig{Conn: config(t, target)})
	if err != nil {
		t.Fatal(err)
	}
	defer tgt.Close(context.Background())
	for _, step := range []func() error{
		func() error { _, err := tgt.Lock(t.Context()); return err },
		func() error { return tgt.Create(t.Context(), src) },
		func() error { return tgt.PreData(t.Context(), src, pipeline.Objects{}) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	building := source + " dbname=" + tgt.Building()
	pgtest.Exec(t, building, "insert into t values (1)")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	start := time.Now()
	if err := buildAll(ctx, tgt); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error: %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	if err := tgt.Drop(ctx); err != nil {
		t.Error(err)
	}
	if got := databases(t, db); got != "" {
		t.Errorf("left over: %s", got)
	}
	if got := ask(t, pgtest.Server(t), "select count(*) from pg_stat_activity where datname like '"+db+"%'"); got != "0" {
		t.Errorf("%s sessions go on", got)
	}
}

// A database in another encoding is copied byte for byte.
func TestEncodings(t *testing.T) {
	const table = "\"B\xfccher\""
	for encoding, value := range map[string]string{"LATIN1": "M\xfcller", "SQL_ASCII": "\xff\xfe ok"} {
		base := pgtest.DB(t)
		source, target := base+"_src", base+"_tgt"
		server(t, fmt.Sprintf("create database %q template template0 encoding '%s' lc_collate 'C' lc_ctype 'C'", config(t, source).Database, encoding))
		inEncoding := "set client_encoding = '" + encoding + "'; "
		pgtest.Exec(t, source, inEncoding+"create table "+table+" (v text); insert into "+table+" values ('"+value+"')")
		if _, err := (refresh{source: source, target: pipeline.TargetConfig{Conn: config(t, target)}}).run(t); err != nil {
			t.Fatal(err)
		}
		out, err := pgtest.Connect(t, target).Exec(t.Context(), inEncoding+"select v from "+table).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(out[1].Rows[0][0]); got != value {
			t.Errorf("%s: got %q, want %q", encoding, got, value)
		}
		if got := ask(t, target, "select pg_encoding_to_char(encoding) from pg_database where datname = current_database()"); got != encoding {
			t.Errorf("encoding: %s", got)
		}
	}
}

// The tables of whole schemas from the field survive the trip through the
// target: every constraint is there, and as valid.
func TestSchemasFromTheField(t *testing.T) {
	for _, c := range []string{"pagila", "chinook", "northwind"} {
		t.Run(c, func(t *testing.T) {
			source, target, _ := pair(t)
			pgtest.LoadCase(t, source, c)
			s, err := catalog.Read(t.Context(), pgtest.Connect(t, source))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := (refresh{source: source, target: pipeline.TargetConfig{Conn: config(t, target)}}).run(t); err != nil {
				t.Fatal(err)
			}
			const keys = "select count(*), count(*) filter (where convalidated) from pg_constraint where contype = 'f'"
			if got, want := ask(t, target, keys), ask(t, source, keys); got != want || len(s.ForeignKeys) == 0 {
				t.Errorf("foreign keys: got %s, want %s", got, want)
			}
		})
	}
}
