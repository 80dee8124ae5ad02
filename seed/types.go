package seed

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/schema"
)

// bound is one end of what a column may hold; "" for none.
type bound struct {
	text string
	open bool // the value itself is outside
}

// spec is what is known of a column's values before rows are counted.
type spec struct {
	typ            *schema.Type
	name           string // of the column, in small letters
	role           string // what discover takes the column for: a kind of mask
	seed           uint64
	lo, hi         bound
	list           []string // the values that a check allows
	wanted         bool     // list is what checks of children want, no check of its own
	except         []string // values that it does not
	minLen, maxLen int      // characters; maxLen 0 is no limit
	patterns       []string // regular expressions
	notNull        bool
	exact          bool            // lo and hi are those asked for: no narrower range is usual
	every          int64           // the values lie so many apart; 0 is one
	told           []check         // what was taken in
	small          string          // "lower" or "upper" where a check wants such letters
	folder         string          // of addresses of the web
	lengths        []ProfileLength // of texts without a meaning of their own; nil is whatever comes
}

// set makes the values of the column, at least need of them if there are so
// many, and few and plain ones where need is small.
func (s *spec) set(need uint64) (set, error) {
	if s.list != nil {
		return s.listed(), nil
	}
	t := s.typ
	switch t.Class {
	case schema.EnumType:
		s.list = t.Enum.Labels
		out := s.listed()
		s.list = nil
		return out, nil
	case schema.Array:
		return s.array(need)
	case schema.Range, schema.Multirange:
		return s.ranges(need)
	case schema.Composite:
		return s.composite(need)
	case schema.Pseudo:
		return set{}, fmt.Errorf("type %s: no rows can be made of it", t.Name)
	}
	switch t.Base {
	case "int2":
		return s.integer(math.MinInt16, math.MaxInt16, need)
	case "int4":
		return s.integer(math.MinInt32, math.MaxInt32, need)
	case "int8":
		return s.integer(math.MinInt64/4, math.MaxInt64/4, need)
	case "oid", "xid", "cid":
		return s.integer(1, math.MaxInt32, need)
	case "numeric":
		return s.numeric(need)
	case "float4":
		return s.decimal(2, 99999, need)
	case "float8", "money":
		return s.decimal(2, 99_999_999, need)
	case "bool":
		s.list = []string{"t", "f"}
		out := s.listed()
		s.list = nil
		return out, nil
	case "date", "timestamp", "timestamptz", "time", "timetz":
		return s.times(need)
	case "text", "varchar", "bpchar", "citext", "name", "char":
		return s.text(need)
	}
	return s.other(need)
}

// listed is the set of the values that a check allows, less those that it does
// not, and those that are too long.
func (s *spec) listed() set {
	var values []string
	seen := map[string]bool{}
	for _, v := range s.list {
		n := len([]rune(v))
		ok := !seen[v] && n >= s.minLen && (s.maxLen == 0 || n <= s.maxLen)
		for _, x := range s.except {
			ok = ok && x != v
		}
		if f, err := strconv.ParseFloat(v, 64); err == nil && s.typ.Class == schema.Base {
			ok = ok && inside(f, s.lo, s.hi)
		}
		if seen[v] = true; ok {
			values = append(values, v)
		}
	}
	return listSet(values)
}

func inside(f float64, lo, hi bound) bool {
	l, errL := strconv.ParseFloat(lo.text, 64)
	h, errH := strconv.ParseFloat(hi.text, 64)
	return (errL != nil || f > l || f == l && !lo.open) && (errH != nil || f < h || f == h && !hi.open)
}

// ends applies the bounds of checks to those of the type: both in units of
// 1/10^digits.
func (s *spec) ends(lo, hi int64, digits int) (int64, int64, error) {
	for i, b := range []bound{s.lo, s.hi} {
		if b.text == "" {
			continue
		}
		f, err := strconv.ParseFloat(b.text, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("a check compares a number with something else")
		}
		x := f * math.Pow10(digits)
		if digits == 0 && math.Abs(x) < 1<<53 || math.Abs(x-math.Round(x)) < 1e-6 {
			if math.Abs(x-math.Round(x)) < 1e-6 {
				x = math.Round(x)
			}
		}
		if i == 0 {
			v := math.Ceil(x)
			if v == x && b.open {
				v++
			}
			lo = max(lo, toInt(v))
		} else {
			v := math.Floor(x)
			if v == x && b.open {
				v--
			}
			hi = min(hi, toInt(v))
		}
	}
	return lo, hi, nil
}

