package discover

import (
	"strings"
)

// isPostal reports whether a text is an address on one line: a house number, a
// word for a street, and some more.
func isPostal(s string) bool {
	if len(s) < 8 || len(s) > 200 || !strings.ContainsAny(s, "0123456789") || strings.ContainsAny(s, "{}<>=@") {
		return false
	}
	w := strings.FieldsFunc(fold(s), func(r rune) bool { return r == ' ' || r == ',' || r == '\n' })
	if len(w) < 2 || len(w) > 20 {
		return false
	}
	number, street := false, false
	for _, x := range w {
		x = strings.Trim(x, ".")
		if x != "" && x[0] >= '0' && x[0] <= '9' && len(x) <= 6 {
			number = true
		}
		switch x {
		case "street", "st", "avenue", "ave", "road", "rd", "lane", "ln", "drive", "dr", "boulevard", "blvd", "court", "way", "rue", "via", "viale", "piazza", "calle", "avenida", "plaza", "rua", "ulica", "ul", "platz", "allee", "weg", "chemin", "impasse", "quai", "straat", "gracht", "laan", "gatan", "gata", "parkway", "terrace", "strasse", "square":
			street = true
		}
		for _, end := range [...]string{"strasse", "str", "straat", "weg", "gasse", "platz", "gatan", "vagen", "vej", "laan", "gracht", "katu", "allee", "gade", "plein"} {
			if len(x) > len(end)+2 && strings.HasSuffix(x, end) {
				street = true
			}
		}
	}
	return number && street
}
