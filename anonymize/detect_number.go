package anonymize

import (
	"strings"
)

// run is groups of digits with single separators between them.
type run struct {
	n     int
	g     []group // n of them, in room
	room  [2 * mostGroups]group
	sizes uint64 // of the groups, a hex digit each; 15 and more are 15
	head  int    // digits before the first group, which totals count too
	paren bool   // a bracket is before the first
	plus  bool   // a plus is
	more  bool   // there are more groups than are looked at
}

// mostGroups is how many groups of digits are looked at, and fit into run.sizes.
const mostGroups = 10

type group struct {
	lo, hi int
	sep    byte // before it: ' ', '-', '.', '/', or '(' for any with a bracket; 0 for the first
	total  int  // digits up to its end
}

// read reads a run from i on, where a digit, a plus or a bracket is.
func (r *run) read(v []byte, i int) {
	if r.n > 1 && r.g[1].lo == i { // it began a group earlier
		r.head = r.g[0].total
		r.n--
		r.g = r.g[1:]
		r.sizes &^= 15 << (4 * r.n)
		r.g[0].sep, r.paren, r.plus = 0, false, false
		if !r.more {
			return
		}
		last := r.g[r.n-1]
		if cap(r.g) == r.n {
			r.g = r.room[:copy(r.room[:], r.g)]
		}
		if k, sep := separator(v, last.hi); sep != 0 {
			r.groups(v, k, sep, last.total)
		}
		return
	}
	r.n, r.g, r.sizes, r.head, r.paren, r.plus = 0, r.room[:0], 0, 0, false, v[i] == '+'
	if r.plus {
		i++
	}
	if i < len(v) && v[i] == '(' {
		r.paren = true
		i++
	}
	r.groups(v, i, 0, 0)
}

// groups reads groups from i on until there are as many as are looked at.
func (r *run) groups(v []byte, i int, sep byte, total int) {
	r.more = false
	for r.n < mostGroups {
		lo := i
		for i < len(v) && digit(v[i]) {
			i++
		}
		if i == lo {
			return
		}
		total += i - lo
		r.g = append(r.g, group{lo, i, sep, total})
		r.sizes = r.sizes<<4 | uint64(min(15, i-lo))
		r.n++
		if i == len(v) || !separates[v[i]] {
			return
		}
		if i, sep = separator(v, i); sep == 0 {
			return
		}
	}
	r.more = true
}

// separates has the bytes that a separator begins with.
var separates = [256]bool{' ': true, '.': true, '/': true, '(': true, ')': true, '-': true, 0xc2: true, 0xe2: true, 0xef: true}

// separator reads what is between two groups of digits: one mark, perhaps with a
// space at either side, and brackets. It returns what kind it is, 0 if no digit
// follows.
func separator(v []byte, i int) (int, byte) {
	sep, spaces := byte(0), 0
	for from := i; i < len(v) && i-from < 8; {
		ch := v[i]
		switch {
		case digit(ch):
			return i, sep
		case ch == '.' || ch == '/':
			if sep != 0 && sep != ' ' {
				return i, 0
			}
			sep, spaces = ch, 0
			i++
		case ch == '(' || ch == ')':
			sep, spaces = '(', 0
			i++
		default:
			if w := space(v, i); w > 0 && spaces == 0 {
				spaces++
				if sep == 0 {
					sep = ' '
				}
				i += w
			} else if w := hyphen(v, i); w > 0 && (sep == 0 || sep == ' ' || sep == '(') {
				if sep != '(' {
					sep = '-'
				}
				spaces = 0
				i += w
			} else {
				return i, 0
			}
		}
	}
	return i, 0
}

// total returns how many digits the groups up to e have.
func (r *run) total(e int) int { return r.g[e].total - r.head }

// shape returns the lengths of the groups up to e as hex digits: 0x334 is
// 415-555-0199. A group of more than 15 counts as one of 15.
func (r *run) shape(e int) uint64 { return r.sizes >> (4 * (r.n - 1 - e)) }

