package anonymize

import (
	"bytes"
)

// dialled looks for a phone number that begins with a plus or a bracket at i.
func (s *scan) dialled(i int) (hi int, it item) {
	v := s.v
	if i+7 > len(v) || s.glued(i) || radix(v[i+1]) != 10 && (v[i] != '+' || v[i+1] != '(') {
		return 0, itemNone
	}
	r := &s.run
	if r.read(v, i); v[i] == '(' {
		return s.phone(r, i)
	}
	for e := r.n - 1; e >= 0; e-- {
		n := r.total(e)
		if n < 8 || n > 15 || !s.ends(r, e) || !r.dialable(e) {
			continue
		}
		switch v[r.g[0].lo] {
		case '0':
			return 0, itemNone
		case '1', '7':
			if n != 11 {
				continue
			}
		}
		return r.g[e].hi, itemPhone
	}
	return 0, itemNone
}

// dialable reports whether the groups up to e may be those of a phone number:
// brackets are around the first or second, and of the others only an extension,
// or what follows the code of a country, has one digit.
func (r *run) dialable(e int) bool {
	brackets := 2
	if r.paren {
		brackets = 1
	}
	for i := 1; i <= e; i++ {
		switch bracket := r.g[i].sep == '('; {
		case bracket && i > brackets:
			return false
		case r.size(i) == 1 && !bracket && (i < e || r.g[i].sep != '-') && !(r.plus && i < 2 && i < e):
			return false
		}
	}
	return true
}

// phone looks for a number as people of some country write it, or any where the
// text before says that it is one. It begins at i.
func (s *scan) phone(r *run, i int) (hi int, it item) {
	if r.n == 0 || r.total(r.n-1) < 6 || s.dated(r) {
		return 0, itemNone
	}
	if i > 1 && s.v[i-1] == ',' && radix(s.v[i-2]) == 10 && (r.n == 1 || r.g[1].sep == '.') {
		return 0, itemNone // a decimal
	}
	for e := r.n - 1; e >= 0; e-- {
		n := r.total(e)
		if n < 9 || n > 15 || !s.nationalPhone(r, e, n) || !r.dialable(e) || !s.ends(r, e) {
			continue
		}
		hint := s.hint(i)
		if hint&hintPhone == 0 && (hint&hintOther != 0 || s.priced(i) || s.unit(r.g[e].hi)) {
			return 0, itemNone
		}
		return r.g[e].hi, itemPhone
	}
	if s.hint(i)&hintPhone == 0 {
		return 0, itemNone
	}
	for e := r.n - 1; e >= 0; e-- {
		n := r.total(e)
		if n < 6 || n > 15 || e > 5 || !s.ends(r, e) || !r.dialable(e) || e == 1 && r.g[1].sep == '.' {
			continue
		}
		if s.listed(r, e) || s.unit(r.g[e].hi) {
			return 0, itemNone
		}
		return r.g[e].hi, itemPhone
	}
	return 0, itemNone
}

// dated reports whether a run begins with a date: two groups of two and a year,
// with the same marks, and not more of them.
func (s *scan) dated(r *run) bool {
	if r.n < 3 {
		return r.n == 1 && r.size(0) == 8 && plausibleYear(s.v[r.g[0].lo:])
	}
	sep := r.g[1].sep
	if sep == ' ' || sep == '(' || r.g[2].sep != sep {
		return false
	}
	more := r.n > 3 && r.g[3].sep == sep
	switch r.shape(2) {
	case 0x422:
		return plausibleYear(s.v[r.g[0].lo:])
	case 0x224, 0x124, 0x214, 0x114:
		return plausibleYear(s.v[r.g[2].lo:])
	case 0x222:
		return !more
	}
	return false
}

func plausibleYear(v []byte) bool {
	return v[0] == '1' && v[1] == '9' || v[0] == '2' && (v[1] == '0' || v[1] == '1')
}

// nationalPhone reports whether the groups up to e, of n digits, are a number as
// some country writes its own.
func (s *scan) nationalPhone(r *run, e, n int) bool {
	first := s.v[r.g[0].lo:]
	if r.paren {
		size := r.size(0)
		if e == 0 || r.g[1].sep != '(' || n > 12 {
			return false
		}
		return size == 3 && first[0] >= '2' && n == 10 || size == 2 && first[0] > '0' && n >= 10 && n <= 11 || size >= 2 && size <= 6 && first[0] == '0'
	}
	if first[0] == '0' {
		return s.trunk(r, e, n)
	}
	if e == 0 || e > 4 || r.size(e) < 2 {
		return false
	}
	shape, second := r.shape(e), s.v[r.g[1].lo]
	plain := r.only(e, " -") && !s.listed(r, e)
	switch shape {
	case 0x334: // North America; Italy's mobiles
		return first[0] >= '2' && second >= '2' && r.only(e, " -.(") || first[0] == '3' && plain
	case 0x1334:
		return (first[0] == '1' || first[0] == '8') && second >= '2'
	case 0x13322: // Russia
		return first[0] == '8' || first[0] == '7'
	case 0x37, 0x343, 0x3322: // Italy
		return first[0] == '3'
	case 0x333: // Spain, Poland, Portugal
		return first[0] >= '5' && plain && string(s.v[r.g[2].lo:r.g[2].hi]) != "000"
	case 0x3222: // Spain
		return first[0] >= '6' && plain
	case 0x2322: // Spain, Poland
		return plain && first[0] >= '1'
	case 0x234: // Portugal
		return first[0] == '2' && plain
	case 0x254, 0x244: // Brazil
		return r.g[2].sep == '-' && (r.g[1].sep == ' ' || r.g[1].sep == '(')
	}
	return false
}

