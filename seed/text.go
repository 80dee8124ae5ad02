package seed

import (
	"math"
	"math/bits"
	"regexp"
	"strings"
	"unicode/utf8"
)

// part is a piece of a text: one of some words, or a number of so many digits.
type part struct {
	words []string
	size  uint64
	print func(dst []byte, i uint64) []byte
}

func fixedText(s string) part { return part{words: []string{s}, size: 1} }

func oneOf(s string) part { w := list(s); return part{words: w, size: uint64(len(w))} }

// small is words in small letters.
func small(s string) part { w := list(strings.ToLower(s)); return part{words: w, size: uint64(len(w))} }

func digits(n int) part {
	size := uint64(1)
	for range min(n, 18) {
		size *= 10
	}
	return part{size: size, print: func(dst []byte, i uint64) []byte { return appendDigits(dst, i, n) }}
}

// letters is codes of one alphabet.
func letters(alphabet string, n int) part {
	size, base := uint64(1), uint64(len(alphabet))
	for range n {
		hi, lo := bits.Mul64(size, base)
		if hi > 0 { // the letters hold all bits of a number: of its scattered form, and more after it
			return part{size: many, print: func(dst []byte, i uint64) []byte { return appendCode(dst, alphabet, n, i) }}
		}
		size = lo
	}
	size = min(size, many)
	return part{size: size, print: func(dst []byte, i uint64) []byte {
		at := len(dst)
		for range n {
			dst = append(dst, alphabet[0])
		}
		for k := len(dst) - 1; k >= at && i > 0; k-- {
			dst[k] = alphabet[i%base]
			i /= base
		}
		return dst
	}}
}

// appendCode writes a long code: each number is another one.
func appendCode(dst []byte, alphabet string, n int, i uint64) []byte {
	base := uint64(len(alphabet))
	i = mix(i)
	v, left := i, uint64(math.MaxUint64)
	for range n {
		if dst = append(dst, alphabet[v%base]); left < base {
			i = mix(i)
			v, left = i, math.MaxUint64
			continue
		}
		v, left = v/base, left/base
	}
	return dst
}

func (p *part) longest() int {
	n := 0
	for _, w := range p.words {
		n = max(n, utf8.RuneCountInString(w))
	}
	if p.print != nil {
		n = len(p.print(nil, p.size-1))
	}
	return n
}

// join is the texts of all parts after each other.
func join(parts ...part) set {
	size := uint64(1)
	for _, p := range parts {
		if p.size == 0 {
			return set{}
		}
		if size > many/p.size {
			size = many
			break
		}
		size *= p.size
	}
	return set{size: size, mixed: true, append: func(dst []byte, i uint64) []byte {
		for k := range parts {
			p := &parts[k]
			if p.print != nil {
				dst = p.print(dst, i%p.size)
			} else {
				dst = append(dst, p.words[i%p.size]...)
			}
			i /= p.size
		}
		return dst
	}}
}

func longest(parts []part) int {
	n := 0
	for i := range parts {
		n += parts[i].longest()
	}
	return n
}

// text is the values of a column of text: of what its name and discover say,
// else words, else a code, whatever is long and short enough, matches and
// suffices.
func (s *spec) text(need uint64) (set, error) {
	limit := s.maxLen
	if s.typ.Length > 0 && (limit == 0 || s.typ.Length < limit) {
		limit = s.typ.Length
	}
	switch {
	case s.typ.Base == "name":
		limit = 63
	case s.typ.Base == "char":
		limit = 1
	}
	if s.lo.text != "" || s.hi.text != "" {
		return s.between(need, limit)
	}
	if s.lengths != nil && s.prosaic() {
		return prose(s.lengths, s.minLen, limit), nil
	}
	var match []*regexp.Regexp
	for _, p := range s.patterns {
		re, err := regexp.Compile(p)
		if err != nil {
			return set{}, err
		}
		match = append(match, re)
	}
	for _, parts := range s.texts() {
		for _, parts := range [][]part{parts, with(parts, fixedText(" "), digits(4)), with(parts, fixedText(" "), digits(9)), with(parts, digits(4)), with(parts, digits(9))} {
			if out, ok := s.fits(parts, limit, need, match); ok {
				return out, nil
			}
		}
	}
	if len(match) > 0 {
		return s.pattern(need, limit, match)
	}
	n := limit
	if n == 0 || n > 12 {
		n = max(12, s.minLen)
	}
	for short := max(1, s.minLen, min(n, 4)); short < n; short++ { // the shortest that suffices
		if p := letters(alphabetOf(s.small), short); p.size >= need {
			return join(p), nil
		}
	}
	return join(letters(alphabetOf(s.small), n)), nil
}

func alphabetOf(want string) string {
	if want == "upper" {
		return "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	}
	return "abcdefghijklmnopqrstuvwxyz0123456789"
}

func with(parts []part, more ...part) []part { return append(parts[:len(parts):len(parts)], more...) }

// fits reports whether the texts of some parts are what the column may hold, by
// looking at many of them.
func (s *spec) fits(parts []part, limit int, need uint64, match []*regexp.Regexp) (set, bool) {
	if limit > 0 && longest(parts) > limit {
		return set{}, false
	}
	out := join(parts...)
	if out.size < need {
		return set{}, false
	}
	for k := range uint64(64) {
		v := out.append(nil, below(mix(k), out.size))
		if utf8.RuneCount(v) < s.minLen ||
			s.small == "lower" && strings.ToLower(string(v)) != string(v) || s.small == "upper" && strings.ToUpper(string(v)) != string(v) {
			return set{}, false
		}
		for _, re := range match {
			if !re.Match(v) {
				return set{}, false
			}
		}
	}
	return out, true
}
