package anonymize

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// nationalRule is how the number of a country is written in a text. Only those
// are looked for whose form or check digits tell them from other numbers, or
// where the text before names them.
type nationalRule struct {
	digits  int
	shape   uint64 // lengths of groups
	seps    string // all separators are among these
	needs   hint   // the text before must say so
	ids     []nationalID
	country item
}

// nationalRules fills in the rules, and the countries in the order of their
// items.
func (d *detector) nationalRules() {
	all := nationalIDs()
	list := []struct {
		country string
		rules   []nationalRule
	}{
		{"us", []nationalRule{{digits: 9, shape: 0x324, seps: "-"}, {digits: 9, shape: 0x324, seps: " "}, {digits: 9, shape: 0x9, needs: hintUS}}},
		{"ca", []nationalRule{{digits: 9, shape: 0x9, needs: hintCA}, {digits: 9, shape: 0x333, seps: " -", needs: hintCA}}},
		{"nl", []nationalRule{{digits: 9, shape: 0x9, needs: hintNL}, {digits: 9, shape: 0x423, seps: ".", needs: hintNL}, {digits: 9, shape: 0x333, seps: " .", needs: hintNL}}},
		{"se", []nationalRule{{digits: 10, shape: 0x64, seps: "-"}, {digits: 12, shape: 0x84, seps: "-"}, {digits: 10, shape: 0xa, needs: hintSE}, {digits: 12, shape: 0xc, needs: hintSE}}},
		{"no", []nationalRule{{digits: 11, shape: 0xb}, {digits: 11, shape: 0x65, seps: " "}}},
		{"be", []nationalRule{{digits: 11, shape: 0xb}, {digits: 11, shape: 0x22232, seps: ".-"}, {digits: 11, shape: 0x632, seps: " -"}}},
		{"pl", []nationalRule{{digits: 11, shape: 0xb}}},
		{"de", []nationalRule{{digits: 11, shape: 0xb}, {digits: 11, shape: 0x2333, seps: " "}}},
		{"br", []nationalRule{{digits: 11, shape: 0x3332, seps: ".-"}, {digits: 11, shape: 0x92, seps: "-"}, {digits: 11, shape: 0xb, needs: hintBR}}},
		{"ch", []nationalRule{{digits: 13, shape: 0xd}, {digits: 13, shape: 0x3442, seps: ". "}}},
		{"in", []nationalRule{{digits: 12, shape: 0x444, seps: " -"}, {digits: 12, shape: 0xc, needs: hintIN}}},
		{"fr", []nationalRule{{digits: 15, shape: 0xf}, {digits: 15, shape: 0xd2, seps: " -/"}, {digits: 15, shape: 0x1222332, seps: " .-"}}},
		{"es", nil}, {"it", nil}, {"gb", nil}, {"fi", nil},
	}
	d.byCountry = map[string]nationalRule{}
	for i, c := range list {
		d.names = append(d.names, c.country)
		for _, r := range c.rules {
			r.country, r.ids = itemNational+item(i), all[c.country]
			d.rules[r.digits] = append(d.rules[r.digits], r)
			d.knowShape(r.shape)
		}
		d.byCountry[c.country] = nationalRule{country: itemNational + item(i), ids: all[c.country]}
	}
}

// nationalShape reports whether some country writes numbers of n digits as the
// groups up to e are.
func (d *detector) nationalShape(r *run, e, n int) bool {
	shape := r.shape(e)
	if !d.mayKnow(shape) {
		return false
	}
	for i := range d.rules[n] {
		if d.rules[n][i].shape == shape {
			return true
		}
	}
	return false
}

// national looks for a number of digits alone.
func (s *scan) national(r *run, e int, d []byte) item {
	if len(d) > 15 {
		return itemNone
	}
	shape := r.shape(e)
	for i := range s.d.rules[len(d)] {
		rule := &s.d.rules[len(d)][i]
		if rule.shape != shape || e > 0 && !r.only(e, rule.seps) {
			continue
		}
		hint := s.hint(r.g[0].lo)
		if rule.needs != 0 && hint&rule.needs == 0 || e == 0 && hint&hintOther != 0 && len(d) < 13 {
			continue
		}
		b := s.digits[1][:len(d)]
		for k, x := range d {
			b[k] = '0' + x
		}
		if s.valid(rule.ids, b) && (rule.shape != 0x444 || !s.dumped(r, e)) {
			return rule.country
		}
	}
	return itemNone
}

// valid reports whether b is one of the numbers. It checks what fails soonest
// first; b has symbols only where such numbers may have them.
func (s *scan) valid(ids []nationalID, b []byte) bool {
	buf := s.digits[2][:0]
	for i := range ids {
		id := &ids[i]
		if len(b) != id.length {
			continue
		}
		want := append(buf, b...)
		if id.finish(want) && bytes.Equal(want, b) && id.matches(b, buf) {
			return true
		}
	}
	return false
}

