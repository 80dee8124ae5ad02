package copyfmt

import (
	"encoding/binary"
	"math"
	"strconv"
)

const (
	microsecond = 1
	second      = 1_000_000 * microsecond
	minute      = 60 * second
	hour        = 60 * minute
	day         = 24 * hour
)

func dateText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) != 4 {
		return dst, ErrValue
	}
	d := int32(binary.BigEndian.Uint32(src))
	if d == math.MaxInt32 || d == math.MinInt32 {
		return appendInfinity(dst, d > 0), nil
	}
	dst, christ := appendDate(dst, int64(d))
	return appendEra(dst, christ), nil
}

func timestampText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	return appendTimestamp(dst, src, "")
}

func timestamptzText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	return appendTimestamp(dst, src, "+00")
}

func appendTimestamp(dst, src []byte, zone string) ([]byte, error) {
	if len(src) != 8 {
		return dst, ErrValue
	}
	t := int64(binary.BigEndian.Uint64(src))
	if t == math.MaxInt64 || t == math.MinInt64 {
		return appendInfinity(dst, t > 0), nil
	}
	days := floorDiv(t, day)
	dst, christ := appendDate(dst, days)
	dst = appendTime(append(dst, ' '), t-days*day)
	return appendEra(append(dst, zone...), christ), nil
}

func timeText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) != 8 {
		return dst, ErrValue
	}
	t := int64(binary.BigEndian.Uint64(src))
	if t < 0 || t > day {
		return dst, ErrValue
	}
	return appendTime(dst, t), nil
}

func appendInfinity(dst []byte, positive bool) []byte {
	if !positive {
		dst = append(dst, '-')
	}
	return append(dst, "infinity"...)
}

func appendEra(dst []byte, christ bool) []byte {
	if !christ {
		dst = append(dst, " BC"...)
	}
	return dst
}

// appendDate appends a day, counted from 2000-01-01, without its era; christ says
// whether it is AD. Years are counted from March, so that leap days are last; 400
// of them have 146097 days.
func appendDate(dst []byte, days int64) (out []byte, christ bool) {
	days += 730425 // from 0000-03-01
	era := floorDiv(days, 146097)
	d := days - era*146097
	y := (d - d/1460 + d/36524 - d/146096) / 365
	d -= 365*y + y/4 - y/100
	m := (5*d + 2) / 153
	d -= (153*m + 2) / 5
	y += era * 400
	if m += 3; m > 12 {
		m, y = m-12, y+1
	}
	if christ = y > 0; !christ {
		y = 1 - y
	}
	dst = appendPadded(dst, uint64(y), 4)
	dst = appendPadded(append(dst, '-'), uint64(m), 2)
	return appendPadded(append(dst, '-'), uint64(d+1), 2), christ
}

// dayOf is the reverse; ok is false for a day that is in no calendar.
func dayOf(y, m, d int64) (days int64, ok bool) {
	if m < 1 || m > 12 || d < 1 || d > monthDays(y, m) {
		return 0, false
	}
	if m -= 3; m < 0 {
		m, y = m+12, y-1
	}
	era := floorDiv(y, 400)
	y -= era * 400
	return era*146097 + 365*y + y/4 - y/100 + (153*m+2)/5 + d - 1 - 730425, true
}

func monthDays(y, m int64) int64 {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func appendTime(dst []byte, t int64) []byte {
	dst = appendPadded(dst, uint64(t/hour), 2)
	dst = appendPadded(append(dst, ':'), uint64(t%hour/minute), 2)
	dst = appendPadded(append(dst, ':'), uint64(t%minute/second), 2)
	if t %= second; t > 0 {
		dst = appendPadded(append(dst, '.'), uint64(t), 6)
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

// appendPadded appends n with at least width digits.
func appendPadded(dst []byte, n uint64, width int) []byte {
	for p := uint64(10); width > 1; width-- {
		if n < p {
			dst = append(dst, "000000"[:width-1]...)
			break
		}
		p *= 10
	}
	return strconv.AppendUint(dst, n, 10)
}

func dateBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	if inf := infinite(text); inf != 0 {
		d := int32(math.MaxInt32)
		if inf < 0 {
			d = math.MinInt32
		}
		return binary.BigEndian.AppendUint32(dst, uint32(d)), nil
	}
	days, rest, ok := parseDate(text)
	if !ok || len(rest) > 0 || days <= math.MinInt32 || days >= math.MaxInt32 {
		return dst, ErrSpelling
	}
	return binary.BigEndian.AppendUint32(dst, uint32(int32(days))), nil
}

func timestampBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	return timestampOf(dst, text, false)
}

func timestamptzBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	return timestampOf(dst, text, true)
}

