package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// persist runs fn, again after a pause where its error is of a connection that
// broke or could not be had, a bounded number of times. Any other error ends it
// at once.
func persist(ctx context.Context, fn func() error) error {
	for try := 0; ; try++ {
		err := fn()
		if err == nil || try == len(pauses) || !isTransient(err) || ctx.Err() != nil {
			return err
		}
		if err := pause(ctx, pauses[try]); err != nil {
			return err
		}
	}
}

// again runs fn on a session of db, and if that is lost, on another one. What fn
// does must bear to be done twice. side is "source" or "target".
func again(ctx context.Context, db Sessions, side string, fn func(conn *pgconn.PgConn) error) error {
	return persist(ctx, func() error {
		conn, err := db.Acquire(ctx)
		if err != nil {
			return connectFailure(ctx, side, err)
		}
		err = fn(conn)
		broken := err != nil && conn.IsClosed()
		if broken {
			settle(conn)
		}
		db.Release(conn, err == nil)
		if err != nil && (broken || lost(codeOf(err))) {
			return failure(ctx, side, err, nil)
		}
		return err
	})
}

// transact runs fn in a transaction on a session of t, after prelude. It is done
// once: where the session is lost, the server is asked whether it was committed,
// and if not, all is done again.
func (t *Target) transact(ctx context.Context, prelude string, fn func(conn *pgconn.PgConn) error) error {
	return persist(ctx, func() error {
		xid, err := t.transactOnce(ctx, prelude, fn)
		if err == nil || xid == "" || !isTransient(err) || ctx.Err() != nil {
			return err
		}
		done, statusErr := wasCommitted(ctx, func(ctx context.Context, end bool) (status string, err error) {
			err = again(ctx, t, "target", func(conn *pgconn.PgConn) error {
				status, err = statusOf(ctx, conn, xid, end)
				return err
			})
			return status, err
		})
		switch {
		case statusErr != nil:
			return statusErr
		case done:
			return nil
		}
		return err
	})
}

// transactOnce returns the transaction's id, if it had one when it failed.
func (t *Target) transactOnce(ctx context.Context, prelude string, fn func(conn *pgconn.PgConn) error) (xid string, err error) {
	conn, err := t.Acquire(ctx)
	if err != nil {
		return "", connectFailure(ctx, "target", err)
	}
	defer func() {
		settle(conn)
		t.Release(conn, err == nil)
	}()
	if xid, err = oneOfScript(ctx, conn, prelude+"begin; select pg_catalog.pg_current_xact_id()"); err == nil {
		if err = fn(conn); err == nil {
			err = run(ctx, conn, "commit")
		}
	}
	if err != nil && (conn.IsClosed() || lost(codeOf(err))) {
		return xid, failure(ctx, "target", err, nil)
	}
	return "", err
}

// wasCommitted asks what became of a transaction whose connection was lost. Where
// the server does not know yet that we are gone, ask is to end it.
func wasCommitted(ctx context.Context, ask func(ctx context.Context, end bool) (status string, err error)) (bool, error) {
	wait := 10 * time.Millisecond
	for try := 0; ; try++ {
		status, err := ask(ctx, wait >= 100*time.Millisecond)
		switch {
		case err == nil && status != "in progress":
			return status == "committed", nil
		case err == nil && try > 20, err != nil && (try > 10 || !isTransient(err)):
			if err == nil {
				err = errors.New("target: a transaction whose connection was lost does not end")
			}
			return false, err
		}
		if err := pause(ctx, wait); err != nil {
			return false, err
		}
		wait = min(2*wait, time.Second)
	}
}

// statusOf returns what pg_xact_status says of a transaction, on another
// connection than its own; with end it is ended first.
func statusOf(ctx context.Context, conn *pgconn.PgConn, xid string, end bool) (string, error) {
	if end {
		// Only the backend of this very transaction.
		_, err := rowsOf(ctx, conn, `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
where backend_xid = $1::pg_catalog.xid8::pg_catalog.xid and pid <> pg_catalog.pg_backend_pid()`, xid)
		if err != nil {
			return "", failure(ctx, "target", err, nil)
		}
	}
	row, err := oneOf(ctx, conn, "select pg_catalog.pg_xact_status($1::pg_catalog.xid8)", xid)
	if codeOf(err) == "22023" {
		return "aborted", nil // "in the future": the server crashed and never wrote of it
	}
	if err != nil {
		return "", failure(ctx, "target", err, nil)
	}
	return row[0], nil
}
