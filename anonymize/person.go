package anonymize

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/brianvoe/gofakeit/v7/data"

	"github.com/pgstandin/pgstandin/keyed"
)

// dictionary holds the invented names, ASCII only, from gofakeit's data.
type dictionary struct {
	first, last, company, street, words []string
}

var dictionaries = sync.OnceValue(func() *dictionary {
	ascii := func(list []string, longest int) []string {
		var out []string
		for _, s := range list {
			if len(s) <= longest && strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf || r < ' ' }) < 0 {
				out = append(out, s)
			}
		}
		return out
	}
	letters := func(list []string) []string {
		var out []string
		for _, s := range list {
			if strings.IndexFunc(s, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') }) < 0 && len(s) > 1 {
				out = append(out, s)
			}
		}
		return out
	}
	return &dictionary{
		first:   letters(data.Data["person"]["first"]),
		last:    letters(data.Data["person"]["last"]),
		company: ascii(data.Data["company"]["name"], 40),
		street:  letters(data.Data["address"]["street_name"]),
		words:   letters(data.Data["lorem"]["word"]),
	}
})

type personPart uint8

const (
	personName personPart = iota
	personFirst
	personLast
)

// drawPerson draws a person; the order is the same for every part, so that all
// parts of one stream agree.
func (d *dictionary) drawPerson(s *keyed.Stream) (first, last string) {
	return d.first[s.Intn(len(d.first))], d.last[s.Intn(len(d.last))]
}

func makePerson(p personPart) func(*compiler) maskFunc {
	return func(c *compiler) maskFunc {
		d, seed, chars := dictionaries(), c.seeder(), c.room(unbounded)
		return func(dst, value []byte, r *Rewriter) []byte {
			s := seed(value, r)
			start := len(dst)
			first, last := d.drawPerson(&s)
			switch p {
			case personFirst:
				dst = append(dst, first...)
			case personLast:
				dst = append(dst, last...)
			default:
				dst = append(append(append(dst, first...), ' '), last...)
			}
			return fit(dst, start, chars)
		}
	}
}

// makeUser makes user names of the row's person, or of one that belongs to the
// value: with a short number, or with a keyed tail of the value where the column
// is unique.
func makeUser(c *compiler) maskFunc {
	d, seed, chars := dictionaries(), c.seeder(), c.room(unbounded)
	if !c.col.Unique || c.nested {
		return func(dst, value []byte, r *Rewriter) []byte {
			s := seed(value, r)
			start := len(dst)
			first, last := d.drawPerson(&s)
			dst = append(append(append(dst, first...), '.'), last...)
			changeCase(dst[start:], false)
			dst = appendDigits(dst, s.Uint64n(9000)+1000, 4)
			return fit(dst, start, chars)
		}
	}
	tail, prf := c.tail(0, tailLength, 5), c.prf()
	return func(dst, value []byte, r *Rewriter) []byte {
		s := seed(value, r)
		start := len(dst)
		first, _ := d.drawPerson(&s)
		if len(first)+1+tail <= chars {
			dst = append(append(dst, first...), '.')
			changeCase(dst[start:], false)
		}
		return appendTail(dst, prf.Sum(value), tail)
	}
}

// appendDigits appends n in decimal, at least width digits.
func appendDigits(dst []byte, n uint64, width int) []byte {
	var buf [20]byte
	i := len(buf)
	for n > 0 || width > 0 {
		i--
		buf[i] = byte('0' + n%10)
		n /= 10
		width--
	}
	return append(dst, buf[i:]...)
}

// makeEmail makes addresses: a name, a keyed tail of the value, a domain for
// examples (RFC 2606). Names of the column's domain are left out where they do
// not fit, so short columns keep the tail.
func makeEmail(c *compiler) maskFunc {
	domain := c.string("domain", "example.com")
	if !validDomain(domain) {
		c.problem("domain", "domain %q is no domain name", domain)
	}
	chars := c.room(unbounded)
	tail := c.tail(1+len(domain), tailLength, 5)
	if tail < 1 {
		c.problem("", "mask email needs %d characters, and the column holds %d", 2+len(domain), chars)
		return nil
	}
	opaque := c.opaque()
	d, prf := dictionaries(), c.prf()
	return func(dst, value []byte, r *Rewriter) []byte {
		if !looksLikeEmail(value) {
			return opaque(dst, value, r)
		}
		s := prf.Stream(value)
		start := len(dst)
		first, last := d.drawPerson(&s)
		if len(first)+1+len(last)+1+tail+1+len(domain) <= min(chars, 64+len(domain)) {
			dst = append(append(append(append(dst, first...), '.'), last...), '.')
			changeCase(dst[start:], false)
		}
		dst = appendTail(dst, prf.Sum(value), tail)
		return append(append(dst, '@'), domain...)
	}
}

func validDomain(s string) bool {
	if len(s) > 253 || !strings.Contains(s, ".") {
		return false
	}
	for _, label := range strings.Split(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-') {
				return false
			}
		}
	}
	return true
}

// looksLikeEmail reports whether all of value is one address: something without
// white space, one @, something with a dot or a host name.
func looksLikeEmail(v []byte) bool {
	at := bytes.IndexByte(v, '@')
	if at < 1 || at == len(v)-1 || bytes.IndexByte(v[at+1:], '@') >= 0 {
		return false
	}
	for _, ch := range v {
		if ch <= ' ' || ch == ',' || ch == ';' || ch == '<' || ch == '>' || ch == 0x7f {
			return false
		}
	}
	return true
}

