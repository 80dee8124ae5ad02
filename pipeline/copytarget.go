package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// targetEnd copies the chunks of each task into a target in one transaction.
type targetEnd struct {
	conns TargetConns
	conn  *pgconn.PgConn // nil: to be opened
	xid   string         // of the transaction that was begun last
	whole bool           // it locked its table
	lost  bool           // its connection broke, or it may hold the lock still
}

func (e *targetEnd) begin(ctx context.Context, job *Job) error {
	e.xid, e.whole, e.lost = "", job.Whole, false
	conn, err := e.target(ctx)
	if err != nil {
		return err
	}
	e.xid, err = oneOfScript(ctx, conn, "begin; select pg_catalog.pg_current_xact_id()")
	if err == nil && job.Whole { // by itself: who holds the lock is known then, whatever comes
		err = run(ctx, conn, "truncate only "+placeIn(e.conns)(job.Into).SQL())
	}
	if err != nil {
		err = failure(ctx, "target", err, job.Columns)
		e.lost = e.xid != ""
		e.close(ctx)
	}
	return err
}

func (e *targetEnd) take(ctx context.Context, job *Job, rows io.Reader) (int64, error) {
	tag, err := e.conn.CopyFrom(ctx, rows, "copy "+placeIn(e.conns)(job.Into).SQL()+columnList(job.Columns)+" from stdin"+job.format(job.Whole))
	if err != nil {
		return 0, failure(ctx, "target", err, job.Columns)
	}
	return tag.RowsAffected(), nil
}

func (e *targetEnd) keep(ctx context.Context, job *Job) error {
	results, err := e.conn.Exec(ctx, "commit").ReadAll()
	if err != nil {
		return failure(ctx, "target", err, job.Columns)
	}
	if len(results) != 1 || results[0].CommandTag.String() != "COMMIT" {
		return errors.New("target: the transaction was not committed")
	}
	return nil
}

func (e *targetEnd) drop(ctx context.Context) {
	// A server that did not hear of the end of a connection would keep the lock, for
	// which the next attempt waits.
	e.lost = e.conn.IsClosed() || e.whole
	e.close(ctx)
}

// kept asks what became of the transaction, if nobody knows, and ends it.
func (e *targetEnd) kept(ctx context.Context) (bool, error) {
	if !e.lost {
		return false, nil
	}
	e.lost = false // asked once: what comes next may fail before it begins
	return e.committed(ctx, e.xid)
}

// target returns the connection, a new one if need be.
func (e *targetEnd) target(ctx context.Context) (*pgconn.PgConn, error) {
	if e.conn != nil && !e.conn.IsClosed() {
		return e.conn, nil
	}
	e.close(ctx)
	conn, err := e.conns.Connect(ctx)
	if err != nil {
		return nil, connectFailure(ctx, "target", err)
	}
	e.conn = conn
	return conn, nil
}

// close closes the connection, if there is one, and waits for it.
func (e *targetEnd) close(ctx context.Context) {
	if e.conn != nil {
		e.conns.Disconnect(ctx, e.conn)
		settle(e.conn)
		e.conn = nil
	}
}

// oneOfScript executes a script and returns the first field of the last
// statement's only row.
func oneOfScript(ctx context.Context, conn *pgconn.PgConn, sql string) (string, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return "", err
	}
	last := results[len(results)-1].Rows
	if len(last) != 1 {
		return "", fmt.Errorf("one row expected, got %d", len(last))
	}
	return string(last[0][0]), nil
}

func columnList(columns []string) string {
	if len(columns) == 0 {
		return "" // an empty list is no SQL; without one the server takes all columns, here none
	}
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = schema.QuoteIdent(c)
	}
	return " (" + strings.Join(quoted, ", ") + ")"
}

// committed asks the target what became of a transaction whose connection was
// lost. A server that does not know yet that we are gone is told to end it.
func (e *targetEnd) committed(ctx context.Context, xid string) (bool, error) {
	return wasCommitted(ctx, func(ctx context.Context, end bool) (string, error) {
		conn, err := e.target(ctx)
		if err != nil {
			return "", err
		}
		return statusOf(ctx, conn, xid, end)
	})
}
