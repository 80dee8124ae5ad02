package seed

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// group is columns of one row that speak of the same person, or of the same
// place: all take one number.
type group struct {
	of   subject
	cols []int
	src  *source // of the current sizes
}

// subject writes, by role, what is known of one of many things.
type subject struct {
	n      uint64   // how many there are
	few    bool     // there are no more: a number beyond them is none
	roles  []string // what can be said of it
	tells  []string // of these, what no two numbers share
	words  []string // of columns' names, that say which role; the rest says of which subject
	append func(dst []byte, role string, i uint64, digits int) []byte
}

// groups joins columns that belong together, where no constraint keeps them
// apart.
func (b *builder) groups() error {
	for _, x := range b.tables {
		for _, of := range []subject{people(), places(), countries(), things()} {
			x.groupBy(of)
		}
	}
	return nil
}

// Words of columns' names that say which part of a person or place it is; the
// rest of the name says of which.
var (
	personWords = []string{"first", "last", "full", "given", "family", "sur", "user", "name", "firstname", "lastname", "fullname", "username", "surname", "email", "mail", "e", "address", "login", "nick", "nickname", "contact"}
	titleWords  = []string{"title", "name", "subject", "headline", "slug", "company"}
	placeWords  = []string{"street", "city", "town", "state", "province", "region", "county", "zip", "postal", "postcode", "zipcode", "code", "country", "iso", "currency", "lat", "latitude", "lon", "lng", "longitude", "address", "name", "geo"}
)

func (x *table) groupBy(of subject) {
	found := map[string][]int{}
	var keys []string
	for c := range x.cols {
		col := &x.cols[c]
		role := col.spec.part()
		if !slices.Contains(of.roles, role) || !x.joins(c, role, of) {
			continue
		}
		var rest []string
		for _, w := range strings.FieldsFunc(col.spec.name, func(r rune) bool { return r == '_' || r == '-' || r == ' ' }) {
			if !slices.Contains(of.words, w) {
				rest = append(rest, w)
			}
		}
		key := strings.Join(rest, "_")
		if col.value.made() { // named by the rules: whatever the column is called, unless there is another
			if key = ""; slices.ContainsFunc(found[key], func(other int) bool { return x.cols[other].spec.part() == role }) {
				continue
			}
		}
		if found[key] == nil {
			keys = append(keys, key)
		}
		found[key] = append(found[key], c)
	}
	for _, key := range keys {
		if c := x.t.Column(key + "_name"); c >= 0 && slices.Contains(of.roles, "person.name") && !slices.ContainsFunc(firms, func(f string) bool { return strings.Contains(key, f) }) {
			if col := &x.cols[c]; (col.spec.role == "" || col.spec.role == "keep") && !slices.Contains(found[key], c) && x.joins(c, "person.name", of) {
				col.spec.role = "person.name"
				found[key] = append(found[key], c)
			}
		}
		if cols := found[key]; len(cols) > 1 {
			slices.Sort(cols) // the first makes the source
			g := &group{of: of, cols: cols}
			for _, c := range cols {
				x.cols[c].group = g
			}
		}
	}
}

// firms are words for what has a name, and addresses, but is no person.
var firms = []string{"company", "org", "shop", "store", "business", "vendor", "supplier", "brand", "product", "team", "project"}

// joins reports whether a column can be one of a group, in a role.
func (x *table) joins(c int, role string, of subject) bool {
	col := &x.cols[c]
	if col.skip || col.parent != nil || col.made != nil || col.dealt || col.spec.list != nil || col.group != nil {
		return false
	}
	if col.value != nil && col.value.Kind == "" && col.value.made() || !slices.Contains(of.tells, role) && x.mustDiffer(c) {
		return false
	}
	return col.spec.takes(of, role)
}

// mustDiffer reports whether a column is in a unique constraint.
func (x *table) mustDiffer(c int) bool {
	return slices.ContainsFunc(x.unique, func(u unique) bool { return slices.Contains(u.cols, c) })
}

// part is a column's role, that of its name where discover says nothing.
func (s *spec) part() string {
	if s.role != "" && s.role != "keep" && s.role != "geo" && s.role != "scrub" {
		return s.role
	}
	switch {
	case s.name == "lat" || strings.HasSuffix(s.name, "latitude"):
		return "address.lat"
	case s.name == "lon" || s.name == "lng" || strings.HasSuffix(s.name, "longitude"):
		return "address.lon"
	case strings.Contains(s.name, "country"):
		return "address.country"
	case s.name == "city":
		return "address.city"
	case strings.Contains(s.name, "currency"):
		return "currency"
	case strings.Contains(s.name, "slug"):
		return "slug"
	case s.name == "title" || s.name == "name" || s.name == "subject" || s.name == "headline":
		return "title"
	}
	return ""
}