// phoneShapes knows the shapes that nationalPhone does, but for those behind a
// zero or a bracket.
func (d *detector) phoneShapes() {
	for _, shape := range []uint64{0x334, 0x1334, 0x13322, 0x37, 0x343, 0x3322, 0x333, 0x3222, 0x2322, 0x234, 0x254, 0x244} {
		d.knowShape(shape)
	}
}

// listed reports whether groups with spaces between are part of a list of
// numbers.
func (s *scan) listed(r *run, e int) bool {
	v, lo, hi := s.v, r.g[0].lo, r.g[e].hi
	return e > 0 && r.g[1].sep == ' ' &&
		(lo > 1 && v[lo-1] == ' ' && radix(v[lo-2]) == 10 || hi+1 < len(v) && v[hi] == ' ' && radix(v[hi+1]) == 10)
}

// trunk is nationalPhone for numbers that begin with a zero, or with two and the
// code of a country.
func (s *scan) trunk(r *run, e, n int) bool {
	first := s.v[r.g[0].lo:]
	if bytes.HasPrefix(first, countUp) {
		return false
	}
	if first[1] == '0' {
		return n >= 10 && len(first) > 2 && first[2] > '0' && (e > 0 && s.v[r.g[1].lo] > '0' || e == 0 && n > 11)
	}
	if e == 0 {
		return n >= 10 && n <= 11 && !bytes.HasSuffix(first[:n], fiveZeros)
	}
	switch shape := r.shape(e); {
	case s.dumped(r, e), shape == 0x54 && r.g[1].sep == '-': // zip code, of nine digits
		return false
	case r.size(0) == 2 && r.size(1) == 2: // France
		return shape == 0x22222
	}
	if n > 12 || e > 5 || r.size(0) < 2 || r.size(0) > 6 || e < 2 && !r.only(e, " -/(") {
		return false
	}
	return true
}

var countUp, fiveZeros = []byte("01234567"), []byte("00000")

// priced reports whether a sign for money or for a number of something is before
// i.
func (s *scan) priced(i int) bool {
	v := s.v[:i]
	if n := len(v); n > 0 && v[n-1] == ' ' {
		v = v[:n-1]
	}
	if len(v) == 0 {
		return false
	}
	switch v[len(v)-1] {
	case '$', '#', '=', '<', '>', '*', '^', '~', '\\':
		return true
	}
	return bytes.HasSuffix(v, euro) || bytes.HasSuffix(v, pound) || bytes.HasSuffix(v, yen) || bytes.HasSuffix(v, numero) || bytes.HasSuffix(v, section)
}

var euro, pound, yen, numero, section = []byte("€"), []byte("£"), []byte("¥"), []byte("№"), []byte("§")

// unit reports whether a unit or a currency is behind hi.
func (s *scan) unit(hi int) bool {
	v := s.v
	hi += space(v, hi)
	if hi >= len(v) {
		return false
	}
	rest := v[hi:]
	if rest[0] == '$' || rest[0] == '%' || bytes.HasPrefix(rest, euro) || bytes.HasPrefix(rest, pound) || bytes.HasPrefix(rest, yen) {
		return true
	}
	end := 0
	for end < len(rest) && (radix(rest[end]) == 26 || rest[end] >= 0x80) {
		end++
	}
	switch string(rest[:end]) {
	case "EUR", "Euro", "euros", "euro", "USD", "dollars", "GBP", "CHF", "Fr", "kr", "SEK", "NOK", "DKK", "PLN", "zł", "złotych", "BRL", "reais", "JPY", "RUB", "INR",
		"B", "KB", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "bytes", "Bytes", "b", "ms", "ns", "us", "s", "sec", "seconds", "microseconds", "milliseconds", "minutes", "hours", "days", "times",
		"m", "mm", "cm", "km", "kg", "g", "mg", "t", "l", "ml", "px", "pt", "x", "Hz", "rpm", "pcs", "rows", "records", "items", "users", "units", "Stk", "Stück", "szt":
		return true
	}
	return false
}