// only reports whether all separators up to e are among those given.
func (r *run) only(e int, seps string) bool {
	for i := 1; i <= e; i++ {
		if strings.IndexByte(seps, r.g[i].sep) < 0 {
			return false
		}
	}
	return true
}

// size returns how many digits the group i has.
func (r *run) size(i int) int { return r.g[i].hi - r.g[i].lo }

// ends reports whether a number may end with the group e: it is not part of a
// word, of a decimal, a time or an address.
func (s *scan) ends(r *run, e int) bool {
	v, hi := s.v, r.g[e].hi
	if s.mailHi > 0 && hi > s.mailLo || wordAfter(v, hi) {
		return false
	}
	if hi == len(v) {
		return true
	}
	next := hi + 1
	digit := next < len(v) && radix(v[next]) == 10
	switch v[hi] {
	case '_', '@', '%', '*', '=':
		return false
	case '.', '/', '\'':
		return !digit
	case '-':
		return next >= len(v) || radix(v[next]) == 1
	case ':':
		return !digit || r.size(e) > 2
	case ',':
		more := next
		for more < len(v) && radix(v[more]) == 10 {
			more++
		}
		return !digit || r.size(e) > 3 || more-next > 2
	case 0xe2:
		w := hyphen(v, hi)
		return w == 0 || hi+w >= len(v) || radix(v[hi+w]) != 10
	}
	return true
}

// glued reports whether a number at i is part of what is before it: a decimal, a
// date, a name with numbers.
func (s *scan) glued(i int) bool {
	v := s.v
	if i == 0 {
		return false
	}
	before := byte(' ')
	if i > 1 {
		before = v[i-2]
	}
	switch v[i-1] {
	case '_':
		return true
	case '.', '/', ':', '\'':
		return radix(before) == 10
	case '-', '+':
		return radix(before) > 1
	}
	return wordBefore(v, i)
}

// number looks for what begins with a digit at i.
func (s *scan) number(i int) (hi int, it item) {
	v := s.v
	if mayBeHexAddress(v, i) {
		if hi, it = hexAddress(v, i); hi > 0 {
			return hi, it
		}
	}
	if s.glued(i) {
		return 0, itemNone
	}
	end := i + 1
	for end < len(v) && digit(v[end]) {
		end++
	}
	if end-i > 19 {
		return 0, itemNone
	}
	if end < len(v) && v[end] == '.' {
		if hi = s.ip4(i); hi > 0 {
			return hi, itemIP
		}
	}
	if hi, it = s.digitsAndLetters(i, end); hi > 0 {
		return hi, it
	}
	r := &s.run
	if r.read(v, i); r.total(r.n-1) < 6 {
		return 0, itemNone
	}
	if !s.d.promising(r, v[i]) && s.hint(i)&hintPhone == 0 {
		return 0, itemNone
	}
	return s.grouped(r, i)
}

// promising reports whether a run whose first digit is this one may begin with
// what grouped finds where no word before it says that it is a phone number.
func (d *detector) promising(r *run, first byte) bool {
	if first == '0' || r.paren {
		return true
	}
	for e := min(r.n, longestShape) - 1; e >= 0 && r.total(e) >= 9; e-- {
		if d.mayKnow(r.shape(e)) {
			return true
		}
	}
	return false
}

// longestShape is how many groups a number has at most, of those that promising
// knows.
const longestShape = 7

// shapeHash returns a place in detector.shapes.
func shapeHash(shape uint64) uint64 { return shape * 0x9e3779b97f4a7c15 >> (64 - 13) }

// knowShape makes promising say yes to a run that begins with groups of these
// lengths.
func (d *detector) knowShape(shape uint64) {
	x := shapeHash(shape)
	d.shapes[x>>6] |= 1 << (x & 63)
}

// mayKnow reports whether a shape is known, or another one with its hash.
func (d *detector) mayKnow(shape uint64) bool {
	x := shapeHash(shape)
	return d.shapes[x>>6]>>(x&63)&1 != 0
}

