package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// Query runs a SELECT on a free worker, by COPY, and calls fn with the values
// of each row; a nil field is NULL. The fields are valid during the call only.
// An error of fn ends the query and is returned as it is. Several goroutines
// may query at once, as many as there are workers; fn must not query itself.
func (s *Source) Query(ctx context.Context, sql string, fn func(fields [][]byte) error) error {
	w := &fieldSplitter{fn: fn}
	return s.Rows(ctx, sql, w.row)
}

// Rows is Query for rows as COPY text, without their newlines: what a Rewriter
// takes. A row is valid during the call of fn only.
//
// Where the worker's session is lost, another one runs the query again, on the
// same snapshot, and fn is called from the row on that it has not seen: if the
// rows before it come again as they were. Else that is the error.
func (s *Source) Rows(ctx context.Context, sql string, fn func(row []byte) error) error {
	seen := replay{fn: fn}
	return persist(ctx, func() error {
		seen.begin()
		return s.rows(ctx, sql, &seen)
	})
}

func (s *Source) rows(ctx context.Context, sql string, seen *replay) error {
	conn, err := s.Acquire(ctx)
	if err != nil {
		return connectFailure(ctx, "source", err)
	}
	w := rowSplitter{row: seen.row}
	_, err = copyOut(ctx, conn, &w, "copy ("+sql+") to stdout")
	settle(conn)
	s.Release(conn, err == nil)
	switch {
	case w.err != nil:
		return w.err
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return failure(ctx, "source", fmt.Errorf("query: %w", err), nil)
	}
	if len(w.tail) > 0 {
		return fmt.Errorf("source: query: the last row has no end")
	}
	return seen.end()
}

// replay hands on rows of a query that may be run several times, each of them
// once.
type replay struct {
	fn     func(row []byte) error
	seed   maphash.Seed
	sum    maphash.Hash // of the rows of this time, as far as they were seen before
	seen   int64        // rows that fn has had
	before uint64       // their sum, when this time began
	known  int64        // how many they were
	at     int64        // rows of this time
}

var errReplay = errors.New("a session was lost, and the rows come in another order in the next one: run it again")

// begin is called before the query runs, each time.
func (r *replay) begin() {
	if r.known == 0 && r.seen == 0 {
		r.seed = maphash.MakeSeed()
	} else if r.at >= r.known {
		r.before, r.known = r.sum.Sum64(), r.seen
	}
	r.sum.SetSeed(r.seed)
	r.at = 0
}

func (r *replay) row(row []byte) error {
	if r.at == r.known && r.at > 0 && r.sum.Sum64() != r.before {
		return errReplay
	}
	r.at++
	_, _ = r.sum.Write(row)
	_ = r.sum.WriteByte('\n')
	if r.at <= r.known {
		return nil
	}
	r.seen++
	return r.fn(row)
}

// end is called when the query has ended without an error.
func (r *replay) end() error {
	if r.at < r.known || r.at == r.known && r.at > 0 && r.sum.Sum64() != r.before {
		return errReplay
	}
	return nil
}

// rowSplitter takes a COPY text stream, however it is split, and calls row once a
// row. Nothing is allocated per row once its buffer has grown.
type rowSplitter struct {
	row  func(row []byte) error
	err  error
	tail []byte // the beginning of a row whose end has not come yet
}

func (w *rowSplitter) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			w.tail = append(w.tail, p...)
			return n, nil
		}
		row := p[:i]
		if len(w.tail) > 0 {
			w.tail = append(w.tail, row...)
			row = w.tail
		}
		if w.err = w.row(row); w.err != nil {
			return 0, w.err
		}
		w.tail = w.tail[:0]
		p = p[i+1:]
	}
}

// fieldSplitter takes rows and calls fn with their values.
type fieldSplitter struct {
	fn     func(fields [][]byte) error
	values []byte
	ends   []int // of each value in values; -1 for NULL
	fields [][]byte
}

func (w *fieldSplitter) row(row []byte) error {
	w.values, w.ends, w.fields = w.values[:0], w.ends[:0], w.fields[:0]
	for last := false; !last; {
		var field []byte
		field, row, last = copyfmt.Cut(row)
		if copyfmt.IsNull(field) {
			w.ends = append(w.ends, -1)
			continue
		}
		w.values = copyfmt.AppendUnescaped(w.values, field)
		w.ends = append(w.ends, len(w.values))
	}
	start := 0
	for _, end := range w.ends {
		if end < 0 {
			w.fields = append(w.fields, nil)
			continue
		}
		if end == start {
			w.fields = append(w.fields, empty)
		} else {
			w.fields = append(w.fields, w.values[start:end:end])
		}
		start = end
	}
	return w.fn(w.fields)
}

var empty = []byte{}
