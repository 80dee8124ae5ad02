package sqlfile

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// stringKind is the kind of a String token, 0 for those that are not understood.
func stringKind(text []byte) LiteralKind {
	switch text[0] | 0x20 {
	case 'b', 'x':
		return Bits
	case 'u':
		return 0
	}
	return Text
}

// IsNumber reports whether text is a number as SQL has it, or one with a sign.
func IsNumber(text []byte) bool {
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	digits := func() (n int) {
		for n < len(text) && digit(text[n]) {
			n++
		}
		text = text[n:]
		return n
	}
	n := digits()
	if len(text) > 0 && text[0] == '.' {
		text = text[1:]
		n += digits()
	}
	if n == 0 {
		return false
	}
	if len(text) > 0 && text[0]|0x20 == 'e' {
		text = text[1:]
		if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
			text = text[1:]
		}
		if digits() == 0 {
			return false
		}
	}
	return len(text) == 0
}

// AppendValue appends the value that a constant in quotes stands for: that of a
// literal of kind Text or Bits, without its cast. escapes is whether a backslash
// in '…' is an escape. It reports false for a text that stands for no value.
func AppendValue(dst, text []byte, escapes bool) ([]byte, bool) {
	switch c := text[0]; {
	case c == '\'':
		if escapes && bytes.IndexByte(text, '\\') >= 0 {
			return appendEscaped(dst, text[1:len(text)-1])
		}
		return appendDoubled(dst, text[1:len(text)-1]), true
	case c == '$':
		n := dollarTag(text)
		return append(dst, text[n:len(text)-n]...), true
	case c|0x20 == 'e':
		return appendEscaped(dst, text[2:len(text)-1])
	case c|0x20 == 'b':
		return append(dst, text[2:len(text)-1]...), true
	case c|0x20 == 'x':
		for _, c := range text[2 : len(text)-1] {
			v, ok := hex(c)
			if !ok {
				return dst, false
			}
			for bit := byte(8); bit > 0; bit >>= 1 {
				dst = append(dst, '0'+min(v&bit, 1))
			}
		}
		return dst, true
	}
	return dst, false
}

// appendDoubled appends what stands between quotes, each of which is doubled.
func appendDoubled(dst, text []byte) []byte {
	for {
		at := bytes.IndexByte(text, '\'')
		if at < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:at+1]...)
		text = text[at+2:]
	}
}

// appendEscaped appends what E'…' has between its quotes.
func appendEscaped(dst, text []byte) ([]byte, bool) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\'' {
			i++ // doubled
		}
		if c != '\\' {
			dst = append(dst, c)
			continue
		}
		if i++; i == len(text) {
			return dst, false
		}
		var n int
		var ok bool
		if dst, n, ok = appendEscape(dst, text[i:]); !ok {
			return dst, false
		}
		i += n - 1
	}
	return dst, true
}

// appendEscape appends what an escape stands for, given without its backslash, and
// returns its length.
func appendEscape(dst, text []byte) (_ []byte, n int, ok bool) {
	switch c := text[0]; c {
	case 'b', 'f', 'n', 'r', 't':
		return append(dst, "\b\f\n\r\t"[bytes.IndexByte([]byte("bfnrt"), c)]), 1, true
	case 'x':
		v, n := byte(0), 1
		for ; n < 3 && n < len(text); n++ {
			d, ok := hex(text[n])
			if !ok {
				break
			}
			v = v<<4 | d
		}
		if n == 1 {
			return append(dst, 'x'), 1, true
		}
		return append(dst, v), n, v != 0
	case 'u', 'U':
		n := 5
		if c == 'U' {
			n = 9
		}
		if len(text) < n {
			return dst, 0, false
		}
		v, err := strconv.ParseUint(string(text[1:n]), 16, 32)
		if err != nil || v == 0 || !utf8.ValidRune(rune(v)) { // one half of a pair too
			return dst, 0, false
		}
		return utf8.AppendRune(dst, rune(v)), n, true
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v, n := byte(0), 0
		for ; n < 3 && n < len(text) && text[n] >= '0' && text[n] <= '7'; n++ {
			v = v<<3 | text[n] - '0'
		}
		return append(dst, v), n, v != 0
	default:
		return append(dst, c), 1, true
	}
}

// AppendString appends value as a constant in quotes.
func AppendString(dst, value []byte, escapes bool) []byte {
	escapes = escapes && bytes.IndexByte(value, '\\') >= 0
	if escapes {
		dst = append(dst, 'E')
	}
	dst = append(dst, '\'')
	for {
		at := bytes.IndexByte(value, '\'')
		if escapes {
			at = bytes.IndexAny(value, `'\`)
		}
		if at < 0 {
			return append(append(dst, value...), '\'')
		}
		dst = append(append(dst, value[:at+1]...), value[at])
		value = value[at+1:]
	}
}

func hex(c byte) (byte, bool) {
	switch {
	case digit(c):
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
