package discover

import (
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
)

// labelOf judges a security label of PostgreSQL Anonymizer. Only the function's
// name is used, and what it stands for: its arguments may hold anything.
func (l *lexicon) labelOf(label string) (g guess, m *anonymize.Mask) {
	text := strings.TrimSpace(label)
	upper := strings.ToUpper(text)
	const who = "masking label: "
	switch {
	case strings.HasPrefix(upper, "NOT MASKED"):
		return guess{none, 0.97, who + "not masked"}, nil
	case strings.HasPrefix(upper, "MASKED WITH VALUE"):
		value := strings.TrimSpace(text[len("MASKED WITH VALUE"):])
		if strings.EqualFold(value, "NULL") {
			x := mask("null")
			return guess{special, 0.97, who + "masked with NULL"}, &x
		}
		return guess{special, 0.97, who + "masked with a value"}, nil
	case !strings.HasPrefix(upper, "MASKED WITH FUNCTION"):
		return guess{}, nil
	}
	call := strings.TrimSpace(text[len("MASKED WITH FUNCTION"):])
	name, _, _ := strings.Cut(call, "(")
	name = name[strings.LastIndexByte(name, '.')+1:]
	g = guess{conf: 0.97, why: who + "function " + strings.TrimSpace(name)}
	w := words(name)
	for len(w) > 1 && (w[0] == "fake" || w[0] == "dummy" || w[0] == "random" || w[0] == "pseudo" || w[0] == "partial" || w[0] == "safe" || w[0] == "free") {
		w = w[1:]
	}
	if g.class, _, _ = l.last(w); g.class != none {
		return g, nil
	}
	switch strings.Join(w, " ") {
	case "name":
		g.class = fullName
	case "lorem ipsum", "ternary":
		g.class = prose
	case "hash", "digest", "string", "pseudo", "uuidv 4":
		g.class = secret
	case "date", "dnoise", "date between", "in daterange", "in tsrange", "in tstzrange":
		g.class = birth
	case "noise", "int", "int between", "bigint", "bigint between", "in int 4 range", "in int 8 range", "in numrange":
		g.class = measure
	default:
		g.class = special // personal, of a class that the column's name tells
	}
	return g, nil
}

// commentOf judges a column by its comment.
func (l *lexicon) commentOf(comment string) guess {
	if comment == "" {
		return guess{}
	}
	lower := " " + strings.Join(strings.Fields(strings.ToLower(comment)), " ") + " "
	for _, no := range [...]string{"no personal data", "not personal", "no pii", "non-pii", "non pii", "not pii", "nicht personenbezogen", "keine personenbezogenen", "pas de donnees personnelles", "pas de données personnelles", "anonymous", "anonymized", "anonymised", "pseudonymized"} {
		if strings.Contains(lower, no) {
			return guess{none, 0.9, "its comment says that it is not personal"}
		}
	}
	w := words(comment)
	said := guess{}
	for _, yes := range [...]string{"personal data", "personal information", " pii ", " pii:", " pii,", " pii.", "(pii)", "[pii]", "#pii", "gdpr", "dsgvo", "rgpd", "personenbezogen", "donnees personnelles", "données personnelles", "datos personales", "dati personali", "dados pessoais", "dane osobowe", "persoonsgegevens", "personuppgift", " sensitive", " confidential", "hipaa", " phi "} {
		if strings.Contains(lower, yes) {
			said = guess{special, 0.9, "its comment says that it is personal"}
			break
		}
	}
	if len(w) == 0 {
		return said
	}
	switch w[0] {
	case "whether", "number", "count", "id", "when", "time", "timestamp", "true", "if", "how", "type", "kind", "status", "flag", "is", "has", "anzahl", "ob":
		return said
	}
	c, _, end := l.look(l.sure, w)
	if c == none || end < len(w) && l.about[w[end]] {
		return said
	}
	switch {
	case said.class != none:
		return guess{c, 0.9, said.why + ", and speaks of: " + string(c)}
	case len(w) <= 8:
		return guess{c, 0.6, "its comment speaks of: " + string(c)}
	}
	return guess{c, 0.4, "its comment speaks of: " + string(c)}
}
