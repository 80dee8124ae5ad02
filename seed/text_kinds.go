package seed

import "strings"

// nameKinds says what a column of text is taken for by a part of its name, the
// first that fits.
var nameKinds = []struct {
	kind  string
	parts string // of the name, one of them
}{
	{"slug", "slug handle permalink"},
	{"currency", "currency"},
	{"country_code", "country_code country_iso iso_country"},
	{"address.country", "country"},
	{"timezone", "timezone time_zone"},
	{"language", "language locale"},
	{"card_brand", "card_brand card_type"},
	{"digits4", "last4 last_four"},
	{"digits3", "cvv cvc"},
	{"vat", "vat_number vat_id tax_id"},
	{"status", "status state"},
	{"event", "action event"},
	{"mime", "mime content_type media_type"},
	{"file", "file_name filename attachment"},
	{"version", "version"},
	{"hash", "sha checksum digest md5 fingerprint"},
	{"address.state", "territory region province county"},
	{"address.city", "city_name town"},
	{"address.street", "street address"},
	{"job", "job profession occupation"},
	{"color", "color colour"},
	{"carrier", "carrier shipper"},
	{"url", "url link website homepage"},
	{"sku", "sku"},
	{"code", "code token number key tag zip"},
	{"sentence", "body description comment note bio text message content summary"},
	{"title", "title subject name product"},
}

// texts is what the column may look like, best first.
func (s *spec) texts() [][]part {
	out, _ := s.kind(s.kindName())
	return out
}

// kindName is the kind of text that the column's role or name says.
func (s *spec) kindName() string {
	if _, ok := s.kind(s.role); ok {
		return s.role
	}
	if strings.Contains(s.name, "city") && !strings.Contains(s.name, "capacity") && !strings.Contains(s.name, "ethnicity") {
		return "address.city"
	}
	for _, k := range nameKinds {
		for p := range strings.FieldsSeq(k.parts) {
			if strings.Contains(s.name, p) {
				return k.kind
			}
		}
	}
	return "words"
}

// kind is the texts of a kind, best first; none for what is a code.
func (s *spec) kind(kind string) (texts [][]part, ok bool) {
	sp, dash := fixedText(" "), fixedText("-")
	one := func(words string) [][]part { return [][]part{{oneOf(words)}} }
	switch kind {
	case "email":
		return [][]part{
			{small(firstNames), fixedText("."), small(lastNames), fixedText("@example.com")},
			{small(firstNames), fixedText("."), small(lastNames), digits(6), fixedText("@example.com")},
			{letters(alphabetOf(""), 6), fixedText("@a.io")}}, true
	case "person.name":
		return [][]part{{oneOf(firstNames), sp, oneOf(lastNames)}}, true
	case "person.first":
		return one(firstNames), true
	case "person.last":
		return one(lastNames), true
	case "person.user":
		return [][]part{{small(firstNames), fixedText("_"), small(lastNames)}, {small(firstNames), digits(6)}}, true
	case "person.title":
		return one(titles), true
	case "phone":
		return [][]part{{fixedText("+1 555 01"), digits(2), sp, digits(4)}, {fixedText("555"), digits(7)}}, true
	case "address.full":
		return [][]part{{digits(3), sp, oneOf(streetNames), sp, oneOf(streetKinds), fixedText(", "), oneOf(cityNames)}}, true
	case "address.street":
		return [][]part{{digits(3), sp, oneOf(streetNames), sp, oneOf(streetKinds)}}, true
	case "address.city":
		return one(cityNames), true
	case "address.state":
		return [][]part{{oneOf(stateNames)}, {oneOf(stateCodes)}}, true
	case "address.zip":
		return [][]part{{digits(5)}}, true
	case "address.country":
		return [][]part{{oneOf(countryNames)}, {oneOf(countryCodes)}}, true
	case "country_code":
		return one(countryCodes), true
	case "company":
		return [][]part{{oneOf(lastNames), sp, oneOf(companyKinds)}, {oneOf(lastNames), fixedText(" & "), oneOf(lastNames), sp, oneOf(companyKinds)}}, true
	case "job":
		return one(jobNames), true
	case "url":
		return s.urls(), true
	case "domain":
		return [][]part{{oneOf(adjectives), dash, oneOf(nouns), fixedText(".example.com")}}, true
	case "ip":
		return [][]part{{fixedText("10."), digits2(255), fixedText("."), digits2(255), fixedText("."), digits2(255)}}, true
	case "user_agent":
		w := strings.Split(userAgents, "|")
		return [][]part{{{words: w, size: uint64(len(w))}}}, true
	case "person.gender":
		return [][]part{{oneOf("female male")}, {oneOf("f m")}}, true
	}
	return s.numbered(kind)
}

