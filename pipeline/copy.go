package pipeline

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"github.com/pgstandin/pgstandin/internal/blockpipe"
	"github.com/pgstandin/pgstandin/schema"
)

// Rewriter masks rows. AppendRow appends the new form of row, one row of COPY
// text without its newline or one tuple of a binary job, to dst. row does not
// overlap dst and dies with the call. A Rewriter belongs to one goroutine at a time.
// Its errors hold no data.
type Rewriter interface {
	AppendRow(dst, row []byte) ([]byte, error)
}

// Beginner is a Rewriter that is told before the rows of each chunk; again says
// that an earlier attempt at the chunk broke off, so that it may have seen some of
// the rows.
type Beginner interface {
	Begin(again bool)
}

// Job is the rows of one table, or partition, to copy.
type Job struct {
	Name    string      // for messages: "public.orders"
	From    schema.Name // the source table that chunks read, locked before each; zero means Into
	Into    schema.Name // the target table, or partition
	Columns []string    // of the target, in the order of the chunks' columns; empty for a table without any to copy
	Chunks  []Chunk
	// After are jobs, by their indices, whose last chunk has to be committed before the
	// first of this one begins; none of them waits for it in turn.
	After []int
	// File is the name of the file that rows go to, of CopyFiles.
	File string
	// Binary moves rows in COPY's binary format instead of text; see TextOnly for
	// where that is safe. The columns of chunks must be of the very types that the
	// target's are.
	Binary bool
	// Whole copies all chunks in one transaction of the target, one after the other,
	// which begins by emptying the table: its rows are frozen as they come (COPY
	// FREEZE), so that no reader writes the pages again and VACUUM has nothing to mark.
	// A connection that broke begins the table anew. The table is plain, or a partition
	// without any of its own, nobody else uses it and no other job fills it. CopyFiles
	// knows no such jobs.
	Whole bool
	// NewRewriter is called once a worker and job, from several goroutines; nil
	// relays rows untouched.
	NewRewriter func() Rewriter
}

// JobError is what ended a copy, with the name of its job.
type JobError struct {
	Job string
	Err error
}

// Error begins with the job.
func (e *JobError) Error() string { return "copy " + e.Job + ": " + e.Err.Error() }

// Unwrap gives access to what happened.
func (e *JobError) Unwrap() error { return e.Err }

// Chunk is a part of a table, copied in one transaction of the target, its own unless
// the job is Whole.
type Chunk struct {
	// Select makes the query, whose columns are those of the job. It is called
	// for every attempt, from several goroutines for several chunks, so that
	// only the text of chunks that are being copied is in memory.
	Select func() (string, error)
	Rows   int64 // estimate, or the truth if Exact
	Bytes  int64 // estimate
	Exact  bool  // another number of rows is an error
}

// JobResult is what became of a job.
type JobResult struct {
	Rows    int64
	Bytes   int64 // of COPY data, as sent to the target
	Retries int   // chunks, or Whole tables, begun anew because a connection broke
}

// CopyOptions tune a Copy; the zero value is one worker and no progress.
type CopyOptions struct {
	Workers int
	// Yield is how long a worker tries for the lock of a table that somebody waits for
	// or holds; zero is one try.
	Yield    time.Duration
	Progress func(Progress) // called from one goroutine at a time, five times a second and at a good end
	// Done is called when the last chunk of a job was committed, from any worker;
	// for a job without chunks, before all else. It may be nil.
	Done func(job int)
}

// TargetConns opens connections to the database that is filled, with the client
// encoding of the source's; Target is one.
type TargetConns interface {
	Connect(ctx context.Context) (*pgconn.PgConn, error)
	Disconnect(ctx context.Context, conn *pgconn.PgConn)
}

