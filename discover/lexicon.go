package discover

import "strings"

// lexicon says what words stand for. A phrase is looked up as its words in one:
// "first name", "firstName" and "firstname" are the same.
type lexicon struct {
	sure  map[string]class // mean it wherever they are
	maybe map[string]class // mean it where the table is about people, or its other columns agree
	far   int              // words of the longest phrase

	person, org, thing, message, log, auth, place, pay set // nouns that tables and qualifiers have
	// Behind a word, these make the column speak about it: email_verified,
	// phone_calls_count, address_id, ip_version.
	about set
	// Before a word, these do: is_email, num_phones, has_address.
	before set
	// These say nothing: old_email, email_2, phone_nr.
	neutral set
	program set // what only programs use
	between set // of and the like
	files   set // what bytes of and by people are called
}

func newLexicon() *lexicon {
	l := &lexicon{sure: map[string]class{}, maybe: map[string]class{}, far: 4}
	for c, text := range sureWords() {
		for w := range setOf(text) {
			l.sure[w] = c
		}
	}
	for c, text := range maybeWords() {
		for w := range setOf(text) {
			l.maybe[w] = c
		}
	}
	l.person = setOf(personNouns)
	l.org = setOf(orgNouns)
	l.thing = setOf(thingNouns)
	l.message = setOf(messageNouns)
	l.log = setOf("log audit event history activity activitie visit access tracking analytic impression click hit pageview track request view sighting authentication login")
	l.auth = setOf("token key credential oauth oauth2 apikey secret session signin identity authtoken authenticator totp otp fido webauthn passkey activation")
	l.place = setOf("address adresse adres indirizzo direccion endereco osoite adress location site branch shipping billing delivery quote ship shipto billto deliverto")
	l.pay = setOf("payment card bank charge payout paypal sepa wallet mandate creditcard")
	l.about = setOf(aboutWords)
	l.before = setOf("is has have had can num nb nbr no_of count max min ist hat est has_ allow allows allowed show hide enable enables enabled disable disabled require requires required use uses should must send sends skip ignore accept accepts accepted verified valid validate force hidden exclude include includes total sum avg notify needs want wants flag anzahl nombre_de ilosc aantal antal")
	l.neutral = setOf("old new primary secondary main alt alternate alternative other home work office private business personal raw text txt encrypted enc crypt crypted hashed plain normalized normalised sanitized lower upper lowercase canonical original orig current previous prev last first second third default full value val nr no num number numero nummer nbr field str string info hidden complete customer user client billing shipping delivery mailing contact public real legal reg registered registration sender recipient cust nm dsc i18n de en fr es it pl nl internal external temp tmp bak backup unconfirmed confirmed pending a b c x y i ii line extra data s html cooked rendered markdown md sortable short long preferred official formal informal common known co private")
	l.between = setOf("of and or for to by at in on from with the")
	l.files, l.program = setOf(fileNouns), setOf(programWords)
	return l
}

// knows reports whether a word is one that names of columns have.
func (l *lexicon) knows(w string) bool {
	if l.sure[w] != none || l.maybe[w] != none {
		return true
	}
	for _, in := range []set{l.person, l.org, l.thing, l.message, l.log, l.auth, l.place, l.pay, l.about, l.before, l.neutral, l.program, l.files} {
		if in[w] || in[singular(w)] {
			return true
		}
	}
	return false
}

// knowsAll reports whether names of columns have all of the words, by themselves or
// as phrases, and those between them.
func (l *lexicon) knowsAll(w []string) bool {
	for at := 0; at < len(w); {
		n := min(l.far, len(w)-at)
		for ; n > 0; n-- {
			phrase := strings.Join(w[at:at+n], "")
			if l.sure[phrase] != none || l.maybe[phrase] != none || n == 1 && (l.knows(phrase) || l.between[phrase]) {
				break
			}
		}
		if n == 0 {
			return false
		}
		at += n
	}
	return len(w) > 0
}

// look finds the longest phrase among the words, the last of equally long ones,
// in one of the maps. end is the index behind it.
func (l *lexicon) look(in map[string]class, w []string) (c class, start, end int) {
	for n := min(l.far, len(w)); n > 0; n-- {
		for at := len(w) - n; at >= 0; at-- {
			phrase := strings.Join(w[at:at+n], "")
			if c, ok := in[phrase]; ok {
				return c, at, at + n
			}
			if n == 1 {
				if c, ok := in[singular(phrase)]; ok {
					return c, at, at + n
				}
			}
		}
	}
	return none, 0, 0
}

// within finds a sure word at the end of a longer one, as languages that write
// compounds in one have them: kundenemail, privattelefon.
func (l *lexicon) within(w string) class {
	for from := 3; from <= len(w)-5; from++ {
		switch c := l.sure[w[from:]]; c {
		case email, phone, street, address, zip, birth, firstName, lastName, fullName, userName, password, secret, national:
			return c
		}
	}
	for to := len(w) - 3; to >= 8; to-- {
		switch c := l.sure[w[:to]]; c {
		case firstName, lastName, fullName, userName, email, phone:
			return c
		}
	}
	if who, ok := strings.CutSuffix(w, "name"); ok && (l.person[who] || l.person[strings.ReplaceAll(who, "ue", "u")] || l.person[strings.ReplaceAll(who, "ae", "a")]) {
		return fullName
	}
	return none
}

// noun returns the last word that is in one of the sets, and which.
func (l *lexicon) noun(w []string) (kind tableKind, word string) {
	for i := len(w) - 1; i >= 0; i-- {
		for _, form := range []string{w[i], singular(w[i]), strings.TrimPrefix(w[i], "co")} {
			for _, k := range []struct {
				kind tableKind
				set  set
			}{
				{ofPerson, l.person}, {ofOrg, l.org}, {ofThing, l.thing}, {ofMessage, l.message},
				{ofLog, l.log}, {ofAuth, l.auth}, {ofPlace, l.place}, {ofPay, l.pay},
			} {
				if k.set[form] {
					return k.kind, w[i]
				}
			}
		}
	}
	return ofUnknown, ""
}

// tableKind is what a table's rows are.
type tableKind uint8

const (
	ofUnknown tableKind = iota
	ofPerson
	ofOrg
	ofThing
	ofMessage
	ofLog
	ofAuth
	ofPlace
	ofPay
)

func (k tableKind) String() string {
	return [...]string{"unknown", "people", "companies", "things", "messages", "a log", "credentials", "places", "payments"}[k]
}
