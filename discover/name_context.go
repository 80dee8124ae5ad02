package discover

import (
	"slices"
	"strings"
)

// outOfPlace says why something that people have is none of theirs in a table of
// other things; "" if it may be.
func (l *lexicon) outOfPlace(s *subject, c class, before []string, phrase string) string {
	if k, _ := l.noun(before); k == ofPerson || k == ofOrg && c != gender {
		return ""
	}
	thing := s.kind == ofThing && !s.people()
	why := "a table of " + s.kind.String() + " (" + s.noun + ")"
	switch c {
	case fullName, age, gender, measure, special, job, birth, firstName, lastName:
		if thing {
			return why
		}
	case docNumber:
		if thing && (strings.HasPrefix(phrase, "serial") || phrase == "fingerprint" || strings.HasPrefix(phrase, "licen")) && !strings.HasSuffix(phrase, "plate") {
			return why
		}
	case city, state, zip:
		if thing && !s.has[street] && !s.has[address] {
			return why
		}
	case geo:
		if thing && !s.has[street] && !s.has[address] {
			return why
		}
	case web, company:
		switch phrase {
		case "importurl", "callbackurl", "webhookurl", "recordingurl", "requesturl", "fullurl": // may have credentials in them
			return ""
		}
		if thing {
			return why
		}
	}
	return ""
}

// maybeName judges a name whose words mean something only in their context.
func (l *lexicon) maybeName(s *subject, w []string, typ shape) guess {
	c, start, end := l.look(l.maybe, w)
	if c == none {
		return guess{}
	}
	for end < len(w) { // the last is what it is
		next, from, to := l.look(l.maybe, w[end:])
		if next == none {
			break
		}
		c, start, end = next, end+from, end+to
	}
	after, before := w[end:], w[:start]
	if l.speaksAbout(after) {
		return guess{none, 0.7, "named " + quote(w) + ": about something"}
	}
	if len(after) > 0 && !l.allNeutral(after) {
		return guess{}
	}
	g := l.context(s, c, w[start], before, after, typ)
	if g.why == "" {
		g.why = "named " + quote(w)
		if s.noun != "" {
			g.why += ", in a table of " + s.kind.String() + " (" + s.noun + ")"
		}
	}
	return g
}

// quote shows a column's words.
func quote(w []string) string { return `"` + strings.Join(w, " ") + `"` }

// nameWords are what languages call a name.
var nameWords = [...]string{"name", "names", "nom", "nombre", "nome", "nazwa", "naam", "namn", "navn", "nimi", "nev", "ad", "isim", "jmeno", "displayname", "nm"}

// context judges a word that has several meanings. before and after are the
// other words of the name.
func (l *lexicon) context(s *subject, c class, word string, before, after []string, typ shape) guess {
	owner, _ := l.noun(append(slices.Clone(before), after...))
	people, thing := s.people(), s.kind == ofThing && !s.people()
	no := guess{class: none, conf: 0.6}
	yes := func(c class, conf float64) guess { return guess{class: c, conf: conf} }
	switch c {
	case fullName:
		if slices.Contains(nameWords[:], word) {
			return l.nameWord(s, owner, before)
		}
		if owner == ofThing {
			return no
		}
		return yes(fullName, 0.7)
	case userName:
		switch {
		case word == "handle" && len(before) > 0 && before[len(before)-1] == "key":
			return yes(secret, 0.7) // of a security key
		case (word == "handle" || word == "alias" || word == "account" || word == "operator") && s.kind != ofPerson && s.kind != ofAuth && s.kind != ofUnknown,
			word == "alias" && s.kind == ofUnknown && !people:
			return no
		case owner == ofThing && !people:
			return no
		}
		return yes(userName, 0.7)
	case email:
		if word == "mail" || word == "mails" || s.kind == ofMessage && (word == "to" || word == "from" || word == "cc" || word == "bcc" || word == "sender" || word == "recipients") {
			return yes(email, 0.75)
		}
		return no
	case phone:
		if people || s.kind == ofPlace || s.kind == ofOrg || s.kind == ofLog {
			return yes(phone, 0.75)
		}
		return no
	case address:
		switch {
		case word == "location" || word == "place" || word == "venue" || word == "whereabouts":
			if people && len(before) == 0 {
				return yes(address, 0.65)
			}
			return no
		case s.has[city] || s.has[zip] || s.has[state]:
			return yes(street, 0.85)
		}
		return yes(address, 0.75)
	case city, zip:
		if people || s.where() {
			return yes(c, 0.75)
		}
		return no
	case state:
		if s.has[zip] || s.has[city] && s.where() || s.has[city] && people || s.kind == ofPlace && word != "state" {
			return yes(state, 0.75)
		}
		return no
	}
	return l.contextMore(s, c, word, owner, before, thing, typ)
}

// nameWord judges a plain name: of a person, of a company, or of a thing.
func (l *lexicon) nameWord(s *subject, owner tableKind, before []string) guess {
	no := guess{class: none, conf: 0.75}
	rest := slices.DeleteFunc(slices.Clone(before), func(w string) bool { return l.neutral[w] && !l.person[w] })
	switch {
	case owner == ofPerson:
		return guess{class: fullName, conf: 0.85}
	case owner == ofOrg:
		return guess{class: company, conf: 0.75}
	case owner == ofPlace:
		return guess{class: fullName, conf: 0.6}
	case owner == ofPay:
		no.why = "the name of a bank or a means of payment"
		return no
	case len(rest) > 0:
		no.why = "named " + quote(before) + " name: of something else than a person"
		return no
	}
	switch {
	case s.has[firstName] && s.has[lastName] && s.people():
		return guess{class: fullName, conf: 0.85}
	case s.has[lastName] && s.people():
		return guess{class: firstName, conf: 0.85}
	case s.has[firstName] && s.people():
		return guess{class: lastName, conf: 0.85}
	case s.kind == ofPerson && s.exact:
		return guess{class: fullName, conf: 0.88}
	case s.kind == ofPerson:
		return guess{class: none, conf: 0.55, why: "the name of something of " + s.kind.String() + " (" + s.noun + ")"}
	case s.kind == ofOrg:
		return guess{class: company, conf: 0.75}
	case s.kind == ofPlace && s.people():
		return guess{class: fullName, conf: 0.7}
	case s.kind == ofUnknown && s.people():
		return guess{class: fullName, conf: 0.65}
	case s.kind != ofUnknown:
		no.why = "the name of one of " + s.kind.String() + " (" + s.noun + ")"
	default:
		no.conf = 0.5
	}
	return no
}
