package anonymize

import (
	"bytes"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/internal/textfold"
)

// item is what was found in a text. From itemNational on it is the number of a
// country: itemNational plus its index in the detector's list.
type item uint8

const (
	itemNone item = iota
	itemKnown
	itemEmail
	itemPhone
	itemCard
	itemIBAN
	itemIP
	itemMAC
	itemURL   // with a query, or one that is itself a secret
	itemLogin // user and password in a URL
	itemToken
	itemPEM // what is between the lines of a PEM block
	itemNational
)

// detector holds what finds personal things in texts. It is immutable.
type detector struct {
	begins [256]start
	keys   [256][]keyFormat // API keys by their first byte
	pairs  [1 << 10]uint64  // which two bytes a key or token begins with, a bit each
	words  map[string]hint
	ibans  map[[2]byte]int    // length by country
	rules  [16][]nationalRule // by how many digits they have
	// byCountry has the numbers of each country however they are written.
	byCountry map[string]nationalRule
	names     []string // countries, in the order of items
	// shapes are those of numbers, see promising: a bit for the hash of each.
	shapes [1 << 13 / 64]uint64
}

// start says what may begin with a byte at the start of a word.
type start uint8

const (
	startsWord start = 1 << iota
	startsNumber
	startsPhone
	startsPEM
	startsURL // where the scheme is behind
	startsHigh
)

func newDetector() *detector {
	d := &detector{words: hintWords(), ibans: ibanLengths()}
	for ch := range 256 {
		switch b := byte(ch); {
		case b >= utf8.RuneSelf:
			d.begins[ch] = startsHigh
		case radix(b) == 10:
			d.begins[ch] = startsNumber
		case radix(b) == 26:
			d.begins[ch] = startsWord
		}
	}
	d.begins['+'], d.begins['('] = startsPhone, startsPhone
	d.begins['-'], d.begins[':'] = startsPEM, startsURL
	d.pair("ey")
	for _, k := range keyFormats() {
		d.keys[k.prefix[0]] = append(d.keys[k.prefix[0]], k)
		d.pair(k.prefix)
	}
	d.nationalRules()
	d.cardShapes()
	d.phoneShapes()
	return d
}

func (d *detector) pair(prefix string) {
	x := uint(prefix[0])<<8 | uint(prefix[1])
	d.pairs[x>>6] |= 1 << (x & 63)
}

// scan goes through one text once. It finds things from the left to the right
// that do not overlap.
type scan struct {
	d     *detector
	v     []byte
	known *knownValues // nil: none are looked for
	from  int          // what is before has been told
	// The next e-mail address at or behind from; mailHi 0: there is none.
	mailLo, mailHi int
	// The @ and the escaped one that were looked for last: there is none between an
	// index where they were looked for and them.
	sign, escaped int
	noEnd         bool        // there is no end of a PEM block ahead
	urlEnd        int         // of the last URL that was looked at
	keyLo, keyHi  int         // a run of characters of keys; see keyRun
	hit           int         // of itemKnown: which pattern
	run           run         // scratch of number
	digits        [3][24]byte // scratch
	// The word whose end hintAt is said hinted of what follows. There is neither a
	// letter nor a new line from there to hintFrom; -1: nor in all its reach.
	hintAt, hintFrom int
	hinted           hint
}

// reset begins a text.
func (s *scan) reset(d *detector, v []byte, known *knownValues) {
	s.d, s.v, s.known, s.from, s.noEnd = d, v, known, 0, false
	s.run.n, s.hintAt, s.hintFrom, s.urlEnd, s.keyLo, s.keyHi = 0, -1, -1, 0, 0, 0
	s.sign, s.escaped = -1, -1
	s.nextMail(0)
}

// next returns the next thing, or itemNone.
func (s *scan) next() (lo, hi int, it item) {
	v := s.v
	for i := s.from; i < len(v); {
		begins := s.d.begins[v[i]]
		if begins == 0 && i != s.mailLo {
			i++
			continue
		}
		lo, hi, it = s.at(i, begins)
		if it != itemNone {
			s.from = hi
			if s.mailHi > 0 && hi > s.mailLo {
				s.nextMail(hi)
			}
			return lo, hi, it
		}
		i = s.skip(i, begins)
	}
	s.from = len(v)
	return 0, 0, itemNone
}

// at looks for a thing at i; where there are several, for the longest. Only URLs
// begin before i.
func (s *scan) at(i int, begins start) (lo, hi int, it item) {
	v := s.v
	lo = i
	switch begins {
	case startsWord:
		hi, it = s.word(i)
	case startsNumber:
		hi, it = s.number(i)
	case startsPhone:
		hi, it = s.dialled(i)
	case startsPEM:
		return s.pem(i)
	case startsURL:
		return s.url(i)
	}
	if i == s.mailLo && s.mailHi > hi {
		hi, it = s.mailHi, itemEmail
	}
	if s.known != nil && (s.known.heads[v[i]|0x20] != 0 || v[i] < 'A' || v[i] >= utf8.RuneSelf) {
		if end, hit := s.known.match(v, i); end > 0 && end >= hi {
			s.hit = hit
			return i, end, itemKnown
		}
	}
	if it == itemNone && s.known != nil && len(s.known.numbers) > 0 && begins&(startsNumber|startsPhone) != 0 {
		hi, it = s.knownNumber(i)
	}
	return lo, hi, it
}

