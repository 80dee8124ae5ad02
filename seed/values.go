package seed

import (
	"math"
	"math/bits"
	"strconv"
)

// many is the size of a set that no table outgrows.
const many = uint64(1) << 62

// set is the values that a column may take, numbered from 0: each number gives
// another value, also when the case of letters does not count.
type set struct {
	size   uint64
	append func(dst []byte, i uint64) []byte
	escape bool   // values may hold bytes that COPY text escapes
	mixed  bool   // neighbours look alike: unique columns walk it in another order
	num    *scale // for sets of numbers and times in order
}

// scale is evenly spaced numbers: lo, lo+step, … up to hi.
type scale struct {
	lo, hi, step int64
	unit         unit
	print        func(dst []byte, v int64) []byte
	pick         func(i uint64) int64 // nil, or the number that i stands for where they are several scales
}

// at is the number that i stands for.
func (s *scale) at(i uint64) int64 {
	if s.pick != nil {
		return s.pick(i)
	}
	return s.lo + int64(i)*s.step
}

// unit says which scales compare with each other.
type unit struct {
	kind   string // "number" or "time"
	digits int    // of a number: decimal places of the scale
}

func (s scale) set() set {
	if s.hi < s.lo {
		return set{}
	}
	size := uint64(s.hi-s.lo)/uint64(s.step) + 1
	lo, step, print := s.lo, s.step, s.print
	return set{size: min(size, many), num: &s, append: func(dst []byte, i uint64) []byte {
		return print(dst, lo+int64(i)*step)
	}}
}

// mix is a bijection of all numbers that scatters them.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below turns a hash into a number below n, which must not be 0.
func below(h, n uint64) uint64 {
	hi, _ := bits.Mul64(h, n)
	return hi
}

// hashName is a number for a name, from which hashes of a column start.
func hashName(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return mix(h)
}

func printInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// printDecimal writes v / 10^digits.
func printDecimal(digits int) func([]byte, int64) []byte {
	if digits <= 0 {
		zeros := "000000000000000000"[:min(-digits, 18)]
		return func(dst []byte, v int64) []byte {
			if dst = strconv.AppendInt(dst, v, 10); v != 0 {
				dst = append(dst, zeros...)
			}
			return dst
		}
	}
	unit := uint64(math.Pow10(digits))
	return func(dst []byte, v int64) []byte {
		u := uint64(v)
		if v < 0 {
			dst, u = append(dst, '-'), uint64(-v)
		}
		dst = strconv.AppendUint(dst, u/unit, 10)
		dst = append(dst, '.')
		return appendDigits(dst, u%unit, digits)
	}
}

func appendDigits(dst []byte, v uint64, n int) []byte {
	at := len(dst)
	for range n {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; i >= at; i-- {
		dst[i] = byte('0' + v%10)
		v /= 10
	}
	return dst
}

const day = 86400

// printDate writes the day of a second since 1970, by the calendar of civil days
// counted in eras of 400 years from 1 March.
func printDate(dst []byte, v int64) []byte {
	days := floor(v, day)/day + 719468
	era := floor(days, 146097) / 146097
	doe := days - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d, m, y := doy-(153*mp+2)/5+1, mp+3, yoe+era*400
	if m > 12 {
		m, y = m-12, y+1
	}
	dst = appendDigits(dst, uint64(y), 4)
	dst = append(dst, '-', byte('0'+m/10), byte('0'+m%10), '-', byte('0'+d/10), byte('0'+d%10))
	return dst
}

func printTimestamp(dst []byte, v int64) []byte {
	return printTime(append(printDate(dst, v), ' '), v)
}

func printTimestamptz(dst []byte, v int64) []byte { return append(printTimestamp(dst, v), "+00"...) }

func printTime(dst []byte, v int64) []byte {
	v -= floor(v, day)
	h, m, sec := v/3600, v/60%60, v%60
	return append(dst, byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10), ':', byte('0'+sec/10), byte('0'+sec%10))
}

func printTimetz(dst []byte, v int64) []byte { return append(printTime(dst, v), "+00"...) }

const hexDigits = "0123456789abcdef"

func appendHex(dst []byte, v uint64, digits int) []byte {
	for i := digits - 1; i >= 0; i-- {
		dst = append(dst, hexDigits[v>>(4*uint(i))&15])
	}
	return dst
}

// appendUUID writes a uuid of version 4 that holds all bits of mix(i ^ seed).
func appendUUID(dst []byte, i, seed uint64) []byte {
	a := mix(i ^ seed)
	b := mix(a)
	dst = appendHex(dst, a>>32, 8)
	dst = append(dst, '-')
	dst = appendHex(dst, a>>16, 4)
	dst = append(dst, "-4"...)
	dst = appendHex(dst, b, 3)
	dst = append(dst, '-')
	dst = appendHex(dst, 8|b>>12&3, 1)
	dst = appendHex(dst, b>>16, 3)
	dst = append(dst, '-')
	dst = appendHex(dst, b>>32, 8)
	return appendHex(dst, a, 4)
}

// listSet is the values of a list, in its order.
func listSet(values []string) set {
	escape := false
	for _, v := range values {
		for i := range len(v) {
			escape = escape || v[i] < ' ' || v[i] == '\\'
		}
	}
	return set{size: uint64(len(values)), escape: escape, append: func(dst []byte, i uint64) []byte {
		return append(dst, values[i]...)
	}}
}
