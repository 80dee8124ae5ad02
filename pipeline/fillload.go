package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// fillChunk is how many rows one COPY loads where several sessions do.
const fillChunk = 100_000

// filler is one Load.
type filler struct {
	f     *Filling
	work  FillWork
	opts  FillOptions
	moved []counter // by step
	total int64
	whole bool
}

func (l *filler) step(name string) {
	if l.opts.Step != nil {
		l.opts.Step(name)
	}
}

// many loads by several sessions whose triggers are off.
func (l *filler) many(ctx context.Context) (err error) {
	found, err := l.tables(ctx, l.f.leader)
	if err != nil {
		return withMessage(err)
	}
	defer func() {
		if err != nil {
			err = l.empty(ctx, found, err)
		}
	}()
	err = l.reported(ctx, func(ctx context.Context) error {
		for _, update := range []bool{false, true} {
			if err := Steps(ctx, l.opts.Workers, l.chunks(update)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := l.update(ctx); err != nil {
		return err
	}
	l.step("check foreign keys")
	if err := Steps(ctx, l.opts.Workers, l.checks()); err != nil {
		return err
	}
	return l.finish(ctx)
}

// update runs the statements that change rows.
func (l *filler) update(ctx context.Context) error {
	if len(l.work.Updates) > 0 {
		l.step("compute values")
	}
	for _, u := range l.work.Updates {
		if err := run(ctx, l.f.leader, u.SQL); err != nil {
			return fmt.Errorf("table %s: %w", u.Table, madeError(err))
		}
	}
	return nil
}

// reported calls Progress beside fn.
func (l *filler) reported(ctx context.Context, fn func(context.Context) error) error {
	l.step("load rows")
	watch := func(ctx context.Context) error {
		for l.opts.Progress != nil && pause(ctx, reportEvery) == nil {
			l.opts.Progress(l.progress())
		}
		return nil
	}
	if err := While(ctx, watch, fn); err != nil {
		return err
	}
	if l.opts.Progress != nil {
		l.opts.Progress(l.progress())
	}
	return nil
}

func (l *filler) progress() Progress {
	p := Progress{TotalRows: l.total}
	for i := range l.moved {
		n := l.moved[i].rows.Load()
		p.Rows, p.Bytes = p.Rows+n, p.Bytes+l.moved[i].bytes.Load()
		if n > 0 && n < l.work.Steps[i].Rows {
			p.Running = append(p.Running, l.work.Steps[i].Table.String())
		}
	}
	p.TotalBytes = p.Bytes
	if p.Rows > 0 {
		p.TotalBytes = int64(float64(p.Bytes) * float64(p.TotalRows) / float64(p.Rows))
	}
	return p
}

// chunks are the parts of the steps that make rows, or of those that update
// them.
func (l *filler) chunks(update bool) []func(context.Context) error {
	var out []func(context.Context) error
	for i := range l.work.Steps {
		s := &l.work.Steps[i]
		if s.Update != update {
			continue
		}
		for from := int64(0); from < s.Rows; from += fillChunk {
			out = append(out, func(ctx context.Context) error {
				conn, err := l.f.acquire(ctx)
				if err != nil {
					return err
				}
				defer l.f.release(ctx, conn)
				return l.load(ctx, conn, i, from, min(from+fillChunk, s.Rows))
			})
		}
	}
	return out
}

// load runs a part of a step in one transaction, or in the one that is open.
func (l *filler) load(ctx context.Context, conn *pgconn.PgConn, step int, from, to int64) error {
	s := &l.work.Steps[step]
	if !s.Update {
		return l.copyInto(ctx, conn, step, s.Table.SQL(), from, to)
	}
	begin, end := "begin; ", "; commit"
	if conn.TxStatus() != 'I' {
		begin, end = "", ""
	}
	create, update := s.secondPass()
	if err := run(ctx, conn, begin+create); err != nil {
		return fmt.Errorf("table %s: %w", s.Table, madeError(err))
	}
	if err := l.copyInto(ctx, conn, step, "pg_temp.pgstandin_late", from, to); err != nil {
		return err
	}
	if err := run(ctx, conn, strings.Join(update, "; ")+end); err != nil {
		return fmt.Errorf("table %s: %w", s.Table, madeError(err))
	}
	return nil
}

// secondPass is the statements before and after the rows of a step that updates.
func (s *FillStep) secondPass() (before string, after []string) {
	var set, where []string
	for k, c := range s.Columns {
		name := schema.QuoteIdent(c)
		if k < s.Match {
			where = append(where, "t."+name+" = l."+name)
		} else {
			set = append(set, name+" = l."+name)
		}
	}
	list := columnList(s.Columns)
	before = fmt.Sprintf("create temporary table pgstandin_late on commit drop as select %s from %s limit 0", list[2:len(list)-1], s.Table.SQL())
	after = []string{"analyze pg_temp.pgstandin_late",
		fmt.Sprintf("update %s t set %s from pg_temp.pgstandin_late l where %s", s.Table.SQL(), strings.Join(set, ", "), strings.Join(where, " and ")),
		"drop table pg_temp.pgstandin_late"}
	return before, after
}

// copyInto makes rows and loads them.
func (l *filler) copyInto(ctx context.Context, conn *pgconn.PgConn, step int, into string, from, to int64) error {
	s := &l.work.Steps[step]
	r := &generatorReader{ctx: ctx, rows: s.NewRows(), row: from, end: to, moved: &l.moved[step]}
	tag, err := conn.CopyFrom(ctx, r, "copy "+into+columnList(s.Columns)+" from stdin")
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case r.err != nil:
		return r.err
	case err != nil:
		return fmt.Errorf("table %s: %w", s.Table, madeError(err))
	case tag.RowsAffected() != to-from:
		return fmt.Errorf("table %s: %d rows were made, the server took %d", s.Table, to-from, tag.RowsAffected())
	}
	return nil
}

// generatorReader is generated rows as a stream.
type generatorReader struct {
	ctx      context.Context
	rows     RowGenerator
	row, end int64
	buf      []byte
	at       int // what of buf was read
	err      error
	moved    *counter
}

// fillBlock is how much is made at once.
const fillBlock = 64 << 10

func (r *generatorReader) Read(p []byte) (int, error) {
	for r.at == len(r.buf) {
		if r.row == r.end {
			return 0, io.EOF
		}
		if r.ctx.Err() != nil {
			return 0, errStopped
		}
		if r.err = r.make(); r.err != nil {
			return 0, errStopped
		}
	}
	n := copy(p, r.buf[r.at:])
	r.at += n
	return n, nil
}

func (r *generatorReader) make() (err error) {
	if r.buf == nil {
		r.buf = make([]byte, 0, fillBlock+fillBlock/4)
	}
	first := r.row
	r.buf, r.at = r.buf[:0], 0
	for r.row < r.end && len(r.buf) < fillBlock {
		if r.buf, err = r.rows.Append(r.buf, r.row); err != nil {
			return err
		}
		r.row++
	}
	r.moved.add(r.row-first, int64(len(r.buf)))
	return nil
}

// truncateTimeout bounds how long a failed load cleans up.
const truncateTimeout = time.Minute

// RowsLeft says that rows which a Load made are still there, and why.
type RowsLeft struct{ Err error }

// Error has the remedy.
func (e *RowsLeft) Error() string {
	return "rows that were loaded are still there, truncate the tables before the next run: " + e.Err.Error()
}

// Unwrap returns why they are there.
func (e *RowsLeft) Unwrap() error { return e.Err }

// tables are the names of the tables that get rows, of those that are there, by their
// numbers. One that gets none may hold others.
func (l *filler) tables(ctx context.Context, conn *pgconn.PgConn) (map[string]string, error) {
	var names []string
	for _, s := range l.work.Steps {
		if s.Rows > 0 {
			names = append(names, s.Table.SQL())
		}
	}
	rows, err := textsOf(ctx, conn, `
select pg_catalog.to_regclass(n)::pg_catalog.oid, n from pg_catalog.unnest($1::pg_catalog.text[]) n
where pg_catalog.to_regclass(n) is not null`, textArray(names))
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		out[r[0]] = r[1]
	}
	return out, nil
}

// empty removes what was loaded into the tables that were found, and says whether that
// could be done. What Undo has taken away is empty, and what somebody made since under
// the name of one is not ours.
func (l *filler) empty(ctx context.Context, found map[string]string, err error) error {
	if l.opts.Undo != nil {
		_ = l.opts.Undo(ctx) // where it cannot, all are there to be emptied
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), truncateTimeout)
	defer cancel()
	if why := l.truncate(ctx, found); why != nil {
		return errors.Join(err, &RowsLeft{SafeError(why)})
	}
	return err
}

// truncate empties those of the tables that are still there.
func (l *filler) truncate(ctx context.Context, found map[string]string) error {
	conn, err := l.f.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(ctx, conn)
	now, err := l.tables(ctx, conn)
	if err != nil {
		return err
	}
	var names []string
	for number, name := range now {
		if _, ours := found[number]; ours {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return run(ctx, conn, "truncate "+strings.Join(names, ", "))
}
