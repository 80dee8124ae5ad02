package anonymize

import (
	"bytes"

	"github.com/pgstandin/pgstandin/keyed"
)

// makePhone keeps what a number looks like: its separators, the country code
// behind a plus, leading zeros; the other digits are permuted among those of
// the same length that do not begin with a zero.
func makePhone(c *compiler) maskFunc {
	prf, opaque := c.prf(), c.opaque()
	return func(dst, value []byte, r *Rewriter) []byte {
		if !looksLikePhone(value) {
			return opaque(dst, value, r)
		}
		var buf [40]byte
		digits := digitsOf(buf[:0], value)
		keep := 0
		if value[0] == '+' {
			keep = countryCode(digits)
		}
		for keep < len(digits)-4 && digits[keep] == 0 {
			keep++
		}
		rest := digits[keep:]
		tweak := uint64(keep)
		for _, d := range digits[:keep] {
			tweak = tweak*11 + uint64(d)
		}
		last := &r.lastPhone
		if last.prf != prf || last.tweak != tweak || !bytes.Equal(last.from, rest) {
			last.prf, last.tweak, last.from = prf, tweak, append(last.from[:0], rest...)
			zero := rest[0] == 0
			for {
				prf.PermuteDigits(rest, tweak)
				if (rest[0] == 0) == zero {
					break // walked back into the numbers of this shape
				}
			}
			last.to = append(last.to[:0], rest...)
		}
		copy(rest, last.to)
		return appendWithDigits(dst, value, digits)
	}
}

// lastPhone is the digits that were permuted last: rows have a number twice, and
// neighbours have it.
type lastPhone struct {
	prf      *keyed.PRF
	tweak    uint64
	from, to []byte
}

// looksLikePhone reports whether all of v is one number of 3 to 20 digits: an
// extension has few.
func looksLikePhone(v []byte) bool {
	n := 0
	for i, ch := range v {
		switch {
		case ch >= '0' && ch <= '9':
			n++
		case ch == '+':
			if i != 0 {
				return false
			}
		case ch == ' ', ch == '-', ch == '.', ch == '(', ch == ')', ch == '/':
		case ch == 'x' && i > 6: // an extension
		default:
			return false
		}
	}
	return n >= 3 && n <= 20
}

// countryCode returns how many of the digits are the country calling code
// (ITU-T E.164): 1 and 7 have one digit, those listed two, all others three.
func countryCode(d []byte) int {
	if len(d) < 6 {
		return 0
	}
	if d[0] == 1 || d[0] == 7 {
		return 1
	}
	switch d[0]*10 + d[1] {
	case 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58,
		60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98:
		return 2
	}
	return 3
}
