package anonymize

import (
	"strconv"
	"strings"
)

// makeDate shifts dates by whole days, the same for all dates of an entity, so
// that their order and distances stay; or truncates them, to a unit or to a span
// of years, which hides an age. infinity stays.
func makeDate(c *compiler) maskFunc {
	unit, shift, bucket := c.string("truncate", ""), c.string("shift", ""), c.string("bucket", "")
	given := 0
	for _, v := range []string{unit, shift, bucket} {
		if v != "" {
			given++
		}
	}
	switch {
	case given != 1:
		c.problem("", "date needs one of shift, truncate and bucket: { mask: date, shift: 60d }, { mask: date, truncate: month } or { mask: date, bucket: 5y }")
		return nil
	case unit != "":
		return c.truncateDate(unit, 1)
	case bucket != "":
		years, err := strconv.Atoi(strings.TrimSuffix(bucket, "y"))
		if err != nil || years < 1 || years > 1000 || !strings.HasSuffix(bucket, "y") {
			c.problem("bucket", "bucket must be years: 5y")
			return nil
		}
		return c.truncateDate("year", int64(years))
	}
	days, err := strconv.Atoi(strings.TrimSuffix(shift, "d"))
	if err != nil || days < 1 || days > 36500 || !strings.HasSuffix(shift, "d") {
		c.problem("shift", "shift must be days: 60d")
		return nil
	}
	seed, strange, chars, last := c.seeder(), c.strangeDate(), c.room(unbounded), c.lastYear()
	return func(dst, value []byte, r *Rewriter) []byte {
		d, ok := parseDate(value)
		if !ok {
			return strange(dst, value, r)
		}
		s := seed(value, r)
		by := int64(s.Uint64n(uint64(days))) + 1
		if s.Uint64()&1 == 0 {
			by = -by
		}
		start := len(dst)
		moved := d.move(by)
		if moved.year > last || moved.tooEarly() {
			moved = d.move(-by)
		}
		if dst = moved.append(dst); len(dst)-start > chars { // a year of five digits, or before Christ
			return strange(dst[:start], value, r)
		}
		return dst
	}
}

func (c *compiler) truncateDate(unit string, years int64) maskFunc {
	switch unit {
	case "year", "quarter", "month", "day", "hour":
	default:
		c.problem("truncate", "truncate must be year, quarter, month, day or hour")
		return nil
	}
	strange, chars := c.strangeDate(), c.room(unbounded)
	return func(dst, value []byte, r *Rewriter) []byte {
		d, ok := parseDate(value)
		if !ok {
			return strange(dst, value, r)
		}
		switch unit {
		case "year":
			d.year, d.month, d.day = floorDiv(d.year, years)*years, 1, 1
		case "quarter":
			d.month, d.day = (d.month-1)/3*3+1, 1
		case "month":
			d.day = 1
		}
		if len(d.rest) >= 9 { // " hh:mm:ss", then perhaps a fraction and a zone
			zone := d.rest[9:]
			for len(zone) > 0 && zone[0] != '+' && zone[0] != '-' && zone[0] != 'Z' {
				zone = zone[1:]
			}
			d.cut = [3]byte{d.rest[0], '0', '0'}
			if unit == "hour" {
				d.cut[1], d.cut[2] = d.rest[1], d.rest[2]
			}
			d.rest = zone
		}
		if d.tooEarly() {
			d.year, d.month, d.day = firstYear, 11, 24
		}
		start := len(dst)
		if dst = d.append(dst); len(dst)-start > chars {
			return strange(dst[:start], value, r)
		}
		return dst
	}
}

// firstYear is that of the first day which PostgreSQL's types hold, 4714-11-24 BC.
const firstYear = -4713

func (d civil) tooEarly() bool {
	return d.year < firstYear || d.year == firstYear && (d.month < 11 || d.month == 11 && d.day < 24)
}

// lastYear is the last that the type holds whole.
func (c *compiler) lastYear() int64 {
	if strings.HasPrefix(c.typ.Name, "timestamp") {
		return 294276
	}
	return 5874897
}

// strangeDate returns what masks values that are no dates: it keeps infinity,
// which is nobody's date, and hides anything else, in a column of dates behind
// the day from which PostgreSQL counts.
func (c *compiler) strangeDate() maskFunc {
	if isText(c.typ) {
		return c.opaque()
	}
	return func(dst, value []byte, r *Rewriter) []byte {
		switch string(value) {
		case "infinity", "-infinity":
			return append(dst, value...)
		}
		r.opaque = true
		return append(dst, "2000-01-01"...)
	}
}

