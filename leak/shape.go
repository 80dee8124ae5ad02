package leak

import (
	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/internal/textfold"
)

// Shape says how texts lie in a value.
type Shape uint8

// Shapes.
const (
	Text    Shape = iota // one text
	JSON                 // a document: each string and number by itself
	Array                // an array literal: each element by itself
	Bytes                // bytes that may hold text
	Row                  // a row of a composite type: each field by itself
	Lexemes              // a tsvector: the lexemes of positions that follow one another are one text
)

// documents walks values of any shape.
type documents struct {
	array copyfmt.ArrayReader
	text  []byte // scratch
	run   []byte // the same
	spots []spot // the same
}

// walk calls fn with each text of a value; key says that it is a key of a JSON
// object. The text is valid during the call.
func (d *documents) walk(shape Shape, value []byte, fn func(text []byte, key bool)) {
	switch shape {
	case JSON:
		d.json(value, fn)
	case Array:
		d.elements(value, fn)
	case Row:
		d.fields(value, fn)
	case Lexemes:
		d.lexemes(value, fn)
	default:
		fn(value, false)
	}
}

func (d *documents) elements(value []byte, fn func(text []byte, key bool)) {
	d.array.Reset(value)
	for {
		tok, elem, err := d.array.Next()
		if err != nil { // of another delimiter; no text is lost
			fn(value, false)
			return
		}
		switch tok {
		case copyfmt.ArrayEnd:
			return
		case copyfmt.ArrayElement:
			fn(elem, false)
		}
	}
}

// fields finds the fields of a row as record_out writes it.
func (d *documents) fields(v []byte, fn func(text []byte, key bool)) {
	if len(v) < 2 || v[0] != '(' {
		fn(v, false)
		return
	}
	v = v[1 : len(v)-1]
	d.text = d.text[:0]
	quoted := false
	for i := 0; i < len(v); i++ {
		switch ch := v[i]; {
		case ch == ',' && !quoted:
			fn(d.text, false)
			d.text = d.text[:0]
		case ch == '\\' && i+1 < len(v), ch == '"' && quoted && i+1 < len(v) && v[i+1] == '"':
			i++
			d.text = append(d.text, v[i])
		case ch == '"':
			quoted = !quoted
		default:
			d.text = append(d.text, ch)
		}
	}
	fn(d.text, false)
}

// json finds the strings and numbers of a document. It need not be valid.
func (d *documents) json(v []byte, fn func(text []byte, key bool)) {
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
			fn(text, next < len(v) && v[next] == ':')
		case ch >= '0' && ch <= '9':
			start := i
			for i < len(v) && (v[i] >= '0' && v[i] <= '9' || v[i] == '.' || v[i]|0x20 == 'e' || v[i] == '-' || v[i] == '+') {
				i++
			}
			fn(v[start:i], false)
		default:
			i++
		}
	}
	if cap(d.text) > outsized {
		d.text = nil
	}
}

// outsized is the size beyond which a scratch buffer is not kept.
const outsized = 4 << 20
