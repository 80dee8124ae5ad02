package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// rollback opens a target, locks it and rolls it back.
func rollback(t testing.TB, cfg pipeline.TargetConfig) (pipeline.RollbackResult, error) {
	t.Helper()
	tgt, err := pipeline.OpenTarget(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer tgt.Close(context.Background())
	if _, err := tgt.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	return tgt.Rollback(t.Context())
}

func TestRollback(t *testing.T) {
	source, target, db := pair(t)
	pgtest.Exec(t, source, "create table which (v text); insert into which values ('new')")
	server(t, "create database "+schema.QuoteIdent(db))
	pgtest.Exec(t, target, "create table which (v text); insert into which values ('old')")
	server(t, fmt.Sprintf("alter database %[1]s connection limit 17; comment on database %[1]s is 'ask Ann'", schema.QuoteIdent(db)))
	cfg := pipeline.TargetConfig{Conn: config(t, target), Adopt: true, Run: "one"}
	if _, err := (refresh{source: source, target: cfg}).run(t); err != nil {
		t.Fatal(err)
	}
	cfg.Adopt = false
	state := func() string {
		const about = ", datconnlimit, shobj_description(oid, 'pg_database') from pg_database, which where datname = current_database()"
		return ask(t, target, "select v"+about) + "; " + ask(t, target+"_previous", "select v"+about)
	}
	for i, want := range []string{
		"new,17,ask Ann\npgstandin: run one; old,17,ask Ann\npgstandin: previous one",
		"old,17,ask Ann\npgstandin: rollback back1; new,17,ask Ann\npgstandin: previous back1",
		"new,17,ask Ann\npgstandin: rollback back2; old,17,ask Ann\npgstandin: previous back2",
	} {
		if got := state(); got != want {
			t.Fatalf("after %d: got %q, want %q", i, got, want)
		}
		session := pgtest.Connect(t, target)
		eventually(t, "the sessions that asked to be gone", func() bool {
			return ask(t, pgtest.Server(t), "select count(*) from pg_stat_activity where datname in ('"+db+"', '"+db+"_previous') and backend_type = 'client backend'") == "1"
		})
		cfg.Run = fmt.Sprintf("back%d", i+1)
		res, err := rollback(t, cfg)
		if err != nil || res.Ended != 1 || res.Previous != db+"_previous" || res.Since != []string{"one", "back1", "back2"}[i] {
			t.Errorf("%+v, %v", res, err)
		}
		if _, err := session.Exec(t.Context(), "select 1").ReadAll(); err == nil {
			t.Error("a session goes on in a database that is called otherwise now")
		}
	}
	// A refresh takes what a rollback left for its own.
	cfg.Run = "two"
	if _, err := (refresh{source: source, target: cfg}).run(t); err != nil {
		t.Fatal(err)
	}
	if got, want := databases(t, db), "|_previous"; got != want {
		t.Errorf("databases: %s", got)
	}
	// Without a live database there is nothing to put aside.
	server(t, "drop database "+schema.QuoteIdent(db))
	if res, err := rollback(t, cfg); err != nil || res.Previous != "" || databases(t, db) != "" {
		t.Errorf("%+v, %v, databases %s", res, err, databases(t, db))
	}
}

func TestRollbackRefuses(t *testing.T) {
	for _, c := range []struct {
		name, live, previous string // comments; "-" for no database
		adopt                bool
		want                 string
	}{
		{"nothing to go back to", "pgstandin: run a", "-", false, "there is no database"},
		{"previous is not ours", "pgstandin: run a", "mine", false, "was not put aside by pgstandin"},
		{"previous is protected", "pgstandin: run a", "pgstandin: protected\npgstandin: previous a", false, "is protected"},
		{"live is protected", "pgstandin: protected\npgstandin: run a", "pgstandin: previous a", false, "is protected"},
		{"live is not ours", "mine", "pgstandin: previous a", false, "--adopt"},
		{"adopted", "mine", "pgstandin: previous a", true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, target, db := pair(t)
			for name, comment := range map[string]string{db: c.live, db + "_previous": c.previous} {
				if comment != "-" {
					server(t, "create database "+schema.QuoteIdent(name))
					server(t, fmt.Sprintf("comment on database %s is %s", schema.QuoteIdent(name), schema.QuoteLiteral(comment)))
				}
			}
			pgtest.Exec(t, target, "create table here ()")
			session := pgtest.Connect(t, target)
			_, err := rollback(t, pipeline.TargetConfig{Conn: config(t, target), Adopt: c.adopt})
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var refused *pipeline.RefusedError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error: %v", err)
			}
			if _, err := session.Exec(t.Context(), "select from here").ReadAll(); err != nil {
				t.Errorf("staging: %v", err)
			}
		})
	}
	t.Run("a role that may not", func(t *testing.T) {
		_, target, db := pair(t)
		server(t, "create database "+schema.QuoteIdent(db))
		server(t, "create database "+schema.QuoteIdent(db+"_previous"))
		server(t, fmt.Sprintf("comment on database %s is 'pgstandin: previous a'; comment on database %s is 'pgstandin: run a'",
			schema.QuoteIdent(db+"_previous"), schema.QuoteIdent(db)))
		_, err := rollback(t, pipeline.TargetConfig{Conn: as(t, target, role(t, "login"))})
		if err == nil || strings.Count(err.Error(), "does not own database") != 2 || !strings.Contains(err.Error(), "createdb") {
			t.Errorf("error: %v", err)
		}
	})
}

// A refresh and a rollback of one target exclude each other.
func TestRollbackWaitsForNoRefresh(t *testing.T) {
	_, target, db := pair(t)
	server(t, "create database "+schema.QuoteIdent(db))
	first, err := pipeline.OpenTarget(t.Context(), pipeline.TargetConfig{Conn: config(t, target)})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close(context.Background())
	if _, err := first.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	second, err := pipeline.OpenTarget(t.Context(), pipeline.TargetConfig{Conn: config(t, target)})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close(context.Background())
	if _, err := second.Rollback(t.Context()); err == nil {
		t.Error("a rollback without the lock")
	}
	if _, err := second.Lock(t.Context()); err == nil || !strings.Contains(err.Error(), "another run is replacing") {
		t.Errorf("error: %v", err)
	}
}

// A session that may not be ended keeps both databases as they were.
func TestRollbackThatCannotEndASession(t *testing.T) {
	runner := role(t, "login createdb")
	_, target, db := pair(t)
	for name, comment := range map[string]string{db: "pgstandin: run a", db + "_previous": "pgstandin: previous a"} {
		server(t, fmt.Sprintf("create database %s owner %s", schema.QuoteIdent(name), runner))
		server(t, fmt.Sprintf("comment on database %s is %s", schema.QuoteIdent(name), schema.QuoteLiteral(comment)))
	}
	pgtest.Exec(t, target+"_previous", "create table previous ()")
	pgtest.Connect(t, target+"_previous") // a superuser's
	_, err := rollback(t, pipeline.TargetConfig{Conn: as(t, target, runner)}.WithSwapTimeout(100*time.Millisecond))
	if err == nil || !strings.Contains(err.Error(), "may not end: backend") {
		t.Errorf("error: %v", err)
	}
	if got := databases(t, db); got != "|_previous" {
		t.Errorf("databases: %s", got)
	}
	if got := ask(t, target+"_previous", "select count(*) from previous"); got != "0" {
		t.Error(got)
	}
}
