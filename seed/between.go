package seed

import (
	"fmt"
	"strconv"
	"strings"
)

// between is texts at or above a bound and below another, as bytes compare:
// those that begin with the lower bound, or with a piece of the alphabet below
// the upper one.
func (s *spec) between(need uint64, limit int) (set, error) {
	if s.list != nil || len(s.patterns) > 0 || s.small != "" {
		return set{}, fmt.Errorf("type %s: a check limits its values in a way that is not understood", s.typ.Name)
	}
	if limit == 0 {
		limit = 40 + len(s.lo.text)
	}
	inside := func(v string) bool {
		return (v > s.lo.text || v == s.lo.text && !s.lo.open) && (s.hi.text == "" || v < s.hi.text)
	}
	prefixes := []string{s.lo.text}
	if s.lo.text == "" {
		prefixes = append(prefixes, s.hi.text[:max(len(s.hi.text)-1, 0)])
	}
	alphabet := alphabetOf("")
	for _, prefix := range prefixes {
		for from := 0; from < len(alphabet); from++ { // letters that keep the text below the upper bound
			for to := len(alphabet); to > from; to-- {
				first, last := prefix+alphabet[from:from+1], prefix+alphabet[to-1:to]
				if !inside(first) || !inside(last+"zzzzzzzzzzzz") {
					continue
				}
				n := max(limit-len([]rune(prefix))-1, 0)
				n = max(min(n, 11), min(n, s.minLen-len([]rune(prefix))-1))
				parts := []part{fixedText(prefix), letters(alphabet[from:to], 1)}
				if n > 0 {
					parts = append(parts, letters(alphabetOf(""), n))
				}
				if n+1+len([]rune(prefix)) <= limit {
					return join(parts...), nil
				}
			}
		}
	}
	return set{}, fmt.Errorf("type %s: no values are known between its bounds", s.typ.Name)
}

// uuids is uuids between bounds, told apart by their first 8 digits.
func (s *spec) uuids() (set, error) {
	from, to := uint64(0), uint64(1<<32)
	for i, b := range []bound{s.lo, s.hi} {
		if b.text == "" {
			continue
		}
		v, err := strconv.ParseUint(strings.ReplaceAll(b.text, "-", "")[:min(8, len(b.text))], 16, 64)
		if err != nil {
			return set{}, fmt.Errorf("type uuid: a check compares it with something else")
		}
		if i == 0 {
			if from = v; strings.Trim(b.text[min(8, len(b.text)):], "0-") != "" {
				from++
			}
		} else {
			to = v
		}
	}
	if from >= to {
		return set{}, fmt.Errorf("type uuid: its bounds are too close for values between them")
	}
	seed, n := s.seed, to-from
	return set{size: many, append: func(dst []byte, i uint64) []byte {
		at := len(dst)
		dst = appendUUID(dst, i, seed)
		head := appendHex(make([]byte, 0, 8), from+mix(i)%n, 8)
		copy(dst[at:], head)
		return dst
	}}, nil
}
