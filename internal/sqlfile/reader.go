// Package sqlfile reads files of SQL as pg_dump writes them in plain form, and
// as psql reads them: a stream of statements, of COPY … FROM stdin with its
// rows, and of the few backslash commands that a dump has. Of a file it holds
// one statement or row at a time.
package sqlfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ItemKind is what an item of a file is.
type ItemKind uint8

// Kinds of items. Statement is one SQL statement; Copy is a COPY … FROM stdin
// whose rows follow; Command is \restrict, \unrestrict or \connect; Rest is
// what comes after the last of them, blanks and comments only. Insert, which is
// returned after a call of Inserts only, is an INSERT up to the word VALUES.
const (
	Statement ItemKind = iota + 1
	Copy
	Command
	Rest
	Insert
)

// Item is a piece of a file, valid until the next call of Next, Row or InsertRow.
// The texts of all items, and the rows of each Copy
// with a line `\.` after them, are the file, byte for byte (but for how the line
// `\.` ends).
type Item struct {
	Kind ItemKind
	Line int // of the first byte that is neither blank nor comment, from 1
	// Text is all of it, with the blanks and comments before.
	Text []byte

	start int // where the blanks and comments before it end
	name  string
	args  string
}

// SQL is the statement without what stands before it, with its semicolon if it
// has one; a part of Text.
func (i *Item) SQL() []byte { return i.Text[i.start:] }

// Before is the blanks and comments before the statement, a part of Text.
func (i *Item) Before() []byte { return i.Text[:i.start] }

// Command returns the name of a backslash command, without the backslash, and
// what follows it.
func (i *Item) Command() (name, args string) { return i.name, i.args }

// Error is what is wrong with a file. It holds nothing of its rows.
type Error struct {
	File string
	Line int
	Text string
}

// Error is the text behind file:line.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// Reader reads a file. It is not safe for concurrent use.
type Reader struct {
	in   *bufio.Reader
	name string
	lex  lexer

	line    []byte // the current line, with its end
	long    []byte // holds lines longer than in's buffer
	number  int    // of the current line, from 1
	pos     int    // what is before is cut into tokens
	from    int    // what is before is in text
	began   bool
	ended   bool
	err     error
	text    []byte
	current Item
	rows    bool // the rows of a COPY come next
	copyAt  int  // its line
	quoteAt int  // line where the lexer's quote began

	inserts  bool // Insert is a kind of its own
	insert   bool // the rows of an Insert come next
	insertAt int  // its line
	firstRow bool
	row      InsertRow

	key        string // of \restrict; "" outside
	restrictAt int
}

// NewReader returns a reader of in. Errors call the file name.
func NewReader(in io.Reader, name string) *Reader {
	return &Reader{in: bufio.NewReaderSize(in, 1<<16), name: name}
}

func (r *Reader) errorf(line int, format string, args ...any) error {
	r.err = &Error{File: r.name, Line: line, Text: fmt.Sprintf(format, args...)}
	return r.err
}

// Next returns the next item; io.EOF after the last one. Rows of a Copy that
// were not read are passed over, and so are those of an Insert. Errors of the file
// are of type *Error, and final.
func (r *Reader) Next() (*Item, error) {
	if r.err != nil {
		return nil, r.err
	}
	for r.rows {
		if _, err := r.Row(); err != nil && err != io.EOF {
			return nil, err
		}
	}
	if r.insert {
		if err := r.skipInsert(); err != nil {
			return nil, err
		}
	}
	if !r.began {
		if err := r.begin(); err != nil {
			return nil, err
		}
	}
	return r.item()
}

// more takes the next line. It returns io.EOF after the last one.
func (r *Reader) more() error {
	r.line, r.pos, r.from = nil, 0, 0
	if r.ended {
		return io.EOF
	}
	line, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.long = r.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) {
			r.long = append(r.long, line...)
			line, err = r.in.ReadSlice('\n')
		}
		r.long = append(r.long, line...)
		line = r.long
	}
	if err != nil && err != io.EOF {
		r.err = fmt.Errorf("%s: %w", r.name, err)
		return r.err
	}
	r.ended = err == io.EOF
	if len(line) == 0 {
		return io.EOF
	}
	r.number++
	if bytes.IndexByte(line, 0) >= 0 {
		return r.errorf(r.number, "a zero byte: this is not a text file in UTF-8; write the dump with pg_dump --file, in plain format")
	}
	r.line = line
	return nil
}

