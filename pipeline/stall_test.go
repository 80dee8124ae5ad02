package pipeline_test

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
)

// sticky lets connections through to a server until they are stuck: then they
// stay open, and no byte passes.
type sticky struct {
	mu    sync.Mutex
	stuck map[*stickyConn]bool
	all   map[*stickyConn]bool
	fresh bool // new connections are stuck from their beginning
}

type stickyConn struct {
	net.Conn
	by   *sticky
	dead chan struct{} // closed by Close
	once sync.Once

	deadline atomic.Pointer[time.Time]
}

// through changes how cfg connects.
func (s *sticky) through(cfg *pgconn.Config) *pgconn.Config {
	s.stuck, s.all = map[*stickyConn]bool{}, map[*stickyConn]bool{}
	dial := cfg.DialFunc
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		c := &stickyConn{Conn: conn, by: s, dead: make(chan struct{})}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all[c], s.stuck[c] = true, s.fresh
		return c, nil
	}
	return cfg
}

// stick holds back all bytes of the connections there are, and of new ones too.
func (s *sticky) stick(fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = fresh
	for c := range s.all {
		s.stuck[c] = true
	}
}

func (s *sticky) is(c *stickyConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stuck[c]
}

func (c *stickyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.by.is(c) {
		return 0, c.hang()
	}
	return n, err
}

func (c *stickyConn) Write(p []byte) (int, error) {
	if c.by.is(c) {
		return 0, c.hang()
	}
	return c.Conn.Write(p)
}

// hang is what a call does on a connection that is stuck.
func (c *stickyConn) hang() error {
	for {
		select {
		case <-c.dead:
			return net.ErrClosed
		case <-time.After(10 * time.Millisecond):
		}
		if at := c.deadline.Load(); at != nil && !at.IsZero() && time.Now().After(*at) {
			return os.ErrDeadlineExceeded
		}
	}
}

func (c *stickyConn) SetDeadline(t time.Time) error {
	c.deadline.Store(&t)
	return c.Conn.SetDeadline(t)
}

func (c *stickyConn) Close() error {
	c.once.Do(func() { close(c.dead) })
	return c.Conn.Close()
}

const stall = 400 * time.Millisecond

