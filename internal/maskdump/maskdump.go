// Package maskdump masks a dump in plain format while it streams by: rows of COPY and
// INSERT are masked, everything else passes as it is, or is left out or refused where it
// may hold rows in a way that is not understood.
package maskdump

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

// Error is something in the dump that cannot be masked. It begins with the dump's name and
// a line, and holds nothing of a row.
type Error struct {
	Undecided bool // the rules do not decide it, or not yet
	err       error
}

// Error says what and where.
func (e *Error) Error() string { return e.err.Error() }

// Unwrap returns what Error says.
func (e *Error) Unwrap() error { return e.err }

// Tables is what is known of the tables of a dump, and how their rows are masked. But for
// Schema the maps are by logical table, not by partition.
type Tables struct {
	Schema   *schema.Schema
	Specs    map[*schema.Table]*rules.TableRules
	Programs map[*schema.Table]*anonymize.Program
	Gone     map[*schema.Table]string          // tables whose rows are left out, and why
	Cuts     map[*schema.Table]map[string]bool // columns that become NULL
	Known    *anonymize.Known                  // what texts may quote; nil where nothing was learned
	// Moves reports whether masked rows of a partition may belong to another one.
	Moves func(leaf *schema.Table, spec *rules.TableRules) bool
}

// Config says what a Filter reads.
type Config struct {
	Name    string // of the dump, for errors
	Objects bool   // the rules say what becomes of large objects: they are left out
	// Tables are known before, or nil: then Item gets everything before the first row,
	// and Bind, called once behind that, returns them. What passes waits for it in memory.
	Tables *Tables
	Item   func(context.Context, *sqlfile.Item) error
	Bind   func(context.Context) (*Tables, error)
	// Credentials gets each statement that is to pass and has something in it that looks
	// like a credential, when the tables are known; its error ends the filter.
	Credentials func(Statement) error
}

// Statement is one of the dump, neither COPY nor INSERT.
type Statement struct {
	Line int
	SQL  []byte // valid during the call
}

