package leak

import (
	"bytes"
	"encoding/hex"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/internal/textfold"
)

// Shape says how texts lie in a value: one of the constants, or what ArrayOf, RowOf and
// AlsoText make of others.
type Shape string

// Shapes.
const (
	Text    Shape = "t"   // one text
	JSON    Shape = "j"   // a document, or an hstore: each string and number by itself
	Array   Shape = "[t"  // an array literal: each element by itself
	Bytes   Shape = "b"   // bytes that may hold text
	Hex     Shape = "h"   // the same, as a bytea is written
	Row     Shape = "(t)" // a row of a composite type: each field by itself
	Lexemes Shape = "l"   // a tsvector: the lexemes of positions that follow one another are one text
	Markup  Shape = "x"   // XML: what stands between tags, and each value of an attribute
	Bounds  Shape = "r"   // a range or multirange: each bound by itself
	Nothing Shape = "-"   // of a type that holds no text
)

// ArrayOf is the shape of arrays whose elements have a shape.
func ArrayOf(elem Shape) Shape { return "[" + elem }

// RowOf is the shape of rows whose fields have these shapes; any further one that of
// the last.
func RowOf(fields ...Shape) Shape {
	out := Shape("(")
	for _, f := range fields {
		out += f
	}
	return out + ")"
}

// AlsoText is the shape of values that are looked at in a shape, and as one text.
func AlsoText(s Shape) Shape { return "&" + s }

// size is the length of the shape that s begins with.
func (s Shape) size() int {
	switch s[0] {
	case '[', '&':
		return 1 + s[1:].size()
	case '(':
		n := 1
		for s[n] != ')' {
			n += s[n:].size()
		}
		return n + 1
	}
	return 1
}

// part says what a text is in its value.
type part uint8

const (
	aText   part = iota
	aKey         // of an object
	aNumber      // of a document
	someBytes
)

// documents walks values of any shape.
type documents struct {
	array copyfmt.ArrayReader
	text  []byte // scratch
	run   []byte // the same
	spots []spot // the same
	inner *documents
}

// walk calls fn with each text of a value. The text is valid during the call.
func (d *documents) walk(shape Shape, value []byte, fn func(text []byte, as part)) {
	switch shape[0] {
	case '-':
	case 'j':
		d.json(value, fn)
	case '[':
		d.elements(shape[1:], value, fn)
	case '(':
		d.fields(shape[1:], value, fn)
	case '&':
		fn(value, aText)
		d.walk(shape[1:], value, fn)
	case 'l':
		d.lexemes(value, fn)
	case 'x':
		markup(value, fn)
	case 'r':
		d.bounds(value, fn)
	case 'h':
		d.hex(value, fn)
	default:
		fn(value, aText)
	}
	if cap(d.text)+cap(d.run) > outsized {
		d.text, d.run, d.spots = nil, nil, nil
	}
}

// outsized is the size beyond which scratch buffers are not kept.
const outsized = 4 << 20

// part walks an element or a field.
func (d *documents) part(shape Shape, value []byte, fn func(text []byte, as part)) {
	if shape[0] == 't' {
		fn(value, aText)
		return
	}
	if d.inner == nil {
		d.inner = new(documents)
	}
	d.inner.walk(shape, value, fn)
}

// markup finds the texts of XML.
func markup(v []byte, fn func(text []byte, as part)) {
	for len(v) > 0 {
		text, rest, tag := bytes.Cut(v, []byte("<"))
		fn(text, aText)
		if !tag {
			return
		}
		if inner, ok := bytes.CutPrefix(rest, []byte("![CDATA[")); ok {
			text, v, _ = bytes.Cut(inner, []byte("]]>"))
			fn(text, aText)
			continue
		}
		if inner, ok := bytes.CutPrefix(rest, []byte("!--")); ok {
			text, v, _ = bytes.Cut(inner, []byte("-->"))
			fn(text, aText)
			continue
		}
		i := 0
		for i < len(rest) && rest[i] != '>' {
			if ch := rest[i]; ch == '"' || ch == '\'' {
				if n := bytes.IndexByte(rest[i+1:], ch); n >= 0 {
					fn(rest[i+1:i+1+n], aText)
					i += n + 1
				}
			}
			i++
		}
		v = rest[min(i+1, len(rest)):]
	}
}