func toInt(f float64) int64 {
	return int64(math.Max(math.MinInt64/4, math.Min(math.MaxInt64/4, f)))
}

// window narrows the range of a type to numbers that a person would expect, if
// so many are enough.
func window(lo, hi, from, to int64, need uint64) (int64, int64) {
	if from > hi || to < lo {
		if lo <= hi && uint64(hi-lo) >= need && need < uint64(to-from)+1 { // the checks leave other numbers
			if lo > to {
				return lo, min(hi, lo+to-from)
			}
			return max(lo, hi-(to-from)), hi
		}
		return lo, hi
	}
	from, to = max(from, lo), min(to, hi)
	if uint64(to-from)+1 >= need {
		return from, to
	}
	if uint64(hi-from)+1 >= need {
		return from, hi
	}
	return lo, hi
}

func (s *spec) integer(lo, hi int64, need uint64) (set, error) {
	lo, hi, err := s.ends(lo, hi, 0)
	if err != nil {
		return set{}, err
	}
	every := max(s.every, 1)
	if from, to := s.usual(); !s.exact {
		lo, hi = window(lo, hi, from, to, min(need, many/uint64(every))*uint64(every))
	}
	return s.without(scale{lo: lo, hi: hi, step: every, unit: unit{"number", 0}, print: printInt})
}

// without is the set of a scale less the values that a check excludes.
func (s *spec) without(sc scale) (set, error) {
	var hit []int64
	for _, x := range s.except {
		f, err := strconv.ParseFloat(x, 64)
		if v := int64(math.Round(f * math.Pow10(sc.unit.digits))); err == nil && v >= sc.lo && v <= sc.hi && sc.unit.kind == "number" {
			hit = append(hit, v)
		}
	}
	if len(hit) == 0 {
		return sc.set(), nil
	}
	if sc.lo == hit[0] && len(hit) == 1 {
		sc.lo++
		return sc.set(), nil
	}
	out := sc.set()
	whole, size := out.append, out.size
	bad := make(map[uint64]bool, len(hit))
	for _, v := range hit {
		bad[uint64(v-sc.lo)/uint64(sc.step)] = true
	}
	out.size, out.num = size-uint64(len(bad)), nil
	free := make([]uint64, 0, len(bad)) // numbers past the end stand for the excluded ones
	for i := out.size; i < size; i++ {
		if !bad[i] {
			free = append(free, i)
		}
	}
	other := map[uint64]uint64{}
	for i := range bad {
		if i < out.size {
			other[i] = free[len(other)]
		}
	}
	out.append = func(dst []byte, i uint64) []byte {
		if j, ok := other[i]; ok {
			i = j
		}
		return whole(dst, i)
	}
	return out, nil
}

func (s *spec) numeric(need uint64) (set, error) {
	digits := 2
	top := int64(9_999_999_999)
	if p := s.typ.Precision; p > 0 {
		digits = s.typ.Scale
		top = int64(math.Pow10(min(p, 17))) - 1
	}
	if digits > 6 { // keep the places, but count in millionths
		digits, top = 6, top/int64(math.Pow10(min(s.typ.Scale-6, 17)))
	}
	return s.decimal(digits, top, need)
}

// decimal is numbers with so many places up to a top, in units of the last.
func (s *spec) decimal(digits int, top int64, need uint64) (set, error) {
	switch {
	case strings.HasPrefix(s.name, "latitude") || s.name == "lat":
		s.role = "address.lat"
	case strings.HasPrefix(s.name, "longitude") || s.name == "lon" || s.name == "lng":
		s.role = "address.lon"
	}
	if s.role == "address.lat" || s.role == "address.lon" {
		return s.coordinate(digits, top, need)
	}
	lo, hi, err := s.ends(-top, top, digits)
	if err != nil {
		return set{}, err
	}
	from, to := s.usual()
	if digits > 0 {
		unit := int64(math.Pow10(digits))
		from, to = from*unit, to*unit
	} else {
		from, to = from/int64(math.Pow10(-digits)), to/int64(math.Pow10(-digits))+1
	}
	if to > hi && hi > 0 && from > hi {
		from = 0
	}
	if !s.exact {
		lo, hi = window(lo, hi, from, to, need)
	}
	return s.without(scale{lo: lo, hi: hi, step: 1, unit: unit{"number", digits}, print: printDecimal(digits)})
}

