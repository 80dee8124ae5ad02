package discover

import (
	"slices"
	"strings"
)

// contextMore judges the words of the remaining classes.
func (l *lexicon) contextMore(s *subject, c class, word string, owner tableKind, before []string, thing bool, typ shape) guess {
	people := s.people()
	no := guess{class: none, conf: 0.6}
	yes := func(c class, conf float64) guess { return guess{class: c, conf: conf} }
	switch c {
	case birth, age, measure, special, pay, national, tax:
		if people && !thing {
			return yes(c, 0.75)
		}
	case job:
		if s.kind == ofPerson && typ.kind == isTexts && singular(word) != "role" {
			return yes(job, 0.7)
		}
	case company:
		switch {
		case word == "bank" || owner == ofThing || thing:
		case word == "school" || word == "university" || word == "hospital" || word == "institution":
			if people {
				return yes(company, 0.6)
			}
		case len(before) == 0 || l.allNeutral(before):
			return yes(company, 0.7)
		}
	case secret:
		if word == "code" && (owner == ofPerson || owner == ofOrg) && typ.kind == isTexts {
			return yes(docNumber, 0.55)
		}
		return l.secretWord(s, word, before)
	case password:
		if people || len(before) > 0 && services[before[len(before)-1]] || len(before) > 0 && (before[len(before)-1] == "key" || before[0] == "encrypted") || s.kind == ofAuth {
			return yes(password, 0.75)
		}
	case docNumber, card:
		switch {
		case (owner == ofPerson || owner == ofOrg) && typ.kind == isTexts && word != "host" && word != "policy" && word != "registration":
			return yes(docNumber, 0.55)
		case s.kind == ofPay && slices.ContainsFunc(s.words, func(w string) bool { return w == "card" || w == "cards" }) && (word == "number" || word == "pan"):
			return yes(card, 0.8)
		case word == "number" && s.kind == ofPay && slices.Contains(s.words, "account"):
			return yes(account, 0.7)
		case (word == "hostname" || word == "computername" || word == "machinename") && !thing, word == "serial" && !thing:
			return yes(docNumber, 0.7)
		case word == "identifier" && (s.kind == ofAuth || len(before) > 0 && (before[0] == "verified" || before[0] == "login")):
			return yes(docNumber, 0.6) // by which someone signs in
		case s.kind == ofPerson && (word == "identifier" || word == "barcode" || word == "license" || word == "licence" || word == "plate" || word == "npi" || word == "rg" || word == "cardid" || word == "registration" || word == "policy"):
			return yes(docNumber, 0.7)
		case word == "plate" && slices.Contains(s.words, "vehicles"):
			return yes(docNumber, 0.7)
		}
	case street:
		if s.has[city] || s.has[zip] || people {
			return yes(street, 0.8)
		}
	case web:
		switch {
		case word == "picture" || l.files[word]:
			if people && typ.kind == isTexts && len(before) == 0 { // where to find it
				return yes(web, 0.6)
			}

		case word == "blog" || word == "site":
			if people && len(before) == 0 {
				return yes(web, 0.6)
			}
		case (word == "link" || word == "href") && len(before) > 0 && owner != ofPerson:
		case owner == ofPerson, people, s.kind == ofOrg, s.kind == ofLog, s.kind == ofAuth, slices.ContainsFunc(s.words, func(w string) bool { return w == "webhooks" || w == "webhook" }):
			return yes(web, 0.65)
		}
	case prose:
		return l.proseWord(s, word, before, thing, typ)
	}
	return no
}

// services are what programs sign in to with a password of their own.
var services = setOf("smtp imap pop pop3 ftp sftp ssh db database ldap bind proxy mail admin root http auth basic api login user wifi mqtt redis amqp broker")

