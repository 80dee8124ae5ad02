package discover

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/anonymize"
)

// Sample is what was read of one column: text as COPY or a result in text format
// has it. Look keeps none of it.
type Sample struct {
	Values [][]byte // neither NULL nor empty; in any order
	Nulls  int      // how many were NULL
}

// profile is what the values of a column look like.
type profile struct {
	n        int // values looked at
	distinct int
	whole    map[class]int // values that are one of these, as a whole
	inside   int           // values that have an address, a number or a key in them
	prose    int           // sentences
	machine  int           // without blanks, or numbers, dates, identifiers
	country  map[string]int
	long     int // secrets of which a token does not keep the shape
	numeric  int
	longest  int
	// documents are values that are objects or lists of JSON, longer ones as they begin.
	documents int
	// blobs are values in which Base64 may be, encoded those that hold something
	// personal so.
	blobs, encoded int
	files          int // data URLs of files that are no text
	lists          int // of e-mail addresses and nothing else
}

// most is how many values of a column are looked at; longer ones than so many
// bytes are cut.
const (
	mostValues = 1000
	mostBytes  = 4096
)

// examine profiles the values of a column.
func (d *detector) examine(values [][]byte) *profile {
	p := &profile{whole: map[class]int{}, country: map[string]int{}}
	seen := map[string]bool{}
	for _, v := range values {
		if p.n == mostValues {
			break
		}
		v = bytes.TrimSpace(v)
		if len(v) == 0 {
			continue
		}
		if v[0] == '{' || v[0] == '[' {
			if len(v) > mostBytes || json.Valid(v) {
				p.documents++
			}
		}
		if len(v) > mostBytes {
			v = v[:mostBytes]
		}
		p.n++
		p.longest = max(p.longest, utf8.RuneCount(v))
		s := string(v)
		seen[s] = true
		d.one(p, s)
	}
	p.distinct = len(seen)
	return p
}

// one counts one value.
func (d *detector) one(p *profile, s string) {
	c := d.class(p, s)
	if c != none {
		p.whole[c]++
	}
	blanks := strings.Count(s, " ")
	letters := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	switch {
	case isNumeric(s):
		p.numeric++
		p.machine++
	case blanks == 0:
		p.machine++
	case blanks >= 3 && letters > len(s)/2:
		p.prose++
	}
	if c == none {
		d.decode(p, s)
		if addresses(s) {
			p.lists++
		}
	}
	if (c == none || c == web) && len(s) > 20 && (d.holds(s) || c == web && d.linksTo(s)) {
		p.inside++
	}
}

// repeats reports whether many rows share a value.
func (p *profile) repeats() bool { return p.n >= 8 && p.distinct*4 <= p.n }

// addresses reports whether a value is several e-mail addresses with marks between.
func addresses(s string) bool {
	n := 0
	for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) }) {
		if kind, _ := anonymize.KindOf([]byte(w)); kind != "email" {
			return false
		}
		n++
	}
	return n > 1
}

func isNumeric(s string) bool {
	return strings.Trim(s, "0123456789.-+") == "" && strings.ContainsAny(s, "0123456789")
}

// detector recognises values. It is read-only once made.
type detector struct {
	first, last set
}

func newDetector() *detector { return &detector{setOf(firstNames), setOf(lastNames)} }

// kinds are the classes of what anonymize tells by its form.
var kinds = map[string]class{
	"email": email, "password": password, "token": secret, "hash": secret, "user_agent": agent, "url": web, "mac": macAddr, "ip": ipAddress,
	"iban": iban, "national_id": national, "card": card, "phone": phone,
}

// class says what a value is as a whole, and counts what its mask has to know.
func (d *detector) class(p *profile, s string) class {
	kind, countries := anonymize.KindOf([]byte(s))
	for _, x := range countries {
		p.country[x]++
	}
	if kind == "hash" {
		p.long++
	}
	if kind != "" {
		return kinds[kind] // a uuid is of no class
	}
	return d.formless(s)
}

// formless is class for what has none of the forms that anonymize knows.
func (d *detector) formless(s string) class {
	switch {
	case anonymize.IsDay([]byte(s)):
		return none
	case isPostal(s):
		return address
	}
	return d.nameClass(s)
}

// longSecrets reports whether a token would keep the shape of few of the secrets.
func (p *profile) longSecrets() bool { return p != nil && p.long*2 > p.whole[secret] }

// holds reports whether something personal is inside a text: what scrub would
// replace there, but for web addresses.
func (d *detector) holds(s string) bool { return anonymize.Holds([]byte(s)) }

// nameClass looks a value up in the dictionaries.
func (d *detector) nameClass(s string) class {
	if len(s) > 60 || strings.ContainsAny(s, "0123456789@/\\_=<>{}[]|;:") {
		return none
	}
	if last, first, ok := strings.Cut(s, ", "); ok {
		s = first + " " + last
	}
	parts := strings.Fields(s)
	if len(parts) > 5 {
		return none
	}
	firsts, lasts := 0, 0
	for _, p := range parts {
		p = strings.Trim(p, ".,")
		r, _ := utf8.DecodeRuneInString(p)
		if !unicode.IsUpper(r) && p != "de" && p != "van" && p != "von" && p != "der" && p != "da" && p != "di" && p != "la" {
			return none
		}
		w := fold(p)
		if before, _, ok := strings.Cut(w, "-"); ok {
			w = before
		}
		if d.first[w] {
			firsts++
		}
		if d.last[w] {
			lasts++
		}
	}
	switch {
	case len(parts) == 1 && firsts == 1:
		return firstName
	case len(parts) == 1 && lasts == 1:
		return lastName
	case len(parts) > 1 && firsts+lasts > 0:
		return fullName
	}
	return none
}

// login reports whether a word is made of names as logins are: jsmith, annaberg.
func (d *detector) login(w string) bool {
	for i := 1; i < len(w); i++ {
		a, b := w[:i], w[i:]
		switch {
		case i == 1 && len(b) >= 5 && d.last[b], len(b) == 1 && len(a) >= 5 && d.last[a],
			d.first[a] && d.last[b], d.last[a] && d.first[b]:
			return true
		}
	}
	return false
}
