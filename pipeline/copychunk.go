package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/blockpipe"
	"github.com/pgstandin/pgstandin/schema"
)

// attempt is one try at one task.
type attempt struct {
	w    *copyWorker
	job  *Job
	task task
	rw   Rewriter
	seen int // chunks of which an earlier one rewrote rows

	begun       int   // chunks
	told        int   // of them, up to the last of which rows were rewritten
	open        bool  // the sink has begun
	rows, bytes int64 // that the sink took
	counted     moved // what the progress was told of it
}

// sink is where a worker's tasks go, one at a time: a target, or files.
type sink interface {
	// begin gets ready for the chunks of a task. After an error nothing is begun.
	begin(ctx context.Context, job *Job) error
	// write takes a chunk's rows, a COPY stream, and returns how many there were. An
	// error of the sink itself names it.
	write(ctx context.Context, job *Job, rows io.Reader) (int64, error)
	// commit makes what was written stay.
	commit(ctx context.Context, job *Job) error
	// rollback gives up what was begun, after an error.
	rollback(ctx context.Context)
	// committed reports whether what was rolled back was committed all the same.
	committed(ctx context.Context) (bool, error)
	// close lets go of what the sink holds, and waits for it.
	close(ctx context.Context)
}

// What the other server is told when one end fails: the text reaches its log.
var (
	errSource  = errors.New("the source ended early")
	errStopped = errors.New("the copy was stopped")
)

// run copies the chunks and commits them.
func (a *attempt) run(ctx context.Context) (err error) {
	defer func() {
		if err != nil && a.open {
			a.w.sink.rollback(ctx)
		}
	}()
	for i := range a.task.chunks {
		if err := a.chunk(ctx, &a.task.chunks[i]); err != nil {
			return err
		}
	}
	return a.w.sink.commit(ctx, a.job)
}

// chunk copies one chunk. The sink is begun with the first, when the source is
// ready.
func (a *attempt) chunk(ctx context.Context, chunk *Chunk) error {
	if b, ok := a.rw.(Beginner); ok {
		b.Begin(a.begun < a.seen)
	}
	a.begun++
	a.w.c.begun(a.task.job, 1)
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
	if !a.open {
		if err := a.w.sink.begin(ctx, a.job); err != nil {
			return err
		}
		a.open = true
	}
	from, into, err := a.stream(ctx, src, chunk)
	if err != nil {
		return err
	}
	switch {
	case from != into:
		return fmt.Errorf("the source sent %d rows, the target took %d", from, into)
	case chunk.Exact && into != chunk.Rows:
		return fmt.Errorf("a chunk has %d rows instead of %d", into, chunk.Rows)
	}
	return nil
}

// lock locks the table that chunks read.
func (a *attempt) lock(ctx context.Context, src *pgconn.PgConn) error {
	table := a.job.From
	if table == (schema.Name{}) {
		table = a.job.Into
	}
	if err := lockPolitely(ctx, src, table, a.w.c.yield); err != nil {
		return failure(ctx, "source", err, a.job.Columns)
	}
	return nil
}

// stream moves the rows. The source's COPY runs in a goroutine of its own, where
// rows are rewritten; the sink takes them here; the block pipe is between.
func (a *attempt) stream(ctx context.Context, src *pgconn.PgConn, chunk *Chunk) (from, into int64, err error) {
	sql, err := chunk.Select()
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
	var fromTag pgconn.CommandTag
	var srcErr error
	var wg sync.WaitGroup
	wg.Go(func() {
		fromTag, srcErr = copyOut(ctx, src, rows, "copy ("+sql+") to stdout"+a.job.format(false))
		if srcErr == nil {
			srcErr = rows.close()
		}
		if srcErr != nil {
			w.CloseWithError(errSource)
		}
	})
	into, sinkErr := a.w.sink.write(ctx, a.job, r)
	if sinkErr != nil {
		r.CloseWithError(io.ErrClosedPipe)
	}
	wg.Wait()
	if rows.rows > 0 || rows.err != nil {
		a.told = a.begun
	}
	a.counted.rows += rows.counted.rows
	a.counted.bytes += rows.counted.bytes
	a.rows += into
	a.bytes += rows.bytes
	switch {
	case rows.err != nil: // rows that are none, or that the rewriter refused
		return 0, 0, rows.err
	case srcErr != nil && !errors.Is(srcErr, io.ErrClosedPipe) && !errors.Is(srcErr, errStopped):
		return 0, 0, failure(ctx, "source", srcErr, a.job.Columns)
	case sinkErr != nil:
		return 0, 0, sinkErr
	case srcErr != nil:
		return 0, 0, failure(ctx, "source", srcErr, a.job.Columns)
	}
	return fromTag.RowsAffected(), into, nil
}

// format is what COPY is told of the format, and of rows that are to be frozen.
func (j *Job) format(freeze bool) string {
	switch {
	case j.Binary && freeze:
		return " (format binary, freeze)"
	case j.Binary:
		return " (format binary)"
	case freeze:
		return " (freeze)"
	}
	return ""
}
