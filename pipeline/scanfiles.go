package pipeline

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/pgstandin/pgstandin/internal/blockpipe"
	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/leak"
)

// ScanFile is a data file of an archive that is read back.
type ScanFile struct {
	Name    string   // for messages: "public.orders"
	File    string   // of Files
	Rows    int64    // that it must hold
	Columns []string // of its rows
	// Scan are the columns to look through for originals.
	Scan []ScanColumn
	// Edges are columns of integers whose least and greatest value are wanted.
	Edges []*ColumnEdge
}

// ColumnEdge is what the values of a column are between.
type ColumnEdge struct {
	Column   string
	Some     bool // there are such values; others, with a fraction or beyond bigint, do not count
	Min, Max int64
}

// add takes note of a value.
func (e *ColumnEdge) add(v int64) {
	if !e.Some {
		e.Some, e.Min, e.Max = true, v, v
	}
	e.Min, e.Max = min(e.Min, v), max(e.Max, v)
}

// FileSteps returns independent steps that read data files back, to their end and
// decompressed, for Steps: each must hold its number of rows, of so many columns.
// With a filter, which is not filled any more, they note in suspects what looks
// like an original. Errors hold no data.
func FileSteps(files Files, algorithm pgarchive.Algorithm, filter *leak.Filter, suspects *leak.Suspects, list []ScanFile, count *Scanned) []func(context.Context) error {
	var steps []func(context.Context) error
	for i := range list {
		f := &list[i]
		steps = append(steps, func(ctx context.Context) error {
			s := &fileScan{file: f, columns: make([]fileColumn, len(f.Columns))}
			if err := s.prepare(); err != nil {
				return fmt.Errorf("read back %s: %w", f.Name, err)
			}
			if filter != nil {
				s.scanner = filter.Scanner(suspects)
			}
			err := s.run(ctx, files, algorithm)
			count.rows.Add(s.rows)
			if s.scanner != nil {
				count.bytes.Add(s.scanner.Bytes)
			}
			if err != nil {
				return fmt.Errorf("read back %s: %w", f.Name, err)
			}
			return nil
		})
	}
	return steps
}

// fileScan reads one data file.
type fileScan struct {
	file    *ScanFile
	columns []fileColumn
	last    int           // the last column of interest; -1 for none
	scanner *leak.Scanner // nil: do not look for originals
	rows    int64
	value   []byte
}

// fileColumn is what is done with a column.
type fileColumn struct {
	scan *ScanColumn // nil: not looked through
	edge *ColumnEdge // nil: not wanted
}

func (s *fileScan) prepare() error {
	at := make(map[string]*fileColumn, len(s.columns))
	for i, name := range s.file.Columns {
		at[name] = &s.columns[i]
	}
	for i := range s.file.Scan {
		c := &s.file.Scan[i]
		if at[c.Name] == nil {
			return fmt.Errorf("column %q is not in the file", c.Name)
		}
		at[c.Name].scan = c
	}
	for _, e := range s.file.Edges {
		if at[e.Column] == nil {
			return fmt.Errorf("column %q is not in the file", e.Column)
		}
		at[e.Column].edge = e
	}
	s.last = -1
	for i, c := range s.columns {
		if c.scan != nil || c.edge != nil {
			s.last = i
		}
	}
	return nil
}

// run reads the file. It is decompressed in a goroutine of its own.
func (s *fileScan) run(ctx context.Context, files Files, algorithm pgarchive.Algorithm) error {
	in, err := files.Open(ctx, s.file.File)
	if err != nil {
		return err
	}
	defer in.Close()
	r, w := blockpipe.New(blocks, blockBytes).Open()
	defer context.AfterFunc(ctx, func() { r.CloseWithError(errStopped) })()
	var unpackErr error
	var wg sync.WaitGroup
	wg.Go(func() {
		if unpackErr = unpack(w, in, algorithm); unpackErr == nil {
			unpackErr = w.Close()
		} else {
			w.CloseWithError(errSource)
		}
	})
	err = s.lines(r)
	if err != nil {
		r.CloseWithError(io.ErrClosedPipe)
	}
	wg.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case unpackErr != nil && !errors.Is(unpackErr, io.ErrClosedPipe):
		return unpackErr
	case err != nil:
		return err
	case s.rows != s.file.Rows:
		return fmt.Errorf("the file holds %d rows instead of %d", s.rows, s.file.Rows)
	}
	return nil
}

// unpack decompresses a file to its end.
func unpack(w io.Writer, in io.Reader, algorithm pgarchive.Algorithm) error {
	plain, err := pgarchive.NewReader(in, algorithm)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, plain)
	return errors.Join(err, plain.Close())
}

var (
	errNoEnd = errors.New("the file has no end")
	errRow   = errors.New("a row does not have the columns of the table")
)

// lines looks at each row, and for the end behind them.
func (s *fileScan) lines(r io.Reader) error {
	buf, held, ended := make([]byte, blockBytes), 0, false
	for {
		n, err := r.Read(buf[held:])
		data := buf[:held+n]
		for !ended {
			i := bytes.IndexByte(data, '\n')
			if i < 0 {
				break
			}
			line := data[:i]
			data = data[i+1:]
			if ended = string(line) == `\.`; ended {
				break
			}
			if err := s.row(line); err != nil {
				return err
			}
		}
		held = copy(buf, data)
		switch {
		case err == io.EOF && ended && string(buf[:held]) == "\n\n":
			return nil
		case err == io.EOF:
			return errNoEnd
		case err != nil:
			return err
		case held == len(buf):
			buf = append(buf, make([]byte, len(buf))...)
		}
	}
}

// row looks at the columns of interest.
func (s *fileScan) row(row []byte) error {
	s.rows++
	if len(s.columns) == 0 {
		if len(row) > 0 {
			return errRow
		}
		return nil
	}
	rest, last := row, false
	var field []byte
	for i := 0; i <= s.last; i++ {
		if last {
			return errRow
		}
		field, rest, last = copyfmt.Cut(rest)
		if c := &s.columns[i]; c.scan == nil && c.edge == nil || copyfmt.IsNull(field) || len(field) == 0 {
			continue
		}
		if err := s.field(&s.columns[i], field); err != nil {
			return err
		}
	}
	if seps := bytes.Count(rest, tab); s.last < 0 && seps != len(s.columns)-1 ||
		s.last >= 0 && (last && s.last != len(s.columns)-1 || !last && seps != len(s.columns)-s.last-2) {
		return errRow
	}
	return nil
}

var tab = []byte{'\t'}

func (s *fileScan) field(c *fileColumn, field []byte) error {
	if c.edge != nil {
		// What is no integer of that size is none that a sequence gives.
		if v, err := strconv.ParseInt(string(field), 10, 64); err == nil {
			c.edge.add(v)
		}
	}
	if c.scan == nil || s.scanner == nil {
		return nil
	}
	if bytes.IndexByte(field, '\\') >= 0 {
		s.value = copyfmt.AppendUnescaped(s.value[:0], field)
		field = s.value
	}
	if c.scan.Shape == leak.Bytes {
		digits, ok := bytes.CutPrefix(field, hexPrefix)
		if !ok {
			return errRow
		}
		s.value = append(s.value[:0], digits...)
		n, err := hex.Decode(s.value, s.value)
		if err != nil {
			return errRow
		}
		field = s.value[:n]
	}
	s.scanner.Field(c.scan.Place, c.scan.Shape, field)
	return nil
}

var hexPrefix = []byte(`\x`)
