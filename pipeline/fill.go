package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// RowGenerator makes rows from nothing but their numbers. Append appends row number
// row, counted from 0, as COPY text with its newline. A RowGenerator belongs to one
// goroutine at a time.
type RowGenerator interface {
	Append(dst []byte, row int64) ([]byte, error)
}

// FillStep is rows that are made, or values for rows that are there.
type FillStep struct {
	Table   schema.Name
	Columns []string // in the order of the generated rows
	Rows    int64
	// Update: the rows are there, the first Match columns say which, and the
	// others are what they get. Such steps come after those that make the rows.
	Update  bool
	Match   int
	NewRows func() RowGenerator // called once a worker and chunk
}

// FillWork is what is loaded into a database.
type FillWork struct {
	// Steps are in an order in which foreign keys hold, but for those in Late,
	// which hold at the end, and those that can be deferred.
	Steps []FillStep
	Late  []*schema.ForeignKey
	// Updates are statements that change rows once all are there.
	Updates []FillUpdate
	// Keys are all foreign keys: looked at afterwards where triggers were off.
	Keys []*schema.ForeignKey
	// Deferrable are the constraints beside foreign keys that triggers check.
	Deferrable []schema.Name
	Sequences  []SequenceValue
	Views      []schema.Name // materialized ones, in an order to refresh them
}

// FillUpdate is a statement about a table's rows.
type FillUpdate struct {
	Table schema.Name
	SQL   string
}

// FillOptions tune a Load.
type FillOptions struct {
	Workers  int
	Step     func(name string) // a part of the work begins
	Progress func(Progress)    // called from one goroutine at a time; TotalBytes is an estimate from what was made so far
	// Undo, if it is not nil, takes tables away with all that was loaded into them
	// where the load fails; those that are still there after it are emptied.
	Undo func(ctx context.Context) error
}

// FillResult is what a Load did.
type FillResult struct {
	Rows, Bytes []int64 // by step; of COPY text
	// Whole reports whether all was one transaction, since the role may not
	// switch triggers off; else several connections loaded.
	Whole bool
}

// Filling is a database that is to be filled with rows. It belongs to one
// goroutine, but for what Load does by itself.
type Filling struct {
	at     *endpoint
	info   Info
	leader *pgconn.PgConn

	admitted bool // the leader holds the lock

	mu   sync.Mutex
	idle []*pgconn.PgConn
}

// OpenFilling connects to the database that cfg names. The caller closes it.
func OpenFilling(ctx context.Context, cfg *pgconn.Config) (_ *Filling, err error) {
	f := &Filling{at: newEndpoint(cfg, 0)}
	defer func() {
		if err != nil {
			f.Close(ctx)
			err = fmt.Errorf("target: %w", err)
		}
	}()
	if f.leader, err = f.connect(ctx); err != nil {
		return nil, err
	}
	if f.info, err = readInfo(ctx, f.leader); err != nil {
		return nil, withMessage(err)
	}
	f.info.Host, _, f.info.Port = f.at.server()
	return f, nil
}

func (f *Filling) connect(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := f.at.connect(ctx, "")
	if err != nil {
		return nil, err
	}
	if err := pin(ctx, conn, textSettings, writing); err != nil {
		closeConn(ctx, conn)
		return nil, withMessage(err)
	}
	return conn, nil
}

// Info describes the server and the database.
func (f *Filling) Info() Info { return f.info }

// Leader is a session of the database, idle between calls of f's methods.
func (f *Filling) Leader() *pgconn.PgConn { return f.leader }

// Close ends all sessions, also when ctx has ended.
func (f *Filling) Close(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.idle {
		closeConn(ctx, c)
	}
	f.idle = nil
	if f.admitted {
		unlock(ctx, f.leader)
	}
	closeConn(ctx, f.leader)
}

// seedLock is the advisory lock of who fills a database.
const seedLock = "pg_catalog.pg_try_advisory_lock(1886020709, 1936024932)"

