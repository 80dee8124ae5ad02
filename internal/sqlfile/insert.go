package sqlfile

import (
	"io"
)

// Literal is one value of an INSERT: a constant, with the cast behind it if there
// is one.
type Literal struct {
	Kind LiteralKind
	// Start and End are where it stands in the row's Text, Cast where its cast
	// begins, which is End if it has none.
	Start, Cast, End int
}

// LiteralKind is what a literal is.
type LiteralKind uint8

// Kinds of literals. String is a constant in quotes of any sort but those of
// bits; Bits is B'…' or X'…'.
const (
	Null LiteralKind = iota + 1
	Default
	Bool
	Numeral
	Text
	Bits
)

// InsertRow is a row of an Insert, or what stands behind the last one.
type InsertRow struct {
	// Text begins behind the row before, or behind VALUES, with the comma between,
	// and ends with the closing parenthesis. All Texts are the statement's rest,
	// byte for byte.
	Text   []byte
	Values []Literal
	// End: the text is what ends the statement, with its semicolon; there are no
	// values.
	End bool
}

// Inserts makes Next return each INSERT … VALUES as an item of kind Insert, whose
// rows InsertRow reads, so that long ones are not held in memory.
func (r *Reader) Inserts() { r.inserts = true }

// Escapes reports whether a backslash in '…' is an escape where the file is read
// now: standard_conforming_strings is off.
func (r *Reader) Escapes() bool { return r.lex.escapes }

// InsertRow returns the next row of the Insert that Next returned last, at the end
// what stands behind its rows, and then io.EOF. The row is valid until the next
// call. Whatever is no constant is an error, and so is a comment between values.
func (r *Reader) InsertRow() (*InsertRow, error) {
	if !r.insert {
		if r.err != nil && r.err != io.EOF {
			return nil, r.err
		}
		return nil, io.EOF
	}
	row := &r.row
	row.Text, row.Values, row.End = row.Text[:0], row.Values[:0], false
	t, err := r.value(row)
	if err != nil {
		return nil, err
	}
	if !r.firstRow && t.IsSign(',') {
		if t, err = r.value(row); err != nil {
			return nil, err
		}
	} else if !r.firstRow {
		return row, r.insertEnd(row, t)
	}
	r.firstRow = false
	if !t.IsSign('(') {
		return nil, r.errorf(r.number, "a row of VALUES that does not begin with a parenthesis")
	}
	for {
		end, err := r.literal(row)
		if err != nil {
			return nil, err
		}
		if end {
			return row, nil
		}
	}
}

// value appends the tokens up to the next one that is not blank to the row, and
// returns that.
func (r *Reader) value(row *InsertRow) (Token, error) {
	for {
		t, err := r.token()
		if err != nil {
			return t, err
		}
		at := len(row.Text)
		row.Text = append(row.Text, t.Text...)
		if t.Kind != Blank {
			return Token{t.Kind, row.Text[at:]}, nil
		}
		if c := t.Text[0]; c == '-' || c == '/' {
			return t, r.errorf(r.number, "a comment among the values of an INSERT: what it holds is unknown; remove it")
		}
	}
}

// literal reads a value and the comma or parenthesis behind it; end is the latter.
func (r *Reader) literal(row *InsertRow) (end bool, err error) {
	t, err := r.value(row)
	if err != nil {
		return false, err
	}
	l := Literal{Start: len(row.Text) - len(t.Text)}
	switch {
	case t.Is("null"):
		l.Kind = Null
	case t.Is("default"):
		l.Kind = Default
	case t.Is("true"), t.Is("false"):
		l.Kind = Bool
	case t.Kind == String:
		if l.Kind = stringKind(t.Text); l.Kind == 0 {
			return false, r.errorf(r.number, "a value of an INSERT is a string with U&, which is not understood; write the dump with pg_dump")
		}
	case t.Kind == Number, t.IsSign('-'), t.IsSign('+'), t.IsSign('.'):
		l.Kind = Numeral
		if t, err = r.numeral(row, &l); err != nil {
			return false, err
		}
	default:
		return false, r.noConstant()
	}
	if l.Kind != Numeral {
		l.Cast, l.End = len(row.Text), len(row.Text)
		if t, err = r.value(row); err != nil {
			return false, err
		}
	}
	if t.IsSign(':') {
		if t, err = r.cast(row, &l); err != nil {
			return false, err
		}
	}
	if !t.IsSign(',') && !t.IsSign(')') {
		return false, r.noConstant()
	}
	row.Values = append(row.Values, l)
	return t.IsSign(')'), nil
}

