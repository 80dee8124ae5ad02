package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/blockpipe"
	"github.com/pgstandin/pgstandin/schema"
)

// attempt is one try at one chunk.
type attempt struct {
	w     *copyWorker
	job   *Job
	chunk *Chunk
	rw    Rewriter

	xid         string // of the target's transaction, once it has begun
	lost        bool   // the target's connection broke after that
	rows, bytes int64  // that the target took
	counted     moved  // what the progress was told of it
}

// What the other server is told when one end fails: the text reaches its log.
var (
	errSource  = errors.New("the source ended early")
	errStopped = errors.New("the copy was stopped")
)

// run copies the chunk and commits. With an error, the worker has no connection
// to the target afterwards.
func (a *attempt) run(ctx context.Context) (err error) {
	src, err := a.w.c.src.Acquire(ctx)
	if err != nil {
		return connectFailure(ctx, "source", err)
	}
	defer func() {
		settle(src)
		a.w.c.src.Release(src, !src.IsClosed() && src.TxStatus() == 'T')
	}()
	if err := a.lock(ctx, src); err != nil {
		return err
	}
	tgt, err := a.w.target(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			a.lost = a.xid != "" && tgt.IsClosed()
			a.w.hangUp(ctx)
		}
	}()
	row, err := oneOfScript(ctx, tgt, "begin; select pg_catalog.pg_current_xact_id()")
	if err != nil {
		return a.failure(ctx, "target", err)
	}
	a.xid = row
	from, into, err := a.stream(ctx, src, tgt)
	if err != nil {
		return err
	}
	switch {
	case from != into:
		return fmt.Errorf("the source sent %d rows, the target took %d", from, into)
	case a.chunk.Exact && into != a.chunk.Rows:
		return fmt.Errorf("a chunk has %d rows instead of %d", into, a.chunk.Rows)
	}
	results, err := tgt.Exec(ctx, "commit").ReadAll()
	if err != nil {
		return a.failure(ctx, "target", err)
	}
	if len(results) != 1 || results[0].CommandTag.String() != "COMMIT" {
		return errors.New("target: the transaction was not committed")
	}
	return nil
}

// lock locks the table, once a connection.
func (a *attempt) lock(ctx context.Context, src *pgconn.PgConn) error {
	table := a.job.From
	if table == (schema.Name{}) {
		table = a.job.Into
	}
	c, key := a.w.c, lockedTable{src, table}
	c.mu.Lock()
	have := c.locked[key]
	c.mu.Unlock()
	if have {
		return nil
	}
	if err := LockNowait(ctx, src, table); err != nil {
		return a.failure(ctx, "source", err)
	}
	c.mu.Lock()
	c.locked[key] = true
	c.mu.Unlock()
	return nil
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

// stream moves the rows. The source's COPY runs in a goroutine of its own, where
// rows are rewritten; the target's here; the block pipe is between them.
func (a *attempt) stream(ctx context.Context, src, tgt *pgconn.PgConn) (from, into int64, err error) {
	sql, err := a.chunk.Select()
	if err != nil {
		return 0, 0, err
	}
	if a.w.pipe == nil {
		a.w.pipe = blockpipe.New(blocks, blockBytes)
	}
	r, w := a.w.pipe.Open()
	// Neither end of the pipe looks at the context.
	defer context.AfterFunc(ctx, func() { r.CloseWithError(errStopped) })()
	rows := &rowStream{w: w, rw: a.rw, binary: a.job.Binary, total: &a.w.c.moved}
	format := ""
	if a.job.Binary {
		format = " (format binary)"
	}
	var fromTag pgconn.CommandTag
	var srcErr error
	var wg sync.WaitGroup
	wg.Go(func() {
		fromTag, srcErr = src.CopyTo(ctx, rows, "copy ("+sql+") to stdout"+format)
		if srcErr == nil {
			srcErr = rows.close()
		}
		if srcErr != nil {
			w.CloseWithError(errSource)
		}
	})
	intoTag, tgtErr := tgt.CopyFrom(ctx, r, "copy "+a.job.Into.SQL()+columnList(a.job.Columns)+" from stdin"+format)
	if tgtErr != nil {
		r.CloseWithError(io.ErrClosedPipe)
	}
	wg.Wait()
	a.counted = rows.counted
	a.rows, a.bytes = intoTag.RowsAffected(), rows.bytes
	switch {
	case rows.err != nil: // rows that are none, or that the rewriter refused
		return 0, 0, rows.err
	case srcErr != nil && !errors.Is(srcErr, io.ErrClosedPipe) && !errors.Is(srcErr, errStopped):
		return 0, 0, a.failure(ctx, "source", srcErr)
	case tgtErr != nil:
		return 0, 0, a.failure(ctx, "target", tgtErr)
	case srcErr != nil:
		return 0, 0, a.failure(ctx, "source", srcErr)
	}
	return fromTag.RowsAffected(), intoTag.RowsAffected(), nil
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
func (w *copyWorker) committed(ctx context.Context, xid string) (bool, error) {
	return wasCommitted(ctx, func(ctx context.Context, end bool) (string, error) {
		conn, err := w.target(ctx)
		if err != nil {
			return "", err
		}
		return statusOf(ctx, conn, xid, end)
	})
}