// Admit makes this the only Filling of the database until Close, and returns
// every reason not to touch it. allowed reports whether rules name the database;
// nil allows it.
func (f *Filling) Admit(ctx context.Context, allowed func(host string, port uint16, database string) bool) ([]Problem, error) {
	var out []Problem
	name := schema.QuoteIdent(f.info.Database)
	if f.info.Version < 130000 {
		out = append(out, Problem{fmt.Sprintf("the target is PostgreSQL %d", f.info.Major()), "versions 13 to 18 are supported"})
	}
	if f.info.Standby {
		out = append(out, Problem{"the target server is in recovery: a standby, which cannot be written", "name its primary"})
		return out, nil
	}
	if f.info.Encoding != "UTF8" {
		out = append(out, Problem{fmt.Sprintf("database %s is in encoding %s", name, f.info.Encoding), "rows are made in UTF8 only"})
	}
	if allowed != nil && !allowed(f.info.Host, f.info.Port, f.info.Database) {
		out = append(out, Problem{fmt.Sprintf("the rules do not allow to fill %s on %s:%d", name, f.info.Host, f.info.Port),
			fmt.Sprintf("add it to targets in the rules: targets: [%q]", fmt.Sprintf("%s:%d/%s", f.info.Host, f.info.Port, f.info.Database))})
	}
	row, err := oneOf(ctx, f.leader, `
select pg_catalog.shobj_description(d.oid, 'pg_database'), `+seedLock+`
from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()`)
	if err != nil {
		return nil, fmt.Errorf("target: %w", withMessage(err))
	}
	if isProtected(row[0]) {
		out = append(out, Problem{protectedText(f.info.Database), protectedRemedy})
	}
	if f.admitted = row[1] == "t"; !f.admitted {
		out = append(out, Problem{fmt.Sprintf("somebody else fills database %s now", name), "wait until it is done"})
	}
	return out, nil
}

// Filled returns those of the tables that hold a row.
func (f *Filling) Filled(ctx context.Context, tables []schema.Name) ([]schema.Name, error) {
	var out []schema.Name
	for _, t := range tables {
		rows, err := textsOf(ctx, f.leader, "select 1 from "+t.SQL()+" limit 1")
		if err != nil {
			return nil, fmt.Errorf("target: table %s: %w", t, SafeError(err))
		}
		if len(rows) > 0 {
			out = append(out, t)
		}
	}
	return out, nil
}

// Load makes all rows. Where the role may switch triggers off it does so for its
// sessions, loads by several of them, and then looks whether every foreign key
// holds; what fails on the way truncates the tables of the steps, which must have
// been empty: a *RowsLeft is in the error where that fails too. Else all is one transaction, that of the leader, in which user
// triggers are off as far as the tables are the role's. Sequences are set at the
// end. Errors hold no data.
func (f *Filling) Load(ctx context.Context, w FillWork, o FillOptions) (FillResult, error) {
	l := &filler{f: f, work: w, opts: o, moved: make([]counter, len(w.Steps))}
	for _, s := range w.Steps {
		l.total += s.Rows
	}
	err := run(ctx, f.leader, "set session_replication_role = replica")
	if err == nil {
		err = l.many(ctx)
	} else if codeOf(err) == "42501" {
		l.whole, err = true, l.one(ctx)
	}
	out := FillResult{Whole: l.whole}
	for i := range l.moved {
		out.Rows, out.Bytes = append(out.Rows, l.moved[i].rows.Load()), append(out.Bytes, l.moved[i].bytes.Load())
	}
	if err != nil && !errors.Is(err, context.Canceled) && !strings.HasPrefix(err.Error(), "target: ") {
		err = fmt.Errorf("target: %w", err)
	}
	return out, err
}

// acquire lends a session whose triggers are off.
func (f *Filling) acquire(ctx context.Context) (*pgconn.PgConn, error) {
	f.mu.Lock()
	if n := len(f.idle); n > 0 {
		conn := f.idle[n-1]
		f.idle = f.idle[:n-1]
		f.mu.Unlock()
		return conn, nil
	}
	f.mu.Unlock()
	conn, err := f.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := run(ctx, conn, "set session_replication_role = replica"); err != nil {
		closeConn(ctx, conn)
		return nil, withMessage(err)
	}
	return conn, nil
}

func (f *Filling) release(ctx context.Context, conn *pgconn.PgConn) {
	if conn.IsClosed() || conn.IsBusy() || conn.TxStatus() != 'I' {
		closeConn(ctx, conn)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle = append(f.idle, conn)
}
