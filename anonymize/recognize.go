package anonymize

import (
	"bytes"
	"slices"
	"unicode"
)

// KindOf names the kind of mask that is made for what a text is as a whole, as far
// as its form and its check symbols tell, and "" where they do not. The text is
// within that kind's format: its mask does not call it opaque. Of a national_id it
// returns the countries whose number the text may be.
func KindOf(v []byte) (kind string, countries []string) {
	switch {
	case isEmail(v):
		return "email", nil
	case isPasswordHash(v):
		return "password", nil
	case isKey(v):
		if len(v) > longest || permutable(v[tokenPrefix(v):]) < 4 {
			return "hash", nil // more than a token keeps the shape of
		}
		return "token", nil
	case hasPrefix(v, "Mozilla/", "Opera/", "Dalvik/"):
		return "user_agent", nil
	case isURL(v):
		return "url", nil
	case isUUID(v):
		return "uuid", nil
	case isMAC(v):
		return "mac", nil
	case isAddress(v):
		return "ip", nil
	case isIBAN(v):
		return "iban", nil
	}
	if countries = nationalsOf(v); len(countries) > 0 {
		return "national_id", countries
	}
	switch {
	case isCard(v):
		return "card", nil
	case isPhone(v):
		return "phone", nil
	}
	return "", nil
}

func hasPrefix(v []byte, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return len(v) >= len(p) && string(v[:len(p)]) == p })
}