func stallingSource(t *testing.T, dsn string, s *sticky) *pipeline.Source {
	t.Helper()
	src := openSource(t, pipeline.SourceConfig{Conn: s.through(config(t, dsn)), DSN: dsn, StallTimeout: stall})
	if _, err := src.Begin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := src.OpenWorkers(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return src
}

// A connection that is stuck while the server can be reached is replaced; the
// rows are whole. A statement that takes long is not mistaken for a stuck one.
func TestStuckConnectionIsReplaced(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table t as select i, repeat('x', 1000) as v from generate_series(1, 20000) i")
	var s sticky
	src := stallingSource(t, dsn, &s)
	start := time.Now()
	if got := collect(t, src, "select pg_sleep(2), 1"); len(got) != 1 || time.Since(start) < 2*time.Second {
		t.Errorf("%v after %s", got, time.Since(start))
	}
	rows, sum := 0, 0
	err := src.Query(t.Context(), "select i, v from public.t", func(fields [][]byte) error {
		if rows++; rows == 5000 {
			s.stick(false)
		}
		sum += len(fields[1])
		return nil
	})
	if err != nil || rows != 20000 || sum != 20000*1000 {
		t.Errorf("%d rows, %d bytes: %v", rows, sum, err)
	}
}

// Where the server cannot be reached either, the run ends, and says why.
func TestStuckServerEndsTheRun(t *testing.T) {
	dsn := pgtest.DB(t)
	var s sticky
	src := stallingSource(t, dsn, &s)
	go func() {
		time.Sleep(stall)
		s.stick(true)
	}()
	start := time.Now()
	err := src.Query(t.Context(), "select pg_sleep(60)", func([][]byte) error { return nil })
	var stalled *pipeline.StallError
	if err == nil || errors.As(err, &stalled) || time.Since(start) > 30*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
	t.Log(err)
}

// While the source's statement takes long, the target's connection has nothing to
// take, and is not given up; when it is stuck in the middle of a COPY, it is.
func TestStuckTargetWhileCopying(t *testing.T) {
	source, target, _ := pair(t)
	pgtest.Exec(t, source, "create table t (i int, v text); insert into t select g, repeat('x', 200) from generate_series(1, 60000) g")
	src := begin(t, source, 1, "t")
	var s sticky
	tgt, err := pipeline.OpenTarget(t.Context(), pipeline.TargetConfig{Conn: s.through(config(t, target)), DSN: target, StallTimeout: stall})
	if err != nil {
		t.Fatal(err)
	}
	defer tgt.Close(context.Background())
	defer func() {
		if err := tgt.Drop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for _, step := range []func() error{
		func() error { _, err := tgt.Lock(t.Context()); return err },
		func() error { return tgt.Create(t.Context(), src) },
		func() error { return tgt.PreData(t.Context(), src, pipeline.Objects{}) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	job := pipeline.Job{Name: "t", Into: name("t"), Columns: []string{"i", "v"},
		Chunks: []pipeline.Chunk{{Select: query("select i, v from public.t, pg_sleep(2)")}}}
	res, err := pipeline.Copy(t.Context(), src, tgt, []pipeline.Job{job}, pipeline.CopyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if res[0].Retries != 0 || res[0].Rows != 60000 {
		t.Errorf("slow source: %+v", res[0])
	}
	job.NewRewriter = onRow("30000\t", func() { s.stick(false) })
	job.Chunks[0].Select = query("select i, v from public.t")
	if res, err = pipeline.Copy(t.Context(), src, tgt, []pipeline.Job{job}, pipeline.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if res[0].Retries != 1 || res[0].Rows != 60000 {
		t.Errorf("stuck target: %+v", res[0])
	}
	if got := ask(t, pgtest.Server(t)+" dbname="+tgt.Building(), "select count(*) from t"); got != "120000" {
		t.Errorf("%s rows", got)
	}
}

// Whoever says nothing of it has a stuck connection noticed after a while, from the
// first moment on; only who says so waits for ever.
func TestStallTimeoutIsNotForgotten(t *testing.T) {
	dsn, stage, _ := pair(t)
	info := openSource(t, pipeline.SourceConfig{Conn: config(t, dsn)}).Info()
	for name, open := range map[string]func(*pgconn.Config, time.Duration) error{
		"source": func(cfg *pgconn.Config, stall time.Duration) error {
			cfg.Database = info.Database
			src, err := pipeline.OpenSource(t.Context(), pipeline.SourceConfig{Conn: cfg, StallTimeout: stall})
			if err == nil {
				src.Close(context.Background())
			}
			return err
		},
		"target": func(cfg *pgconn.Config, stall time.Duration) error {
			tgt, err := pipeline.OpenTarget(t.Context(), pipeline.TargetConfig{Conn: cfg, StallTimeout: stall})
			if err == nil {
				tgt.Close(context.Background())
			}
			return err
		},
		"rehearsal": func(cfg *pgconn.Config, stall time.Duration) error {
			r, err := pipeline.OpenRehearsal(t.Context(), pipeline.TargetConfig{Conn: cfg, StallTimeout: stall}, info)
			if err == nil {
				r.Close(context.Background())
			}
			return err
		},
		"filling": func(cfg *pgconn.Config, stall time.Duration) error {
			if stall != 0 { // it has no such setting
				return nil
			}
			cfg.Database = info.Database
			f, err := pipeline.OpenFilling(t.Context(), cfg)
			if err == nil {
				f.Close(context.Background())
			}
			return err
		},
	} {
		for _, stall := range []time.Duration{0, -1} {
			cfg := config(t, stage)
			cfg.ConnectTimeout = 0
			dial, guarded := cfg.DialFunc, stall == 0
			cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
				until, ok := ctx.Deadline()
				if ok != guarded || ok && time.Until(until) > pipeline.DefaultStallTimeout {
					t.Errorf("%s, %s: waits until %v, %v", name, stall, until, ok)
				}
				return dial(ctx, network, addr)
			}
			if err := open(cfg, stall); err != nil {
				t.Errorf("%s, %s: %v", name, stall, err)
			}
		}
	}
}