// Filter masks one stream, or learns from it. In memory it holds a row, a statement, or
// what stands before the first row while the rules wait for the tables.
type Filter struct {
	cfg    Config
	tables *Tables // nil until they are bound
	in     *sqlfile.Reader
	read   countingReader
	out    *bufio.Writer
	wrote  countingWriter
	held   *bytes.Buffer // what is to be written once the rules are bound
	unseen []Statement   // of what is held, with credentials
	to     io.Writer

	learning *anonymize.Known // the rows are learned from, nothing is written
	asked    map[string]bool

	path  []string                // of schemas, where names without one are looked for
	rows  bool                    // there was a row
	forms map[string]*maskedTable // by how statements name a table and its columns
	order []*maskedTable
	last  struct { // the last INSERT
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

	left LeftOut
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
	n   int64
	err error // of the last write
}

func (c *countingWriter) Write(p []byte) (n int, err error) {
	n, c.err = c.Writer.Write(p)
	c.n += int64(n)
	return n, c.err
}

// New returns a filter of in. It is for one call of Mask, which writes to out, or of Learn.
func New(cfg Config, in io.Reader, out io.Writer) *Filter {
	m := &Filter{
		cfg: cfg, tables: cfg.Tables, read: countingReader{Reader: in}, wrote: countingWriter{Writer: out},
		path: []string{"public"}, null: []byte(copyNull), forms: map[string]*maskedTable{},
	}
	m.in = sqlfile.NewReader(&m.read, cfg.Name)
	m.in.Inserts()
	m.out = bufio.NewWriterSize(&m.wrote, 1<<16)
	m.to = m.out
	if m.tables == nil {
		m.held = &bytes.Buffer{}
		m.to = m.held
	}
	return m
}

// Mask masks the stream to its end. After an error what was written does not load as if
// it were whole, once a statement that fails is behind it.
func (m *Filter) Mask(ctx context.Context) error {
	err := m.items(ctx)
	if err != nil {
		_, _ = m.out.WriteString(m.broken)
		_ = m.out.Flush()
		return err
	}
	return m.out.Flush()
}

// Learn reads the stream to its end for what rows of entities of the domains asked for
// say, and writes nothing. It is called instead of Mask, with Tables known.
func (m *Filter) Learn(ctx context.Context, known *anonymize.Known, asked map[string]bool) error {
	m.learning, m.asked = known, asked
	return m.items(ctx)
}

// wrong is an error of the dump at a line.
func (m *Filter) wrong(line int, format string, args ...any) error {
	return &Error{err: &sqlfile.Error{File: m.cfg.Name, Line: line, Text: fmt.Sprintf(format, args...)}}
}

// undecided is an error of the dump at a line that the rules could mend.
func (m *Filter) undecided(line int, format string, args ...any) error {
	return &Error{Undecided: true, err: &sqlfile.Error{File: m.cfg.Name, Line: line, Text: fmt.Sprintf(format, args...)}}
}

func (m *Filter) items(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		it, err := m.in.Next()
		if err == io.EOF {
			return m.bind(ctx)
		}
		if err != nil {
			return &Error{err: err}
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
			if m.tables == nil {
				if err := m.cfg.Item(ctx, it); err != nil {
					return err
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
func (m *Filter) bind(ctx context.Context) error {
	if m.tables != nil {
		return nil
	}
	var err error
	if m.tables, err = m.cfg.Bind(ctx); err != nil {
		return err
	}
	for _, u := range m.unseen {
		if err := m.cfg.Credentials(u); err != nil {
			return err
		}
	}
	held := m.held
	m.held, m.unseen, m.to = nil, nil, m.out
	return m.write(held.Bytes())
}

// write writes what is not to be masked.
func (m *Filter) write(text []byte) error {
	if m.learning != nil {
		return nil
	}
	_, err := m.to.Write(text)
	return err
}

// other takes everything that is neither COPY nor INSERT.
func (m *Filter) other(ctx context.Context, it *sqlfile.Item) error {
	if m.learning != nil {
		if it.Kind == sqlfile.Statement {
			m.followPath(it.SQL())
		}
		return nil
	}
	if bytes.Contains(it.Before(), []byte("-- PostgreSQL database cluster dump\n")) {
		return m.wrong(it.Line, "a dump of several databases, and of roles with their passwords: write it with pg_dump, not pg_dumpall")
	}
	what := stmtPasses
	switch it.Kind {
	case sqlfile.Command:
		if name, _ := it.Command(); name == "connect" && m.rows {
			return m.wrong(it.Line, "\\connect behind rows: a dump is of one database; write it with pg_dump, not pg_dumpall")
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
			return m.wrong(it.Line, "%s", why)
		case stmtStatistics:
			m.left.Statistics++
		case stmtLarge:
			if !m.cfg.Objects {
				return m.undecided(it.Line, "a large object, which cannot be masked; write objects: none in the rules to leave them out")
			}
			m.left.Large++
		case stmtAccess:
			m.left.Access++
		case stmtPasses:
			if err := m.credentials(it.Line, it.SQL()); err != nil {
				return err
			}
		}
	}
	if err := m.write(m.comments(it.Before())); err != nil || what != stmtPasses {
		return err
	}
	return m.write(it.SQL())
}

// followPath follows search_path: names without a schema depend on it.
func (m *Filter) followPath(sql []byte) {
	if path, ok := searchPath(sql); ok {
		m.path = path
		clear(m.forms)
		m.last.text = nil
	}
}

// target finds the table that a COPY or INSERT names.
func (m *Filter) target(name []string) *schema.Table {
	s := m.tables.Schema
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
func (m *Filter) withoutRows(name []string) bool {
	s := m.tables.Schema
	has := func(n schema.Name) bool {
		return slices.Contains(s.ConfigTables, n) || slices.Contains(s.ForeignTables, n)
	}
	if len(name) == 2 {
		return has(schema.Name{Schema: name[0], Name: name[1]})
	}
	return slices.ContainsFunc(m.path, func(in string) bool { return has(schema.Name{Schema: in, Name: name[0]}) })
}

// rowError says where a row is that went wrong. Nothing of the row is in it. That the
// output cannot be written is no error of the row.
func (m *Filter) rowError(t *maskedTable, line int, err error) error {
	if m.wrote.err != nil || errors.Is(err, anonymize.ErrKnownFull) {
		return err
	}
	return m.wrong(line, "%s: %v", t.leaf.Name, err)
}
