package discover

import (
	"strings"
	"unicode"

	"github.com/pgstandin/pgstandin/internal/textfold"
)

// words cuts a name into lower-case words at signs, before capitals and between
// letters and digits, with accents taken off.
func words(name string) []string {
	var out []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			out = append(out, fold(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r):
			end()
			continue
		case unicode.IsDigit(r) && len(word) > 0 && !unicode.IsDigit(word[len(word)-1]),
			!unicode.IsDigit(r) && len(word) > 0 && unicode.IsDigit(word[len(word)-1]):
			end()
		case unicode.IsUpper(r) && len(word) > 0:
			before := word[len(word)-1]
			next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if unicode.IsLower(before) || next && unicode.IsUpper(before) && !plural(runes[i+1:]) {
				end()
			}
		}
		word = append(word, r)
	}
	end()
	return join(out)
}

// plural reports whether an s alone follows a word of capitals: IDs, URLs.
func plural(rest []rune) bool {
	return rest[0] == 's' && (len(rest) == 1 || !unicode.IsLower(rest[1]))
}

// join puts back together what capitals and digits tore: e-mail, ipv4, sha256.
func join(in []string) []string {
	var out []string
	for i := 0; i < len(in); i++ {
		if i+1 < len(in) {
			switch pair := in[i] + in[i+1]; pair {
			case "email", "emails", "epost", "ipv4", "ipv6", "sha1", "sha256", "sha512", "md5", "last4", "base64", "iso2", "iso3", "oauth2", "x509", "icd10", "icd9", "cc4":
				out = append(out, pair)
				i++
				continue
			}
		}
		out = append(out, in[i])
	}
	return out
}

// fold lower-cases a word and spells it with letters of ASCII where it has
// accents.
func fold(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch r = textfold.Lower(r); r {
		case 'æ':
			b.WriteString("ae")
		case 'œ':
			b.WriteString("oe")
		case 'ß':
			b.WriteString("ss")
		case 'ș':
			b.WriteByte('s')
		case 'ț':
			b.WriteByte('t')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// singular takes the plural of English off a word; what is no plural is mostly
// left alone.
func singular(w string) string {
	switch {
	case w == "people":
		return "person"
	case w == "children":
		return "child"
	case w == "pays": // French: a country
		return w
	case len(w) < 4, strings.HasSuffix(w, "ss"), strings.HasSuffix(w, "us"), strings.HasSuffix(w, "is"):
		return w
	case strings.HasSuffix(w, "ies"):
		return w[:len(w)-3] + "y"
	case strings.HasSuffix(w, "sses"), strings.HasSuffix(w, "xes"), strings.HasSuffix(w, "ches"), strings.HasSuffix(w, "shes"), strings.HasSuffix(w, "tuses"):
		return w[:len(w)-2]
	case strings.HasSuffix(w, "s"):
		return w[:len(w)-1]
	}
	return w
}

// set is a set of words, from a text with blanks between them.
type set map[string]bool

func setOf(text string) set {
	out := set{}
	for _, w := range strings.Fields(text) {
		out[w] = true
	}
	return out
}

// lastWord is the last word of a name; "" if it has none.
func lastWord(name string) string {
	w := words(name)
	if len(w) == 0 {
		return ""
	}
	return w[len(w)-1]
}
