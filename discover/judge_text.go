package discover

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// text judges a column of texts.
func (x *judge) text(name, comment guess) Finding {
	if values := checkValues(x.t, x.c); len(values) > 0 && name.class != gender && name.class != special {
		return keep(0.95, "a check lists its values")
	}
	if p := x.profile; (name.class == firstName || name.class == lastName) && x.justName() && p != nil && p.n >= 2 && (p.n-p.machine)*5 >= p.n*4 {
		name = guess{class: fullName, conf: 0.7, why: fmt.Sprintf("%s; several words in %d of %s", name.why, p.n-p.machine, x.sampled())}
	}
	g := x.weigh(name, comment, x.values())
	if p := x.profile; g.class == email && !x.f.unique && p != nil && p.lists*5 >= p.n && p.lists+p.whole[email] == p.n {
		g = guess{prose, g.conf, g.why + "; several in one"}
	}
	k := columnKey{x.t, x.c}
	if p, ok := x.l.parents[k]; ok && g.class != email && g.class != userName && (x.l.declared[k] || g.class == none || g.class == docNumber) {
		return keep(0.8, "references %s", p.table.Name) // follow gives it a mask if that has one
	}
	if f, ok := x.written(name, comment, g); ok {
		return f
	}
	if f, ok := x.encoded(g); ok {
		return f
	}
	switch {
	case g.class == none && g.conf > 0:
		return keep(g.conf, "%s", g.why)
	case g.class != none && g.conf >= 0.5:
		if g.class == prose && x.f.unique && g.conf < 0.7 {
			return keep(0.5, "%s, but unique: texts of people hardly are", g.why)
		}
		return x.masked(g, nil)
	}
	return x.unknown()
}

// written judges texts that are documents, as programs without a type for them keep
// what they were given: ok is false where they are none, or their keys and texts say
// nothing, or there is something in the keys, which a mask by path leaves alone.
func (x *judge) written(name, comment, g guess) (f Finding, ok bool) {
	p := x.profile
	if p == nil || p.n < 5 || p.documents < p.n || x.f.unique || x.col.Type.Elem != nil || g.class != none && g.class != prose {
		return Finding{}, false
	}
	f = x.document(name, comment)
	return f, slices.ContainsFunc(f.Paths, func(p Path) bool { return !p.Usual }) && !x.holdingKeys()
}

// encoded judges texts in Base64 or the like, in which scrub sees nothing: they are
// masked as a whole where something personal is in them, or they are named as texts.
func (x *judge) encoded(g guess) (f Finding, ok bool) {
	p := x.profile
	if p == nil || p.n < 2 || g.class != none && g.class != prose {
		return Finding{}, false
	}
	hash := mask("hash")
	switch {
	case p.encoded > 1 || p.encoded == p.n:
		return x.masked(guess{secret, 0.75, fmt.Sprintf("contacts or keys in Base64 in %d of %s", p.encoded, x.sampled())}, &hash), true
	case g.class == prose && p.blobs*10 >= p.n*9:
		return x.masked(guess{secret, 0.6, g.why + "; in Base64"}, &hash), true
	}
	return x.attached(g)
}

// attached judges texts that are files, as those of a bytea are. A name that
// speaks of a file's path does not count where most are files themselves.
func (x *judge) attached(g guess) (f Finding, ok bool) {
	p := x.profile
	if g.class != none || p.files == 0 || p.repeats() || p.files*2 < p.n && (g.conf > 0 || p.files < 2) {
		return Finding{}, false
	}
	f = x.bytes(g)
	f.Evidence = fmt.Sprintf("files in data URLs in %d of %s; %s", p.files, x.sampled(), f.Evidence)
	return f, true
}

// justName reports whether the column is called a name and nothing else: half of one
// only by the half that is beside it.
func (x *judge) justName() bool {
	w := x.subject.plain(words(x.col.Name))
	return len(w) == 1 && slices.Contains(nameWords[:], w[0])
}

