package anonymize

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// domains says where the addresses of a mask end.
type domains struct {
	other string            // of a domain that is not listed; "" keeps it
	to    map[string]string // of a domain in lower case
	fixed int               // length of the longest that is no kept one
}

const keepDomain = "keep"

// emailDomains reads the parameter domain: a domain for all addresses, keep, or
// a map of domains to either, in which "*" stands for all others.
func (c *compiler) emailDomains() (d domains) {
	use := func(to string) string {
		if to == keepDomain {
			return ""
		}
		if !validDomain(to) {
			c.problem("domain", "domain %q is no domain name", to)
		}
		d.fixed = max(d.fixed, len(to))
		return to
	}
	list, isMap := c.m.Params["domain"].(map[string]any)
	if !isMap {
		d.other = use(c.string("domain", "example.com"))
		return d
	}
	d.other, d.to = "example.com", map[string]string{}
	for _, from := range slices.Sorted(maps.Keys(list)) {
		to, isText := list[from].(string)
		switch {
		case !isText:
			c.problem("domain", "%s: write a domain, or keep", from)
		case from == "*":
			d.other = use(to)
		case !validDomain(from):
			c.problem("domain", "domain %q is no domain name", from)
		default:
			d.to[strings.ToLower(from)] = use(to)
		}
	}
	if d.other == "example.com" {
		d.fixed = max(d.fixed, len(d.other))
	}
	return d
}

// of returns the domain for that of an address, which it appends to dst where it
// is kept; ok is false if that is no name of a host, so that more than a domain
// would stay.
func (d *domains) of(dst, from []byte) (domain []byte, ok bool) {
	to := d.other
	if d.to != nil {
		var buf [256]byte
		lower := append(buf[:0], from[:min(len(from), len(buf))]...)
		changeCase(lower, false)
		if listed, ok := d.to[string(lower)]; ok {
			to = listed
		}
	}
	if to == "" {
		return append(dst, from...), hostName(from)
	}
	return append(dst, to...), true
}

// makeEmail makes addresses: the name of the row's person, a keyed tail of the
// value, a domain for examples (RFC 2606) or what the rules say. Names are left out where they do not
// fit, so short columns keep the tail. An address whose kept domain leaves no
// room for a tail, a whole one where a column of the mask's domain is unique, becomes
// opaque.
func makeEmail(c *compiler) maskFunc {
	to := c.emailDomains()
	chars := c.room(unbounded)
	if tail := c.tail(1+to.fixed, tailLength, 5); tail < 1 {
		c.problem("", "mask email needs %d characters, and the column holds %d", 2+to.fixed, chars)
		return nil
	}
	least := 8
	if c.col.Unique || c.col.UniqueDomain {
		least = tailLength
	}
	opaque := c.opaque()
	p, prf, seed, gender := c.locale(), c.prf(), c.seeder(), c.gender()
	return func(dst, value []byte, r *Rewriter) []byte {
		if !looksLikeEmail(value) {
			return opaque(dst, value, r)
		}
		domain, ok := to.of(r.domain[:0], value[bytes.IndexByte(value, '@')+1:])
		r.domain = domain
		if !ok {
			return opaque(dst, value, r)
		}
		tail := min(tailLength, chars-1-len(domain))
		if tail < least && len(domain) > to.fixed {
			return opaque(dst, value, r)
		}
		s := seed(value, r)
		start := len(dst)
		id := r.person(p, &s, gender.of(r))
		if len(id.first)+1+len(id.last)+1+tail+1+len(domain) <= min(chars, 64+len(domain)) {
			dst = append(append(append(append(dst, id.first...), '.'), id.last...), '.')
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

// hostName reports whether all of v is the name of a host: labels of letters, also
// beyond ASCII, digits and hyphens, the last with a letter, perhaps a dot at the end.
func hostName(v []byte) bool {
	v = bytes.TrimSuffix(v, []byte{'.'})
	label, letters := 0, false
	for i := 0; i < len(v); {
		r, w := utf8.DecodeRune(v[i:])
		switch {
		case r == '.' && label > 0 && v[i-1] != '-':
			label, letters = 0, false
		case r == '-' && label > 0, unicode.IsDigit(r):
			label++
		case r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsMark(r)), radix(v[i]) == 26:
			label, letters = label+1, true
		default:
			return false
		}
		if i += w; label > 63 {
			return false
		}
	}
	return letters && v[len(v)-1] != '-' && utf8.RuneCount(v) <= 253
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