// skip returns where to look on behind i: behind the word that begins there, but
// not behind the start of an address.
func (s *scan) skip(i int, begins start) int {
	v, from, kinds := s.v, i, &s.d.begins
	if begins&(startsWord|startsNumber|startsHigh) == 0 {
		return i + 1
	}
	for {
		for i < len(v) && kinds[v[i]]&(startsWord|startsNumber) != 0 {
			i++
		}
		if i == len(v) || kinds[v[i]] != startsHigh {
			break
		}
		if r, w := utf8.DecodeRune(v[i:]); spaced(r) {
			i += w
		} else {
			if i == from {
				i += w
			}
			break
		}
	}
	if s.mailHi > 0 && from < s.mailLo && i > s.mailLo {
		return s.mailLo
	}
	return i
}

// word looks for what begins with an ASCII letter.
func (s *scan) word(i int) (hi int, it item) {
	v := s.v
	if i+8 > len(v) {
		return 0, itemNone
	}
	if x := uint(v[i])<<8 | uint(v[i+1]); s.d.pairs[x>>6]>>(x&63)&1 != 0 {
		for k := range s.d.keys[v[i]] {
			if hi = s.d.keys[v[i]][k].match(s, i); hi > 0 {
				return hi, itemToken
			}
		}
		if hi = s.jwt(i); hi > 0 {
			return hi, itemToken
		}
	}
	if mayBeHexAddress(v, i) {
		if hi, it = hexAddress(v, i); hi > 0 {
			return hi, it
		}
	}
	if radix(v[i+1]) == 26 && radix(v[i+2]) == 10 && radix(v[i+3]) == 10 {
		if hi = s.d.iban(v, i); hi > 0 {
			return hi, itemIBAN
		}
	}
	if v[i] < 'a' {
		return s.letteredID(i)
	}
	return 0, itemNone
}

func digit(ch byte) bool { return ch-'0' < 10 }

// spaced reports whether a rune is part of a word in a script that has spaces
// between words. Broken UTF-8 counts as part of a word.
func spaced(r rune) bool {
	if r < utf8.RuneSelf {
		return radix(byte(r)) > 1
	}
	return textfold.Spaced(r)
}

// wordBefore reports whether what ends at i is part of a word.
func wordBefore(v []byte, i int) bool {
	if i == 0 {
		return false
	}
	if ch := v[i-1]; ch < utf8.RuneSelf {
		return radix(ch) > 1
	}
	r, _ := utf8.DecodeLastRune(v[:i])
	return spaced(r)
}

// wordAfter reports whether a part of a word begins at i.
func wordAfter(v []byte, i int) bool {
	if i >= len(v) {
		return false
	}
	if v[i] < utf8.RuneSelf {
		return radix(v[i]) > 1
	}
	r, _ := utf8.DecodeRune(v[i:])
	return spaced(r)
}

// space returns how many bytes of v are one space, also one that does not break
// or is thin.
func space(v []byte, i int) int {
	if i >= len(v) {
		return 0
	}
	switch v[i] {
	case ' ':
		return 1
	case 0xc2:
		if i+1 < len(v) && v[i+1] == 0xa0 {
			return 2
		}
	case 0xe2: // U+2007, U+2009, U+202F
		if i+2 < len(v) && v[i+1] == 0x80 && (v[i+2] == 0x87 || v[i+2] == 0x89 || v[i+2] == 0xaf) {
			return 3
		}
	}
	return 0
}

// nextMail finds the next address at or behind from.
func (s *scan) nextMail(from int) {
	v := s.v
	s.mailLo, s.mailHi = len(v)+1, 0
	s.sign, s.escaped = ahead(v, s.sign, from, signAt), ahead(v, s.escaped, from, escapedAt)
	for at := min(s.sign, s.escaped); at < len(v); at = min(s.sign, s.escaped) {
		width := len(signAt)
		if at == s.escaped {
			width = len(escapedAt)
		}
		if lo, hi := emailAround(v, from, at, width); hi > 0 {
			s.mailLo, s.mailHi = lo, hi
			return
		}
		s.sign, s.escaped = ahead(v, s.sign, at+1, signAt), ahead(v, s.escaped, at+1, escapedAt)
	}
}

// ahead returns where the next of something is from an index on, or the end; last is
// what it returned before, for an index that was no greater.
func ahead(v []byte, last, from int, what []byte) int {
	if last >= from {
		return last
	}
	if k := bytes.Index(v[from:], what); k >= 0 {
		return from + k
	}
	return len(v)
}

var signAt = []byte("@")

// escapedAt is the @ of an address in a query or cookie of the web.
var escapedAt = []byte("%40")