// unknown decides about texts of which nothing is known: long ones may hold
// anything that people write.
func (x *judge) unknown() Finding {
	s := x.subject
	switch p := x.profile; {
	case p != nil && p.repeats():
		return keep(0.8, "%d different among %s", p.distinct, x.sampled())
	case p != nil && p.machine*10 >= p.n*9:
		return keep(0.7, "codes or numbers: %s without blanks", x.sampled())
	case p != nil && !roomy(&x.col.Type):
		return keep(0.6, "%s", x.nothing())
	case x.f.unique:
		return keep(0.55, "a key of its table; %s", x.nothing())
	case !roomy(&x.col.Type):
		return keep(0.45, "a short text; %s", x.nothing())
	case s.kind == ofThing:
		conf := 0.55
		if p == nil {
			conf = 0.45
		}
		return keep(conf, "a text in a table of %s (%s); %s", s.kind, s.noun, x.nothing())
	case p != nil && p.prose*5 < p.n && p.inside == 0:
		return keep(0.55, "no sentences in %s", x.sampled())
	case p == nil && s.kind != ofAuth && (x.f.elem().Name == "text" || x.f.elem().Length >= 500) && x.col.Type.Elem == nil:
		return x.masked(guess{prose, 0.5, "a text of any length, of which nothing is known"}, nil)
	case s.kind == ofMessage || s.kind == ofPerson:
		return x.masked(guess{prose, 0.5, fmt.Sprintf("a text of any length in a table of %s (%s)", s.kind, s.noun)}, nil)
	case p != nil && p.prose*5 >= p.n:
		return x.masked(guess{prose, 0.5, "sentences in " + x.sampled()}, nil)
	}
	return keep(0.4, "a text of any length; %s", x.nothing())
}

// weigh puts the evidence together.
func (x *judge) weigh(name, comment, values guess) guess {
	switch {
	case values.class != none && name.class == values.class:
		return guess{name.class, both(name.conf, values.conf), name.why + "; " + values.why}
	case values.class != none && name.class != none:
		return prefer(name, values)
	case values.class != none && values.conf >= 0.6 && !(name.conf >= 0.9 && weak(values.class)):
		return values
	case name.class != none:
		if values.conf >= 0.75 && name.conf < 0.8 && values.class == none && !few(name.class) {
			return guess{none, values.conf, values.why}
		}
		if comment.class == name.class {
			name.conf = both(name.conf, comment.conf)
			name.why += "; " + comment.why
		}
		return name
	case comment.class != none && comment.conf >= 0.5:
		return comment
	case name.conf > 0:
		return name
	case values.conf >= 0.75:
		return values
	}
	return guess{}
}

func both(a, b float64) float64 { return 1 - (1-a)*(1-b) }

// weak are the classes whose values are known by a likeness, not by a form.
func weak(c class) bool {
	switch c {
	case fullName, firstName, lastName, prose, address, phone, web, none:
		return true
	}
	return false
}

// few are the classes of which many people share a value.
func few(c class) bool {
	switch c {
	case state, city, zip, job, company, gender, special, firstName, lastName:
		return true
	}
	return false
}

// prefer chooses between what a name and what values say, where they differ.
func prefer(name, values guess) guess {
	if name.conf < 0.65 && values.conf >= 0.8 && !weak(values.class) {
		return values
	}
	switch values.class {
	case email, password, agent, iban, macAddr:
		return values
	case ipAddress, card, web:
		if name.class != secret && name.class != docNumber || values.class == card {
			return values
		}
	case secret:
		if name.class != password {
			return values
		}
	case national:
		if name.class == docNumber || name.class == tax {
			return values
		}
	case phone:
		if name.class == fullName || name.class == email {
			return values
		}
	case fullName:
		if name.class == company && values.conf >= 0.8 || name.class == userName && values.conf >= 0.8 || name.class == firstName && values.conf >= 0.8 {
			return values
		}
	case prose:
		if (name.class == fullName || name.class == userName || name.class == company || name.class == job) && values.conf >= 0.7 {
			return values
		}
	}
	name.conf = max(name.conf, 0.5)
	return name
}

