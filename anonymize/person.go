package anonymize

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/brianvoe/gofakeit/v7/data"
)

// dictionary holds what is invented, ASCII only: gofakeit's data, and names by
// locale.
type dictionary struct {
	people                 *people // of the default locale
	others                 map[string]*people
	company, street, words []string
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
		people:  englishPeople(letters(data.Data["person"]["last"])),
		others:  morePeople(),
		company: ascii(data.Data["company"]["name"], 40),
		street:  letters(data.Data["address"]["street_name"]),
		words:   letters(data.Data["lorem"]["word"]),
	}
})

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
	names := dictionaries().company
	return c.invented(func(dst, _ []byte, r *Rewriter) []byte {
		return append(dst, names[r.stream.Intn(len(names))]...)
	})
}
