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

// looksLikePhone reports whether all of v is one number of 5 to 20 digits.
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
	return n >= 5 && n <= 20
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

// luhn returns the check digit of the digits before it (ISO/IEC 7812-1).
func luhn(d []byte) byte {
	sum := 0
	for i := range d {
		x := int(d[len(d)-1-i])
		if i%2 == 0 {
			if x *= 2; x > 9 {
				x -= 9
			}
		}
		sum += x
	}
	return byte((10 - sum%10) % 10)
}

// makeCard permutes the digits between the brand and the check digit, which is
// carried as its distance from the right one: a valid number stays valid, and
// the map is a bijection.
func makeCard(c *compiler) maskFunc {
	prf, opaque := c.prf(), c.opaque()
	if c.bool("test") {
		return func(dst, value []byte, r *Rewriter) []byte {
			if !looksLikeCard(value) {
				return opaque(dst, value, r)
			}
			var buf [24]byte
			digits := digitsOf(buf[:0], value)
			testCard(digits, prf.Stream(digits))
			return appendWithDigits(dst, value, digits)
		}
	}
	return func(dst, value []byte, r *Rewriter) []byte {
		if !looksLikeCard(value) {
			return opaque(dst, value, r)
		}
		var buf [24]byte
		return appendCard(dst, value, digitsOf(buf[:0], value), prf)
	}
}

func appendCard(dst, value, digits []byte, prf *keyed.PRF) []byte {
	brand := 1
	if digits[0] != 4 {
		brand = 2
	}
	last := len(digits) - 1
	distance := (digits[last] + 10 - luhn(digits[:last])) % 10
	tweak := uint64(digits[0])*10 + uint64(digits[1])
	if brand == 1 {
		tweak = 4
	}
	prf.PermuteDigits(digits[brand:last], tweak)
	digits[last] = (luhn(digits[:last]) + distance) % 10
	return appendWithDigits(dst, value, digits)
}

// testCard draws a number of the range that the scheme's test numbers are of, and
// carries the distance of the check digit.
func testCard(digits []byte, s keyed.Stream) {
	last := len(digits) - 1
	distance := (digits[last] + 10 - luhn(digits[:last])) % 10
	from := 2
	for _, test := range [...]string{"424242", "555555", "222300", "378282", "601111", "305693", "353011", "620000"} {
		if digits[0] == test[0]-'0' && (test[0] == '4' || digits[1] == test[1]-'0') || test[0] == '5' && digits[0] == 5 && digits[1] >= 1 && digits[1] <= 5 ||
			test == "378282" && digits[0] == 3 && digits[1] == 4 {
			for i := range test {
				digits[i] = test[i] - '0'
			}
			from = len(test)
			break
		}
	}
	for i := from; i < last; i++ {
		digits[i] = byte(s.Uint64n(10))
	}
	digits[last] = (luhn(digits[:last]) + distance) % 10
}

func looksLikeCard(v []byte) bool {
	n := 0
	for _, ch := range v {
		switch {
		case ch >= '0' && ch <= '9':
			n++
		case ch == ' ', ch == '-':
		default:
			return false
		}
	}
	return n >= 12 && n <= 19
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

// makeIBAN keeps the country, permutes the account within its shape, and carries
// the two check digits (ISO 13616, ISO 7064 mod 97-10) as their distance.
func makeIBAN(c *compiler) maskFunc {
	prf, opaque := c.prf(), c.opaque()
	return func(dst, value []byte, r *Rewriter) []byte {
		if !looksLikeIBAN(value) {
			return opaque(dst, value, r)
		}
		distance := (ibanCheck(value) + 97 - ibanRight(value)) % 97
		start := len(dst)
		dst = append(dst, value...)
		out := dst[start:]
		permuteShape(prf, out[4:], uint64(out[0])<<8|uint64(out[1]))
		check := (ibanRight(out) + distance) % 97
		if check < 2 {
			check += 97 // check digits are 02 to 98
		}
		out[2], out[3] = '0'+byte(check/10), '0'+byte(check%10)
		return dst
	}
}

func looksLikeIBAN(v []byte) bool {
	if len(v) < 15 || len(v) > 42 || v[0] < 'A' || v[0] > 'Z' || v[1] < 'A' || v[1] > 'Z' ||
		radix(v[2]) != 10 || radix(v[3]) != 10 || ibanCheck(v) < 2 || ibanCheck(v) > 98 {
		return false
	}
	for _, ch := range v[4:] {
		if ch != ' ' && radix(ch) != 10 && (ch < 'A' || ch > 'Z') {
			return false
		}
	}
	return true
}

func ibanCheck(v []byte) int { return int(v[2]-'0')*10 + int(v[3]-'0') }

// ibanRight computes the check digits that the rest of v asks for, below 97.
func ibanRight(v []byte) int {
	mod := 0
	add := func(ch byte) {
		switch {
		case ch >= '0' && ch <= '9':
			mod = (mod*10 + int(ch-'0')) % 97
		case ch >= 'A' && ch <= 'Z':
			mod = (mod*100 + int(ch-'A') + 10) % 97
		}
	}
	for _, ch := range v[4:] {
		add(ch)
	}
	add(v[0])
	add(v[1])
	add('0')
	add('0')
	return (98 - mod) % 97
}
