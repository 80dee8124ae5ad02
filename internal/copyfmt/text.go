// Package copyfmt reads and writes rows of PostgreSQL's COPY formats. In text the
// columns of a row are fields separated by tabs, a row ends with a newline, and
// bytes that would be mistaken for either are escaped by a backslash. In binary a
// row is a tuple of fields with their lengths. The package also reads and writes
// the text of arrays, and turns binary values into text and back (Codec).
//
// A field is the encoded form, a value the decoded one; masks see values as text
// in both formats. All functions append to what they are given and allocate
// nothing once dst is large enough.
//
// Both connections must use the server's own encoding as client encoding. In
// every encoding that a server can hold, each byte of a multi-byte character has
// its high bit set, so that a backslash, tab or newline byte always is that
// character. In the encodings that only clients can use (SJIS, BIG5, GBK, UHC,
// GB18030, JOHAB) the second byte of a character may be a backslash: COPY text
// in these cannot be read byte by byte, and this package must not be given it.
package copyfmt

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// ErrFields is a row with another number of fields than was expected.
var ErrFields = errors.New("row has another number of fields than columns")

// IsNull reports whether the field is NULL.
func IsNull(field []byte) bool {
	return len(field) == 2 && field[0] == '\\' && field[1] == 'N'
}

// AppendNull appends the field for NULL.
func AppendNull(dst []byte) []byte { return append(dst, '\\', 'N') }

// Cut returns the first field of a row that has no newline at its end, the rest
// behind the tab, and whether the field was the last. The row is one that the
// server wrote: it never escapes a tab by putting a backslash before the tab
// itself, which it would accept.
func Cut(row []byte) (field, rest []byte, last bool) {
	if i := bytes.IndexByte(row, '\t'); i >= 0 {
		return row[:i], row[i+1:], false
	}
	return row, nil, true
}

// escapes says how a byte is written: 0 as it is, else as a backslash and that.
var escapes = [256]byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v', '\\': '\\'}

// AppendEscaped appends value as a field, exactly as the server would write it.
// No value makes a field that IsNull, an end-of-data mark, or more than one
// field.
func AppendEscaped(dst, value []byte) []byte {
	start, i := 0, 0
	for {
		for i+8 <= len(value) && plain(binary.LittleEndian.Uint64(value[i:])) {
			i += 8
		}
		for end := min(i+8, len(value)); i < end; i++ {
			if e := escapes[value[i]]; e != 0 {
				dst = append(dst, value[start:i]...)
				dst = append(dst, '\\', e)
				start = i + 1
			}
		}
		if i == len(value) {
			return append(dst, value[start:]...)
		}
	}
}

// plain reports whether none of eight bytes has to be escaped; it may say no
// where some are control characters that need no escape. (x-ones*n)&^x has the
// high bit of the lowest byte below n set, and none if there is no such byte.
func plain(x uint64) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	slash := x ^ ones*'\\'
	return ((x-ones*0x0e)&^x|(slash-ones)&^slash)&highs == 0
}

// AppendUnescaped appends the value of a field that is not NULL, reading escapes
// as the server does: \b \f \n \r \t \v, one to three octal digits (of which the
// low eight bits count), x and one or two hex digits; any other escaped byte
// stands for itself, and a single backslash at the end for nothing. Every field
// has a value, so there is no error.
func AppendUnescaped(dst, field []byte) []byte {
	for {
		i := bytes.IndexByte(field, '\\')
		if i < 0 {
			return append(dst, field...)
		}
		dst = append(dst, field[:i]...)
		if i == len(field)-1 {
			return dst
		}
		c, n := unescape(field[i+1:])
		dst = append(dst, c)
		field = field[i+1+n:]
	}
}

// unescape returns the byte that s, the text behind a backslash, begins with,
// and how many bytes of s it takes.
func unescape(s []byte) (c byte, n int) {
	switch c := s[0]; c {
	case 'b':
		return '\b', 1
	case 'f':
		return '\f', 1
	case 'n':
		return '\n', 1
	case 'r':
		return '\r', 1
	case 't':
		return '\t', 1
	case 'v':
		return '\v', 1
	case 'x':
		v, n := byte(0), 1
		for n < 3 && n < len(s) {
			d, ok := hexDigit(s[n])
			if !ok {
				break
			}
			v, n = v<<4|d, n+1
		}
		if n == 1 {
			return 'x', 1
		}
		return v, n
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v, n := c-'0', 1
		for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
			v, n = v<<3|(s[n]-'0'), n+1
		}
		return v, n
	default:
		return c, 1
	}
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
