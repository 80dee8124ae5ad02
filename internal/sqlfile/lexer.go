package sqlfile

import "bytes"

// Kind is what a token is.
type Kind uint8

// Kinds of tokens. Blank is white space or a comment; Word an identifier or key
// word without quotes; Quoted an identifier in quotes; String a constant in
// quotes of any sort, prefix included; Sign any other byte.
const (
	Blank Kind = iota + 1
	Word
	Quoted
	String
	Number
	Sign
)

// lexer cuts text into tokens as PostgreSQL's own lexers do. Its text may come
// in pieces, each of which ends with a line: a token that goes on in the next
// piece is cut there, and in says so.
type lexer struct {
	escapes bool // standard_conforming_strings is off: a backslash in '…' escapes

	in    byte   // what the text stands in: 0, ' (a string), e (one with escapes), ", $ or *
	tag   []byte // of the dollar quote, with both signs
	depth int    // of the comment

	// A string goes on, of the same sort, in the next one if nothing but white
	// space with a line end is between.
	last    byte // sort of the string that just ended
	newline bool // since it ended
}

// next returns the kind and length of the token at the beginning of b, which is
// not empty.
func (l *lexer) next(b []byte) (Kind, int) {
	if l.in != 0 {
		return l.inside(b, 0)
	}
	c := b[0]
	if n := blanks(b); n > 0 {
		l.newline = l.newline || bytes.ContainsAny(b[:n], "\r\n")
		return Blank, n
	}
	if c == '-' && len(b) > 1 && b[1] == '-' {
		if end := bytes.IndexAny(b, "\r\n"); end >= 0 {
			return Blank, end
		}
		return Blank, len(b)
	}
	last, newline := l.last, l.newline
	l.last, l.newline = 0, false
	switch {
	case c == '/' && len(b) > 1 && b[1] == '*':
		l.in, l.depth = '*', 1
		return l.inside(b, 2)
	case c == '\'':
		switch {
		case last != 0 && newline:
			l.in = last
		case l.escapes:
			l.in = 'e'
		default:
			l.in = '\''
		}
		return l.inside(b, 1)
	case c == '"':
		l.in = '"'
		return l.inside(b, 1)
	case c == '$':
		if n := dollarTag(b); n > 0 {
			l.in, l.tag = '$', append(l.tag[:0], b[:n]...)
			return l.inside(b, n)
		}
	case wordStart(c):
		n := 1
		for n < len(b) && (wordStart(b[n]) || digit(b[n]) || b[n] == '$') {
			n++
		}
		return l.word(b, n)
	case digit(c):
		n := 1
		for n < len(b) && (digit(b[n]) || b[n] == '.') {
			n++
		}
		return Number, n
	}
	return Sign, 1
}

// word looks whether the word of n bytes is the prefix of a string.
func (l *lexer) word(b []byte, n int) (Kind, int) {
	if n != 1 || len(b) < 2 {
		return Word, n
	}
	switch quote := b[1] == '\''; b[0] | 0x20 {
	case 'e':
		if quote {
			l.in = 'e'
			return l.inside(b, 2)
		}
	case 'b', 'x':
		if quote {
			l.in = '\''
			return l.inside(b, 2)
		}
	case 'u':
		if b[1] == '&' && len(b) > 2 && b[2] == '\'' {
			l.in = '\''
			return l.inside(b, 3)
		}
	}
	return Word, n
}

// inside goes on from n within what the text stands in, to its end or that of b.
func (l *lexer) inside(b []byte, n int) (Kind, int) {
	switch l.in {
	case '*':
		return Blank, l.comment(b, n)
	case '$':
		if end := bytes.Index(b[n:], l.tag); end >= 0 {
			l.in = 0
			return String, n + end + len(l.tag)
		}
		return String, len(b)
	case '"':
		return Quoted, l.quoted(b, n, '"')
	case '\'':
		n = l.quoted(b, n, '\'')
		if l.in == 0 {
			l.last = '\''
		}
		return String, n
	}
	for n < len(b) {
		at := bytes.IndexAny(b[n:], `'\`)
		if at < 0 {
			return String, len(b)
		}
		n += at
		switch {
		case b[n] == '\\', n+1 < len(b) && b[n+1] == '\'':
			n += 2
		default:
			l.in, l.last = 0, 'e'
			return String, n + 1
		}
	}
	return String, min(n, len(b))
}

// quoted goes on from n to after the closing quote, past doubled ones.
func (l *lexer) quoted(b []byte, n int, quote byte) int {
	for {
		at := bytes.IndexByte(b[n:], quote)
		if at < 0 {
			return len(b)
		}
		n += at + 1
		if n == len(b) || b[n] != quote {
			l.in = 0
			return n
		}
		n++
	}
}

// comment goes on from n to the end of a comment, which may hold others.
func (l *lexer) comment(b []byte, n int) int {
	for n+1 < len(b) {
		switch {
		case b[n] == '*' && b[n+1] == '/':
			n += 2
			if l.depth--; l.depth == 0 {
				l.in = 0
				return n
			}
		case b[n] == '/' && b[n+1] == '*':
			n += 2
			l.depth++
		default:
			n++
		}
	}
	return len(b)
}

// blanks is the length of the white space at the beginning of b.
func blanks(b []byte) int {
	for i, c := range b {
		if c != ' ' && (c < '\t' || c > '\r') {
			return i
		}
	}
	return len(b)
}

// dollarTag is the length of the opening $tag$ at the beginning of b, or 0.
func dollarTag(b []byte) int {
	for n := 1; n < len(b); n++ {
		switch c := b[n]; {
		case c == '$':
			return n + 1
		case wordStart(c), digit(c) && n > 1:
		default:
			return 0
		}
	}
	return 0
}

func wordStart(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
