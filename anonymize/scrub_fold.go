package anonymize

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/internal/textfold"
)

func lowerAt(v []byte) bool {
	r, _ := utf8.DecodeRune(v)
	return unicode.IsLower(r)
}

// matchFolded returns where the text at i that folds to the pattern ends, or 0. A
// space of the pattern stands for one or more of the text, or the end of a line.
func matchFolded(v []byte, i int, pat []byte) int {
	for k := 0; k < len(pat); {
		if i >= len(v) {
			return 0
		}
		ch := v[i]
		if pat[k] == ' ' {
			from := i
			for i < len(v) && i-from < 4 {
				if w := space(v, i); w > 0 {
					i += w
				} else if v[i] == '\n' || v[i] == '\r' || v[i] == '\t' {
					i++
				} else {
					break
				}
			}
			if i == from {
				return 0
			}
			k++
			continue
		}
		if ch < utf8.RuneSelf {
			if lower(ch) != pat[k] {
				return 0
			}
			i, k = i+1, k+1
			continue
		}
		r, w := utf8.DecodeRune(v[i:])
		i += w
		if k > 0 && textfold.Accent(r) {
			continue // a combining accent
		}
		if r == utf8.RuneError && w == 1 {
			if v[i-1] != pat[k] {
				return 0
			}
			k++
			continue
		}
		var buf [4]byte
		n := utf8.EncodeRune(buf[:], foldRune(r))
		if !bytes.HasPrefix(pat[k:], buf[:n]) {
			return 0
		}
		k += n
	}
	for i+1 < len(v) && (v[i] == 0xcc || v[i] == 0xcd && v[i+1] < 0xb0) {
		i += 2 // a combining accent on the last letter
	}
	return i
}

// appendFolded appends v in lower case, without accents, and with single spaces.
func appendFolded(dst, v []byte) []byte {
	start := len(dst)
	for i := 0; i < len(v); {
		if ch := v[i]; ch < utf8.RuneSelf && ch > ' ' {
			dst = append(dst, lower(ch))
			i++
			continue
		}
		if w := space(v, i); w > 0 || v[i] == '\t' || v[i] == '\n' {
			i += max(1, w)
			if len(dst) > start && dst[len(dst)-1] != ' ' {
				dst = append(dst, ' ')
			}
			continue
		}
		r, w := utf8.DecodeRune(v[i:])
		i += w
		switch {
		case r == utf8.RuneError && w == 1:
			dst = append(dst, v[i-1])
		case textfold.Accent(r) && len(dst) > start:
		default:
			dst = utf8.AppendRune(dst, foldRune(r))
		}
	}
	return dst
}

// foldRune is textfold.Lower with one apostrophe and one hyphen for all.
func foldRune(r rune) rune {
	switch {
	case r == 0x2019 || r == 0x02bc:
		return '\''
	case r >= 0x2010 && r <= 0x2012:
		return '-'
	}
	return textfold.Lower(r)
}

// nameRole is what a word of a name may be besides a name.
type nameRole uint8

const (
	roleNone     nameRole = iota
	roleParticle          // of names, where it is in small letters; a word or an abbreviation
	roleAddress           // of whoever is named behind it
	roleNever             // it is no name
)

func roleOf(folded []byte) nameRole {
	switch string(folded) {
	case "van", "von", "der", "den", "des", "del", "della", "dello", "degli", "dos", "das", "ter", "ten", "the", "and", "und", "ibn", "bin", "bint",
		"dame", "lady", "don", "ing", "med", "jun", "sen":
		return roleParticle
	case "miss", "herr", "sir", "lord", "dona", "dott":
		return roleAddress
	case "mrs", "prof", "frau", "mme", "mlle", "monsieur", "madame", "sra", "dipl", "phd", "iii":
		return roleNever
	}
	return roleNone
}

// particle reports whether a word of a name is a word of the language, or a title,
// rather than a name. small says that the name has no capitals, before that another
// word follows.
func particle(word []byte, small, before bool) bool {
	var buf [16]byte
	if len(word) > len(buf) {
		return false
	}
	bare := bytes.TrimSuffix(word, []byte{'.'})
	switch roleOf(appendFolded(buf[:0], bare)) {
	case roleParticle:
		return len(bare) < len(word) || !small && lowerAt(word)
	case roleAddress:
		return len(bare) < len(word) || before || !small && lowerAt(word)
	case roleNever:
		return true
	}
	return false
}

// commonWord reports whether a name is an everyday word too. It is taken for the
// name only with a capital letter.
func commonWord(folded []byte) bool {
	switch string(folded) {
	case "will", "mark", "may", "art", "bill", "rose", "grace", "hope", "joy", "faith", "june", "april", "august", "summer", "dean", "grant", "chase",
		"frank", "jack", "drew", "rich", "young", "long", "brown", "green", "white", "black", "king", "price", "page", "cook", "baker", "hill", "wood",
		"bell", "west", "day", "rice", "fox", "case", "love", "best", "gross", "klein", "lang", "weiss", "weiß", "schwarz", "braun", "kurz", "gut", "roth", "ernst", "wolf",
		"pat", "sue", "rob", "don", "ray", "guy", "jay", "gene", "dick", "harry", "major", "bishop", "carter", "mason", "parker", "porter", "potter",
		"walker", "fisher", "hunter", "turner", "stone", "rivers", "banks", "fields", "field", "woods", "waters", "marsh", "lake", "ford", "park", "lane", "street",
		"star", "sky", "angel", "crystal", "ruby", "pearl", "violet", "daisy", "lily", "iris", "olive", "ivy", "holly", "heather", "melody", "harmony", "destiny", "chance",
		"bank", "church", "house", "new", "cross", "sharp", "swift", "short", "strong", "noble", "power", "powers", "wise", "good", "little", "self",
		"nice", "reading", "bath", "essen", "split", "mobile", "cork", "orange", "normal", "paradise", "golden", "silver", "gold", "mercy", "charity",
		"martin", "blanc", "petit", "grand", "roux", "leroy", "rossi", "bianchi", "verde", "franco", "sol", "luz", "paz", "mar", "leon", "rey", "cruz", "santos", "reis", "rocha", "lima",
		"noel", "dawn", "eve", "autumn", "carol", "robin", "jean", "penny", "sandy", "rusty", "buddy", "max", "miles", "pierce", "reed", "wade", "lee", "jan", "jun", "sun", "kim", "son", "tan", "lin":
		return true
	}
	return false
}