func (r *Reader) noConstant() error {
	return r.errorf(r.number, "a value of an INSERT is an expression, not a constant: only constants, NULL and DEFAULT can be masked; write the dump with pg_dump")
}

// numeral reads the rest of a number, which is several tokens, and returns the
// token behind it.
func (r *Reader) numeral(row *InsertRow, l *Literal) (Token, error) {
	end := len(row.Text)
	for {
		t, err := r.value(row)
		if err != nil {
			return t, err
		}
		at := len(row.Text) - len(t.Text)
		if more := t.Kind == Number || t.Kind == Word || t.IsSign('.') || t.IsSign('+') || t.IsSign('-'); !more {
			l.Cast, l.End = end, end
			if !IsNumber(row.Text[l.Start:end]) {
				return t, r.noConstant()
			}
			return t, nil
		}
		if at != end {
			return t, r.noConstant()
		}
		end = len(row.Text)
	}
}

// cast reads the casts behind a constant, from the second colon on, and returns
// the token behind them.
func (r *Reader) cast(row *InsertRow, l *Literal) (Token, error) {
	t, err := r.value(row)
	if err != nil {
		return t, err
	}
	if !t.IsSign(':') {
		return t, r.noConstant()
	}
	depth := 0
	for {
		l.End = len(row.Text)
		if t, err = r.value(row); err != nil {
			return t, err
		}
		switch {
		case t.IsSign('('), t.IsSign('['):
			depth++
		case depth > 0 && (t.IsSign(')') || t.IsSign(']')):
			depth--
		case depth > 0 && (t.Kind == Number || t.IsSign(',')):
		case t.Kind == Word, t.Kind == Quoted, t.IsSign('.'), t.IsSign(':'):
		default:
			return t, nil
		}
	}
}

// insertEnd reads what follows the rows from t on: a semicolon, or ON CONFLICT DO
// NOTHING before it.
func (r *Reader) insertEnd(row *InsertRow, t Token) error {
	row.End = true
	var err error
	for _, word := range []string{"on", "conflict", "do", "nothing"} {
		if t.IsSign(';') && word == "on" {
			break
		}
		if !t.Is(word) {
			return r.errorf(r.number, "something follows the rows of an INSERT that is not ON CONFLICT DO NOTHING and not understood")
		}
		if t, err = r.value(row); err != nil {
			return err
		}
	}
	if !t.IsSign(';') {
		return r.errorf(r.number, "something follows the rows of an INSERT that is not ON CONFLICT DO NOTHING and not understood")
	}
	r.insert = false
	return nil
}

// token returns the next token of an Insert's rest, blanks and comments too. It is
// valid until the next call.
func (r *Reader) token() (Token, error) {
	r.text = r.text[:0]
	r.from = r.pos
	for {
		if r.pos == len(r.line) {
			r.text = append(r.text, r.line[r.from:]...)
			err := r.more()
			if err == io.EOF {
				return Token{}, r.errorf(r.insertAt, "this INSERT does not end: the file is cut off, or a semicolon or a quote is missing")
			}
			if err != nil {
				return Token{}, err
			}
		}
		kind, n := r.lex.next(r.line[r.pos:])
		if kind == Sign && r.line[r.pos] == '\\' {
			return Token{}, r.errorf(r.number, "a backslash command within an INSERT")
		}
		r.pos += n
		if r.lex.in != 0 {
			continue // it goes on in the next line
		}
		text := r.line[r.from:r.pos]
		if len(r.text) > 0 {
			r.text = append(r.text, text...)
			text = r.text
		}
		r.from = r.pos
		return Token{kind, text}, nil
	}
}

// skipInsert passes over the rest of an Insert, whatever its values are.
func (r *Reader) skipInsert() error {
	depth := 0
	for {
		t, err := r.token()
		switch {
		case err != nil:
			return err
		case t.IsSign('('):
			depth++
		case t.IsSign(')'):
			depth = max(0, depth-1)
		case t.IsSign(';') && depth == 0:
			r.insert = false
			return nil
		}
	}
}
