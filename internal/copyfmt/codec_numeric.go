package copyfmt

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// A numeric is the number of its digits to base 10000, the power of 10000 of the
// first, its sign, and how many decimals are shown, each in two bytes; then the
// digits, two bytes each.
const (
	numericHead     = 8
	numericNegative = 0x4000
	numericNaN      = 0xc000
	numericInf      = 0xd000
	numericNegInf   = 0xf000
	mostScale       = 0x3fff
)

func numericText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) < numericHead {
		return dst, ErrValue
	}
	n := int(binary.BigEndian.Uint16(src))
	weight := int(int16(binary.BigEndian.Uint16(src[2:])))
	scale := int(binary.BigEndian.Uint16(src[6:]))
	digits := src[numericHead:]
	sign := binary.BigEndian.Uint16(src[4:])
	switch {
	case len(digits) != 2*n || scale > mostScale:
		return dst, ErrValue
	case sign == numericNaN:
		return append(dst, "NaN"...), nil
	case sign == numericInf:
		return append(dst, "Infinity"...), nil
	case sign == numericNegInf:
		return append(dst, "-Infinity"...), nil
	case sign == numericNegative:
		dst = append(dst, '-')
	case sign != 0:
		return dst, ErrValue
	}
	start := len(dst)
	dst, err := appendDecimal(dst, digits, weight, scale)
	if sign == numericNegative && err == nil && !bytes.ContainsAny(dst[start:], "123456789") {
		return append(dst[:start-1], dst[start:]...), nil // the server has no negative zero
	}
	return dst, err
}

// appendDecimal appends a number of digits to base 10000, the first of which is of that
// power, with so many decimals.
func appendDecimal(dst, digits []byte, weight, scale int) ([]byte, error) {
	n := len(digits) / 2
	group := func(w int) (uint16, bool) { // the digit of 10000^w
		if i := weight - w; i >= 0 && i < n {
			d := binary.BigEndian.Uint16(digits[2*i:])
			return d, d < 10000
		}
		return 0, true
	}
	start := len(dst)
	for w := weight; w >= 0; w-- {
		d, ok := group(w)
		if !ok {
			return dst, ErrValue
		}
		if len(dst) == start {
			if d > 0 {
				dst = strconv.AppendUint(dst, uint64(d), 10)
			}
			continue
		}
		dst = appendFour(dst, d)
	}
	if len(dst) == start {
		dst = append(dst, '0')
	}
	if scale == 0 {
		return dst, nil
	}
	dst = append(dst, '.')
	end := len(dst) + scale
	for w := -1; len(dst) < end; w-- {
		d, ok := group(w)
		if !ok {
			return dst, ErrValue
		}
		dst = appendFour(dst, d)
	}
	return dst[:end], nil
}

func appendFour(dst []byte, d uint16) []byte {
	return append(dst, byte('0'+d/1000), byte('0'+d/100%10), byte('0'+d/10%10), byte('0'+d%10))
}

func numericBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	sign := uint16(0)
	switch string(text) {
	case "NaN":
		return appendNumericHead(dst, 0, 0, numericNaN, 0), nil
	case "Infinity":
		return appendNumericHead(dst, 0, 0, numericInf, 0), nil
	case "-Infinity":
		return appendNumericHead(dst, 0, 0, numericNegInf, 0), nil
	}
	if len(text) > 0 && text[0] == '-' {
		sign, text = numericNegative, text[1:]
	}
	point := len(text) // digits before it
	for i, c := range text {
		switch {
		case c == '.' && point == len(text) && len(text) > 1:
			point = i
		case c < '0' || c > '9':
			return dst, ErrSpelling
		}
	}
	scale := max(0, len(text)-point-1)
	if len(text) == 0 || scale > mostScale || point > 4<<15 {
		return dst, ErrSpelling
	}
	digit := func(i int) uint16 { // i from the first digit; the point takes none
		if i >= point {
			i++
		}
		if i < 0 || i >= len(text) {
			return 0
		}
		return uint16(text[i] - '0')
	}
	all := point + scale
	first := 0
	for first < all && digit(first) == 0 {
		first++
	}
	if first == all {
		return appendNumericHead(dst, 0, 0, 0, scale), nil
	}
	// Groups of four end at the point: the first may begin before the number.
	weight := floorDiv(point-1-first, 4)
	start := len(dst)
	dst = appendNumericHead(dst, 0, weight, sign, scale)
	n, used := 0, len(dst)
	for at := point - 4*(weight+1); at < all; at += 4 {
		d := uint16(0)
		for i := at; i < at+4; i++ {
			d = d*10 + digit(i)
		}
		dst = binary.BigEndian.AppendUint16(dst, d)
		if d > 0 {
			n, used = (len(dst)-start-numericHead)/2, len(dst)
		}
	}
	binary.BigEndian.PutUint16(dst[start:], uint16(n))
	return dst[:used], nil
}

func appendNumericHead(dst []byte, n, weight int, sign uint16, scale int) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	dst = binary.BigEndian.AppendUint16(dst, uint16(int16(weight)))
	dst = binary.BigEndian.AppendUint16(dst, sign)
	return binary.BigEndian.AppendUint16(dst, uint16(scale))
}

func floorDiv[T int | int64](a, b T) T {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func moneyText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) != 8 {
		return dst, ErrValue
	}
	n := int64(binary.BigEndian.Uint64(src))
	u := uint64(n)
	if n < 0 {
		dst, u = append(dst, '-'), -u
	}
	dst = append(dst, '$')
	var buf [20]byte
	whole := strconv.AppendUint(buf[:0], u/100, 10)
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, c)
	}
	return append(dst, '.', byte('0'+u%100/10), byte('0'+u%10)), nil
}

func moneyBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	if len(text) > 0 && text[0] == '$' {
		text = text[1:]
	}
	most := uint64(1<<63 - 1)
	if negative {
		most++
	}
	n, digits, decimals := uint64(0), 0, -1
	for _, c := range text {
		switch {
		case c == '.' && decimals < 0:
			decimals = 0
		case c == ',' && decimals < 0 && digits > 0:
		case c >= '0' && c <= '9':
			d := uint64(c - '0')
			if n > most/10 || n*10 > most-d || decimals == 2 {
				return dst, ErrSpelling
			}
			n = n*10 + d
			digits++
			if decimals >= 0 {
				decimals++
			}
		default:
			return dst, ErrSpelling
		}
	}
	if digits == 0 {
		return dst, ErrSpelling
	}
	for range 2 - max(0, decimals) {
		if n > most/10 {
			return dst, ErrSpelling
		}
		n *= 10
	}
	if negative {
		n = -n
	}
	return binary.BigEndian.AppendUint64(dst, n), nil
}