// Copy runs all jobs with opts.Workers workers: what others wait for, then tables with
// the most bytes; several workers share a large table. Each holds one connection of
// either end while it copies. Each chunk, or Whole table, is committed by itself, if
// both servers count as many rows as it must have. One whose connection broke is
// copied again, on the same snapshot, unless the target says that it was committed.
//
// src lends connections that are in one snapshot; Source does. The results are in the
// order of jobs; with an error they are what was committed by then. Errors hold no
// data; a *YieldError and errors of the context can be told by errors.As and errors.Is.
func Copy(ctx context.Context, src Sessions, tgt TargetConns, jobs []Job, opts CopyOptions) ([]JobResult, error) {
	c := newCopier(src, jobs)
	c.open = func() sink { return &targetSink{conns: tgt} }
	return c.run(ctx, opts)
}

// run works the queue off.
func (c *copier) run(ctx context.Context, opts CopyOptions) ([]JobResult, error) {
	if c.ended = opts.Done; c.ended == nil {
		c.ended = func(int) {}
	}
	c.yield = opts.Yield
	for i := range c.jobs {
		if c.left[i] == 0 {
			c.ended(i)
		}
	}
	work := func(ctx context.Context) error {
		g, ctx := errgroup.WithContext(ctx)
		for range min(max(1, opts.Workers), len(c.queue)) {
			g.Go(func() error { return c.work(ctx) })
		}
		return g.Wait()
	}
	if opts.Progress == nil {
		err := work(ctx)
		return c.results, err
	}
	err := While(ctx, func(ctx context.Context) error { return c.report(ctx, opts.Progress) }, work)
	if err == nil { // else attempts have taken back what they counted
		opts.Progress(c.progress())
	}
	return c.results, err
}

// copier is a running Copy.
type copier struct {
	src   Sessions
	open  func() sink // makes a worker's
	jobs  []Job
	total Progress      // the totals; constant
	exact bool          // the rows are known; constant
	yield time.Duration // constant
	moved counter
	ended func(job int)

	mu      sync.Mutex // guards what follows
	queue   []task
	results []JobResult
	running []int         // workers on a job
	taken   []int         // chunks of a job that were begun
	left    []int         // tasks of a job that are not committed
	ready   chan struct{} // closed when a job's last task was committed
	chunks  int           // committed
	retries int
}

// task is some chunks of a job, which are copied in one transaction.
type task struct {
	job    int
	chunks []Chunk
}

func newCopier(src Sessions, jobs []Job) *copier {
	c := &copier{
		src: src, jobs: jobs, results: make([]JobResult, len(jobs)),
		running: make([]int, len(jobs)), taken: make([]int, len(jobs)), left: make([]int, len(jobs)), ready: make(chan struct{}),
	}
	c.exact = true
	weight := make([]int64, len(jobs))
	for i := range jobs {
		chunks, together := jobs[i].Chunks, 1
		if jobs[i].Whole {
			together = max(1, len(chunks))
		}
		for some := range slices.Chunk(chunks, together) {
			c.queue = append(c.queue, task{i, some})
			c.left[i]++
		}
		for _, chunk := range chunks {
			weight[i] += chunk.Bytes
			c.total.TotalRows += chunk.Rows
			c.exact = c.exact && chunk.Exact
		}
		c.total.TotalBytes += weight[i]
		c.total.TotalChunks += len(chunks)
	}
	before := chains(jobs)
	slices.SortStableFunc(c.queue, func(a, b task) int {
		return cmp.Or(cmp.Compare(before[b.job], before[a.job]), cmp.Compare(weight[b.job], weight[a.job]))
	})
	return c
}

// chains returns how long the longest chain is of jobs that wait for each.
func chains(jobs []Job) []int {
	out := make([]int, len(jobs))
	var visit func(i int)
	visit = func(i int) {
		for _, before := range jobs[i].After {
			if out[before] < out[i]+1 {
				out[before] = out[i] + 1
				visit(before)
			}
		}
	}
	for i := range jobs {
		visit(i)
	}
	return out
}

