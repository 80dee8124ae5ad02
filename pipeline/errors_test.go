package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
)

// Statements whose errors quote a value, as the server prints them.
func TestSafeErrorQuotesNoRow(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `create domain d as text check (value <> 'canary-d');
create type e as enum ('x');
create table p (k text primary key);
create table t (k text unique, n int, v varchar(3), c text check (c <> 'canary'), f text references p, nn text not null default 'x', j jsonb, d d, e e);
insert into t (k) values ('canary');
create function f() returns int language plpgsql as $$ begin raise exception 'canary %', 1 using detail = 'canary', hint = 'canary'; end $$`)
	conn := pgtest.Connect(t, dsn)
	for sql, want := range map[string]string{
		"select 'canary'::int":                     "invalid text representation (SQLSTATE 22P02); ",
		"insert into t (v) values ('canary')":      "string data right truncation (SQLSTATE 22001); ",
		"insert into t (k) values ('canary')":      `unique violation (SQLSTATE 23505), table public.t, constraint "t_k_key"; `,
		"insert into t (c) values ('canary')":      `check violation (SQLSTATE 23514), table public.t, constraint "t_c_check"; `,
		"insert into t (f) values ('canary')":      `foreign key violation (SQLSTATE 23503), table public.t, constraint "t_f_fkey"; a row's parent`,
		"insert into t (k, nn) values ('1', null)": `not null violation (SQLSTATE 23502), table public.t, column "nn"; `,
		"insert into t (j) values ('{canary')":     "invalid text representation (SQLSTATE 22P02); ",
		"insert into t (d) values ('canary-d')":    `check violation (SQLSTATE 23514), type public.d, constraint "d_check"; `,
		"insert into t (e) values ('canary')":      "invalid text representation (SQLSTATE 22P02); ",
		"select f()":                               "raise exception (SQLSTATE P0001)",
		"select to_date('canary', 'YYYY')":         "invalid datetime format (SQLSTATE 22007); ",
		"select 'canary' canary from canary":       "undefined table (SQLSTATE 42P01)",
		"canary":                                   "syntax error (SQLSTATE 42601)",
	} {
		err := conn.Exec(t.Context(), sql).Close()
		if err == nil {
			t.Fatalf("%s: no error", sql)
		}
		for _, wrapped := range []error{
			err, fmt.Errorf("load public.t: %w", err), fmt.Errorf("a: %w", errors.Join(err, io.EOF)),
			errors.Join(err, errors.New("b"), fmt.Errorf("c: %w", err)), pgDetail(err), quoting{err},
		} {
			safe := pipeline.SafeError(wrapped)
			text := safe.Error()
			if strings.Contains(text, "canary") || !strings.Contains(text, want) || strings.Contains(text, "\x00") {
				t.Errorf("%s: got %s, want %s", sql, text, want)
			}
			if s := fmt.Sprintf("%+v %#v", safe, safe); strings.Contains(s, "canary") {
				t.Errorf("%s: %s", sql, s)
			}
			var pg *pgconn.PgError
			var code interface{ Code() string }
			if errors.As(safe, &pg) || !errors.As(safe, &code) || !strings.Contains(want, code.Code()) {
				t.Errorf("%s: code %v, server's error %v", sql, code, pg)
			}
		}
		if got := pipeline.SafeError(fmt.Errorf("load public.t: %w; b", err)).Error(); !strings.HasPrefix(got, "load public.t: "+want) || !strings.HasSuffix(got, "; b") {
			t.Errorf("the words around are lost: %s", got)
		}
	}
}

func pgDetail(err error) error {
	var pg *pgconn.PgError
	errors.As(err, &pg)
	return fmt.Errorf("%w: %s %s", err, pg.Message, pg.Detail)
}

// quoting prints the message in its own way.
type quoting struct{ err error }

func (q quoting) Error() string {
	var pg *pgconn.PgError
	errors.As(q.err, &pg)
	return "x " + pg.Message
}
func (q quoting) Unwrap() error { return q.err }

func TestSafeErrorKeepsOthers(t *testing.T) {
	if pipeline.SafeError(nil) != nil {
		t.Error("nil became an error")
	}
	other := fmt.Errorf("open: %w", io.EOF)
	if pipeline.SafeError(other) != other {
		t.Error("another error was changed")
	}
	err := pipeline.SafeError(fmt.Errorf("%w: %w", context.Canceled, &pgconn.PgError{Code: "57014", Message: "x"}))
	if !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.Error("the context's error is lost")
	}
	if got := pipeline.SafeError(&pgconn.PgError{Code: "ZZ9ZZ", Message: "canary"}).Error(); got != "SQLSTATE ZZ9ZZ" {
		t.Error(got)
	}
}

// A full table of locks is no lack of memory: the setting that helps is named, where rows
// are read and where they are not.
func TestNoRoomForLocks(t *testing.T) {
	t.Parallel()
	server, err := pgserver.Start(t.Context(), pgserver.Config{
		Settings: map[string]string{"max_locks_per_transaction": "10", "max_connections": "10"}, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	dsn := server.DSN("postgres")
	pgtest.Exec(t, dsn, "create table p (id int) partition by list (id)")
	for i := range 100 {
		pgtest.Exec(t, dsn, fmt.Sprintf("create table p%d partition of p for values in (%d)", i, i))
	}
	src := begin(t, dsn, 1)
	other := pgtest.Connect(t, dsn)
	if err := other.Exec(t.Context(), "select pg_advisory_lock(g) from generate_series(1, 1000000) g").Close(); err == nil {
		t.Fatal("there is room for a million locks")
	}
	const want = "(SQLSTATE 53200); the server has no more room for locks, which all its sessions share: raise max_locks_per_transaction there"
	err = src.Query(t.Context(), "select id from public.p", func([][]byte) error { return nil })
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("query: %v", err)
	}
	conn := pgtest.Connect(t, dsn)
	conn.Exec(t.Context(), "begin").Close()
	if err := pipeline.LockPolitely(t.Context(), conn, name("p"), 0); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("lock: %v", err)
	}
}

// A value whose text is longer than the server can make one is an internal error there.
func TestTextTooLongForTheServer(t *testing.T) {
	src := begin(t, pgtest.DB(t), 1)
	err := src.Query(t.Context(), "select pg_catalog.convert_to(repeat('x', 540000000), 'UTF8')", func([][]byte) error { return nil })
	if err == nil || !strings.HasSuffix(err.Error(), "(SQLSTATE XX000); a value, or its text, is longer than 1 GB, the most that the server can take; "+
		"the text of bytea is twice as long as the value") {
		t.Error(err)
	}
}