// secretWord judges key, code, hash and the like, which are secrets in tables of
// credentials and nothing special elsewhere.
func (l *lexicon) secretWord(s *subject, word string, before []string) guess {
	no := guess{class: none, conf: 0.6}
	if len(before) > 0 && before[0] == "encrypted" {
		return guess{class: secret, conf: 0.7}
	}
	creds := s.kind == ofAuth || slices.ContainsFunc(s.words, func(w string) bool {
		return w == "token" || w == "tokens" || w == "keys" || w == "secret" || w == "secrets"
	})
	switch word {
	case "key":
		if creds && len(before) == 0 {
			return guess{class: secret, conf: 0.75}
		}
		if slices.ContainsFunc(before, func(w string) bool {
			return slices.Contains([]string{"encrypted", "private", "secret", "secure", "ssl", "tls", "ssh", "client", "site", "server", "auth", "host", "license", "activation", "recovery", "master", "stream"}, w)
		}) {
			return guess{class: secret, conf: 0.65}
		}
	case "uid":
		if s.people() || s.kind == ofAuth || slices.Contains(before, "provider") || slices.ContainsFunc(s.words, func(w string) bool { return strings.HasPrefix(w, "social") || w == "associated" }) {
			return guess{class: secret, conf: 0.7}
		}
	case "code", "hash", "digest", "fingerprint", "iv", "seed", "nonce", "authorization":
		if creds || slices.ContainsFunc(s.words, func(w string) bool { return strings.HasPrefix(w, "invit") || w == "login" || w == "otp" }) {
			return guess{class: secret, conf: 0.7}
		}
	}
	return no
}

// proseWord judges what may be text that somebody wrote.
func (l *lexicon) proseWord(s *subject, word string, before []string, thing bool, typ shape) guess {
	no := guess{class: none, conf: 0.6}
	yes := func(conf float64) guess { return guess{class: prose, conf: conf} }
	switch word {
	case "note", "notes", "comment", "comments", "message", "messages", "msg", "memo", "reply", "caption", "nota", "notas", "nachricht", "mensaje", "mensagem", "messaggio", "wiadomosc", "meddelande", "about", "motto":
		if typ.kind == isTexts {
			return yes(0.7)
		}
	case "title", "titel", "headline":
		switch {
		case s.kind == ofPerson && (s.has[firstName] || s.has[lastName] || s.has[fullName]):
			return guess{class: job, conf: 0.6}
		case s.kind == ofMessage || s.kind == ofAuth || s.kind == ofPerson:
			return yes(0.65)
		}
		return no
	case "object", "json", "xml", "handler", "args", "arguments", "params", "parameters", "payload", "error", "prompt", "information", "details":
		if typ.roomy { // what programs write down, of whatever they were given
			return yes(0.6)
		}
		return no
	case "description", "desc", "descripcion", "descrizione", "descricao", "beschreibung", "beskrivning", "opis", "topic":
		if k, _ := l.noun(before); k == ofThing || k == ofPlace || k == ofPay {
			return no
		}
	}
	switch word {
	case "value":
		if slices.ContainsFunc(s.words, func(w string) bool { return w == "variables" || w == "secrets" || w == "variable" || w == "tokens" }) {
			return guess{class: secret, conf: 0.7}
		}
		if typ.kind == isTexts && s.anyOfPeople {
			return yes(0.6)
		}
		if typ.roomy && !slices.ContainsFunc(s.words, func(w string) bool { return w == "attribute" || w == "attributes" || w == "internal" }) {
			return yes(0.5)
		}
		return no
	case "topic", "post", "keywords", "term", "query", "search", "html", "diff", "raw":
		if s.kind == ofMessage || s.kind == ofLog {
			return yes(0.65)
		}
		return no
	}
	switch {
	case word == "content" && s.exact && (s.noun == "file" || s.noun == "files" || s.noun == "attachments" || s.noun == "attachment"):
		return yes(0.6) // what was read in it
	case thing, s.kind == ofThing:
		return no
	case s.kind == ofMessage, s.kind == ofPerson:
		return yes(0.75)
	case s.kind == ofOrg, s.kind == ofPlace, s.kind == ofLog, s.kind == ofPay:
		return yes(0.65)
	}
	return yes(0.55)
}
