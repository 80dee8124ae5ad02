package copyfmt

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

func float8Text(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) != 8 {
		return dst, ErrValue
	}
	return appendFloat(dst, math.Float64frombits(binary.BigEndian.Uint64(src)), 64), nil
}

func float4Text(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) != 4 {
		return dst, ErrValue
	}
	return appendFloat(dst, float64(math.Float32frombits(binary.BigEndian.Uint32(src))), 32), nil
}

func float8Binary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	f, ok := parseFloat(text, 64)
	if !ok {
		return dst, ErrSpelling
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(f)), nil
}

func float4Binary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	f, ok := parseFloat(text, 32)
	if !ok {
		return dst, ErrSpelling
	}
	return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(f))), nil
}

func pointText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) != 16 {
		return dst, ErrValue
	}
	dst = appendFloat(append(dst, '('), math.Float64frombits(binary.BigEndian.Uint64(src)), 64)
	dst = appendFloat(append(dst, ','), math.Float64frombits(binary.BigEndian.Uint64(src[8:])), 64)
	return append(dst, ')'), nil
}

func pointBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	if len(text) < 2 || text[0] != '(' || text[len(text)-1] != ')' {
		return dst, ErrSpelling
	}
	text = text[1 : len(text)-1]
	for i, c := range text {
		if c != ',' {
			continue
		}
		x, ok1 := parseFloat(text[:i], 64)
		y, ok2 := parseFloat(text[i+1:], 64)
		if !ok1 || !ok2 {
			break
		}
		dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(x))
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(y)), nil
	}
	return dst, ErrSpelling
}

// appendFloat appends the shortest digits that read as f, as the server does:
// with an exponent below -4 or from 15 digits before the point on, 6 for float4.
func appendFloat(dst []byte, f float64, size int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	var buf [32]byte
	var store [20]byte
	e := shortest(buf[:0], f, size) // -d.ddde±dd
	if e[0] == '-' {
		dst, e = append(dst, '-'), e[1:]
	}
	digits, i := store[:0], 0
	for ; e[i] != 'e'; i++ {
		if e[i] != '.' {
			digits = append(digits, e[i])
		}
	}
	exp := 0
	for _, c := range e[i+2:] {
		exp = exp*10 + int(c-'0')
	}
	if e[i+1] == '-' {
		exp = -exp
	}
	most := 15
	if size == 32 {
		most = 6
	}
	switch {
	case exp < -4 || exp >= most:
		return append(dst, e...)
	case exp < 0:
		dst = append(dst, "0.0000"[:1-exp]...)
		return append(dst, digits...)
	case exp >= len(digits)-1:
		dst = append(dst, digits...)
		return append(dst, "00000000000000"[:exp-len(digits)+1]...)
	}
	dst = append(append(dst, digits[:exp+1]...), '.')
	return append(dst, digits[exp+1:]...)
}

// shortest formats f with the fewest digits that read as f. The server does not
// use a number that lies exactly between f and its neighbour, though it would
// read as f, so that one is given more digits; and of two that are equally near
// to f it takes the even one.
func shortest(buf []byte, f float64, size int) []byte {
	e := strconv.AppendFloat(buf, f, 'e', -1, size)
	for between(e, f, size) {
		e = strconv.AppendFloat(e[:0], f, 'e', digitsOf(e), size)
	}
	m, exp, _ := mantissa(f, size)
	if exp+bits.TrailingZeros64(m) < -25 {
		return e // f has more decimals than two numbers around it could share
	}
	var other [32]byte
	even := strconv.AppendFloat(other[:0], f, 'e', digitsOf(e)-1, size)
	if x, err := strconv.ParseFloat(string(even), size); err == nil && x == f {
		e = append(e[:0], even...)
	}
	return e
}

// digitsOf counts the digits of d.ddde±dd before the e.
func digitsOf(e []byte) (n int) {
	for i := 0; e[i] != 'e'; i++ {
		if e[i] >= '0' && e[i] <= '9' {
			n++
		}
	}
	return n
}

// between reports whether the number that e spells is exactly half-way between f
// and the next number of its size.
func between(e []byte, f float64, size int) bool {
	d, exp, ok := decimal(e)
	if !ok {
		return false
	}
	// |f| is m·2^n. Half-way are (2m±1)·2^(n-1), and where m is a power of two
	// (4m-1)·2^(n-2). Near f two numbers with the same odd part are the same, so
	// powers of two need not be compared.
	m, _, power := mantissa(f, size)
	odd, high := d>>bits.TrailingZeros64(d), uint64(0)
	for ; exp > 0 && high == 0; exp-- {
		high, odd = bits.Mul64(odd, 5)
	}
	for ; exp < 0 && odd%5 == 0; exp++ {
		odd /= 5
	}
	if exp != 0 || high != 0 {
		return false // a fraction by five, or more bits than m has
	}
	return odd == 2*m+1 || !power && odd == 2*m-1 || power && odd == 4*m-1
}

// decimal reads d.ddde±dd as d·10^exp without zeros at the end of d.
func decimal(e []byte) (d uint64, exp int, ok bool) {
	i, point := 0, -1
	if e[0] == '-' {
		i++
	}
	for ; e[i] != 'e'; i++ {
		if e[i] == '.' {
			point = i
			continue
		}
		d = d*10 + uint64(e[i]-'0')
	}
	if d == 0 {
		return 0, 0, false
	}
	for _, c := range e[i+2:] {
		exp = exp*10 + int(c-'0')
	}
	if e[i+1] == '-' {
		exp = -exp
	}
	if point >= 0 {
		exp -= i - point - 1
	}
	for d%10 == 0 {
		d, exp = d/10, exp+1
	}
	return d, exp, true
}

// mantissa returns f as m·2^exp; power says that the next smaller number is nearer
// to f than the next larger one.
func mantissa(f float64, size int) (m uint64, exp int, power bool) {
	width, bias, b := 52, 1075, math.Float64bits(math.Abs(f))
	if size == 32 {
		width, bias, b = 23, 150, uint64(math.Float32bits(float32(math.Abs(f))))
	}
	m, exp = b&(1<<width-1), int(b>>width)
	if exp == 0 {
		return m, 1 - bias, false
	}
	return m | 1<<width, exp - bias, m == 0 && exp > 1
}

// notANumber is the NaN that the server writes; math.NaN has another bit set.
var notANumber = math.Float64frombits(0x7ff8 << 48)

// parseFloat reads plain digits, perhaps with an exponent, or the words of the
// server. A number beyond the type's range is refused, as by the server; so is
// one that the type holds as zero though it is not.
func parseFloat(text []byte, size int) (float64, bool) {
	switch string(text) {
	case "NaN":
		return notANumber, true
	case "Infinity":
		return math.Inf(1), true
	case "-Infinity":
		return math.Inf(-1), true
	}
	if len(text) > 400 {
		return 0, false
	}
	nonzero := false
	for i, c := range text {
		switch {
		case c >= '1' && c <= '9':
			nonzero = true
		case c == '0', c == '.', c == '-' && i == 0, (c == '-' || c == '+') && i > 0 && text[i-1]|0x20 == 'e':
		case c|0x20 == 'e':
		default:
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(string(text), size)
	return f, err == nil && (f != 0 || !nonzero)
}
