package anonymize

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// pattern is a text to look for.
type pattern struct {
	text    []byte // folded
	next    uint8
	part    knownPart
	piece   uint8
	capital bool // it is a word or a title besides: only with a capital letter
	open    bool // it ends in a script without spaces
	source  int
}

// knownPart is which part of a value's mask stands for a pattern.
type knownPart uint8

const (
	partWhole knownPart = iota
	partFirst
	partLast
	partPiece
)

// candidates calls fn with each text that stands for the value, and with what of
// its fake stands for that.
func (s *source) candidates(fn func(v []byte, part knownPart, piece uint8)) {
	switch s.kind {
	case knownFirst, knownLast:
		names(s.value, partWhole, partWhole, fn)
	case knownName:
		first, last := partFirst, partLast
		if bytes.IndexByte(s.value, ',') >= 0 {
			first, last = last, first
		}
		names(s.value, first, last, fn)
	case knownAddress:
		rest, more := s.value, true
		for piece := uint8(0); more && piece < 8; piece++ {
			var text []byte
			text, rest, more = bytes.Cut(rest, listMark)
			if len(text) >= 6 {
				fn(text, partPiece, piece)
			}
		}
	}
	fn(s.value, partWhole, 0)
}

var listMark = []byte{','}

// names calls fn with each word of a name; the last one has its own part.
func names(v []byte, first, last knownPart, fn func(v []byte, part knownPart, piece uint8)) {
	small := !bytes.ContainsFunc(v, unicode.IsUpper)
	for len(v) > 0 {
		end := 0
		for end < len(v) && !nameGap(v, end) {
			end++
		}
		word := v[:end]
		gap := end
		for gap < len(v) && nameGap(v, gap) {
			gap++
		}
		between := v[end:gap]
		v = v[gap:]
		part := first
		if len(v) == 0 {
			part = last
		}
		name := func(word []byte) {
			if !particle(word, small, len(v) > 0 && bytes.IndexByte(between, ',') < 0) {
				fn(word, part, 0)
			}
		}
		name(word)
		if i := bytes.IndexByte(word, '-'); i > 0 { // Marie-Claire
			name(word[:i])
			name(word[i+1:])
		}
	}
}

// nameGap reports whether v[i] is between names; the bytes of a wide space are.
func nameGap(v []byte, i int) bool {
	switch v[i] {
	case ' ', ',', '\t', '\n', ';', '/', '(', ')', '"':
		return true
	case 0xe3:
		return bytes.HasPrefix(v[i:], wideSpace)
	case 0x80:
		return i > 0 && v[i-1] == 0xe3 && bytes.HasPrefix(v[i-1:], wideSpace) || i > 1 && bytes.HasPrefix(v[i-2:], wideSpace)
	}
	return false
}

var wideSpace = []byte("\u3000")

// appendPattern makes a text to look for of v, without marks at its ends but for the
// plus or bracket that a phone number begins with. One that is short, or of few digits,
// would be found everywhere: it becomes none.
func (s *source) appendPattern(dst, v []byte) ([]byte, pattern) {
	if len(v) == 0 || radix(v[0]) == 1 || radix(v[len(v)-1]) == 1 {
		mark := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }
		if v = bytes.TrimRightFunc(v, mark); s.kind != knownPhone || len(v) == 0 || v[0] != '+' && v[0] != '(' {
			v = bytes.TrimLeftFunc(v, mark)
		}
	}
	lo := len(dst)
	dst = appendFolded(dst, v)
	text := dst[lo:len(dst):len(dst)]
	last, _ := utf8.DecodeLastRune(v)
	wide := last >= utf8.RuneSelf && !spaced(last)
	runes, letters := 0, false
	for _, ch := range text {
		if ch < 0x80 || ch >= 0xc0 {
			runes++
		}
		letters = letters || radix(ch) == 26 || ch >= 0x80
	}
	if len(text) == 0 || runes < 3 && !(wide && runes == 2) || !letters && runes < 5 {
		return dst[:lo], pattern{}
	}
	return dst, pattern{text: text, open: wide, capital: bytes.IndexByte(text, ' ') < 0 && (commonWord(text) || roleOf(text) != roleNone)}
}