func makeCompany(c *compiler) maskFunc {
	d, seed, chars := dictionaries(), c.seeder(), c.room(unbounded)
	return func(dst, value []byte, r *Rewriter) []byte {
		s := seed(value, r)
		return fit(append(dst, d.company[s.Intn(len(d.company))]...), len(dst), chars)
	}
}

// place is a city with what agrees with it. Facts of public knowledge.
type place struct {
	city, state, abbr, zip string // zip: first three digits
}

func places() []place {
	return []place{
		{"New York", "New York", "NY", "100"}, {"Los Angeles", "California", "CA", "900"}, {"Chicago", "Illinois", "IL", "606"},
		{"Houston", "Texas", "TX", "770"}, {"Phoenix", "Arizona", "AZ", "850"}, {"Philadelphia", "Pennsylvania", "PA", "191"},
		{"San Antonio", "Texas", "TX", "782"}, {"San Diego", "California", "CA", "921"}, {"Dallas", "Texas", "TX", "752"},
		{"Austin", "Texas", "TX", "787"}, {"Jacksonville", "Florida", "FL", "322"}, {"Columbus", "Ohio", "OH", "432"},
		{"Indianapolis", "Indiana", "IN", "462"}, {"Charlotte", "North Carolina", "NC", "282"}, {"San Francisco", "California", "CA", "941"},
		{"Seattle", "Washington", "WA", "981"}, {"Denver", "Colorado", "CO", "802"}, {"Nashville", "Tennessee", "TN", "372"},
		{"Oklahoma City", "Oklahoma", "OK", "731"}, {"Boston", "Massachusetts", "MA", "021"}, {"El Paso", "Texas", "TX", "799"},
		{"Portland", "Oregon", "OR", "972"}, {"Las Vegas", "Nevada", "NV", "891"}, {"Memphis", "Tennessee", "TN", "381"},
		{"Detroit", "Michigan", "MI", "482"}, {"Baltimore", "Maryland", "MD", "212"}, {"Milwaukee", "Wisconsin", "WI", "532"},
		{"Albuquerque", "New Mexico", "NM", "871"}, {"Tucson", "Arizona", "AZ", "857"}, {"Fresno", "California", "CA", "937"},
		{"Sacramento", "California", "CA", "958"}, {"Atlanta", "Georgia", "GA", "303"}, {"Kansas City", "Missouri", "MO", "641"},
		{"Omaha", "Nebraska", "NE", "681"}, {"Raleigh", "North Carolina", "NC", "276"}, {"Miami", "Florida", "FL", "331"},
		{"Minneapolis", "Minnesota", "MN", "554"}, {"Tulsa", "Oklahoma", "OK", "741"}, {"New Orleans", "Louisiana", "LA", "701"},
		{"Cleveland", "Ohio", "OH", "441"}, {"Tampa", "Florida", "FL", "336"}, {"Honolulu", "Hawaii", "HI", "968"},
		{"Anchorage", "Alaska", "AK", "995"}, {"Boise", "Idaho", "ID", "837"}, {"Des Moines", "Iowa", "IA", "503"},
		{"Salt Lake City", "Utah", "UT", "841"}, {"Birmingham", "Alabama", "AL", "352"}, {"Little Rock", "Arkansas", "AR", "722"},
		{"Hartford", "Connecticut", "CT", "061"}, {"Providence", "Rhode Island", "RI", "029"},
	}
}

type addressPart uint8

const (
	addressFull addressPart = iota
	addressStreet
	addressCity
	addressState
	addressZip
	addressCountry
)

// makeAddress makes parts of an address; all parts drawn from one stream agree.
func makeAddress(p addressPart) func(*compiler) maskFunc {
	return func(c *compiler) maskFunc {
		d, seed, chars, all := dictionaries(), c.seeder(), c.room(unbounded), places()
		return func(dst, value []byte, r *Rewriter) []byte {
			s := seed(value, r)
			start := len(dst)
			at := &all[s.Intn(len(all))]
			zip := s.Uint64n(100)
			number, street := s.Uint64n(9899)+100, d.street[s.Intn(len(d.street))]
			name := d.last[s.Intn(len(d.last))]
			appendStreet := func(dst []byte) []byte {
				dst = append(appendDigits(dst, number, 1), ' ')
				return append(append(append(dst, name...), ' '), street...)
			}
			switch p {
			case addressStreet:
				dst = appendStreet(dst)
			case addressCity:
				dst = append(dst, at.city...)
			case addressState:
				if utf8.RuneCount(value) == 2 || chars < len(at.state) {
					dst = append(dst, at.abbr...)
				} else {
					dst = append(dst, at.state...)
				}
			case addressZip:
				dst = appendDigits(append(dst, at.zip...), zip, 2)
			case addressCountry:
				switch {
				case utf8.RuneCount(value) == 2 || chars < 3:
					dst = append(dst, "US"...)
				case utf8.RuneCount(value) == 3 || chars < 13:
					dst = append(dst, "USA"...)
				default:
					dst = append(dst, "United States"...)
				}
			default:
				dst = appendStreet(dst)
				dst = append(append(dst, ", "...), at.city...)
				dst = append(append(dst, ", "...), at.abbr...)
				dst = appendDigits(append(append(dst, ' '), at.zip...), zip, 2)
			}
			return fit(dst, start, chars)
		}
	}
}