// item cuts the next item out of the file.
func (r *Reader) item() (*Item, error) {
	r.text = r.text[:0]
	r.current = Item{start: -1}
	it := &r.current
	var s statement
	for {
		if r.pos == len(r.line) {
			r.text = append(r.text, r.line[r.from:]...)
			if err := r.more(); err == io.EOF {
				return r.last(it)
			} else if err != nil {
				return nil, err
			}
		}
		was := r.lex.in
		kind, n := r.lex.next(r.line[r.pos:])
		token := r.line[r.pos : r.pos+n]
		if was == 0 {
			r.quoteAt = r.number
			if kind != Blank && it.start < 0 {
				it.start, it.Line = len(r.text)+r.pos-r.from, r.number
			}
			if kind == Sign && token[0] == '\\' {
				return r.command(it, s.words == 0 && s.parens == 0)
			}
		}
		r.pos += n
		if was != 0 {
			continue
		}
		if s.ends(kind, token) {
			return r.finish(it, &s)
		}
		if r.inserts && s.insert && s.parens == 0 && kind == Word && isWord(token, "values") && !s.defaults {
			r.text = append(r.text, r.line[r.from:r.pos]...)
			r.from = r.pos
			it.Kind, it.Text = Insert, r.text
			r.insert, r.firstRow, r.insertAt = true, true, it.Line
			return it, nil
		}
	}
}

// finish ends a statement at its semicolon.
func (r *Reader) finish(it *Item, s *statement) (*Item, error) {
	r.text = append(r.text, r.line[r.from:r.pos]...)
	r.from = r.pos
	it.Kind, it.Text = Statement, r.text
	if s.setting {
		if r.settings(it.SQL()); r.err != nil {
			return nil, r.err
		}
	}
	if !s.copy {
		return it, nil
	}
	switch copyKind(it.SQL()) {
	case copyBinary:
		return nil, r.errorf(it.Line, "rows of a COPY in binary format cannot stand in a text file")
	case copyText:
		if rest := r.line[r.pos:]; blanks(rest) < len(rest) {
			return nil, r.errorf(r.number, "something follows COPY … FROM stdin on its line; its rows begin on the next")
		}
		r.text = append(r.text, r.line[r.pos:]...)
		r.pos, r.from = len(r.line), len(r.line)
		it.Kind, it.Text = Copy, r.text
		r.rows, r.copyAt = true, it.Line
	}
	return it, nil
}

// last makes an item of what the file ends with.
func (r *Reader) last(it *Item) (*Item, error) {
	switch r.lex.in {
	case 0:
	case '*':
		return nil, r.errorf(r.quoteAt, "the comment that begins here does not end: the file is cut off, or a */ is missing")
	default:
		return nil, r.errorf(r.quoteAt, "the quote that begins here does not end: the file is cut off, or a closing quote is missing")
	}
	if len(r.text) == 0 {
		if r.key != "" {
			return nil, r.errorf(r.restrictAt, "no \\unrestrict follows this \\restrict: the file is cut off")
		}
		r.err = io.EOF
		return nil, io.EOF
	}
	if it.start < 0 {
		it.Kind, it.Line, it.Text, it.start = Rest, r.number, r.text, len(r.text)
		return it, nil
	}
	it.Kind, it.Text = Statement, r.text
	if copyKind(it.SQL()) != 0 {
		return nil, r.errorf(it.Line, "the rows of this COPY are missing: the file is cut off")
	}
	return it, nil
}

// Row returns the next row of the Copy that Next returned last, as it is in the
// file, with its line end; io.EOF at the line `\.`, which it takes too. The row is
// valid until the next call.
func (r *Reader) Row() ([]byte, error) {
	if !r.rows {
		if r.err != nil && r.err != io.EOF {
			return nil, r.err
		}
		return nil, io.EOF
	}
	err := r.more()
	if err == io.EOF {
		return nil, r.errorf(r.copyAt, "the rows of this COPY do not end with a line \\. : the file is cut off")
	}
	if err != nil {
		return nil, err
	}
	row := r.line
	r.pos, r.from = len(row), len(row)
	if row[0] == '\\' && string(bytes.TrimRight(row, "\r\n")) == `\.` {
		r.rows = false
		return nil, io.EOF
	}
	return row, nil
}

// RowLine is the number of the line that Row returned last.
func (r *Reader) RowLine() int { return r.number }

// Data reads the rows that Row would return. It is valid until the next call of
// Next.
func (r *Reader) Data() io.Reader { return &data{r: r} }

type data struct {
	r    *Reader
	rest []byte
}

func (d *data) Read(p []byte) (int, error) {
	for len(d.rest) == 0 {
		row, err := d.r.Row()
		if err != nil {
			return 0, err
		}
		d.rest = row
	}
	n := copy(p, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}
