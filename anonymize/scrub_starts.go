package anonymize

import "unicode/utf8"

// textStarts says of a text what may begin somewhere in it: of each place the
// first three characters, folded. Most of what is known of a row is not in its
// texts, and is put aside by that before a pattern is made of it.
type textStarts struct {
	triples [1 << startBits / 64]uint64 // by hash
	loose   [2]uint64                   // by the first character where one beyond ASCII is among the three
}

// startBits is the logarithm of the number of bits: 4096, of which a text of 100
// characters sets one in 40.
const startBits = 12

func startBit(triple uint32) uint32 { return triple * 0x9e3779b1 >> (32 - startBits) }

// note takes a text in place of the one before.
func (s *textStarts) note(text []byte) {
	*s = textStarts{}
	const ascii = 0x808080
	last := uint32(0) // three characters; a high bit stands for one beyond ASCII
	for i := 0; i < len(text)+2; i++ {
		ch := byte(0)
		if i < len(text) {
			ch = lower(text[i])
		}
		last = (last<<8 | uint32(ch)) & 0xffffff
		if last&ascii == 0 {
			bit := startBit(last)
			s.triples[bit/64] |= 1 << (bit % 64)
			continue
		}
		switch first := byte(last >> 16); {
		case i < 2:
		case first < utf8.RuneSelf:
			s.loose[first/64] |= 1 << (first % 64)
		default:
			r, _ := utf8.DecodeRune(text[i-2:])
			if r = foldRune(r); r < utf8.RuneSelf {
				s.loose[r/64] |= 1 << (r % 64)
			}
		}
	}
}

// mayHold reports whether the text may hold v. It is in doubt about all that has no
// start.
func (s *textStarts) mayHold(v []byte) bool {
	triple, ok := startOf(v)
	return !ok || s.may(triple)
}

func (s *textStarts) may(triple [3]byte) bool {
	first := triple[0]
	bit := startBit(uint32(first)<<16 | uint32(triple[1])<<8 | uint32(triple[2]))
	return s.triples[bit/64]>>(bit%64)&1 != 0 || s.loose[first/64]>>(first%64)&1 != 0
}

// startOf returns three characters of ASCII that are side by side in v, folded: the
// first ones, if they begin with a letter or a digit and have no space, else the
// first that are all letters or digits: marks at the ends are not looked for.
func startOf(v []byte) (triple [3]byte, ok bool) {
	for i := 0; i+3 <= len(v); i++ {
		a, b, c := v[i], v[i+1], v[i+2]
		if (a|b|c) < utf8.RuneSelf && radix(a) > 1 && (radix(b) > 1 && radix(c) > 1 || i == 0 && b > ' ' && c > ' ') {
			return [3]byte{lower(a), lower(b), lower(c)}, true
		}
	}
	return triple, false
}

// mostStarts is how many starts of a value are kept.
const mostStarts = 8

// appendStarts appends the starts of what stands for a value, three bytes each;
// none where a text may hold it that has none of them.
func (s *source) appendStarts(dst []byte) []byte {
	from, certain := len(dst), true
	s.candidates(func(v []byte, _ knownPart, _ uint8) {
		triple, ok := startOf(v)
		if certain = certain && ok && len(dst)-from < 3*mostStarts; !certain {
			return
		}
		for at := from; at < len(dst); at += 3 {
			if [3]byte(dst[at:]) == triple {
				return
			}
		}
		dst = append(dst, triple[:]...)
	})
	if !certain {
		return dst[:from]
	}
	return dst
}

// mayHoldAny reports whether the text may hold what has these starts.
func (s *textStarts) mayHoldAny(starts []byte) bool {
	for at := 0; at < len(starts); at += 3 {
		if s.may([3]byte(starts[at:])) {
			return true
		}
	}
	return len(starts) == 0
}

func lower(ch byte) byte {
	if ch >= 'A' && ch <= 'Z' {
		ch |= 0x20
	}
	return ch
}
