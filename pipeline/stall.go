package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// StallError is why a connection was given up on which no byte came or went.
type StallError struct {
	Limit  time.Duration // for how long, at least
	Reason string        // what a look at the server told
}

// Error says for how long, and why that was no long statement.
func (e *StallError) Error() string {
	return fmt.Sprintf("no byte passed for %s, and %s: the connection was given up", e.Limit, e.Reason)
}

// stallConn is a connection that does not wait for ever. When a Read or a Write
// has been under way for the limit while no byte passed in either direction, the
// server is asked over a new connection what its backend does: a statement may
// take long. Only if it does not answer, or says twice that it is not at work for
// us, is the connection closed.
type stallConn struct {
	net.Conn
	at     *endpoint
	limit  time.Duration
	pid    atomic.Uint32 // of its backend; 0 if that is not known
	active atomic.Int64  // when bytes last passed, in nanoseconds
	gone   atomic.Pointer[StallError]

	reading, writing waiting
}

// waiting is a Read or a Write under way.
type waiting struct {
	mu     sync.Mutex
	timer  *time.Timer
	busy   bool
	turn   int // counts the calls
	doubts int // looks in a row at which the backend did not seem to work for us
}

func newStallConn(at *endpoint, conn net.Conn, limit time.Duration) *stallConn {
	c := &stallConn{Conn: conn, at: at, limit: limit}
	c.active.Store(time.Now().UnixNano())
	c.reading.timer = stopped(func() { c.look(&c.reading) })
	c.writing.timer = stopped(func() { c.look(&c.writing) })
	userTimeout(conn, limit)
	return c
}

func stopped(fn func()) *time.Timer {
	t := time.AfterFunc(time.Hour, fn)
	t.Stop()
	return t
}

func (c *stallConn) Read(p []byte) (int, error) {
	c.reading.begin(c.limit)
	n, err := c.Conn.Read(p)
	return c.ended(&c.reading, n, err)
}

func (c *stallConn) Write(p []byte) (int, error) {
	c.writing.begin(c.limit)
	n, err := c.Conn.Write(p)
	return c.ended(&c.writing, n, err)
}

func (w *waiting) begin(limit time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy, w.doubts = true, 0
	w.turn++
	w.timer.Reset(limit)
}

func (c *stallConn) ended(w *waiting, n int, err error) (int, error) {
	w.mu.Lock()
	w.busy = false
	w.timer.Stop()
	w.mu.Unlock()
	if n > 0 {
		c.active.Store(time.Now().UnixNano())
	}
	if gone := c.gone.Load(); err != nil && gone != nil {
		err = gone
	}
	return n, err
}

// look is what the timer of a Read or Write does.
func (c *stallConn) look(w *waiting) {
	w.mu.Lock()
	turn, busy := w.turn, w.busy
	w.mu.Unlock()
	if !busy {
		return
	}
	quiet := time.Since(time.Unix(0, c.active.Load()))
	if quiet < c.limit {
		w.again(turn, c.limit-quiet)
		return
	}
	reason, doubt := c.at.ask(c.limit, c.pid.Load(), w == &c.reading)
	w.mu.Lock()
	if w.turn != turn || !w.busy || time.Since(time.Unix(0, c.active.Load())) < c.limit {
		reason, doubt = "", false
	}
	if w.doubts++; !doubt {
		w.doubts = 0
	}
	if doubt && w.doubts < 2 {
		reason = ""
	}
	w.mu.Unlock()
	if reason == "" {
		w.again(turn, c.limit)
		return
	}
	c.gone.Store(&StallError{Limit: c.limit, Reason: reason})
	_ = c.Conn.Close()
}

// again sets the timer anew, if the same Read or Write is still under way.
func (w *waiting) again(turn int, after time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy && w.turn == turn {
		w.timer.Reset(after)
	}
}

// ask connects anew and asks what the backend pid is at, while we wait for its
// bytes, or for it to take ours. It returns why the connection looks dead, or "";
// with doubt that may have been chance.
func (e *endpoint) ask(limit time.Duration, pid uint32, reading bool) (reason string, doubt bool) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	conn, err := e.reach(ctx, limit)
	var server *pgconn.PgError
	switch {
	case errors.As(err, &server):
		return "", false // it answers, if not as we would like
	case err != nil:
		return "the server does not answer a new one", false
	}
	defer closeConn(ctx, conn)
	if pid == 0 {
		return "", false
	}
	rows, err := textsOf(ctx, conn, `
select a.state, a.wait_event, pg_catalog.clock_timestamp() - a.state_change > $2::pg_catalog.interval
from pg_catalog.pg_stat_activity a where a.pid = $1::pg_catalog.int4`, strconv.FormatUint(uint64(pid), 10),
		strconv.FormatInt(limit.Milliseconds()/2, 10)+" ms")
	switch {
	case errors.As(err, &server):
		return "", false
	case err != nil:
		return "the server does not answer on a new one", false
	case len(rows) == 0:
		return "its backend is gone", true
	case reading && strings.HasPrefix(rows[0][0], "idle") && rows[0][2] == "t":
		return "its backend waits for us", true
	case reading && rows[0][1] == "ClientWrite":
		return "its backend's answer does not arrive", true
	case !reading && rows[0][1] == "ClientRead":
		return "what we send does not arrive", true
	}
	return "", false
}

// reach makes a connection to the same server without a guard of its own.
func (e *endpoint) reach(ctx context.Context, limit time.Duration) (*pgconn.PgConn, error) {
	cfg := e.cfg.Copy()
	cfg.ConnectTimeout = limit
	if e.askIn != "" {
		cfg.Database = e.askIn
	}
	return pgconn.ConnectConfig(ctx, cfg)
}

// reachable runs fn, a child that has connections of its own, and ends it when
// the server does not answer new ones.
func (e *endpoint) reachable(ctx context.Context, fn func(ctx context.Context) error) error {
	if e.stall <= 0 {
		return fn(ctx)
	}
	return While(ctx, func(ctx context.Context) error {
		for {
			if pause(ctx, e.stall) != nil {
				return nil
			}
			if reason, _ := e.ask(e.stall, 0, true); reason != "" && ctx.Err() == nil {
				return &StallError{Limit: e.stall, Reason: reason}
			}
		}
	}, fn)
}