// timestampOf reads a date, perhaps a time, and the zone +00 if there may be one
// and it is a time's.
func timestampOf(dst, text []byte, zone bool) ([]byte, error) {
	if inf := infinite(text); inf != 0 {
		t := int64(math.MaxInt64)
		if inf < 0 {
			t = math.MinInt64
		}
		return binary.BigEndian.AppendUint64(dst, uint64(t)), nil
	}
	days, rest, ok := parseDate(text)
	if !ok || days > math.MaxInt64/day-1 || days < math.MinInt64/day+1 {
		return dst, ErrSpelling
	}
	t := days * day
	if len(rest) > 0 {
		if rest[0] != ' ' && rest[0] != 'T' {
			return dst, ErrSpelling
		}
		rest = rest[1:]
		if n := len(rest); zone && n > 3 && string(rest[n-3:]) == "+00" {
			rest = rest[:n-3]
		}
		clock, ok := parseTime(rest)
		if !ok || clock == day {
			return dst, ErrSpelling
		}
		t += clock
	}
	return binary.BigEndian.AppendUint64(dst, uint64(t)), nil
}

func timeBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	t, ok := parseTime(text)
	if !ok {
		return dst, ErrSpelling
	}
	return binary.BigEndian.AppendUint64(dst, uint64(t)), nil
}

func infinite(text []byte) int {
	switch string(text) {
	case "infinity":
		return 1
	case "-infinity":
		return -1
	}
	return 0
}

// parseDate reads a date, with the era at the end of text, and returns the text
// between.
func parseDate(text []byte) (days int64, rest []byte, ok bool) {
	christ := true
	if n := len(text); n > 3 && string(text[n-3:]) == " BC" {
		text, christ = text[:n-3], false
	}
	n := 0
	for n < len(text) && text[n] != '-' {
		n++
	}
	if n < 4 || n > 7 || len(text) < n+6 || text[n+3] != '-' {
		return 0, nil, false
	}
	y, ok1 := parseUint(text[:n], 1<<24)
	m, ok2 := parseUint(text[n+1:n+3], 99)
	d, ok3 := parseUint(text[n+4:n+6], 99)
	if !ok1 || !ok2 || !ok3 || y == 0 {
		return 0, nil, false
	}
	year := int64(y)
	if !christ {
		year = 1 - year
	}
	days, ok = dayOf(year, int64(m), int64(d))
	return days, text[n+6:], ok
}

// parseTime reads hh:mm:ss and up to six decimals, up to 24:00:00.
func parseTime(text []byte) (t int64, ok bool) {
	if len(text) < 8 || text[2] != ':' || text[5] != ':' {
		return 0, false
	}
	h, ok1 := parseUint(text[:2], 24)
	m, ok2 := parseUint(text[3:5], 59)
	s, ok3 := parseUint(text[6:8], 59)
	t = int64(h)*hour + int64(m)*minute + int64(s)*second
	rest := text[8:]
	if len(rest) > 0 {
		f, ok := parseFraction(rest)
		if !ok {
			return 0, false
		}
		t += f
	}
	return t, ok1 && ok2 && ok3 && t <= day
}

// parseFraction reads a point and one to six decimals as microseconds.
func parseFraction(text []byte) (int64, bool) {
	if len(text) < 2 || len(text) > 7 || text[0] != '.' {
		return 0, false
	}
	f, ok := parseUint(text[1:], 999999)
	for range 7 - len(text) {
		f *= 10
	}
	return int64(f), ok
}