// values says what the sampled values of a text column are.
func (x *judge) values() guess {
	p := x.profile
	if p == nil || p.n < 2 {
		return guess{}
	}
	share := func(c class) float64 { return float64(p.whole[c]) / float64(p.n) }
	is := func(c class, least float64) (guess, bool) {
		s := share(c)
		if s < least || p.whole[c] < 2 {
			return guess{}, false
		}
		return guess{c, min(0.97, 0.55+0.4*s), fmt.Sprintf("%d of %s: %s", p.whole[c], x.sampled(), c)}, true
	}
	for _, c := range []class{email, password, secret, agent, macAddr, iban} {
		if g, ok := is(c, 0.6); ok {
			return g
		}
	}
	if g, ok := is(card, 0.9); ok {
		return g
	}
	if g, ok := x.nationalValues(); ok {
		return g
	}
	if g, ok := is(ipAddress, 0.8); ok && !strings.Contains(strings.ToLower(x.col.Name), "version") {
		return g
	}
	if g, ok := is(web, 0.6); ok && (x.subject.kind != ofThing || x.subject.people() || p.inside > 0) {
		return g
	}
	if g, ok := is(phone, 0.7); ok && (p.distinct > 2 || p.n < 6) {
		return g
	}
	return x.likely(share)
}

// nationalValues asks that nearly all values are ids of one country, and of digits
// alone that they are many.
func (x *judge) nationalValues() (guess, bool) {
	p := x.profile
	country, n := p.nation()
	least := 3
	if p.numeric*2 > p.n && country != "us" {
		least = 8
		if country == "br" || country == "fr" || country == "de" || country == "no" {
			least = 3 // of two check symbols
		}
	}
	if n < least || n*10 < p.n*9 {
		return guess{}, false
	}
	return guess{national, 0.9, fmt.Sprintf("%d of %s: %s (%s)", n, x.sampled(), national, country)}, true
}

// nation is the country that most values may be a national id of.
func (p *profile) nation() (country string, n int) {
	for _, c := range slices.Sorted(maps.Keys(p.country)) {
		if p.country[c] > n {
			country, n = c, p.country[c]
		}
	}
	return country, n
}

// likely judges by likeness: names, addresses, sentences, codes.
func (x *judge) likely(share func(class) float64) guess {
	p := x.profile
	thing := x.subject.kind == ofThing && !x.subject.people()
	names := share(fullName) + share(firstName) + share(lastName)
	least := 0.5
	if thing {
		least = 0.85
	}
	switch {
	case share(address) >= least && p.whole[address] >= 2:
		return guess{address, 0.5 + 0.4*share(address), fmt.Sprintf("%d of %s look like: %s", p.whole[address], x.sampled(), address)}
	case names >= least && p.distinct >= 3:
		c := fullName
		switch {
		case share(fullName) >= 0.3:
		case share(lastName) > share(firstName):
			c = lastName
		default:
			c = firstName
		}
		return guess{c, 0.45 + 0.45*names, fmt.Sprintf("%d of %s look like: %s", p.whole[c], x.sampled(), c)}
	case p.inside > 0 && (p.inside > 1 || p.prose > 0 || p.n < 20):
		return guess{prose, 0.75, fmt.Sprintf("contacts or keys inside %d of %s", p.inside, x.sampled())}
	case p.whole[email] > 0 || p.whole[secret] > 0 || p.whole[iban] > 0:
		return guess{prose, 0.7, fmt.Sprintf("contacts or keys among %s", x.sampled())}
	case p.prose*5 >= p.n*2 && !thing && roomy(&x.col.Type):
		return guess{prose, 0.6, fmt.Sprintf("sentences in %d of %s", p.prose, x.sampled())}
	case p.repeats():
		return guess{none, 0.8, fmt.Sprintf("%d different among %s", p.distinct, x.sampled())}
	case p.n >= 8 && p.numeric == p.n:
		return guess{none, 0.6, "numbers: " + x.sampled()}
	}
	return guess{}
}