func (s *spec) coordinate(digits int, top int64, need uint64) (set, error) {
	lo, hi, err := s.ends(-top, top, digits)
	if err != nil {
		return set{}, err
	}
	one := int64(math.Pow10(max(digits, 0)))
	from, to := 36*one, 60*one
	if s.role == "address.lon" {
		from, to = -9*one, 30*one
	}
	if !s.exact {
		lo, hi = window(lo, hi, from, to, need)
	}
	return s.without(scale{lo: lo, hi: hi, step: 1, unit: unit{"number", digits}, print: printDecimal(digits)})
}

// usual is the range that a number's name suggests.
func (s *spec) usual() (from, to int64) {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(s.name, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("cents"):
		return 100, 100_000
	case has("milliseconds", "bytes", "size"):
		return 1000, 5_000_000
	case has("year"):
		return 1990, 2025
	case has("month"):
		return 1, 12
	case has("percent", "rate", "discount", "vat"):
		return 0, 25
	case has("age"):
		return 18, 90
	case has("rating", "score", "stars"):
		return 1, 5
	case has("quantity", "qty", "count", "duration", "days"):
		return 1, 10
	case has("price", "amount", "total", "cost", "freight", "balance", "fee"):
		return 1, 500
	case has("salary"):
		return 30_000, 150_000
	}
	return 1, 1000
}

// kindOfTime is how values of a type of time are counted and written.
func kindOfTime(base string) (step int64, print func([]byte, int64) []byte) {
	switch base {
	case "date":
		return day, printDate
	case "timestamp":
		return 1, printTimestamp
	case "timestamptz":
		return 1, printTimestamptz
	case "timetz":
		return 1, printTimetz
	}
	return 1, printTime
}

func (s *spec) times(need uint64) (set, error) {
	step, print := kindOfTime(s.typ.Base)
	step *= max(s.every, 1)
	at := func(year int) int64 { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Unix() }
	lo, hi, from, to := at(1)+day, at(9999), at(2023), at(2026)-day
	if strings.Contains(s.name, "birth") || strings.Contains(s.name, "dob") {
		from, to = at(1950), at(2006)
	}
	clock := strings.HasPrefix(s.typ.Base, "time") && !strings.HasPrefix(s.typ.Base, "timestamp")
	if clock {
		lo, hi, from, to = 0, day-1, 0, day-1
	}
	for i, b := range []bound{s.lo, s.hi} {
		if b.text == "" {
			continue
		}
		v, ok := parseTime(b.text)
		if !ok || clock {
			return set{}, fmt.Errorf("type %s: a check compares it with something else than a date", s.typ.Name)
		}
		if i == 0 {
			lo = max(lo, (v+step-1)/step*step)
			if b.open && lo == v {
				lo += step
			}
		} else {
			hi = min(hi, floor(v, step))
			if b.open && hi == v {
				hi -= step
			}
		}
	}
	lo, hi = floor(lo+step-1, step), floor(hi, step)
	if uint64(to-from)/uint64(step) < need {
		to = max(to, hi)
	}
	if !s.exact {
		lo, hi = window(lo, hi, from, to, 1)
	}
	return scale{lo: lo, hi: hi, step: step, unit: unit{"time", 0}, print: print}.set(), nil
}

func floor(v, step int64) int64 {
	if v < 0 {
		v -= step - 1
	}
	return v / step * step
}

func parseTime(text string) (int64, bool) {
	for _, layout := range []string{"2006-01-02", "2006-01-02 15:04:05", "2006-01-02 15:04:05.999999", "2006-01-02 15:04:05-07", "2006-01-02 15:04:05.999999-07"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Unix(), true
		}
	}
	return 0, false
}