// take returns the next task that need not wait, or false when all are taken.
func (c *copier) take(ctx context.Context) (task, bool) {
	for {
		c.mu.Lock()
		at := slices.IndexFunc(c.queue, func(t task) bool {
			return !slices.ContainsFunc(c.jobs[t.job].After, func(before int) bool { return c.left[before] > 0 })
		})
		if at >= 0 {
			t := c.queue[at]
			copy(c.queue[1:at+1], c.queue[:at])
			c.queue = c.queue[1:]
			c.running[t.job]++
			c.mu.Unlock()
			return t, true
		}
		ready, none := c.ready, len(c.queue) == 0
		c.mu.Unlock()
		if none {
			return task{}, false
		}
		select {
		case <-ctx.Done():
			return task{}, false
		case <-ready:
		}
	}
}

// begun takes note of so many chunks of a job that are begun, or given up.
func (c *copier) begun(job, chunks int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken[job] += chunks
}

// done takes note of a task that was committed.
func (c *copier) done(t task, r JobResult) {
	c.mu.Lock()
	c.running[t.job]--
	c.left[t.job]--
	last := c.left[t.job] == 0
	if last {
		close(c.ready)
		c.ready = make(chan struct{})
	}
	c.chunks += len(t.chunks)
	c.results[t.job].Rows += r.Rows
	c.results[t.job].Bytes += r.Bytes
	c.mu.Unlock()
	if last {
		c.ended(t.job)
	}
}

func (c *copier) again(t task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retries++
	c.results[t.job].Retries++
}

// work is one worker: chunk after chunk until none is left.
func (c *copier) work(ctx context.Context) error {
	w := &copyWorker{c: c, sink: c.open(), rewriters: map[int]Rewriter{}}
	defer w.sink.close(ctx)
	for ctx.Err() == nil {
		t, ok := c.take(ctx)
		if !ok {
			break
		}
		r, err := w.copy(ctx, t)
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			return &JobError{c.jobs[t.job].Name, err}
		}
		c.done(t, r)
	}
	return context.Cause(ctx) // nil at the end of all
}

// copyWorker copies one task at a time.
type copyWorker struct {
	c         *copier
	sink      sink
	pipe      *blockpipe.Pipe // nil: to be made
	rewriters map[int]Rewriter
}

const (
	blocks     = 4
	blockBytes = 256 << 10
)

// rewriter returns this worker's rewriter for a job; nil if rows are relayed.
func (w *copyWorker) rewriter(job int) Rewriter {
	rw, made := w.rewriters[job]
	if fresh := w.c.jobs[job].NewRewriter; !made && fresh != nil {
		rw = fresh()
		w.rewriters[job] = rw
	}
	return rw
}

// pauses are how long to wait before each further attempt at a task.
var pauses = [...]time.Duration{100 * time.Millisecond, 400 * time.Millisecond, 1600 * time.Millisecond, 4 * time.Second}

// copy copies a task, again where a connection broke.
func (w *copyWorker) copy(ctx context.Context, t task) (JobResult, error) {
	seen := 0 // chunks of which an attempt rewrote rows
	for try := 0; ; try++ {
		a := &attempt{w: w, job: &w.c.jobs[t.job], task: t, rw: w.rewriter(t.job), seen: seen}
		err := a.run(ctx)
		if err != nil && ctx.Err() == nil {
			committed, askErr := w.sink.committed(ctx)
			switch {
			case askErr != nil:
				err = askErr
			case committed:
				err = nil
			}
		}
		if err == nil {
			w.c.moved.add(a.rows-a.counted.rows, a.bytes-a.counted.bytes)
			return JobResult{Rows: a.rows, Bytes: a.bytes}, nil
		}
		w.c.moved.add(-a.counted.rows, -a.counted.bytes)
		w.c.begun(t.job, -a.begun)
		seen = max(seen, a.told)
		if try == len(pauses) || !isTransient(err) || ctx.Err() != nil {
			return JobResult{}, err
		}
		w.c.again(t)
		if err := pause(ctx, pauses[try]); err != nil {
			return JobResult{}, err
		}
	}
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// settle waits, not for ever, until a closed connection is let go of: pgconn does
// that in a goroutine of its own.
func settle(conn *pgconn.PgConn) {
	if !conn.IsClosed() {
		return
	}
	t := time.NewTimer(closeTimeout)
	defer t.Stop()
	select {
	case <-conn.CleanupDone():
	case <-t.C:
	}
}