// cardShapes knows how the digits of cards are grouped; see embossed.
func (d *detector) cardShapes() {
	for n := uint64(1); n <= 9; n++ {
		d.knowShape(0x460 | n)
		if n <= 4 {
			d.knowShape(0x4440 | n)
			d.knowShape(0x44440 | n)
		}
	}
	for _, shape := range []uint64{0xc, 0xd, 0xe, 0xf, 0x444} {
		d.knowShape(shape)
	}
}

// grouped looks for a number of groups of digits that begins at i.
func (s *scan) grouped(r *run, i int) (hi int, it item) {
	v := s.v
	for e := r.n - 1; e >= 0 && r.total(e) >= 9; e-- {
		n := r.total(e)
		card := n <= 19 && n >= 12 && v[i] >= '2' && v[i] <= '6' && (e == 0 || r.embossed(e))
		if !card && (n > 15 || !s.d.nationalShape(r, e, n)) || !s.ends(r, e) {
			continue
		}
		d := digitsOf(s.digits[0][:0], v[i:r.g[e].hi])
		if card && s.card(r, e, d) {
			return r.g[e].hi, itemCard
		}
		if it = s.national(r, e, d); it != itemNone {
			return r.g[e].hi, it
		}
	}
	return s.phone(r, i)
}

// card reports whether the digits are a card number: of a network's range and
// length, with the right check digit (ISO/IEC 7812-1).
func (s *scan) card(r *run, e int, d []byte) bool {
	if !r.only(e, " -") || e > 0 && s.dumped(r, e) || !cardRange(d, e > 0) && (d[0] < 3 || s.hint(r.g[0].lo)&hintCard == 0) {
		return false
	}
	return luhn(d[:len(d)-1]) == d[len(d)-1]
}

// embossed reports whether the groups up to e are as on a card: of four digits
// each but for the last, or 4, 6 and the rest.
func (r *run) embossed(e int) bool {
	if e == 2 && r.size(0) == 4 && r.size(1) == 6 {
		return true
	}
	for i := range e {
		if r.size(i) != 4 {
			return false
		}
	}
	return r.size(e) <= 4
}

// cardRange reports whether a network issues cards of this beginning and length.
// The ranges of old debit cards are wide: there it asks for groups.
func cardRange(d []byte, groups bool) bool {
	n, two := len(d), int(d[0])*10+int(d[1])
	four := two*100 + int(d[2])*10 + int(d[3])
	switch {
	case d[0] == 4:
		return n == 16
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720, four >= 2200 && four <= 2204:
		return n == 16
	case two == 34, two == 37:
		return n == 15
	case two == 36, two == 38, two == 39, four >= 3000 && four <= 3059:
		return n == 14 || n == 16
	case four >= 3528 && four <= 3589, four == 6011, two == 62, two == 64, two == 65:
		return n == 16 || n > 16 && groups
	case two == 50, two >= 56 && two <= 58, two == 60, two == 63, two == 67:
		return n >= 16 && groups
	}
	return false
}

// dumped reports whether groups with spaces between are part of a dump of bytes:
// as many hex digits and a space are before them or behind.
func (s *scan) dumped(r *run, e int) bool {
	v, size, lo, hi := s.v, r.size(0), r.g[0].lo, r.g[e].hi
	if r.g[1].sep != ' ' {
		return false
	}
	hexes := func(from int) bool {
		if from < 0 || from+size > len(v) || wordBefore(v, from) || wordAfter(v, from+size) {
			return false
		}
		for _, ch := range v[from : from+size] {
			if _, hex := hexValue(ch); !hex {
				return false
			}
		}
		return true
	}
	before := lo > 0 && v[lo-1] == ' ' && (hexes(lo-1-size) || lo > 1 && v[lo-2] == ' ' && hexes(lo-2-size))
	return before || hi < len(v) && v[hi] == ' ' && (hexes(hi+1) || hi+1 < len(v) && v[hi+1] == ' ' && hexes(hi+2))
}
