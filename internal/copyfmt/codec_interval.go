package copyfmt

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
)

// An interval is microseconds in eight bytes, days in four and months in four.
// Where all three are the greatest or the least numbers it is infinite since
// version 17; before, no sane value was that.

func intervalText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) != 16 {
		return dst, ErrValue
	}
	t := int64(binary.BigEndian.Uint64(src))
	days, months := int32(binary.BigEndian.Uint32(src[8:])), int32(binary.BigEndian.Uint32(src[12:]))
	switch {
	case t == math.MaxInt64 && days == math.MaxInt32 && months == math.MaxInt32,
		t == math.MinInt64 && days == math.MinInt32 && months == math.MinInt32:
		return appendInfinity(dst, t > 0), nil
	}
	start, minus := len(dst), false
	for _, part := range [...]struct {
		n    int32
		unit string
	}{{months / 12, " year"}, {months % 12, " mon"}, {days, " day"}} {
		if part.n == 0 {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		if minus && part.n > 0 {
			dst = append(dst, '+')
		}
		dst = append(strconv.AppendInt(dst, int64(part.n), 10), part.unit...)
		if part.n != 1 {
			dst = append(dst, 's')
		}
		minus = part.n < 0
	}
	if len(dst) > start && t == 0 {
		return dst, nil
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	u := uint64(t)
	switch {
	case t < 0:
		dst, u = append(dst, '-'), -u
	case minus:
		dst = append(dst, '+')
	}
	dst = appendPadded(dst, u/hour, 2)
	return append(dst, appendTime(dst, int64(u%hour))[len(dst)+2:]...), nil
}

func intervalBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	var t int64
	var counts [3]int64 // years, months, days
	if inf := infinite(text); inf != 0 || len(text) == 0 {
		return dst, ErrSpelling // not every version has it
	}
	for next := 0; len(text) > 0; {
		word, rest, _ := bytes.Cut(text, []byte(" "))
		if bytes.IndexByte(word, ':') >= 0 {
			clock, ok := parseSpan(word)
			if !ok || len(rest) > 0 {
				return dst, ErrSpelling
			}
			t, text = clock, nil
			continue
		}
		n, ok := parseInt(bytes.TrimPrefix(word, []byte("+")), 1<<40)
		unit, rest, _ := bytes.Cut(rest, []byte(" "))
		which := unitOf(unit)
		if !ok || which < next {
			return dst, ErrSpelling
		}
		counts[which] = n
		text, next = rest, which+1
	}
	months, days := counts[0]*12+counts[1], counts[2]
	if months != int64(int32(months)) || days != int64(int32(days)) {
		return dst, ErrSpelling
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(t))
	dst = binary.BigEndian.AppendUint32(dst, uint32(int32(days)))
	return binary.BigEndian.AppendUint32(dst, uint32(int32(months))), nil
}

func unitOf(word []byte) int {
	switch string(word) {
	case "year", "years":
		return 0
	case "mon", "mons":
		return 1
	case "day", "days":
		return 2
	}
	return -1
}

// parseSpan reads a sign, hours of any number of digits, and the rest of a time.
func parseSpan(text []byte) (int64, bool) {
	minus := text[0] == '-'
	if minus || text[0] == '+' {
		text = text[1:]
	}
	n := bytes.IndexByte(text, ':')
	if n < 2 || len(text) < n+6 || text[n+3] != ':' {
		return 0, false
	}
	h, ok1 := parseUint(text[:n], math.MaxInt64/hour)
	m, ok2 := parseUint(text[n+1:n+3], 59)
	s, ok3 := parseUint(text[n+4:n+6], 59)
	f, ok4 := int64(0), true
	if rest := text[n+6:]; len(rest) > 0 {
		f, ok4 = parseFraction(rest)
	}
	t := h*hour + m*minute + s*second + uint64(f) // below 2^63 + 2^32
	most := uint64(math.MaxInt64)
	if minus {
		most++
	}
	if !ok1 || !ok2 || !ok3 || !ok4 || t > most {
		return 0, false
	}
	if minus {
		t = -t
	}
	return int64(t), true
}
