package pipeline

import (
	"bytes"
	"context"
	"fmt"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// Query runs a SELECT on a free worker, by COPY, and calls fn with the values
// of each row; a nil field is NULL. The fields are valid during the call only.
// An error of fn ends the query and is returned as it is. Several goroutines
// may query at once, as many as there are workers; fn must not query itself.
func (s *Source) Query(ctx context.Context, sql string, fn func(fields [][]byte) error) error {
	w := &fieldWriter{fn: fn}
	return s.Rows(ctx, sql, w.row)
}

// Rows is Query for rows as COPY text, without their newlines: what a Rewriter
// takes. A row is valid during the call of fn only.
func (s *Source) Rows(ctx context.Context, sql string, fn func(row []byte) error) error {
	conn, err := s.Acquire(ctx)
	if err != nil {
		return err
	}
	w := rowWriter{row: fn}
	_, err = conn.CopyTo(ctx, &w, "copy ("+sql+") to stdout")
	s.Release(conn, err == nil)
	switch {
	case w.err != nil:
		return w.err
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("source: query: %w", SafeError(err))
	}
	if len(w.tail) > 0 {
		return fmt.Errorf("source: query: the last row has no end")
	}
	return nil
}

// rowWriter takes a COPY text stream, however it is split, and calls row once a
// row. Nothing is allocated per row once its buffer has grown.
type rowWriter struct {
	row  func(row []byte) error
	err  error
	tail []byte // the beginning of a row whose end has not come yet
}

func (w *rowWriter) Write(p []byte) (int, error) {
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

// fieldWriter takes rows and calls fn with their values.
type fieldWriter struct {
	fn     func(fields [][]byte) error
	values []byte
	ends   []int // of each value in values; -1 for NULL
	fields [][]byte
}

func (w *fieldWriter) row(row []byte) error {
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