// takes reports whether what a subject writes is what the column may hold, by
// looking at much of it.
func (s *spec) takes(of subject, role string) bool {
	if number := role == "address.lat" || role == "address.lon"; number != isNumber(s.typ) || !number && !isText(s.typ) {
		return false
	}
	var match []*regexp.Regexp
	for _, p := range s.patterns {
		re, err := regexp.Compile(p)
		if err != nil {
			return false
		}
		match = append(match, re)
	}
	for k := range uint64(256) {
		v := of.append(nil, role, below(mix(k), of.n)+k%4*of.n, s.size())
		if isNumber(s.typ) {
			if f, err := strconv.ParseFloat(string(v), 64); err != nil || !inside(f, s.lo, s.hi) {
				return false
			}
			continue
		}
		if n := utf8.RuneCount(v); n < s.minLen || s.size() > 0 && n > s.size() {
			return false
		}
		if s.small == "lower" && strings.ToLower(string(v)) != string(v) || s.small == "upper" && strings.ToUpper(string(v)) != string(v) ||
			slices.ContainsFunc(match, func(re *regexp.Regexp) bool { return !re.Match(v) }) || slices.Contains(s.except, string(v)) {
			return false
		}
	}
	return true
}

// size is how many characters a text may have, 0 for any number, or how many
// decimal places a number.
func (s *spec) size() int {
	if isNumber(s.typ) {
		if s.typ.Precision > 0 {
			return min(max(s.typ.Scale, 0), 6)
		}
		return 5
	}
	limit := s.maxLen
	if s.typ.Length > 0 && (limit == 0 || s.typ.Length < limit) {
		limit = s.typ.Length
	}
	if s.typ.Base == "name" {
		limit = 63
	}
	return limit
}

// drawGroup makes the column's values and lets it share its group's numbers; it
// reports false where there are too few.
func (x *table) drawGroup(c int) bool {
	col := &x.cols[c]
	g := col.group
	of := g.of
	if of.few && x.rows > of.n && slices.ContainsFunc(g.cols, x.mustDiffer) {
		return false
	}
	if g.cols[0] == c {
		g.src = &source{size: of.n, seed: hashName(col.spec.seed, "group")}
		if slices.ContainsFunc(g.cols, x.mustDiffer) {
			g.src.size *= (max(x.rows, 1)-1)/of.n + 1
		}
	}
	role, digits := col.spec.part(), col.spec.size()
	col.src = g.src
	col.set = set{size: g.src.size, mixed: true, append: func(dst []byte, i uint64) []byte { return of.append(dst, role, i, digits) }}
	if col.nulls = 0; !col.spec.notNull {
		col.nulls = share(10)
	}
	if v := col.value; v != nil && v.Null != nil {
		col.nulls = part64(*v.Null)
	}
	return true
}

// people is everybody with a first and a last name; of a second round of them
// the addresses have a number.
func people() subject {
	first, last := oneOf(firstNames), oneOf(lastNames)
	low, lowLast := small(firstNames), small(lastNames)
	n := first.size * last.size
	return subject{n: n, words: personWords, tells: []string{"email", "person.user"},
		roles: []string{"person.name", "person.first", "person.last", "person.user", "email"}, append: func(dst []byte, role string, i uint64, _ int) []byte {
			f, l := i%first.size, i/first.size%last.size
			switch role {
			case "person.first":
				return append(dst, first.words[f]...)
			case "person.last":
				return append(dst, last.words[l]...)
			case "person.name":
				dst = append(append(dst, first.words[f]...), ' ')
				return append(dst, last.words[l]...)
			}
			sep := byte('.')
			if role == "person.user" {
				sep = '_'
			}
			dst = append(append(dst, low.words[f]...), sep)
			dst = append(dst, lowLast.words[l]...)
			if i >= n {
				dst = printInt(dst, int64(i/n)+1)
			}
			if role == "email" {
				dst = append(dst, "@example.com"...)
			}
			return dst
		}}
}

// city is a city and where it is.
type city struct {
	name, state, code, zip, country, iso string
	lat, lon                             float64
}

// places is the cities of placeTable. A text of two or three characters is a
// code.
func places() subject {
	all := placeList()
	return subject{n: uint64(len(all)) * 10_000, words: placeWords,
		roles: []string{"address.city", "address.state", "address.zip", "address.country", "address.lat", "address.lon"}, append: func(dst []byte, role string, i uint64, digits int) []byte {
			p := &all[i%uint64(len(all))]
			h := mix(i / uint64(len(all)))
			short := func(name, code string) []byte {
				if digits > 0 && digits < 4 {
					return append(dst, code[:min(len(code), digits)]...)
				}
				return append(dst, name...)
			}
			switch role {
			case "address.city":
				return append(dst, p.name...)
			case "address.state":
				return short(p.state, p.code)
			case "address.country":
				return short(p.country, p.iso)
			case "address.lat":
				return nearBy(dst, p.lat, h, digits)
			case "address.lon":
				return nearBy(dst, p.lon, mix(h), digits)
			}
			for _, c := range []byte(p.zip) {
				switch c {
				case '#':
					c = byte('0' + h%10)
					h = mix(h)
				case '@':
					c = byte('A' + h%8)
					h = mix(h)
				}
				dst = append(dst, c)
			}
			return dst
		}}
}

// nearBy writes a coordinate within some kilometres of one.
func nearBy(dst []byte, v float64, h uint64, digits int) []byte {
	unit := int64(1)
	for range digits {
		unit *= 10
	}
	n := int64((v + (unit01(h)-0.5)/10) * float64(unit))
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	if dst = printInt(dst, n/unit); digits > 0 {
		dst = appendDigits(append(dst, '.'), uint64(n%unit), digits)
	}
	return dst
}
