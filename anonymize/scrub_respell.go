package anonymize

import "bytes"

// respelled is what a text may hold in another spelling of the value: itemPhone,
// itemCard for cards and IBANs, else itemNone.
func (s *source) respelled() item {
	switch s.kind {
	case knownPhone:
		return itemPhone
	case knownSpelling:
		return itemCard
	}
	return itemNone
}

// fewestDigits is the least of a phone number that tells it from others: what is
// written of it behind the codes of its country and region.
const fewestDigits, longestNumber = 7, 48

// spelledBy reports whether found is the value in another spelling, of a phone number
// perhaps without the codes that it begins with. mine and theirs are the letters and
// digits of both, in mine those of zeros in place of the codes; same is how many of the
// last ones they share.
func (s *source) spelledBy(found, mine, theirs []byte) (m, t []byte, same int) {
	if s.respelled() == itemNone || len(s.value) > longestNumber || len(found) > longestNumber {
		return nil, nil, 0
	}
	mine, theirs = symbolsIn(mine, found), symbolsIn(theirs, s.value)
	phone, zeros := s.kind == knownPhone, 0
	for phone && zeros < len(mine) && zeros < 2 && mine[zeros] == '0' {
		zeros++
	}
	same = len(mine) - zeros
	if same < fewestDigits || same > len(theirs) || !phone && same != len(theirs) || !bytes.Equal(theirs[len(theirs)-same:], mine[zeros:]) {
		return nil, nil, 0
	}
	return mine, theirs, same
}

// respell appends the mask of a known number that the text has in another
// spelling, in that spelling.
func (k *knownValues) respell(dst, found []byte, it item, r *Rewriter) ([]byte, bool) {
	var a, b, c [2 * longestNumber]byte
	for at := range k.sources {
		s := &k.sources[at]
		if (s.kind == knownPhone) != (it == itemPhone) {
			continue
		}
		mine, theirs, same := s.spelledBy(found, a[:0], b[:0])
		if same == 0 {
			continue
		}
		fake := symbolsIn(c[:0], k.fake(at, r))
		if len(fake) != len(theirs) {
			return append(dst, k.fake(at, r)...), true
		}
		copy(mine[len(mine)-same:], fake[len(fake)-same:])
		for _, ch := range found {
			if radix(ch) > 1 {
				ch, mine = mine[0], mine[1:]
			}
			dst = append(dst, ch)
		}
		return dst, true
	}
	return dst, false
}

// knownNumber looks for a known number that begins at i, in whatever spelling and
// wherever it stands: what no detector takes for a number of a phone or a card,
// since a unit is behind it or it has few digits, is one if somebody has it.
func (s *scan) knownNumber(i int) (hi int, it item) {
	if wordBefore(s.v, i) {
		return 0, itemNone
	}
	var a, b [2 * longestNumber]byte
	r := &s.run
	r.read(s.v, i)
	for e := r.n - 1; e >= 0; e-- {
		hi := r.g[e].hi
		if r.total(e) < fewestDigits || wordAfter(s.v, hi) {
			continue
		}
		for at := range s.known.sources {
			if _, _, same := s.known.sources[at].spelledBy(s.v[i:hi], a[:0], b[:0]); same > 0 {
				return hi, s.known.sources[at].respelled()
			}
		}
	}
	return 0, itemNone
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