// numbered is the kinds that are numbers of one person or thing: such that nobody has,
// where some are known to be kept free.
func (s *spec) numbered(kind string) (texts [][]part, ok bool) {
	const capitals = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	dash := fixedText("-")
	switch kind {
	case "iban":
		return [][]part{{fixedText("DE"), digits(18), fixedText("00")}}, true
	case "bic":
		return [][]part{{letters(capitals, 4), oneOf("DE FR GB NL US"), fixedText("XX")}}, true
	case "card":
		return [][]part{{fixedText("400000"), digits(10)}}, true
	case "mac":
		colon, pair := fixedText(":"), letters(hexDigits, 2)
		return [][]part{{fixedText("02:00:"), pair, colon, pair, colon, pair, colon, pair}}, true
	case "national_id.us":
		return [][]part{{fixedText("666-"), digits(2), dash, digits(4)}, {fixedText("666"), digits(6)}}, true
	case "national_id.gb":
		return [][]part{{fixedText("QQ"), digits(6), oneOf("A B C D")}}, true
	case "national_id.br":
		return [][]part{{fixedText("000."), digits(3), fixedText("."), digits(3), dash, digits(2)}, {fixedText("000"), digits(8)}}, true
	case "number":
		return [][]part{{letters(capitals, 2), digits(7)}, {digits(9)}, {digits(6)}}, true
	case "password", "token", "hash":
		return [][]part{{letters(hexDigits, 32)}, {letters(hexDigits, 16)}}, true
	}
	if strings.HasPrefix(kind, "national_id.") {
		return [][]part{{fixedText("000"), digits(8)}, {fixedText("000"), digits(6)}}, true
	}
	return s.thing(kind)
}

// thing is the kinds that are of no person.
func (s *spec) thing(kind string) (texts [][]part, ok bool) {
	sp, dash := fixedText(" "), fixedText("-")
	one := func(words string) [][]part { return [][]part{{oneOf(words)}} }
	switch kind {
	case "slug":
		return [][]part{{oneOf(adjectives), dash, oneOf(nouns)}, {oneOf(adjectives), dash, oneOf(nouns), dash, digits(6)}}, true
	case "currency":
		return one(currencies), true
	case "language":
		return one(languages), true
	case "timezone":
		return one("Europe/Berlin Europe/London Europe/Paris Europe/Madrid America/New_York America/Chicago America/Denver Asia/Tokyo Asia/Kolkata Australia/Sydney UTC"), true
	case "card_brand":
		return one("Visa Mastercard Amex Discover Maestro"), true
	case "digits4":
		return [][]part{{digits(4)}}, true
	case "digits3":
		return [][]part{{digits(3)}}, true
	case "vat":
		return [][]part{{fixedText("DE"), digits(9)}}, true
	case "status":
		return one(states), true
	case "event":
		return [][]part{{oneOf("user order item session account file page report"), fixedText("."), oneOf("created updated deleted viewed opened closed sent exported")}}, true
	case "mime":
		return one("image/png image/jpeg application/pdf text/plain text/csv application/json video/mp4"), true
	case "file":
		return [][]part{{oneOf(adjectives), dash, oneOf(nouns), fixedText("."), oneOf("pdf png jpg csv txt docx zip")}}, true
	case "version":
		return [][]part{{digits2(9), fixedText("."), digits2(20), fixedText("."), digits2(40)}}, true
	case "color":
		return one(colors), true
	case "carrier":
		return one(carriers), true
	case "sku":
		return [][]part{{letters("ABCDEFGHJKLMNPQRSTUVWXYZ", 3), dash, digits(4)}, {letters("ABCDEFGHJKLMNPQRSTUVWXYZ", 3), dash, digits(6)}}, true
	case "code":
		return nil, true
	case "sentence":
		return [][]part{{fixedText("The "), oneOf(adjectives), sp, oneOf(nouns), fixedText(" and the "), oneOf(adjectives), sp, oneOf(nouns), fixedText(" are "), oneOf(adjectives), fixedText(".")},
			{oneOf(adjectives), sp, oneOf(nouns)}}, true
	case "title":
		return [][]part{{titled(adjectives), sp, titled(nouns)}}, true
	case "words":
		return [][]part{{oneOf(adjectives), sp, oneOf(nouns)}, {oneOf(nouns)}}, true
	}
	return nil, false
}
