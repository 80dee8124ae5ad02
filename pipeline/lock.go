package pipeline

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// YieldError says that a run gave way to production: another session waited
// for a lock that we held.
type YieldError struct {
	Table  schema.Name // what it waited for; zero where it waited for our transaction to end
	Waited time.Duration
}

// Error says who waited for what, and what to do.
func (e *YieldError) Error() string {
	what := "the end of our snapshot"
	if e.Table.Name != "" {
		what = e.Table.String()
	}
	waited := ""
	if long := e.Waited.Round(time.Second / 10); long > 0 {
		waited = " for " + long.String()
	}
	return fmt.Sprintf("source: another session waited%s behind us for %s; the run gave way; run it again when no migration runs", waited, what)
}

// lockSoon is how long a worker waits before it tries for a lock again, and lockSeldom
// how long in the end: the server's log gets every try that fails.
const lockSoon, lockSeldom = 50 * time.Millisecond, time.Second

// lockPolitely locks table on a worker, in access share mode, without ever standing
// in the queue for it: if a stronger lock is held or waited for, it tries again until
// patience is over, and then the error is a *YieldError. A worker calls it before it
// reads a table each time it was acquired, or it could queue up behind a session that
// itself waits for the leader. The lock lasts until the worker lets go of its locks.
func lockPolitely(ctx context.Context, worker *pgconn.PgConn, table schema.Name, patience time.Duration) error {
	began := time.Now()
	for wait := lockSoon; ; wait = min(2*wait, lockSeldom) {
		err := run(ctx, worker, "savepoint pgstandin; lock table "+table.SQL()+" in access share mode nowait; release savepoint pgstandin")
		switch {
		case err == nil:
			return nil
		case codeOf(err) != lockNotAvailable:
			return fmt.Errorf("source: lock %s: %w", table, withMessage(err))
		}
		if err := run(ctx, worker, "rollback to savepoint pgstandin; release savepoint pgstandin"); err != nil {
			return fmt.Errorf("source: lock %s: %w", table, withMessage(err))
		}
		waited := time.Since(began)
		if waited+lockSoon > patience {
			return &YieldError{Table: table, Waited: waited}
		}
		if err := pause(ctx, min(wait, patience-waited)); err != nil {
			return err
		}
	}
}

// A worker's transaction is as long as the run, and would hold the locks of all tables
// that it reads, and of their indexes, to its end. The server's room for locks
// (max_locks_per_transaction) is shared by all its sessions, so a worker goes back to
// its savepoint, which frees them, each time it was lent lendingsToUnlock times. The
// leader's locks stay.
const (
	lendingsToUnlock = 32
	workerSavepoint  = "pgstandin_worker"
)

// lendings counts how often each worker was lent since it had no locks.
type lendings struct {
	mu    sync.Mutex
	times map[*pgconn.PgConn]int
}

// due counts one more, and reports whether conn is to let go of its locks.
func (l *lendings) due(conn *pgconn.PgConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.times == nil {
		l.times = map[*pgconn.PgConn]int{}
	}
	if l.times[conn] < lendingsToUnlock {
		l.times[conn]++
		return false
	}
	l.times[conn] = 1
	return true
}

func (l *lendings) forget(conn *pgconn.PgConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.times, conn)
}

// pidSet holds the backends of our sessions on the source.
type pidSet struct {
	mu   sync.Mutex
	pids map[*pgconn.PgConn]string
}

func newPIDSet() *pidSet { return &pidSet{pids: map[*pgconn.PgConn]string{}} }

func (p *pidSet) remove(conn *pgconn.PgConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pids, conn)
}

// add asks for conn's backend: behind a pooler, the connection itself names
// another.
func (p *pidSet) add(ctx context.Context, conn *pgconn.PgConn) error {
	row, err := oneOf(ctx, conn, "select pg_catalog.pg_backend_pid()")
	if err != nil {
		return withMessage(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pids[conn] = row[0]
	return nil
}

// array spells the backends as an int[] constant.
func (p *pidSet) array() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, pid := range p.pids {
		list = append(list, pid)
	}
	return "{" + strings.Join(list, ",") + "}"
}

// waiters lists sessions that wait for a lock which conflicts with one of ours:
// on a table that we read, only access exclusive mode does; and CREATE INDEX
// CONCURRENTLY and its like wait for our transactions as a whole.
const waiters = `
select w.pid, w.locktype, coalesce(w.relation, 0), n.nspname, c.relname
from pg_catalog.pg_locks w
left join pg_catalog.pg_class c on c.oid = w.relation
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where not w.granted and w.pid <> all ($1::int[])
  and exists (select from pg_catalog.pg_locks h
              where h.granted and h.pid = any ($1::int[]) and h.locktype = w.locktype
                and (w.locktype = 'relation' and w.mode = 'AccessExclusiveLock'
                     and h.database = w.database and h.relation = w.relation
                  or w.locktype = 'virtualxid' and h.virtualxid = w.virtualxid))`

// Watch looks, on a connection of its own outside the snapshot, whether anyone
// waits behind our sessions, until ctx ends (then it returns nil) or a wait gets
// as long as Yield (then it returns a *YieldError, and the caller ends the run
// and closes the source). It also minds MaxLag and MaxAge. It may start any time
// after OpenSource.
func (s *Source) Watch(ctx context.Context) error {
	var conn *pgconn.PgConn
	connect := func() error {
		return persist(ctx, func() (err error) {
			if conn, err = s.at.connect(ctx, ""); err != nil {
				return connectFailure(ctx, "source", fmt.Errorf("watch: %w", err))
			}
			if err = pin(ctx, conn, s.settings()...); err != nil {
				closeConn(ctx, conn)
				return failure(ctx, "source", fmt.Errorf("watch: %w", err), nil)
			}
			return nil
		})
	}
	if err := connect(); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer func() { closeConn(ctx, conn) }()
	every := min(max(s.cfg.Yield/10, 20*time.Millisecond), time.Second)
	tick := time.NewTicker(every)
	defer tick.Stop()
	since := map[string]time.Time{}
	defer s.slow.pause(false) // nobody would end it
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := s.look(ctx, conn, since, every)
		if err == nil {
			err = s.spare(ctx, conn)
		}
		if err != nil && ctx.Err() == nil && (conn.IsClosed() || lost(codeOf(err))) {
			closeConn(ctx, conn)
			err = connect()
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// look updates since, when each wait that goes on was first seen, and returns a
// *YieldError if one would exceed Yield before the next look.
func (s *Source) look(ctx context.Context, conn *pgconn.PgConn, since map[string]time.Time, every time.Duration) error {
	rows, err := textsOf(ctx, conn, waiters, s.pids.array())
	if err != nil {
		return fmt.Errorf("source: watch: %w", withMessage(err))
	}
	now := time.Now()
	seen := make(map[string]bool, len(rows))
	for _, r := range rows {
		key := r[0] + " " + r[1] + " " + r[2]
		seen[key] = true
		first, ok := since[key]
		if !ok {
			// It may have begun right after the previous look.
			first = now.Add(-every)
			since[key] = first
		}
		if waited := now.Sub(first); waited+every >= s.cfg.Yield {
			return &YieldError{Table: schema.Name{Schema: r[3], Name: r[4]}, Waited: waited}
		}
	}
	for key := range since {
		if !seen[key] {
			delete(since, key)
		}
	}
	return nil
}
