package copyfmt

import "errors"

// ErrArray is text that is no array literal.
var ErrArray = errors.New("text is no array literal")

// ArrayToken is a piece of an array literal.
type ArrayToken uint8

const (
	ArrayEnd     ArrayToken = iota // the literal was complete
	ArrayOpen                      // {
	ArrayClose                     // }
	ArrayComma                     // ,
	ArrayElement                   // an element that is not NULL
	ArrayNull                      // the word NULL without quotes
	ArrayBounds                    // [1:2][0:3]= before the first brace
)

// ArrayReader reads the text of an array of any number of dimensions, as the
// server writes and reads it. Its delimiter is ',', that of every type but box.
// The zero value reads nothing; Reset it first, and again for the next array:
// its buffer is kept. That all sub-arrays are of one size is not checked.
type ArrayReader struct {
	text  []byte
	pos   int
	start int // of the last token
	depth int
	state arrayState
	buf   []byte
}

type arrayState uint8

const (
	arrayStart   arrayState = iota // bounds or the first brace must follow
	arrayFirst                     // behind {: an element, {, or }
	arrayNext                      // behind a comma: an element or {
	arrayBehind                    // behind an element or }: a comma or }
	arrayNothing                   // behind the last brace
)

// Reset makes r read text, which must not change while r reads it.
func (r *ArrayReader) Reset(text []byte) {
	r.text, r.pos, r.start, r.depth, r.state = text, 0, 0, 0, arrayStart
}

// Raw returns the text of the last token, white space around it left out: what
// is copied where a token is to stay as it is.
func (r *ArrayReader) Raw() []byte { return r.text[r.start:r.pos] }

// Next returns the next token. For ArrayElement, value is the element without
// its quotes and backslashes; it is valid until the next call. Behind the whole
// literal the token is ArrayEnd. The only error is ErrArray.
func (r *ArrayReader) Next() (tok ArrayToken, value []byte, err error) {
	for r.pos < len(r.text) && arraySpace(r.text[r.pos]) {
		r.pos++
	}
	r.start = r.pos
	if r.pos == len(r.text) {
		if r.state == arrayNothing {
			return ArrayEnd, nil, nil
		}
		return 0, nil, ErrArray
	}
	c := r.text[r.pos]
	switch {
	case r.state == arrayNothing:
	case c == '{' && r.state != arrayBehind:
		r.depth, r.state = r.depth+1, arrayFirst
		return r.punct(ArrayOpen)
	case c == '[' && r.state == arrayStart && r.start == 0:
		return r.bounds()
	case r.state == arrayStart:
	case c == '}' && r.state != arrayNext:
		r.depth, r.state = r.depth-1, arrayBehind
		if r.depth == 0 {
			r.state = arrayNothing
		}
		return r.punct(ArrayClose)
	case c == ',' && r.state == arrayBehind:
		r.state = arrayNext
		return r.punct(ArrayComma)
	case r.state == arrayBehind || c == ',' || c == '}':
	case c == '"':
		r.state = arrayBehind
		return r.quoted()
	default:
		r.state = arrayBehind
		return r.bare()
	}
	return 0, nil, ErrArray
}

func (r *ArrayReader) punct(tok ArrayToken) (ArrayToken, []byte, error) {
	r.pos++
	return tok, nil, nil
}

func (r *ArrayReader) bounds() (ArrayToken, []byte, error) {
	for ; r.pos < len(r.text); r.pos++ {
		switch c := r.text[r.pos]; {
		case c == '=':
			r.pos++
			return ArrayBounds, nil, nil
		case c >= '0' && c <= '9', c == '[', c == ']', c == ':', c == '-', c == '+', arraySpace(c):
		default:
			return 0, nil, ErrArray
		}
	}
	return 0, nil, ErrArray
}

func (r *ArrayReader) quoted() (ArrayToken, []byte, error) {
	r.buf = r.buf[:0]
	for r.pos++; r.pos < len(r.text); r.pos++ {
		c := r.text[r.pos]
		switch c {
		case '"':
			r.pos++
			return ArrayElement, r.buf, nil
		case '\\':
			r.pos++
			if r.pos == len(r.text) {
				return 0, nil, ErrArray
			}
			c = r.text[r.pos]
		}
		r.buf = append(r.buf, c)
	}
	return 0, nil, ErrArray
}

// bare reads an element without quotes. White space at its end is not part of
// it, unless a backslash makes it so.
func (r *ArrayReader) bare() (ArrayToken, []byte, error) {
	r.buf = r.buf[:0]
	keep, end, escaped := 0, r.pos, false
	for ; r.pos < len(r.text); r.pos++ {
		c := r.text[r.pos]
		switch c {
		case ',', '}':
			r.pos, r.buf = end, r.buf[:keep]
			if !escaped && isNullWord(r.buf) {
				return ArrayNull, nil, nil
			}
			return ArrayElement, r.buf, nil
		case '{', '"':
			return 0, nil, ErrArray
		case '\\':
			r.pos++
			if r.pos == len(r.text) {
				return 0, nil, ErrArray
			}
			c, escaped = r.text[r.pos], true
			r.buf = append(r.buf, c)
			keep, end = len(r.buf), r.pos+1
			continue
		}
		r.buf = append(r.buf, c)
		if !arraySpace(c) {
			keep, end = len(r.buf), r.pos+1
		}
	}
	return 0, nil, ErrArray
}

// AppendArrayElement appends value as an element of an array literal, quoted
// exactly where the server would.
func AppendArrayElement(dst, value []byte) []byte {
	quote := len(value) == 0 || isNullWord(value)
	for _, c := range value {
		if arraySpecial[c] {
			quote = true
			break
		}
	}
	if !quote {
		return append(dst, value...)
	}
	dst = append(dst, '"')
	for _, c := range value {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// AppendArrayNull appends a NULL element.
func AppendArrayNull(dst []byte) []byte { return append(dst, "NULL"...) }

// arraySpecial holds the bytes for which an element is quoted.
var arraySpecial = [256]bool{'"': true, '\\': true, '{': true, '}': true, ',': true,
	' ': true, '\t': true, '\n': true, '\r': true, '\v': true, '\f': true}

func arraySpace(c byte) bool {
	return c == ' ' || c >= '\t' && c <= '\r'
}

func isNullWord(s []byte) bool {
	return len(s) == 4 && s[0]|0x20 == 'n' && s[1]|0x20 == 'u' && s[2]|0x20 == 'l' && s[3]|0x20 == 'l'
}
