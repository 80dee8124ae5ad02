package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
)

// pair is a production server with a hot standby.
type pair struct {
	primary, standby *pgserver.Server
}

// newPair starts both; the primary has the shop in database production.
func newPair(t *testing.T, users int, standby map[string]string) *pair {
	t.Helper()
	if testing.Short() {
		t.Skip("starts two servers")
	}
	server, err := pgserver.Start(t.Context(), pgserver.Config{Settings: map[string]string{"autovacuum": "off", "shared_buffers": "64MB"}, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	p := &pair{primary: server}
	pgtest.Exec(t, server.DSN("postgres"), "create database production")
	pgtest.Exec(t, p.source(), shop.Schema)
	pgtest.Exec(t, p.source(), shop.Data(users))
	pgtest.Exec(t, p.source(), "vacuum analyze")
	p.standby, err = server.Standby(t.Context(), standby)
	if errors.Is(err, pgserver.ErrNotFound) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.standby.Stop() })
	p.caughtUp(t)
	return p
}

func (p *pair) source() string  { return p.primary.DSN("production") }
func (p *pair) replica() string { return p.standby.DSN("production") }

// caughtUp waits until the standby has replayed all.
func (p *pair) caughtUp(t *testing.T) {
	t.Helper()
	pgtest.Exec(t, p.source(), "checkpoint") // what vacuum wrote is flushed by nobody else
	at := pgtest.Query(t, p.source(), "select pg_current_wal_flush_lsn()")[0][0]
	for range 300 {
		if pgtest.Query(t, p.replica(), "select pg_last_wal_replay_lsn() >= '"+at+"'")[0][0] == "t" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the standby does not follow")
}

// contents is every row of every table of a database, tables by name.
func contents(t *testing.T, dsn string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, r := range pgtest.Query(t, dsn, `select format('%I.%I', nspname, relname) from pg_class c join pg_namespace n on n.oid = relnamespace
		where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema')`) {
		all[r[0]] = fmt.Sprint(pgtest.Query(t, dsn, "select t::text from only "+r[0]+" t order by 1"))
	}
	return all
}

// TestStandby refreshes from a hot standby, and from its primary with next to
// no memory, and gets the same rows; the source stays as it was.
func TestStandby(t *testing.T) {
	t.Parallel()
	p := newPair(t, 300, nil)
	before := contents(t, p.source())
	const writes = "select sum(n_tup_ins + n_tup_upd + n_tup_del)::text from pg_stat_user_tables"
	wrote := pgtest.Query(t, p.source(), writes)[0][0]
	var got []map[string]string
	for source, memory := range map[string]string{p.replica(): "512MiB", p.source(): "1MiB"} {
		s := newStaging(t)
		s.source = source
		s.write(strings.Replace(shop.Rules, "targets:", "targets: [\""+s.name+"\"] #", 1))
		dir := t.TempDir()
		s.must(keyA, "--memory", memory, "--report", dir)
		if r, _, page := readReport(t, dir); r.Snapshot.Standby != (source == p.replica()) || r.Snapshot.LSN == "" || strings.Contains(page, "on a standby") != r.Snapshot.Standby {
			t.Errorf("the report says of the snapshot: %+v", r.Snapshot)
		}
		got = append(got, contents(t, s.target))
	}
	rows := 0
	for table, want := range got[0] {
		if got[1][table] != want {
			t.Errorf("%s differs between standby and primary", table)
		}
		if before[table] != "[]" && want != "[]" && want != before[table] {
			rows++
		}
	}
	if len(got[0]) != len(before) || len(got[1]) != len(before) || rows < 5 {
		t.Errorf("%d and %d of %d tables, %d of them a part", len(got[0]), len(got[1]), len(before), rows)
	}
	for table, want := range contents(t, p.source()) {
		if before[table] != want {
			t.Errorf("%s of the source has changed", table)
		}
	}
	if now := pgtest.Query(t, p.source(), writes)[0][0]; now != wrote {
		t.Errorf("%s rows were written on the source, %s before", now, wrote)
	}
}

// trip calls fn once, when what is written names a step that has ended.
type trip struct {
	bytes.Buffer
	step string
	fn   func()
}

func (w *trip) Write(b []byte) (int, error) {
	n, err := w.Buffer.Write(b)
	if w.fn != nil && bytes.Contains(w.Bytes(), []byte(w.step)) {
		fn := w.fn
		w.fn = nil
		fn()
	}
	return n, err
}

// TestRecoveryConflict: whenever replay takes the snapshot away, the refresh
// ends with one error that says what to do, and leaves nothing behind.
func TestRecoveryConflict(t *testing.T) {
	t.Parallel()
	p := newPair(t, 300, map[string]string{"max_standby_streaming_delay": "0", "hot_standby_feedback": "off"})
	for _, step := range []string{"lock tables and take the snapshot", "choose rows"} {
		t.Run("after "+step, func(t *testing.T) {
			s := newStaging(t)
			s.write(strings.Replace(shop.Rules, "targets:", "targets: [\""+s.name+"\"] #", 1))
			errOut := &trip{step: step, fn: func() { p.conflict(t) }}
			status := run([]string{"refresh", "--source", p.replica(), "--target", s.target, "--rules", s.rules, "--key-file", keyFile(t, keyA)}, strings.NewReader(""), io.Discard, errOut)
			if status != exitFailed || errOut.fn != nil {
				t.Fatalf("status %d\n%s", status, errOut)
			}
			saysWhatToDo(t, errOut.String())
			if got := pgtest.Query(t, s.target+" dbname=postgres", "select count(*) from pg_database where starts_with(datname, '"+s.name+"')")[0][0]; got != "0" {
				t.Errorf("%s databases are left", got)
			}
		})
	}
}

// conflict removes rows that every snapshot sees, and waits for the standby to
// do the same.
func (p *pair) conflict(t *testing.T) {
	pgtest.Exec(t, p.source(), "update messages set from_staff = not from_staff where id % 10 = 0")
	pgtest.Exec(t, p.source(), "vacuum messages")
	p.caughtUp(t)
}

func saysWhatToDo(t *testing.T, errOut string) {
	t.Helper()
	_, message, _ := strings.Cut(errOut, "pgstandin: ")
	t.Log(message)
	for _, want := range []string{"hot_standby_feedback", "max_standby_streaming_delay"} {
		if strings.Count(message, want) != 1 {
			t.Errorf("%s is named %d times", want, strings.Count(message, want))
		}
	}
}

// TestQueryCancelledByReplay: a query that runs while replay must go on is
// cancelled there, and the plan says what to do.
func TestQueryCancelledByReplay(t *testing.T) {
	t.Parallel()
	p := newPair(t, 300, map[string]string{"max_standby_streaming_delay": "0"})
	pgtest.Exec(t, p.source(), "create function slow(bigint) returns boolean stable language sql as 'select pg_sleep(1) is not null'")
	p.caughtUp(t)
	s := newStaging(t)
	s.source = p.replica()
	s.write(strings.Replace(shop.Rules, `{ table: users, sample: "${sample}" }`, `{ table: users, where: "public.slow(id)" }`, 1) + "functions: [public.slow]\n")
	watch := pgtest.Connect(t, p.standby.DSN("postgres"))
	stop, stopped := make(chan struct{}), make(chan bool)
	go func() {
		for {
			select {
			case <-stop:
				stopped <- false
				return
			case <-time.After(50 * time.Millisecond):
			}
			res := watch.ExecParams(context.Background(), "select from pg_stat_activity where wait_event = 'PgSleep'", nil, nil, nil, nil).Read()
			if res.Err == nil && len(res.Rows) > 0 {
				p.conflict(t)
				stopped <- true
				return
			}
		}
	}()
	status, _, errOut := s.command(keyA, "plan", "--exact", "--source", s.source, "--rules", s.rules)
	close(stop)
	if !<-stopped || status != exitFailed {
		t.Fatalf("status %d\n%s", status, errOut)
	}
	saysWhatToDo(t, errOut)
}

// TestPausesForStandby: while a standby is behind nothing is read; when it has
// caught up, reading goes on.
func TestPausesForStandby(t *testing.T) {
	t.Parallel()
	p := newPair(t, 50, map[string]string{"recovery_min_apply_delay": "3s"})
	conn, err := pgconn.ParseConfig(p.source())
	if err != nil {
		t.Fatal(err)
	}
	src, err := pipeline.OpenSource(t.Context(), pipeline.SourceConfig{Conn: conn, DSN: p.source(), MaxLag: time.Second, Yield: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close(context.Background())
	if _, err := src.Begin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := src.OpenWorkers(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	users := func(ctx context.Context) (n int, err error) {
		err = src.Rows(ctx, "select id from public.users", func([]byte) error { n++; return nil })
		return n, err
	}
	behind := func(want bool) {
		t.Helper()
		for try := 0; src.Lag() > 0 != want; try++ {
			if try == 300 {
				t.Fatalf("lag: %s", src.Lag())
			}
			if want { // the standby reports the lag of what it replays
				pgtest.Exec(t, p.source(), "update public.countries set name = name")
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	err = pipeline.While(t.Context(), src.Watch, func(ctx context.Context) error {
		if n, err := users(ctx); n != 50 || err != nil {
			return fmt.Errorf("%d users before: %w", n, err)
		}
		behind(true)
		start := time.Now()
		n, err := users(ctx) // waits
		if n != 50 || err != nil {
			return fmt.Errorf("%d users: %w", n, err)
		}
		if src.Lag() > 0 || time.Since(start) < 100*time.Millisecond {
			t.Errorf("read while the standby was behind: after %s, lag %s", time.Since(start), src.Lag())
		}
		behind(false)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
