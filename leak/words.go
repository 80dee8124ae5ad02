package leak

import (
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/internal/textfold"
	"github.com/pgstandin/pgstandin/keyed"
)

// longest is how many words of a value count; of a longer one the first so many, and
// the last so many.
const longest = 6

// shortest is how many characters a value must have, marks and spaces left out.
const shortest = 6

// word is one word of a text: a run of letters and digits, or one character of a
// script that has no spaces.
type word struct {
	hash   uint64
	lo, hi int // in the text
	chars  int // a character of a script without spaces counts twice
}

// hasher makes fingerprints of words and of sequences of them.
type hasher struct {
	seed, step, end, join, add uint64
}

func newHasher(secret *keyed.Secret) hasher {
	prf := secret.PRF("leak", "")
	a, b, c := prf.Sum([]byte("words")), prf.Sum([]byte("sequences")), prf.Sum([]byte("ends"))
	return hasher{
		seed: binary.BigEndian.Uint64(a[:8]), step: binary.BigEndian.Uint64(a[8:]) | 1,
		join: binary.BigEndian.Uint64(b[:8]) | 1, add: binary.BigEndian.Uint64(b[8:]) | 1,
		end: binary.BigEndian.Uint64(c[:8]) | 1,
	}
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// next is the fingerprint of a sequence with one word more.
func (h *hasher) next(sequence, word uint64) uint64 { return mix(sequence*h.join+word, h.add) }

// letter adds one of ASCII, which is not zero: eight are added to the sum at once.
func (h *hasher) letter(sum, eight uint64, f byte) (uint64, uint64) {
	if eight = eight<<8 | uint64(f); eight>>56 != 0 {
		return mix(sum^eight, h.step), 0
	}
	return sum, eight
}

// folds has what each ASCII byte folds to: zero where it parts words.
const folds = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x000123456789\x00\x00\x00\x00\x00\x00" +
	"\x00abcdefghijklmnopqrstuvwxyz\x00\x00\x00\x00\x00\x00abcdefghijklmnopqrstuvwxyz\x00\x00\x00\x00\x00"

// cut appends the words of text to dst, at most limit of them. In bytes, what is
// no UTF-8 parts words; in a text it is a letter, as databases of other encodings
// have it.
func (h *hasher) cut(dst []word, text []byte, limit int, inBytes bool) []word {
	for i := 0; i < len(text) && limit > 0; {
		ch := text[i]
		if ch < utf8.RuneSelf && folds[ch] == 0 {
			if i++; ch == '%' && escapedGap(text, i) {
				i += 2
			}
			continue
		}
		w := word{lo: i}
		sum, eight, chars := h.seed, uint64(0), 0
		for i < len(text) {
			ch := text[i]
			if ch < utf8.RuneSelf {
				f := folds[ch]
				if f == 0 {
					break
				}
				sum, eight = h.letter(sum, eight, f)
				chars++
				i++
				continue
			}
			r, size := utf8.DecodeRune(text[i:])
			f, how := foldRune(r)
			if r == utf8.RuneError && size == 1 {
				if f, how = rune(ch), asLetter; inBytes {
					how = asGap
				}
			}
			if how == asGap || how == asWord && chars > 0 {
				if how == asGap && chars == 0 {
					i += size
				}
				break
			}
			i += size
			if how == asNothing {
				continue
			}
			chars++
			if f >= utf8.RuneSelf {
				sum, eight = mix(mix(sum^eight, h.step)^uint64(f), h.step), 0
			} else {
				sum, eight = h.letter(sum, eight, byte(f))
			}
			if how == asWord {
				chars++
				break
			}
		}
		if chars == 0 {
			continue
		}
		w.hash, w.hi, w.chars = mix(mix(sum^eight, h.step), h.end), i, chars
		dst = append(dst, w)
		limit--
	}
	return dst
}

// escapedGap reports whether what begins at an index, behind a per cent sign, makes it
// the escape of a sign, as in URLs: anna%40mail.example is anna@mail.example.
func escapedGap(text []byte, at int) bool {
	if len(text)-at < 2 || text[at] < '0' || text[at] > '7' {
		return false
	}
	low := text[at+1] | 0x20
	switch {
	case low >= 'a' && low <= 'f':
		low -= 'a' - 10
	case text[at+1] >= '0' && text[at+1] <= '9':
		low = text[at+1] - '0'
	default:
		return false
	}
	return folds[(text[at]-'0')<<4|low] == 0
}

// role says what a character does in a text.
type role uint8

const (
	asGap role = iota
	asLetter
	asWord    // by itself
	asNothing // as if it were not there
)

// further returns where the last six words of a value begin, of which the first six
// are words; zero if it has no more.
func further(value []byte, words []word) int {
	if len(words) < longest || words[longest-1].hi == len(value) {
		return 0
	}
	if at := lastWords(value); at > words[0].lo {
		return at
	}
	return 0
}

// lastWords returns where the last six words of a text begin, as cut finds them in
// what is not bytes; zero if it has fewer, or no more.
func lastWords(text []byte) int {
	words, in := 0, false
	for i := len(text); i > 0; {
		ch, size, how := text[i-1], 1, asLetter
		if i > 2 && text[i-3] == '%' && escapedGap(text[:i], i-2) {
			size, how = 3, asGap
		} else if ch < utf8.RuneSelf {
			if folds[ch] == 0 {
				how = asGap
			}
		} else if r, n := utf8.DecodeLastRune(text[:i]); r != utf8.RuneError || n > 1 {
			_, how = foldRune(r)
			size = n
		}
		if in && (how == asGap || how == asWord) {
			if words++; words == longest {
				return i
			}
			in = false
		}
		i -= size
		switch how {
		case asLetter:
			in = true
		case asWord:
			if words++; words == longest {
				return i
			}
		}
	}
	return 0
}

// foldRune folds a character beyond ASCII: to lower case, without accent, of
// usual width.
func foldRune(r rune) (rune, role) {
	if ch, ok := textfold.Base(r); ok {
		return rune(ch), asLetter
	}
	switch {
	case textfold.Accent(r), textfold.VoiceMark(r), r == 0xad, r >= 0x200b && r <= 0x200d, r == 0xfeff, r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef:
		return 0, asNothing // over the character before, or nothing to see
	case r >= 0xff01 && r <= 0xff5e:
		if f := folds[r-0xfee0]; f != 0 {
			return rune(f), asLetter
		}
		return 0, asGap
	case r >= 0x2000 && r < 0x2070, r >= 0x3000 && r < 0x3005:
		return 0, asGap
	case textfold.Unspaced(r):
		return textfold.Kana(r), asWord
	}
	switch {
	case unicode.IsLetter(r):
		return textfold.Greek(unicode.ToLower(r)), asLetter
	case unicode.IsNumber(r), unicode.IsMark(r):
		return r, asLetter
	}
	return 0, asGap
}

// appendFolded appends the words of text in their folded form, a space between.
func appendFolded(dst, text []byte, words []word, inBytes bool) []byte {
	for n, w := range words {
		if n > 0 {
			dst = append(dst, ' ')
		}
		for i := w.lo; i < w.hi; {
			if ch := text[i]; ch < utf8.RuneSelf {
				dst = append(dst, folds[ch])
				i++
				continue
			}
			r, size := utf8.DecodeRune(text[i:])
			switch f, how := foldRune(r); {
			case r == utf8.RuneError && size == 1:
				if !inBytes {
					dst = append(dst, text[i])
				}
			case how != asNothing && how != asGap:
				dst = utf8.AppendRune(dst, f)
			}
			i += size
		}
	}
	return dst
}
