package anonymize

import (
	"bytes"

	"github.com/pgstandin/pgstandin/keyed"
)

// digitsOf appends the values of the digits of v to dst.
func digitsOf(dst, v []byte) []byte {
	for _, ch := range v {
		if ch >= '0' && ch <= '9' {
			dst = append(dst, ch-'0')
		}
	}
	return dst
}

// appendWithDigits appends v with its digits replaced one after another.
func appendWithDigits(dst, v, digits []byte) []byte {
	for _, ch := range v {
		if ch >= '0' && ch <= '9' {
			ch, digits = '0'+digits[0], digits[1:]
		}
		dst = append(dst, ch)
	}
	return dst
}

// permuteShape permutes letters and digits in place, each within its own
// alphabet, as a bijection of all texts of that shape, another one for each
// tweak. The text is cut into numbers of mixed radix; each is permuted with all
// others as its tweak, twice.
func permuteShape(prf *keyed.PRF, b []byte, tweak uint64) { permuteLetters(prf, b, tweak, 26) }

// permuteLetters is permuteShape with so many letters in the alphabets of both
// cases, of which b has no other.
func permuteLetters(prf *keyed.PRF, b []byte, tweak, letters uint64) {
	var ends [64]int
	chunks := ends[:0]
	room := uint64(1)
	const most = 1 << 56
	for i, ch := range b {
		x := radixOf(ch, letters)
		if x > 1 && room*x > most {
			chunks = append(chunks, i)
			room = 1
		}
		room *= x
	}
	chunks = append(chunks, len(b))
	for range 2 {
		start := 0
		for _, end := range chunks {
			permuteChunk(prf, b, start, end, tweak, letters)
			start = end
		}
		if len(chunks) == 1 {
			return
		}
	}
}

func radix(ch byte) uint64 {
	switch {
	case ch >= '0' && ch <= '9':
		return 10
	case ch >= 'a' && ch <= 'z', ch >= 'A' && ch <= 'Z':
		return 26
	}
	return 1
}

// radixOf is radix with so many letters.
func radixOf(ch byte, letters uint64) uint64 {
	if r := radix(ch); r != 26 {
		return r
	}
	return letters
}

func permuteChunk(prf *keyed.PRF, b []byte, start, end int, tweak, letters uint64) {
	n, x := uint64(1), uint64(0)
	for _, ch := range b[start:end] {
		r := radixOf(ch, letters)
		if r == 1 {
			continue
		}
		n *= r
		x = x*r + uint64(ch-base(ch))
	}
	if n == 1 {
		return
	}
	// The rest of the text, and the shape of this part, are the tweak.
	before := prf.Uint64(b[:start])
	after := prf.Uint64(b[end:])
	shape := uint64(start)
	for _, ch := range b[start:end] {
		if r := radix(ch); r > 1 {
			shape = shape*31 + uint64(base(ch))
		} else {
			shape = shape*31 + uint64(ch)
		}
	}
	x = prf.Bijection(n, x, tweak^before^after*3^shape*0x9e3779b97f4a7c15)
	for i := end - 1; i >= start; i-- {
		if r := radixOf(b[i], letters); r > 1 {
			b[i] = base(b[i]) + byte(x%r)
			x /= r
		}
	}
}

func base(ch byte) byte {
	switch {
	case ch <= '9':
		return '0'
	case ch <= 'Z':
		return 'A'
	}
	return 'a'
}

// longest is how long a value of a shape may be; longer ones are opaque.
const longest = 512

// makeShape keeps a prefix and permutes the rest within its shape. "_live_" in
// the prefix becomes "_test_" if the rest is long enough that it will not meet
// that of a token which had "_test_" before: what was kept is the tweak.
func makeShape(prefix func([]byte) int) func(*compiler) maskFunc {
	return func(c *compiler) maskFunc {
		prf, opaque := c.prf(), c.opaque()
		return func(dst, value []byte, r *Rewriter) []byte {
			keep := prefix(value)
			if len(value) > longest || permutable(value[keep:]) < 4 {
				return opaque(dst, value, r)
			}
			start := len(dst)
			dst = append(dst, value[:keep]...)
			if i := bytes.Index(dst[start:], live); i >= 0 && permutable(value[keep:]) >= 20 {
				copy(dst[start+i:], "_test_")
			}
			from := len(dst)
			dst = append(dst, value[keep:]...)
			tweak := prf.Uint64(value[:keep])
			if isHex(value[keep:]) {
				permuteLetters(prf, dst[from:], tweak, 6)
				return dst
			}
			permuteShape(prf, dst[from:], tweak)
			for isHex(dst[from:]) { // these belong to what is hexadecimal
				permuteShape(prf, dst[from:], tweak)
			}
			return dst
		}
	}
}

var live = []byte("_live_")

// isHex reports whether v is a hexadecimal number by its letters, of one case,
// and long enough that this is no chance.
func isHex(v []byte) bool {
	symbols, lower, upper := 0, 0, 0
	for _, ch := range v {
		switch r := radix(ch); {
		case r == 1:
			continue
		case r == 26 && ch-base(ch) > 5:
			return false
		case r == 26 && ch >= 'a':
			lower++
		case r == 26:
			upper++
		}
		symbols++
	}
	return symbols >= 16 && (lower == 0) != (upper == 0)
}

// permutable returns how many letters and digits a value has to hide in; 0 if it
// has a character that would stay readable.
func permutable(v []byte) int {
	n := 0
	for _, ch := range v {
		if radix(ch) > 1 {
			n++
		} else if ch >= 0x80 || ch < ' ' {
			return 0
		}
	}
	return n
}

// vatPrefix is the country of a number: two letters.
func vatPrefix(v []byte) int {
	if len(v) > 6 && radix(v[0]) == 26 && radix(v[1]) == 26 {
		return 2
	}
	return 0
}

// tokenPrefix is what says whose token it is: words, of letters of one case and
// perhaps digits behind them, each with its underscore, within the first 16
// characters. An underscore alone does not end a prefix: it is a digit of base64
// in URLs, and what stands before it may be as secret as the rest.
func tokenPrefix(v []byte) int {
	keep := 0
	for i := 0; i < min(16, len(v)/2); i++ {
		if v[i] != '_' {
			continue
		}
		if !isWord(v[keep:i]) {
			break
		}
		keep = i + 1
	}
	return keep
}

// isWord reports whether v is letters of one case, at most 10, and digits behind
// them, at most 2.
func isWord(v []byte) bool {
	letters := 0
	for letters < len(v) && radix(v[letters]) == 26 && base(v[letters]) == base(v[0]) {
		letters++
	}
	for _, ch := range v[letters:] {
		if radix(ch) != 10 {
			return false
		}
	}
	return letters > 0 && letters <= 10 && len(v)-letters <= 2
}
