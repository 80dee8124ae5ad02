package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
	"github.com/pgstandin/pgstandin/schema"
)

// masker masks one stream. In memory it holds a row, a statement, or what stands
// before the first row while the rules wait for the tables.
type masker struct {
	setup *maskSetup
	in    *sqlfile.Reader
	read  countingReader
	out   *bufio.Writer
	wrote countingWriter
	held  *bytes.Buffer // what is to be written once the rules are bound
	to    io.Writer

	learning *anonymize.Known // the rows are learned from, nothing is written
	asked    map[string]bool

	path   []string // of schemas, where names without one are looked for
	rows   bool     // there was a row
	tables map[string]*maskedTable
	order  []*maskedTable
	last   struct { // the last INSERT
		text  []byte
		head  head
		table *maskedTable
	}

	// scratch
	row, masked, original, value []byte
	ends                         []int
	fields                       [][]byte
	null                         []byte

	broken string // what makes the server refuse what was written last

	left passedOver
}

// passedOver counts what is not written, besides rows.
type passedOver struct {
	Statistics int64 `json:"statistics"`    // statements
	Large      int64 `json:"large_objects"` // statements
	Comments   int64 `json:"comments"`      // lines
}

type countingReader struct {
	io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

type countingWriter struct {
	io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}

func newMasker(s *maskSetup, in io.Reader, out io.Writer) *masker {
	m := &masker{setup: s, read: countingReader{Reader: in}, wrote: countingWriter{Writer: out}, path: []string{"public"}, null: []byte(copyNull), tables: map[string]*maskedTable{}}
	m.in = sqlfile.NewReader(&m.read, s.name())
	m.in.Inserts()
	m.out = bufio.NewWriterSize(&m.wrote, 1<<16)
	m.to = m.out
	if s.loader != nil {
		m.held = &bytes.Buffer{}
		m.to = m.held
	}
	return m
}

// run masks the stream to its end. After an error what was written does not load
// as if it were whole, once cutOff is behind it.
func (m *masker) run(ctx context.Context) error {
	err := m.items(ctx)
	if err != nil {
		_, _ = m.out.WriteString(m.broken)
		_ = m.out.Flush()
		return err
	}
	return m.out.Flush()
}

func (m *masker) items(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		it, err := m.in.Next()
		if err == io.EOF {
			return m.bind(ctx)
		}
		if err != nil {
			return usageError(err)
		}
		switch it.Kind {
		case sqlfile.Copy, sqlfile.Insert:
			if err := m.bind(ctx); err != nil {
				return err
			}
			m.rows = true
			if it.Kind == sqlfile.Copy {
				err = m.copy(ctx, it)
			} else {
				err = m.insert(ctx, it)
			}
		default:
			if l := m.setup.loader; l != nil {
				if err := l.Item(ctx, it); err != nil {
					return schemaStatus(err)
				}
			}
			err = m.other(ctx, it)
		}
		if err != nil {
			return err
		}
	}
}

// bind binds the rules to the tables that the stream began with, if that is where
// they come from, and writes what waited for it.
func (m *masker) bind(ctx context.Context) error {
	if m.setup.loader == nil {
		return nil
	}
	if err := m.setup.bindStream(ctx); err != nil {
		return err
	}
	held := m.held
	m.held, m.to = nil, m.out
	return m.write(held.Bytes())
}

// write writes what is not to be masked.
func (m *masker) write(text []byte) error {
	if m.learning != nil {
		return nil
	}
	_, err := m.to.Write(text)
	return err
}

// other takes everything that is neither COPY nor INSERT.
func (m *masker) other(ctx context.Context, it *sqlfile.Item) error {
	if m.learning != nil {
		if it.Kind == sqlfile.Statement {
			m.followPath(it.SQL())
		}
		return nil
	}
	what := stmtPasses
	switch it.Kind {
	case sqlfile.Command:
		if name, _ := it.Command(); name == "connect" && m.rows {
			return usageError(m.setup.errorAt(it.Line, "\\connect behind rows: a dump is of one database; write it with pg_dump, not pg_dumpall"))
		}
	case sqlfile.Statement:
		if first := sqlfile.First(it.SQL(), 2); first[0].Is("insert") && len(first) == 2 && first[1].Is("into") {
			return m.insertDefaults(ctx, it)
		}
		var why string
		what, why = sortForMask(it.SQL())
		m.followPath(it.SQL())
		switch what {
		case stmtRefused:
			return usageError(m.setup.errorAt(it.Line, "%s", why))
		case stmtStatistics:
			m.left.Statistics++
		case stmtLarge:
			if m.setup.job.file.Objects == 0 {
				return withStatus(exitUndecided, m.setup.errorAt(it.Line, "a large object, which cannot be masked; write objects: none in the rules to leave them out"))
			}
			m.left.Large++
		}
	}
	if err := m.write(m.comments(it.Before())); err != nil || what != stmtPasses {
		return err
	}
	return m.write(it.SQL())
}

// followPath follows search_path: names without a schema depend on it.
func (m *masker) followPath(sql []byte) {
	if path, ok := searchPath(sql); ok {
		m.path = path
		clear(m.tables)
		m.last.text = nil
	}
}

// target finds the table that a COPY or INSERT names.
func (m *masker) target(name []string) *schema.Table {
	s := m.setup.bound.schema
	if len(name) == 2 {
		return s.Table(schema.Name{Schema: name[0], Name: name[1]})
	}
	for _, in := range m.path {
		if t := s.Table(schema.Name{Schema: in, Name: name[0]}); t != nil {
			return t
		}
	}
	return nil
}

// withoutRows reports whether a name is that of a table whose rows are decided by
// objects in the rules: not to be copied.
func (m *masker) withoutRows(name []string) bool {
	s := m.setup.bound.schema
	has := func(n schema.Name) bool {
		return slices.Contains(s.ConfigTables, n) || slices.Contains(s.ForeignTables, n)
	}
	if len(name) == 2 {
		return has(schema.Name{Schema: name[0], Name: name[1]})
	}
	return slices.ContainsFunc(m.path, func(in string) bool { return has(schema.Name{Schema: in, Name: name[0]}) })
}

// rowError says where a row is that went wrong. Nothing of the row is in it.
func (m *masker) rowError(t *maskedTable, line int, err error) error {
	if errors.Is(err, anonymize.ErrKnownFull) {
		return err
	}
	return usageError(m.setup.errorAt(line, "%s: %v", t.leaf.Name, err))
}
