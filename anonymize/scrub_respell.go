package anonymize

import "bytes"

// fewestDigits is the least of a phone number that tells it from others: what is
// written of it behind the codes of its country and region.
const fewestDigits, longestNumber = 7, 48

// knownDigits is a known number: of the source at, its letters and digits in
// knownValues.symbols.
type knownDigits struct {
	at, lo, hi int
	phone      bool
}

// note takes the numbers of the sources, once for all texts of a row.
func (k *knownValues) note() {
	k.numbers, k.symbols, k.tails, k.longest = k.numbers[:0], k.symbols[:0], [2]uint64{}, 0
	for at := range k.sources {
		s := &k.sources[at]
		if s.kind != knownPhone && s.kind != knownSpelling || len(s.value) > longestNumber {
			continue
		}
		lo := len(k.symbols)
		k.symbols = symbolsIn(k.symbols, s.value)
		n := k.symbols[lo:]
		if len(n) < fewestDigits {
			k.symbols = k.symbols[:lo]
			continue
		}
		k.numbers = append(k.numbers, knownDigits{at, lo, len(k.symbols), s.kind == knownPhone})
		k.longest = max(k.longest, len(n))
		if tail := twoDigits(n); tail < 100 {
			k.tails[tail/64] |= 1 << (tail % 64)
		}
	}
}

// twoDigits returns the number that the last two of n are, 100 or more if they are not
// digits.
func twoDigits(n []byte) int {
	a, b := n[len(n)-2]-'0', n[len(n)-1]-'0'
	if a > 9 || b > 9 {
		return 100
	}
	return 10*int(a) + int(b)
}

// sharing returns how many of the last symbols a number shares with mine, those of a
// text: all of mine, of a phone's but for zeros in place of codes that the number
// begins with; 0 if that is not so.
func (k *knownValues) sharing(n *knownDigits, mine []byte) int {
	theirs, zeros := k.symbols[n.lo:n.hi], 0
	for n.phone && zeros < len(mine) && zeros < 2 && mine[zeros] == '0' {
		zeros++
	}
	same := len(mine) - zeros
	if same < fewestDigits || same > len(theirs) || !n.phone && same != len(theirs) || !bytes.Equal(theirs[len(theirs)-same:], mine[zeros:]) {
		return 0
	}
	return same
}

// respell appends the mask of a known number that the text has in another
// spelling, in that spelling.
func (k *knownValues) respell(dst, found []byte, it item, r *Rewriter) ([]byte, bool) {
	if len(found) > longestNumber {
		return dst, false
	}
	var a, c [2 * longestNumber]byte
	mine := symbolsIn(a[:0], found)
	for i := range k.numbers {
		n := &k.numbers[i]
		if n.phone != (it == itemPhone) {
			continue
		}
		same := k.sharing(n, mine)
		if same == 0 {
			continue
		}
		fake := symbolsIn(c[:0], k.fake(n.at, r))
		if len(fake) != n.hi-n.lo {
			return append(dst, k.fake(n.at, r)...), true
		}
		copy(mine[len(mine)-same:], fake[len(fake)-same:])
		return appendSymbols(dst, found, mine, false, false), true
	}
	return dst, false
}

// knownNumber looks for a known number that begins at i, in whatever spelling and
// wherever it stands: what no detector takes for a number of a phone or a card,
// since a unit is behind it or it has few digits, is one if somebody has it. Less than
// the whole number is none within a decimal, a version or an amount.
func (s *scan) knownNumber(i int) (hi int, it item) {
	k := s.known
	if wordBefore(s.v, i) {
		return 0, itemNone
	}
	var a [2 * longestNumber]byte
	r := &s.run
	r.read(s.v, i)
	last := r.n - 1
	for last >= 0 && (r.total(last) > k.longest+2 || r.g[last].hi-i > longestNumber) {
		last--
	}
	if last < 0 || r.total(last) < fewestDigits {
		return 0, itemNone
	}
	mine := symbolsIn(a[:0], s.v[i:r.g[last].hi])
	for e := last; e >= 0 && r.total(e) >= fewestDigits; e-- {
		mine = mine[:r.total(e)]
		tail := twoDigits(mine)
		if k.tails[tail/64]>>(tail%64)&1 == 0 || wordAfter(s.v, r.g[e].hi) {
			continue
		}
		for j := range k.numbers {
			n := &k.numbers[j]
			same := k.sharing(n, mine)
			if same == 0 || same < n.hi-n.lo && s.decimal(r, i, e) {
				continue
			}
			if n.phone {
				return r.g[e].hi, itemPhone
			}
			return r.g[e].hi, itemCard
		}
	}
	return 0, itemNone
}

// decimal reports whether the groups of a run up to e, from i on, are part of a decimal,
// a version or an amount.
func (s *scan) decimal(r *run, i, e int) bool {
	hi := r.g[e].hi
	comma := hi+1 < len(s.v) && s.v[hi] == ',' && digit(s.v[hi+1])
	return comma || s.glued(i) || !s.ends(r, e) || !r.only(e, " -/(")
}

// symbolsIn appends the letters and digits of v.
func symbolsIn(dst, v []byte) []byte {
	for _, ch := range v {
		if radix(ch) > 1 {
			dst = append(dst, ch)
		}
	}
	return dst
}
