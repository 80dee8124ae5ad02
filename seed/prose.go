package seed

import "slices"

// proseSize is how many different texts a set of prose has: far more than rows, so
// that short ones repeat as chance has it.
const proseSize = 1 << 40

// prosaic reports whether a column holds words that mean nothing in particular, so
// that only their length is worth to be followed.
func (s *spec) prosaic() bool {
	switch s.kindName() {
	case "sentence", "title", "words":
		return s.small == "" && len(s.patterns) == 0
	}
	return false
}

// prose is texts as long as lengths say; limit, if not 0, cuts them.
func prose(lengths []ProfileLength, least, limit int) set {
	words := [2][]string{oneOf(adjectives).words, oneOf(nouns).words}
	total := 0.0
	for _, l := range lengths {
		total += l.Share
	}
	ends := make([]uint64, len(lengths)) // of the hashes of each
	sum := 0.0
	for i, l := range lengths {
		sum += l.Share
		ends[i] = part64(min(1, sum/total))
	}
	return set{size: proseSize, append: func(dst []byte, i uint64) []byte {
		h := mix(i)
		at := min(len(ends)-1, slices.IndexFunc(ends, func(end uint64) bool { return h <= end }))
		l := lengths[max(0, at)]
		h = mix(h)
		want := max(1, least, l.From+int(below(h, uint64(max(0, l.To-l.From)+1))))
		if limit > 0 {
			want = min(want, limit)
		}
		start := len(dst)
		for n := 0; len(dst)-start < want; n++ {
			if n > 0 {
				dst = append(dst, ' ')
			}
			h = mix(h)
			list := words[n%2]
			dst = append(dst, list[below(h, uint64(len(list)))]...)
		}
		dst = dst[:start+want]
		if dst[len(dst)-1] == ' ' {
			dst[len(dst)-1] = '.'
		}
		return dst
	}}
}
