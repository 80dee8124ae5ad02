package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

func config(t testing.TB, dsn string) *pgconn.Config {
	t.Helper()
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func openSource(t testing.TB, cfg pipeline.SourceConfig) *pipeline.Source {
	t.Helper()
	s, err := pipeline.OpenSource(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

func name(n string) schema.Name { return schema.Name{Schema: "public", Name: n} }

// begin opens a source on dsn with workers on a snapshot that locks the tables.
func begin(t testing.TB, dsn string, workers int, tables ...string) *pipeline.Source {
	t.Helper()
	s := openSource(t, pipeline.SourceConfig{Conn: config(t, dsn), DSN: dsn})
	var names []schema.Name
	for _, n := range tables {
		names = append(names, name(n))
	}
	if _, err := s.Begin(t.Context(), names); err != nil {
		t.Fatal(err)
	}
	if err := s.OpenWorkers(t.Context(), workers); err != nil {
		t.Fatal(err)
	}
	return s
}

func collect(t testing.TB, s *pipeline.Source, sql string) []string {
	t.Helper()
	var out []string
	err := s.Query(t.Context(), sql, func(fields [][]byte) error {
		var row []string
		for _, f := range fields {
			if f == nil {
				row = append(row, "NULL")
			} else {
				row = append(row, fmt.Sprintf("%q", f))
			}
		}
		out = append(out, strings.Join(row, ","))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Rows that are changed after the snapshot look to every worker as they were,
// on a replacement of a lost worker too.
func TestSnapshotIsOneForAllWorkers(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table t (id int, v text); insert into t values (1, 'a'), (2, null), (3, E'x\\ty\\n\\\\N')")
	s := begin(t, dsn, 2, "t")
	pgtest.Exec(t, dsn, "update t set v = 'changed'; insert into t values (4, 'new')")

	want := `"1","a"|"2",NULL|"3","x\ty\n\\N"`
	read := func() string { return strings.Join(collect(t, s, "select id, v from public.t order by id"), "|") }
	if got := read(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for range 2 { // lose both workers
		c, err := s.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pgtest.Exec(t, dsn, fmt.Sprintf("select pg_terminate_backend(%d)", c.PID()))
		s.Release(c, false)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got := read(); got != want {
				t.Errorf("after losing the workers: got %s, want %s", got, want)
			}
		})
	}
	wg.Wait()
}

// A worker lets go of the locks of tables and their indexes that it has read: the
// server's room for locks is production's, and the leader holds the tables anyway.
func TestWorkersHoldFewLocks(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "do $$ begin for i in 1..200 loop execute format('create table t%s as select 1 as id; create index on t%s (id)', i, i); end loop; end $$")
	var tables []string
	for i := range 200 {
		tables = append(tables, fmt.Sprintf("t%d", i+1))
	}
	s := begin(t, dsn, 1, tables...)
	pgtest.Exec(t, dsn, "update t200 set id = 2")
	c, err := s.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pid := c.PID()
	s.Release(c, true)
	most := 0
	for _, table := range tables {
		if got := collect(t, s, "select id from public."+table); len(got) != 1 || got[0] != `"1"` {
			t.Fatalf("%s: %s", table, got)
		}
		held := pgtest.Query(t, dsn, fmt.Sprintf("select count(*) from pg_locks where locktype = 'relation' and pid = %d", pid))
		n, err := strconv.Atoi(held[0][0])
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, n)
	}
	if most < 2 || most > 150 {
		t.Errorf("the worker held %d locks at once", most)
	}
}

func TestQueryErrorKeepsTheWorkersUsableAndHidesValues(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table t (v text); insert into t values ('anna@example.org')")
	s := begin(t, dsn, 1, "t")
	err := s.Query(t.Context(), "select v::int from public.t", func([][]byte) error { return nil })
	if err == nil || strings.Contains(err.Error(), "anna") || !strings.Contains(err.Error(), "22P02") {
		t.Errorf("error: %v", err)
	}
	stop := errors.New("stop")
	if err := s.Query(t.Context(), "select v from public.t", func([][]byte) error { return stop }); err != stop {
		t.Errorf("error of fn: got %v", err)
	}
	if got := collect(t, s, "select count(*) from public.t"); got[0] != `"1"` {
		t.Errorf("got %s", got)
	}
}

// Rows come as COPY text, whole, and the same as values.
func TestRowsAreCopyText(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table t (id int, v text); insert into t select n, case when n % 3 > 0 then repeat(E'a\\tb\\\\\\n', n * 40) end from generate_series(1, 500) n")
	s := begin(t, dsn, 1, "t")
	const sql = "select id, v from public.t order by id"
	var rows []string
	if err := s.Rows(t.Context(), sql, func(row []byte) error { rows = append(rows, string(row)); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 500 || rows[2] != "3\t\\N" || rows[0] != "1\t"+strings.Repeat(`a\tb\\\n`, 40) {
		t.Errorf("%d rows, %q, %q", len(rows), rows[0], rows[2])
	}
}

func TestSourceIsNeverWritten(t *testing.T) {
	dsn := pgtest.DB(t)
	s := begin(t, dsn, 1)
	c, err := s.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release(c, false)
	for _, conn := range []*pgconn.PgConn{s.Leader(), c} {
		if _, err := conn.Exec(t.Context(), "create table x ()").ReadAll(); err == nil {
			t.Error("a table was created on the source")
		}
	}
}

func TestMissingPrivilegesAreOneList(t *testing.T) {
	role := role(t, "login")
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `create schema "My App"; create table "My App".t (); create table a (); create table b (); create table c ();
		alter table c enable row level security; grant select on b, c to `+role)
	s := openSource(t, pipeline.SourceConfig{Conn: as(t, dsn, role)})
	tables := []schema.Name{name("a"), name("b"), name("c"), {Schema: "My App", Name: "t"}}
	_, err := s.Begin(t.Context(), tables)
	var p *pipeline.PrivilegeError
	if !errors.As(err, &p) {
		t.Fatalf("error: %v", err)
	}
	for _, want := range []string{
		`grant usage on schema "My App" to`, `grant select on table "My App"."t"`, `grant select on table "public"."a"`, "bypassrls; -- row security hides rows of public.c",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), `"b"`) {
		t.Errorf("b is readable: %v", err)
	}
	// What the error says is enough.
	for _, line := range strings.Split(err.Error(), "\n")[1:] {
		pgtest.Exec(t, dsn, line)
	}
	if _, err := s.Begin(t.Context(), tables); err != nil {
		t.Errorf("after the grants: %v", err)
	}
}

func TestWatchGivesWay(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table t (id int)")
	s := openSource(t, pipeline.SourceConfig{Conn: config(t, dsn), Yield: 800 * time.Millisecond})
	if _, err := s.Begin(t.Context(), []schema.Name{name("t")}); err != nil {
		t.Fatal(err)
	}
	if err := s.OpenWorkers(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	watch := make(chan error, 1)
	go func() { watch <- s.Watch(t.Context()) }()
	select {
	case err := <-watch:
		t.Fatalf("nobody waits, but: %v", err)
	case <-time.After(300 * time.Millisecond):
	}

	start := time.Now()
	alter, query := pgtest.Connect(t, dsn), pgtest.Connect(t, dsn)
	done := make(chan error, 2)
	go func() {
		_, err := alter.Exec(t.Context(), "alter table t add v text").ReadAll()
		done <- err
	}()
	time.Sleep(200 * time.Millisecond)
	go func() {
		_, err := query.Exec(t.Context(), "select * from t").ReadAll()
		done <- err
	}()

	// A worker does not queue up behind the ALTER.
	c, err := s.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var yield *pipeline.YieldError
	if err := pipeline.LockPolitely(t.Context(), c, name("t"), 100*time.Millisecond); !errors.As(err, &yield) {
		t.Errorf("lock: got %v, want a YieldError", err)
	}
	s.Release(c, false)

	err = <-watch
	if !errors.As(err, &yield) || yield.Table != name("t") {
		t.Fatalf("watch: got %v, want a YieldError of t", err)
	}
	if took := time.Since(start); took > 1200*time.Millisecond {
		t.Errorf("gave way after %s", took)
	}
	s.Close(t.Context())
	for range 2 {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("production still waits")
		}
	}
}

func TestCreateIndexConcurrentlyIsSeenWaiting(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table t (id int)")
	s := openSource(t, pipeline.SourceConfig{Conn: config(t, dsn), Yield: 500 * time.Millisecond})
	if _, err := s.Begin(t.Context(), []schema.Name{name("t")}); err != nil {
		t.Fatal(err)
	}
	c := pgtest.Connect(t, dsn)
	done := make(chan error, 1)
	go func() {
		_, err := c.Exec(t.Context(), "create index concurrently on t (id)").ReadAll()
		done <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var yield *pipeline.YieldError
	if err := s.Watch(ctx); !errors.As(err, &yield) {
		t.Fatalf("got %v", err)
	}
	s.Close(t.Context())
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestLockTimeout(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table t ()")
	holder := pgtest.Connect(t, dsn)
	if _, err := holder.Exec(t.Context(), "begin; lock table t").ReadAll(); err != nil {
		t.Fatal(err)
	}
	s := openSource(t, pipeline.SourceConfig{Conn: config(t, dsn), LockTimeout: 100 * time.Millisecond})
	if _, err := s.Begin(t.Context(), []schema.Name{name("t")}); err == nil || !strings.Contains(err.Error(), "55P03") {
		t.Errorf("got %v", err)
	}
}

// The catalog is not waited for without end either: sizes of tables and texts of
// views take locks.
func TestLockTimeoutOfCatalog(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table free (); create table \"Odd\" (a int); create view v as select a from \"Odd\"")
	holder := pgtest.Connect(t, dsn)
	if _, err := holder.Exec(t.Context(), "begin; lock table only \"Odd\"").ReadAll(); err != nil {
		t.Fatal(err)
	}
	s := openSource(t, pipeline.SourceConfig{Conn: config(t, dsn), LockTimeout: 100 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, tables := catalog.Read(ctx, s.Leader())
	_, objects := catalog.Objects(ctx, s.Leader())
	for _, err := range []error{tables, objects} {
		if err == nil || !strings.Contains(err.Error(), `: public."Odd" stayed locked by another session for 100ms (SQLSTATE 55P03); try again when no migration runs`) {
			t.Errorf("got %v", err)
		}
	}
}

// A server's limit of what an index finds leaves no row out.
func TestIndexFindsAll(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `create table t (a int[]); insert into t select array[1] from generate_series(1, 20000);
		create index on t using gin (a); analyze t`)
	for _, set := range []string{"gin_fuzzy_search_limit = 100", "enable_seqscan = off"} {
		pgtest.Exec(t, dsn, `do $$ begin execute format('alter database %I set `+set+`', current_database()); end $$`)
	}
	s := openSource(t, pipeline.SourceConfig{Conn: config(t, dsn)})
	if _, err := s.Begin(t.Context(), []schema.Name{name("t")}); err != nil {
		t.Fatal(err)
	}
	if err := s.OpenWorkers(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	rows := 0
	err := s.Query(t.Context(), "select 1 from public.t where a operator(pg_catalog.@>) array[1]", func([][]byte) error { rows++; return nil })
	if err != nil || rows != 20000 {
		t.Errorf("%d rows of 20000: %v", rows, err)
	}
}

func TestConnectionErrors(t *testing.T) {
	dsn := pgtest.DB(t)
	cfg := config(t, dsn)
	cfg.Database = "no_such_database"
	_, err := pipeline.OpenSource(t.Context(), pipeline.SourceConfig{Conn: cfg})
	if err == nil || !strings.Contains(err.Error(), `database "no_such_database" does not exist`) {
		t.Errorf("got %v", err)
	}
	cfg = config(t, "host=127.0.0.1 port=1 user=u dbname=d password=hunter2 sslmode=disable")
	_, err = pipeline.OpenSource(t.Context(), pipeline.SourceConfig{Conn: cfg})
	if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "failed to") {
		t.Errorf("got %v", err)
	}
}

// role makes a role for this test and returns its name, quoted.
// It is called before the databases are made that the role gets anything in.
func role(t testing.TB, options string) string {
	t.Helper()
	r := fmt.Sprintf("f_role_%d", time.Now().UnixNano())
	server := pgtest.Server(t)
	pgtest.Exec(t, server, "create role "+r+" password 'secret' "+options)
	t.Cleanup(func() { pgtest.Exec(t, server, "drop role if exists "+r) })
	return r
}

func as(t testing.TB, dsn, role string) *pgconn.Config {
	cfg := config(t, dsn)
	cfg.User, cfg.Password = role, "secret"
	return cfg
}

// A server writes each try for a lock that fails into its log: a long wait takes few.
func TestLockIsTriedSeldom(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table t (i int)")
	other := pgtest.Connect(t, dsn)
	other.Exec(t.Context(), "begin; lock table t").Close()
	tries := 0
	cfg := config(t, dsn)
	cfg.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(r, writerFunc(func(p []byte) (int, error) {
			tries += bytes.Count(p, []byte("nowait"))
			return w.Write(p)
		}))
	}
	worker, err := pgconn.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer worker.Close(t.Context())
	worker.Exec(t.Context(), "begin").Close()
	var yield *pipeline.YieldError
	began := time.Now()
	if err := pipeline.LockPolitely(t.Context(), worker, name("t"), 2*time.Second); !errors.As(err, &yield) || time.Since(began) < 1900*time.Millisecond {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	if tries < 3 || tries > 10 {
		t.Errorf("%d tries in two seconds", tries)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
