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

// targetSink copies the chunks of each task into a target in one transaction.
type targetSink struct {
	conns TargetConns
	conn  *pgconn.PgConn // nil: to be opened
	xid   string         // of the transaction that was begun last
	whole bool           // it locked its table
	lost  bool           // its connection broke, or it may hold the lock still
}

func (s *targetSink) begin(ctx context.Context, job *Job) error {
	s.xid, s.whole, s.lost = "", job.Whole, false
	conn, err := s.target(ctx)
	if err != nil {
		return err
	}
	s.xid, err = oneOfScript(ctx, conn, "begin; select pg_catalog.pg_current_xact_id()")
	if err == nil && job.Whole { // by itself: who holds the lock is known then, whatever comes
		err = run(ctx, conn, "truncate only "+placeIn(s.conns)(job.Into).SQL())
	}
	if err != nil {
		err = failure(ctx, "target", err, job.Columns)
		s.lost = s.xid != ""
		s.close(ctx)
	}
	return err
}

func (s *targetSink) write(ctx context.Context, job *Job, rows io.Reader) (int64, error) {
	tag, err := s.conn.CopyFrom(ctx, rows, "copy "+placeIn(s.conns)(job.Into).SQL()+columnList(job.Columns)+" from stdin"+job.format(job.Whole))
	if err != nil {
		return 0, failure(ctx, "target", err, job.Columns)
	}
	return tag.RowsAffected(), nil
}

func (s *targetSink) commit(ctx context.Context, job *Job) error {
	results, err := s.conn.Exec(ctx, "commit").ReadAll()
	if err != nil {
		return failure(ctx, "target", err, job.Columns)
	}
	if len(results) != 1 || results[0].CommandTag.String() != "COMMIT" {
		return errors.New("target: the transaction was not committed")
	}
	return nil
}

func (s *targetSink) rollback(ctx context.Context) {
	// A server that did not hear of the end of a connection would keep the lock, for
	// which the next attempt waits.
	s.lost = s.conn.IsClosed() || s.whole
	s.close(ctx)
}

// committed asks what became of the transaction, if nobody knows, and ends it.
func (s *targetSink) committed(ctx context.Context) (bool, error) {
	if !s.lost {
		return false, nil
	}
	s.lost = false // asked once: what comes next may fail before it begins
	return s.outcome(ctx, s.xid)
}

// target returns the connection, a new one if need be.
func (s *targetSink) target(ctx context.Context) (*pgconn.PgConn, error) {
	if s.conn != nil && !s.conn.IsClosed() {
		return s.conn, nil
	}
	s.close(ctx)
	conn, err := s.conns.Connect(ctx)
	if err != nil {
		return nil, connectFailure(ctx, "target", err)
	}
	s.conn = conn
	return conn, nil
}

// close closes the connection, if there is one, and waits for it.
func (s *targetSink) close(ctx context.Context) {
	if s.conn != nil {
		s.conns.Disconnect(ctx, s.conn)
		settle(s.conn)
		s.conn = nil
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

// outcome asks the target what became of a transaction whose connection was
// lost. A server that does not know yet that we are gone is told to end it.
func (s *targetSink) outcome(ctx context.Context, xid string) (bool, error) {
	return wasCommitted(ctx, func(ctx context.Context, end bool) (string, error) {
		conn, err := s.target(ctx)
		if err != nil {
			return "", err
		}
		return statusOf(ctx, conn, xid, end)
	})
}