// civil is a date in ISO form with what follows it verbatim.
type civil struct {
	year       int64 // astronomical: 1 BC is 0
	month, day int64
	rest       []byte  // " 12:30:00.5+00", without " BC"
	cut        [3]byte // the separator and the hour of a truncated time, rest only the zone; else zero
}

func parseDate(v []byte) (d civil, ok bool) {
	bc := len(v) > 3 && string(v[len(v)-3:]) == " BC"
	if bc {
		v = v[:len(v)-3]
	}
	i := 0
	for i < len(v) && v[i] >= '0' && v[i] <= '9' {
		d.year = d.year*10 + int64(v[i]-'0')
		if i++; i > 7 {
			return d, false
		}
	}
	if i < 4 || len(v) < i+6 || v[i] != '-' || v[i+3] != '-' {
		return d, false
	}
	two := func(b []byte) int64 {
		if radix(b[0]) != 10 || radix(b[1]) != 10 {
			return 0
		}
		return int64(b[0]-'0')*10 + int64(b[1]-'0')
	}
	d.month, d.day = two(v[i+1:]), two(v[i+4:])
	d.rest = v[i+6:]
	if bc {
		d.year = 1 - d.year
	}
	return d, d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= 31 && (len(d.rest) == 0 || len(d.rest) >= 9 && isTime(d.rest))
}

// isTime reports whether v is " hh:mm:ss", or with the T of ISO 8601, perhaps a
// fraction of up to nine digits, perhaps a zone: what is more would stay.
func isTime(v []byte) bool {
	if v[0] != ' ' && v[0] != 'T' {
		return false
	}
	v, ok := clock(v[1:], 24, 3)
	if !ok {
		return false
	}
	if len(v) > 0 && v[0] == '.' {
		n := 1
		for n < len(v) && radix(v[n]) == 10 {
			n++
		}
		if n == 1 || n > 10 {
			return false
		}
		v = v[n:]
	}
	switch {
	case len(v) == 0, len(v) == 1 && v[0] == 'Z':
		return true
	case v[0] != '+' && v[0] != '-':
		return false
	}
	v, ok = clock(v[1:], 15, 1)
	return ok && len(v) == 0
}

// clock reads hours up to most, minutes and seconds, at least so many of the three:
// with colons between them or, where not all have to be there, without.
func clock(v []byte, most byte, least int) (rest []byte, ok bool) {
	colons := len(v) > 2 && v[2] == ':'
	for n := range 3 {
		if n >= least && (len(v) == 0 || colons && v[0] != ':') {
			break
		}
		if n > 0 && colons {
			if len(v) == 0 || v[0] != ':' {
				return v, false
			}
			v = v[1:]
		}
		if len(v) < 2 || radix(v[0]) != 10 || radix(v[1]) != 10 || (v[0]-'0')*10+v[1]-'0' > most {
			return v, false
		}
		v, most = v[2:], 60
	}
	return v, colons || least < 3
}

// move shifts by days in the proleptic Gregorian calendar (the arithmetic of
// Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms").
func (d civil) move(days int64) civil {
	y := d.year
	if d.month <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := (153*((d.month+9)%12)+2)/5 + d.day - 1
	z := era*146097 + yoe*365 + yoe/4 - yoe/100 + doy + days

	era = floorDiv(z, 146097)
	doe := z - era*146097
	yoe = (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy = doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d.day = doy - (153*mp+2)/5 + 1
	d.month = (mp+2)%12 + 1
	d.year = yoe + era*400
	if d.month <= 2 {
		d.year++
	}
	return d
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (d civil) append(dst []byte) []byte {
	y, bc := d.year, false
	if y < 1 {
		y, bc = 1-y, true
	}
	dst = append(appendDigits(dst, uint64(y), 4), '-')
	dst = append(appendDigits(dst, uint64(d.month), 2), '-')
	dst = appendDigits(dst, uint64(d.day), 2)
	if d.cut[0] != 0 {
		dst = append(append(dst, d.cut[:]...), ":00:00"...)
	}
	dst = append(dst, d.rest...)
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}