// symbols reads n upper case letters and digits with single separators between
// them, and returns their shape as run.shape does.
func (s *scan) symbols(i, n int) (hi int, b []byte, shape uint64) {
	v, size := s.v, uint64(0)
	b = s.digits[0][:0]
	for len(b) < n {
		if i >= len(v) {
			return 0, nil, 0
		}
		ch := v[i]
		if radix(ch) == 10 || ch >= 'A' && ch <= 'Z' {
			b = append(b, ch)
			size++
			i++
			continue
		}
		w := space(v, i)
		if ch == '-' || ch == '.' {
			w = 1
		}
		if w == 0 || size == 0 {
			return 0, nil, 0
		}
		shape, size = shape<<4|min(15, size), 0
		i += w
	}
	if wordAfter(v, i) || i < len(v) && (v[i] == '_' || v[i] == '-' && i+1 < len(v) && radix(v[i+1]) > 1) {
		return 0, nil, 0
	}
	return i, b, shape<<4 | min(15, size)
}

// letteredID looks for a number that begins with a capital letter at i.
func (s *scan) letteredID(i int) (hi int, it item) {
	v := s.v
	ch, next := v[i], v[i+1]
	upper := next >= 'A' && next <= 'Z'
	switch {
	case (ch >= 'X' && ch <= 'Z') && (radix(next) == 10 || next == '-'):
		if hi, b, shape := s.symbols(i, 9); hi > 0 && (shape == 0x9 || shape == 0x81 || shape == 0x171) {
			if rule := s.d.byCountry["es"]; shaped(b, "A0000000A") && s.valid(rule.ids, b) {
				return hi, rule.country
			}
		}
	case upper && (radix(v[i+2]) == 10 || v[i+2] == ' '):
		if hi, b, shape := s.symbols(i, 9); hi > 0 && (shape == 0x9 || shape == 0x22221 || shape == 0x261) {
			if rule := s.d.byCountry["gb"]; shaped(b, "AA000000A") && s.valid(rule.ids, b) {
				return hi, rule.country
			}
		}
	case upper && (v[i+4] >= 'A' && v[i+4] <= 'Z' || v[i+4] >= utf8.RuneSelf):
		if hi, b, shape := s.symbols(i, 16); hi > 0 && (shape == 0xf || shape == 0x3355) {
			if rule := s.d.byCountry["it"]; shaped(b, "AAAAAA00A00A000A") && s.valid(rule.ids, b) {
				return hi, rule.country
			}
		}
	}
	return 0, itemNone
}

// shaped reports whether b has letters and digits where like has them.
func shaped(b []byte, like string) bool {
	for i, ch := range b {
		if radix(ch) != radix(like[i]) {
			return false
		}
	}
	return true
}

// digitsAndLetters looks for a number with a letter in it that begins with the
// digits from i to end.
func (s *scan) digitsAndLetters(i, end int) (hi int, it item) {
	v := s.v
	if end+1 >= len(v) {
		return 0, itemNone
	}
	switch n := end - i; {
	case n == 6 && strings.IndexByte("-+ABCDEFUVWXY", v[end]) >= 0 && i+11 <= len(v) && !wordAfter(v, i+11):
		b := append(s.digits[0][:0], v[i:i+11]...)
		if rule := s.d.byCountry["fi"]; radix(b[7]) == 10 && radix(b[8]) == 10 && radix(b[9]) == 10 && s.valid(rule.ids, b) {
			return i + 11, rule.country
		}
	case n == 8 && (radix(v[end]) == 26 || radix(v[end+1]) == 26 || v[end] >= utf8.RuneSelf),
		n == 2 && v[end] == '.' && i+11 < len(v) && radix(v[i+6]) == 1:
		hi, b, shape := s.symbols(i, 9)
		if hi == 0 || shape != 0x9 && shape != 0x81 && shape != 0x2331 || !shaped(b, "00000000A") {
			break
		}
		if rule := s.d.byCountry["es"]; s.valid(rule.ids, b) && (shape == 0x9 || s.hint(i)&hintOther == 0) {
			return hi, rule.country
		}
	}
	if v[i] == '1' || v[i] == '2' { // Corsica: 2A or 2B in the number
		k := end
		for k < len(v) && k < i+11 && (digit(v[k]) || v[k] < '0' || v[k] >= utf8.RuneSelf) {
			k++
		}
		if k == min(len(v), i+11) || v[k] != 'A' && v[k] != 'B' {
			return 0, itemNone
		}
		hi, b, _ := s.symbols(i, 15)
		if hi == 0 || !shaped(b, "000000A00000000") {
			return 0, itemNone
		}
		if rule := s.d.byCountry["fr"]; s.valid(rule.ids, b) {
			return hi, rule.country
		}
	}
	return 0, itemNone
}
