package discover

import (
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// guess is what one kind of evidence says of a column.
type guess struct {
	class class   // none: nothing personal
	conf  float64 // that the class is right; for none, that the column is not personal
	why   string  // for people; never a value
}

// subject is a table as the judging of its columns sees it.
type subject struct {
	kind   tableKind
	noun   string // the word of its name that says so
	exact  bool   // the noun is the last word: rows are what it says, and not only of it
	prefix string // what most of its columns' names begin with: c_name, c_email
	words  []string
	has    map[class]bool // what the names of its columns surely say
	// anyOfPeople: its rows are attributes of people or their addresses, whatever these
	// are: user_attributes, identity_verifiable_addresses.
	anyOfPeople bool
}

// subjectOf says what a table is about.
func (l *lexicon) subjectOf(t *schema.Table) *subject {
	s := &subject{words: words(t.Name.Name), has: map[class]bool{}}
	s.kind, s.noun = l.noun(s.words)
	s.exact = l.endsIn(s.words, s.noun)
	s.prefix = prefixOf(t)
	s.anyOfPeople = l.anyOfPeople(s)
	for i := range t.Columns {
		w := s.plain(words(t.Columns[i].Name))
		if c, _, end := l.look(l.sure, w); c != none && !l.speaksAbout(w[end:]) {
			s.has[c] = true
		}
	}
	return s
}

// anyOfPeople reports whether a table's name is that of people, or of what they sign in
// with, before a word for their attributes or addresses.
func (l *lexicon) anyOfPeople(s *subject) bool {
	if len(s.words) < 2 {
		return false
	}
	switch singular(s.words[len(s.words)-1]) {
	case "attribute", "property", "field", "meta", "metadata", "detail", "address", "addresse", "contact":
	default:
		return false
	}
	k, _ := l.noun(s.words[:len(s.words)-1])
	return k == ofPerson || k == ofAuth
}

// prefixOf is the short word that nearly all columns of a table begin with; "" if
// there is none.
func prefixOf(t *schema.Table) string {
	n := map[string]int{}
	for i := range t.Columns {
		if w := words(t.Columns[i].Name); len(w) > 1 && len(w[0]) <= 4 {
			n[w[0]]++
		}
	}
	for w, count := range n {
		if count >= 3 && count*4 >= len(t.Columns)*3 {
			return w
		}
	}
	return ""
}

// endsIn reports whether nothing stands behind a noun but words that say nothing
// of what a table's rows are.
func (l *lexicon) endsIn(w []string, noun string) bool {
	for i := len(w) - 1; i >= 0; i-- {
		switch {
		case w[i] == noun:
			return true
		case l.neutral[w[i]], isNumber(w[i]), len(w[i]) <= 2:
		default:
			switch w[i] {
			case "entity", "entities", "table", "tbl", "master", "base", "record", "records", "list", "details", "lookup", "meta", "all", "archive", "copy", "view", "crm", "set":
			default:
				return false
			}
		}
	}
	return false
}

// people reports whether the table's rows are people, or have what people have.
func (s *subject) people() bool {
	if s.kind == ofPerson {
		return true
	}
	n := 0
	for _, c := range []class{email, phone, firstName, lastName, birth, password, gender, national, street} {
		if s.has[c] {
			n++
		}
	}
	return n >= 2 || n == 1 && (s.kind == ofUnknown || s.kind == ofPlace) && !s.has[company]
}

// where reports whether the table has a postal address.
func (s *subject) where() bool {
	return s.has[street] || s.has[zip] || s.has[address] || s.kind == ofPlace
}

// plain takes prefixes for types and for the table off a column's words.
func (s *subject) plain(w []string) []string {
	if len(w) > 1 && w[0] == s.prefix {
		w = w[1:]
	}
	for len(w) > 1 {
		switch w[0] {
		case "str", "txt", "dt", "int", "vch", "chr", "dtm", "fld", "col", "sz":
		case "t", "s", "c", "n", "b", "d":
			if len(w[0]) == 1 && len(w) > 1 && w[1] == "b" {
				return w
			}
		default:
			is := func(x string) bool { return len(w[0]) > 2 && (x == w[0] || singular(x) == w[0]) }
			if s.noun != "" && is(s.noun) || s.noun == "" && slices.ContainsFunc(s.words, is) {
				return w[1:]
			}
			return w
		}
		w = w[1:]
	}
	return w
}

// speaksAbout reports whether the words behind a hit turn it into something
// about it: verified, count, id, version.
func (l *lexicon) speaksAbout(after []string) bool {
	return slices.ContainsFunc(after, func(w string) bool { return l.about[w] })
}

// nameOf judges a column by its name, with its table as context.
func (l *lexicon) nameOf(s *subject, name string, typ shape) guess {
	full := words(name)
	w := s.plain(full)
	if len(w) == 0 {
		return guess{}
	}
	c, start, end := l.last(w)
	if x, from, to := l.look(l.sure, full); len(w) < len(full) && from == 0 && to > 1 && to == len(full) {
		w, c, start, end = full, x, from, to // the first word belongs to it: user_name
	}
	if c == none && len(full) > len(w) && full[0] != s.prefix {
		if c, start, end = l.last(full); c != none {
			w = full
		}
	}
	if c != none {
		return l.sureName(s, w, c, start, end, typ)
	}
	if typ.kind == isTexts && typ.length != 36 && l.idOfPeople(s, w) {
		return guess{docNumber, 0.55, "named " + quote(w) + ": by what someone or a device is known elsewhere"}
	}
	if len(w) > 1 && w[0] == "encrypted" && (typ.kind == isTexts || typ.kind == isBytes) {
		return guess{secret, 0.7, "named " + quote(w) + ": nobody encrypts what is no secret"}
	}
	if g := l.maybeName(s, w, typ); g.class != none || g.conf > 0 {
		return g
	}
	switch last := w[len(w)-1]; {
	case l.within(last) != none && !(s.kind == ofThing && !s.people()):
		return guess{l.within(last), 0.6, "named " + quote(w)}
	case typ.roomy && (s.people() || s.kind == ofMessage) && len(w) == 1 && (last == "preferences" || last == "prefs" || last == "settings" || last == "options" || last == "fields"):
		return guess{}
	case w[0] == "encrypted" || w[0] == "enc" || w[0] == "encr" || last == "encrypted":
		return guess{secret, 0.7, "named " + quote(w)}
	case l.about[last] || l.program[last] || l.program[singular(last)]:
		return guess{none, 0.7, "named " + quote(w)}
	}
	return guess{}
}

// idOfPeople reports whether a text is an id of a person or a device, given by
// somebody else: user_id, device_uid, member_no.
func (l *lexicon) idOfPeople(s *subject, w []string) bool {
	last, before := w[len(w)-1], w[:len(w)-1]
	number := last == "no" || last == "nr" || last == "num" || last == "identifier" || strings.HasSuffix(last, "number") || strings.HasSuffix(last, "nummer") || len(last) > 4 && strings.HasSuffix(last, "nr")
	switch {
	case last == "id" || last == "uid" || last == "guid":
		if noun := singular(s.noun); len(before) == 0 && (noun == "device" || noun == "installation") && s.exact {
			return true
		}
		for _, x := range before {
			switch {
			case x == "device" || x == "installation" || x == "visitor" || x == "subscriber" || x == "imei":
				return true
			case x != "client" && l.person[x]:
				return true
			}
		}
		return false
	case number:
		owner, _ := l.noun(before)
		return s.kind == ofPerson && s.exact && owner != ofThing
	}
	return false
}

// last finds the last sure phrase among words: what stands last is what the
// column is, what stands before says whose.
func (l *lexicon) last(w []string) (c class, start, end int) {
	c, start, end = l.look(l.sure, w)
	for c != none && end < len(w) {
		next, from, to := l.look(l.sure, w[end:])
		if next == none {
			break
		}
		c, start, end = next, end+from, end+to
	}
	return c, start, end
}

func (l *lexicon) sureName(s *subject, w []string, c class, start, end int, typ shape) guess {
	phrase, after := strings.Join(w[start:end], " "), w[end:]
	if len(after) > 0 {
		switch last := after[len(after)-1]; {
		case last == "hash" || last == "digest" || last == "sha256" || last == "md5" || last == "sha1":
			if c != password {
				c = secret
			}
			return guess{c, 0.85, "named " + quote(w)}
		case last == "iv" || last == "salt" || last == "nonce":
			return guess{secret, 0.85, "named " + quote(w)}
		case l.speaksAbout(after):
			return guess{none, 0.85, "named " + quote(w) + ": about it, no " + string(c)}
		}
		if m, _, e := l.look(l.maybe, after); m == prose && e == len(after) && !l.allNeutral(after) {
			return l.maybeName(s, after, typ)
		}
	}
	if start > 0 && l.before[w[0]] && typ.kind != isTexts {
		return guess{none, 0.85, "named " + quote(w) + ": about it, no " + string(c)}
	}
	if w[start] == "fname" && start > 0 && !l.allNeutral(w[:start]) {
		return guess{none, 0.6, "named " + quote(w) + ": of a file"}
	}
	if why := l.outOfPlace(s, c, w[:start], strings.Join(w[start:end], "")); why != "" {
		return guess{none, 0.7, why}
	}
	conf := 0.92
	if len(after) > 0 && !l.allNeutral(after) {
		conf = 0.65
	}
	return guess{c, conf, "named " + phrase}
}

func (l *lexicon) allNeutral(w []string) bool {
	return !slices.ContainsFunc(w, func(x string) bool { return !l.neutral[x] && !isNumber(x) && !l.person[x] && !l.org[x] })
}

func isNumber(w string) bool { return strings.Trim(w, "0123456789") == "" }