// isEmail follows the common subset of RFC 5321: one @, a domain with a dot.
func isEmail(v []byte) bool {
	at := bytes.IndexByte(v, '@')
	if !looksLikeEmail(v) || at > 64 || len(v) > 254 || bytes.ContainsAny(v, `()"\/:{}`) {
		return false
	}
	domain := v[at+1:]
	dot := bytes.LastIndexByte(domain, '.')
	if dot < 1 || len(domain)-dot < 3 || bytes.Contains(domain, []byte("..")) || domain[0] == '-' {
		return false
	}
	top := domain[dot+1:]
	return hasPrefix(top, "xn--") || bytes.IndexFunc(top, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' }) < 0
}

// isPasswordHash knows the forms of crypt(3), PHC strings and frameworks.
func isPasswordHash(v []byte) bool {
	return len(v) >= 20 && hasPrefix(v, "$2a$", "$2b$", "$2y$", "$argon2", "$5$", "$6$", "$1$", "$P$B", "$S$", "$pbkdf2", "$scrypt$",
		"pbkdf2_sha", "argon2$", "bcrypt_sha256$", "bcrypt$", "scrypt:", "{SSHA}", "{SHA}", "SCRAM-SHA-256$", "sha1$")
}

// isKey knows what says itself that it is a secret: keys of known issuers, JSON
// web tokens, PEM; and public keys of SSH, which are their owner's.
func isKey(v []byte) bool {
	if len(v) < 16 {
		return false
	}
	if hasPrefix(v, "-----BEGIN ", "ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-") {
		return true
	}
	var s scan
	s.reset(detectors(), v, nil)
	if s.jwt(0) == len(v) {
		return true
	}
	keys := s.d.keys[v[0]]
	return slices.ContainsFunc(keys, func(k keyFormat) bool { return k.match(&s, 0) == len(v) })
}

func isURL(v []byte) bool {
	return len(v) > 11 && hasPrefix(v, "http://", "https://", "ftp://", "postgres://", "mysql://", "redis://", "ssh://", "mailto:") && !bytes.ContainsAny(v, " \n")
}

func isUUID(v []byte) bool {
	var b [16]byte
	lower, upper := letterCases(v)
	return parseUUID(&b, v) && !(lower && upper)
}

// isMAC takes the addresses that scrub finds, of one case.
func isMAC(v []byte) bool {
	if lower, upper := letterCases(v); lower && upper || !mayBeHexAddress(v, 0) {
		return false
	}
	hi, it := hexAddress(v, 0)
	return it == itemMAC && hi == len(v)
}

// isAddress takes an IP address, or a network, as PostgreSQL spells it; shorter
// ones of four numbers are none.
func isAddress(v []byte) bool {
	addr, length, network := bytes.Cut(v, []byte{'/'})
	if len(v) < 7 && !bytes.Contains(v, []byte("::")) {
		return false
	}
	a, ok := parseAddr(addr)
	if !ok || !spelledAs(a, addr) {
		return false
	}
	if !network {
		return true
	}
	_, ok = prefixLength(length, a.BitLen())
	return ok
}

// isIBAN asks for the right check digits, and the country's length where that is
// known.
func isIBAN(v []byte) bool {
	if !looksLikeIBAN(v) || (ibanCheck(v)+97-ibanRight(v))%97 != 0 {
		return false
	}
	n, symbols := detectors().ibans[[2]byte(v)], len(v)-bytes.Count(v, []byte{' '})
	return n == symbols || n == 0 && symbols <= 34
}

// isCard asks for a network's range and length, and the right check digit (ISO/IEC
// 7812-1).
func isCard(v []byte) bool {
	if !looksLikeCard(v) {
		return false
	}
	var buf [24]byte
	d := digitsOf(buf[:0], v)
	last := len(d) - 1
	return cardRange(d, true) && luhn(d[:last]) == d[last]
}

// isPhone asks for a plus or the separators that people write: digits alone may
// be anything.
func isPhone(v []byte) bool {
	digits := 0
	for _, ch := range v {
		if digit(ch) {
			digits++
		}
	}
	if !looksLikePhone(v) || digits < 7 || digits > 15 {
		return false
	}
	if v[0] == '+' {
		return digits >= 8
	}
	if hasPrefix(v, "00") && digits >= 10 && len(v) == digits {
		return true
	}
	groups := digitGroups(v)
	if n := len(groups); n < 2 || n == 2 && bytes.Count(v, []byte{'.'}) == 1 || beginAsDay(groups) {
		return false
	}
	first, end := groups[0], groups[len(groups)-1]
	return v[0] == '(' || v[0] == '0' && len(first) <= 5 || len(groups) >= 3 && len(end) >= 3 && len(first) <= 4
}

// IsDay reports whether the first groups of digits of a text are those of a date.
func IsDay(v []byte) bool { return beginAsDay(digitGroups(v)) }

func beginAsDay(groups [][]byte) bool {
	if len(groups) < 3 || len(groups[1]) > 2 {
		return false
	}
	a, c := len(groups[0]), len(groups[2])
	return a == 4 && c <= 2 || a <= 2 && (c == 4 || c == 2)
}

// digitGroups are the digits of a text, those that follow one another together.
func digitGroups(v []byte) [][]byte {
	return bytes.FieldsFunc(v, func(r rune) bool { return r < '0' || r > '9' })
}

// nationalsOf returns the countries whose number v may be: one that their
// national_id takes, with the marks between digits where people of the country
// write them. A number of the United States has no check digit: its marks are
// asked for. Canada's look as those of French companies do: only a name tells
// them apart.
func nationalsOf(v []byte) []string {
	if len(v) > 2*nationalLongest {
		return nil
	}
	var scratch nationalScratch
	symbols, _, ok := symbolsOf(scratch.number[:0], v, false)
	if !ok {
		return nil
	}
	var room [nationalLongest]byte
	signed, _, _ := symbolsOf(room[:0], v, true) // nil if those are too many
	var out []string
	d := detectors()
	for _, country := range d.names {
		b := symbols
		if country == "fi" {
			b = signed
		}
		rule := d.byCountry[country]
		if country == "ca" || !d.written(v, b, rule.country) {
			continue
		}
		if slices.ContainsFunc(rule.ids, func(id nationalID) bool { return id.matches(b, scratch.check[:0]) }) {
			out = append(out, country)
		}
	}
	return out
}

// written reports whether the digits b stand in v as people of a country write
// them; what has letters or signs among them may be written in any way.
func (d *detector) written(v, b []byte, country item) bool {
	for _, ch := range b {
		if !digit(ch) {
			return true
		}
	}
	if len(b) >= len(d.rules) || !digit(v[0]) {
		return false
	}
	var r run
	r.read(v, 0)
	e := r.n - 1
	if r.more || e < 0 || r.g[e].hi != len(v) {
		return false
	}
	return slices.ContainsFunc(d.rules[len(b)], func(rule nationalRule) bool {
		return rule.country == country && rule.needs != hintUS && rule.shape == r.shape(e) && (e == 0 || r.only(e, rule.seps))
	})
}
