package sqlfile

import (
	"bytes"
	"iter"
	"strings"
)

// Token is a piece of a statement.
type Token struct {
	Kind Kind
	Text []byte // a part of the statement
}

// Is reports whether the token is that key word, which is in lower case, without
// quotes.
func (t Token) Is(word string) bool { return t.Kind == Word && isWord(t.Text, word) }

// IsSign reports whether the token is that byte, outside of everything else.
func (t Token) IsSign(c byte) bool { return t.Kind == Sign && t.Text[0] == c }

// Name is the identifier that a word or a quoted one stands for. Quoted ones
// with U& are not understood.
func (t Token) Name() string {
	switch t.Kind {
	case Word:
		return strings.Map(func(c rune) rune { // as PostgreSQL does in UTF-8
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			return c
		}, string(t.Text))
	case Quoted:
		if len(t.Text) >= 2 {
			return strings.ReplaceAll(string(t.Text[1:len(t.Text)-1]), `""`, `"`)
		}
	}
	return ""
}

// Tokens yields the tokens of a statement, blanks and comments left out.
// Strings are cut as standard_conforming_strings wants.
func Tokens(sql []byte) iter.Seq[Token] {
	return func(yield func(Token) bool) {
		var l lexer
		for len(sql) > 0 {
			kind, n := l.next(sql)
			if kind != Blank && !yield(Token{kind, sql[:n]}) {
				return
			}
			sql = sql[n:]
		}
	}
}

// First returns up to n tokens of the beginning of a statement.
func First(sql []byte, n int) []Token {
	out := make([]Token, 0, n)
	for t := range Tokens(sql) {
		if len(out) == n {
			break
		}
		out = append(out, t)
	}
	return out
}

func isWord(text []byte, word string) bool {
	if len(text) != len(word) {
		return false
	}
	for i := range word {
		if c := text[i]; c != word[i] && (c < 'A' || c > 'Z' || c+'a'-'A' != word[i]) {
			return false
		}
	}
	return true
}

// statement knows where a statement ends: at a semicolon outside of parentheses
// (a rule has several commands in them) and of BEGIN ATOMIC … END.
type statement struct {
	words  int // tokens so far, as many as matter
	create bool
	// copy, insert and setting are whether its first word may make it one of those.
	copy, insert, setting bool
	parens                int
	// routine is whether it is a CREATE FUNCTION or PROCEDURE: only there
	// BEGIN ATOMIC has its meaning.
	routine bool
	begin   bool // the token before is BEGIN
	// defaults is whether the token before VALUES is DEFAULT.
	was, defaults bool
	atomic        int // BEGIN ATOMIC and CASE that wait for their END
}

// ends takes the next token and reports whether it ends the statement.
func (s *statement) ends(kind Kind, token []byte) bool {
	if kind == Blank {
		return false
	}
	begin := s.begin
	s.begin = false
	s.was, s.defaults = kind == Word && s.insert && isWord(token, "default"), s.was
	first := s.words < 4
	if first {
		s.words++
	}
	switch kind {
	case Sign:
		switch token[0] {
		case '(':
			s.parens++
		case ')':
			s.parens = max(0, s.parens-1)
		case ';':
			return s.parens == 0 && s.atomic == 0
		}
	case Word:
		switch {
		case first && s.words == 1:
			s.create, s.copy, s.insert = isWord(token, "create"), isWord(token, "copy"), isWord(token, "insert")
			s.setting = isWord(token, "set") || isWord(token, "select") || isWord(token, "reset") || isWord(token, "discard")
		case first && s.create && !s.routine:
			s.routine = isWord(token, "function") || isWord(token, "procedure")
		case !s.routine:
		case isWord(token, "begin"):
			s.begin = true
		case begin && s.atomic == 0 && isWord(token, "atomic"):
			s.atomic = 1
		case s.atomic > 0 && isWord(token, "case"):
			s.atomic++
		case s.atomic > 0 && isWord(token, "end"):
			s.atomic--
		}
	}
	return false
}

const (
	copyText = iota + 1
	copyBinary
)

// copyKind tells a COPY whose rows follow in the file from other statements.
func copyKind(sql []byte) int {
	if t := First(sql, 1); len(t) == 0 || !t[0].Is("copy") {
		return 0
	}
	found, from, binary, depth := false, false, false, 0
	n := 0
	for t := range Tokens(sql) {
		n++
		switch {
		case t.IsSign('('):
			depth++
		case t.IsSign(')'):
			depth--
		case from && depth == 0 && (t.Is("stdin") || t.Is("stdout")):
			found = true
		case t.Is("binary") && (found || n == 2), found && bytes.EqualFold(t.Text, []byte("'binary'")):
			binary = true
		}
		from = t.Is("from")
	}
	switch {
	case !found:
		return 0
	case binary:
		return copyBinary
	}
	return copyText
}

// settings follows the settings that decide how the file is read.
func (r *Reader) settings(sql []byte) {
	var name, value Token
	switch t := First(sql, 9); {
	case len(t) < 2:
		return
	case t[0].Is("set"):
		t = t[1:]
		if t[0].Is("session") || t[0].Is("local") {
			t = t[1:]
		}
		switch {
		case len(t) >= 2 && t[0].Is("names"):
			name, value = Token{Word, []byte("client_encoding")}, t[1]
		case len(t) >= 3 && (t[1].IsSign('=') || t[1].Is("to")):
			name, value = t[0], t[2]
		default:
			return
		}
	case t[0].Is("reset"), t[0].Is("discard"):
		if t[1].Is("all") || t[1].Is("standard_conforming_strings") {
			r.lex.escapes = false
		}
		return
	case t[0].Is("select"):
		t = t[1:]
		if len(t) > 2 && t[0].Is("pg_catalog") {
			t = t[2:]
		}
		if len(t) < 5 || !t[0].Is("set_config") || !t[1].IsSign('(') {
			return
		}
		name, value = Token{Word, unquoted(t[2].Text)}, t[4]
	}
	v := strings.ToLower(string(unquoted(value.Text)))
	switch {
	case name.Is("standard_conforming_strings"):
		switch v {
		case "off", "of", "false", "fals", "fal", "fa", "f", "no", "n", "0":
			r.lex.escapes = true
		default:
			r.lex.escapes = false
		}
	case name.Is("client_encoding"):
		if mixes(v) {
			_ = r.errorf(r.number, "encoding %s, in which bytes of a letter look like quotes; write the dump with pg_dump --encoding=UTF8", v)
		}
	}
}

func unquoted(b []byte) []byte {
	if len(b) >= 2 && (b[0] == '\'' || b[0] == '"') {
		return b[1 : len(b)-1]
	}
	return b
}

// mixes reports whether letters of an encoding hold bytes of ASCII.
func mixes(encoding string) bool {
	plain := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, encoding)
	switch plain {
	case "sjis", "mskanji", "shiftjis", "win932", "windows932", "shiftjis2004", "big5", "win950", "windows950",
		"gbk", "win936", "windows936", "uhc", "win949", "windows949", "johab", "gb18030":
		return true
	}
	return false
}