// hex finds the bytes of a bytea that is written as text.
func (d *documents) hex(v []byte, fn func(text []byte, as part)) {
	digits, ok := bytes.CutPrefix(v, []byte(`\x`))
	if ok {
		var err error
		d.text, err = hex.AppendDecode(d.text[:0], digits)
		ok = err == nil
	}
	if !ok {
		fn(v, aText)
		return
	}
	fn(d.text, someBytes)
}

// bounds finds those of a range, or of each of several.
func (d *documents) bounds(v []byte, fn func(text []byte, as part)) {
	for more := true; more; {
		v, more = d.piece(v, &endsBound)
		fn(d.text, aText)
	}
}

// endsField and endsBound are the characters behind a field of a row, and behind or
// before a bound of ranges, where they are not quoted.
var (
	endsField = [256]bool{',': true}
	endsBound = [256]bool{'{': true, '}': true, '[': true, ']': true, '(': true, ')': true, ',': true}
)

// piece makes d.text what v begins with, without its quotes, up to a character of
// ends that is not quoted. If there is one there is more, and rest is what is behind it.
func (d *documents) piece(v []byte, ends *[256]bool) (rest []byte, more bool) {
	text, quoted := d.text[:0], false
	for i := 0; i < len(v); i++ {
		switch ch := v[i]; {
		case ch == '\\' && i+1 < len(v), ch == '"' && quoted && i+1 < len(v) && v[i+1] == '"':
			i++
			text = append(text, v[i])
		case ch == '"':
			quoted = !quoted
		case !quoted && ends[ch]:
			d.text = text
			return v[i+1:], true
		default:
			text = append(text, ch)
		}
	}
	d.text = text
	return nil, false
}

func (d *documents) elements(shape Shape, value []byte, fn func(text []byte, as part)) {
	d.array.Reset(value)
	for {
		tok, elem, err := d.array.Next()
		if err != nil { // of another delimiter; no text is lost
			fn(value, aText)
			return
		}
		switch tok {
		case copyfmt.ArrayEnd:
			return
		case copyfmt.ArrayElement:
			d.part(shape, elem, fn)
		}
	}
}

// fields finds the fields of a row as record_out writes it. A field that is NULL may
// be told of as an empty text.
func (d *documents) fields(shapes Shape, v []byte, fn func(text []byte, as part)) {
	if len(v) < 2 || v[0] != '(' || shapes[0] == ')' {
		fn(v, aText)
		return
	}
	n := shapes.size()
	v = v[1 : len(v)-1]
	for more := true; more; {
		v, more = d.piece(v, &endsField)
		d.part(shapes[:n], d.text, fn)
		if shapes[n] != ')' {
			shapes = shapes[n:]
			n = shapes.size()
		}
	}
}

// json finds the strings and numbers of a document. It need not be valid.
func (d *documents) json(v []byte, fn func(text []byte, as part)) {
	for i := 0; i < len(v); {
		switch ch := v[i]; {
		case ch == '"':
			start, plain := i+1, true
			for i++; i < len(v) && v[i] != '"'; i++ {
				if v[i] == '\\' {
					plain = false
					i++
				}
			}
			end := min(i, len(v))
			i++
			text := v[start:end]
			if !plain {
				d.text = textfold.AppendUnquoted(d.text[:0], text)
				text = d.text
			}
			next := i
			for next < len(v) && (v[next] == ' ' || v[next] == '\n' || v[next] == '\t' || v[next] == '\r') {
				next++
			}
			as := aText
			if next < len(v) && (v[next] == ':' || bytes.HasPrefix(v[next:], []byte("=>"))) { // as hstore has it
				as = aKey
			}
			fn(text, as)
		case ch >= '0' && ch <= '9':
			start := i
			for i < len(v) && (v[i] >= '0' && v[i] <= '9' || v[i] == '.' || v[i]|0x20 == 'e' || v[i] == '-' || v[i] == '+') {
				i++
			}
			fn(v[start:i], aNumber)
		default:
			i++
		}
	}
}
