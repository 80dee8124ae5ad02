package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// loadSettings are for sessions that fill the new database. What they write is
// on disk by the time the swap commits: that commit flushes all that came before.
var loadSettings = []setting{
	{"synchronous_commit", "off", 0},
	{"lock_timeout", "0", 0},
	{"vacuum_cost_delay", "0", 0},
}

// Connect opens a session on the new database, tuned for loading. The caller
// gives it back to Disconnect; Swap and Drop end those that are still open. It
// may be called by several goroutines.
func (t *Target) Connect(ctx context.Context) (*pgconn.PgConn, error) {
	if !t.created || t.swapped {
		return nil, errors.New("target: the new database is not there")
	}
	conn, err := t.at.connect(ctx, t.build)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	own := []setting{}
	if t.inplace != nil { // by that name, sessions of a dead run are known
		own = append(own, setting{"application_name", applicationName + " run " + t.cfg.Run, 0})
	}
	if t.cfg.Encoding != "" {
		own = append(own, setting{"client_encoding", t.cfg.Encoding, 0})
	}
	if err := pin(ctx, conn, textSettings, writing, loadSettings, own); err != nil {
		closeConn(ctx, conn)
		return nil, fmt.Errorf("target: %w", withMessage(err))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns[conn] = true
	return conn, nil
}

// Disconnect closes a connection that Connect returned.
func (t *Target) Disconnect(ctx context.Context, conn *pgconn.PgConn) {
	closeConn(ctx, conn)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, conn)
}

// Acquire is Connect, but for reusing a connection that was released. It never
// waits for one: there are as many as are acquired at once.
func (t *Target) Acquire(ctx context.Context) (*pgconn.PgConn, error) {
	t.mu.Lock()
	var conn *pgconn.PgConn
	if n := len(t.idle); n > 0 {
		conn, t.idle = t.idle[n-1], t.idle[:n-1]
	}
	t.mu.Unlock()
	if conn != nil && !conn.IsClosed() {
		return conn, nil
	}
	if conn != nil {
		t.Disconnect(ctx, conn)
	}
	return t.Connect(ctx)
}

// Release hands a connection back. With healthy false, or inside a transaction,
// it is closed.
func (t *Target) Release(conn *pgconn.PgConn, healthy bool) {
	if !healthy || conn.IsClosed() || conn.IsBusy() || conn.TxStatus() != 'I' {
		t.Disconnect(context.Background(), conn)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle = append(t.idle, conn)
}

func (t *Target) disconnectAll(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle = nil
	for c := range t.conns {
		closeConn(ctx, c)
		delete(t.conns, c)
	}
}
