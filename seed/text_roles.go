package seed

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// texts is what the column may look like, best first.
func (s *spec) texts() [][]part {
	sp := fixedText(" ")
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(s.name, w) {
				return true
			}
		}
		return false
	}
	switch s.role {
	case "email":
		return [][]part{
			{small(firstNames), fixedText("."), small(lastNames), fixedText("@example.com")},
			{small(firstNames), fixedText("."), small(lastNames), digits(6), fixedText("@example.com")},
			{letters(alphabetOf(""), 6), fixedText("@a.io")}}
	case "person.name":
		return [][]part{{oneOf(firstNames), sp, oneOf(lastNames)}}
	case "person.first":
		return [][]part{{oneOf(firstNames)}}
	case "person.last":
		return [][]part{{oneOf(lastNames)}}
	case "person.user":
		return [][]part{{small(firstNames), fixedText("_"), small(lastNames)}, {small(firstNames), digits(6)}}
	case "person.title":
		return [][]part{{oneOf(titles)}}
	case "phone":
		return [][]part{{fixedText("+1 555 01"), digits(2), fixedText(" "), digits(4)}, {fixedText("555"), digits(7)}}
	case "address.full":
		return [][]part{{digits(3), sp, oneOf(streetNames), sp, oneOf(streetKinds), fixedText(", "), oneOf(cityNames)}}
	case "address.street":
		return [][]part{{digits(3), sp, oneOf(streetNames), sp, oneOf(streetKinds)}}
	case "address.city":
		return [][]part{{oneOf(cityNames)}}
	case "address.state":
		return [][]part{{oneOf(stateNames)}, {oneOf(stateCodes)}}
	case "address.zip":
		return [][]part{{digits(5)}}
	case "address.country":
		return [][]part{{oneOf(countryNames)}, {oneOf(countryCodes)}}
	case "company":
		return [][]part{{oneOf(lastNames), sp, oneOf(companyKinds)}, {oneOf(lastNames), fixedText(" & "), oneOf(lastNames), sp, oneOf(companyKinds)}}
	case "job":
		return [][]part{{oneOf(jobNames)}}
	case "url":
		return s.urls()
	case "domain":
		return [][]part{{oneOf(adjectives), fixedText("-"), oneOf(nouns), fixedText(".example.com")}}
	case "ip":
		return [][]part{{fixedText("10."), digits2(255), fixedText("."), digits2(255), fixedText("."), digits2(255)}}
	case "user_agent":
		w := strings.Split(userAgents, "|")
		return [][]part{{{words: w, size: uint64(len(w))}}}
	case "iban":
		return [][]part{{fixedText("DE"), digits(18), fixedText("00")}}
	case "password", "token", "hash":
		return [][]part{{letters(hexDigits, 32)}, {letters(hexDigits, 16)}}
	}
	switch {
	case has("slug", "handle"):
		return [][]part{{oneOf(adjectives), fixedText("-"), oneOf(nouns)}, {oneOf(adjectives), fixedText("-"), oneOf(nouns), fixedText("-"), digits(6)}}
	case has("currency"):
		return [][]part{{oneOf(currencies)}}
	case has("country") && has("code", "iso"):
		return [][]part{{oneOf(countryCodes)}}
	case has("country"):
		return [][]part{{oneOf(countryNames)}, {oneOf(countryCodes)}}
	case has("language", "locale"):
		return [][]part{{oneOf(languages)}}
	case has("status", "state"):
		return [][]part{{oneOf(states)}}
	case has("city") && !has("capacity"):
		return [][]part{{oneOf(cityNames)}}
	case has("territory", "region", "province", "county"):
		return [][]part{{oneOf(stateNames)}, {oneOf(stateCodes)}}
	case has("street", "address"):
		return [][]part{{digits(3), sp, oneOf(streetNames), sp, oneOf(streetKinds)}}
	case has("job", "profession", "occupation"):
		return [][]part{{oneOf(jobNames)}}
	case has("color", "colour"):
		return [][]part{{oneOf(colors)}}
	case has("carrier", "shipper"):
		return [][]part{{oneOf(carriers)}}
	case has("url", "link", "website", "homepage"):
		return s.urls()
	case has("sku", "code", "token", "number", "key", "tag", "zip"):
		return nil // a code
	case has("body", "description", "comment", "note", "bio", "text", "message", "content", "summary"):
		return [][]part{{fixedText("The "), oneOf(adjectives), sp, oneOf(nouns), fixedText(" and the "), oneOf(adjectives), sp, oneOf(nouns), fixedText(" are "), oneOf(adjectives), fixedText(".")},
			{oneOf(adjectives), sp, oneOf(nouns)}}
	case has("title", "subject", "name"):
		return [][]part{{titled(adjectives), sp, titled(nouns)}}
	}
	return [][]part{{oneOf(adjectives), sp, oneOf(nouns)}, {oneOf(nouns)}}
}

// urls is addresses in a folder of the column's own: those of two columns are
// never alike, so that no masked one is taken for another's.
func (s *spec) urls() [][]part {
	name := []part{oneOf(adjectives), fixedText("-"), oneOf(nouns)}
	return [][]part{
		append([]part{fixedText("https://example.com/" + s.folder)}, name...),
		append([]part{fixedText("https://example.com/")}, name...),
	}
}

// folderOf is a path made of the names of a table and a column.
func folderOf(table, column string) string {
	var b []byte
	for _, name := range []string{table, strings.TrimSuffix(strings.TrimSuffix(column, "url"), "_")} {
		at := len(b)
		b = append(b, strings.ToLower(name)...)
		if b = b[:at+filtered(b[at:], "slug")]; len(b) > at {
			b = append(b, '/')
		}
	}
	return string(b)
}

// titled is words with a capital.
func titled(s string) part {
	w := list(s)
	for i := range w {
		w[i] = strings.ToUpper(w[i][:1]) + w[i][1:]
	}
	return part{words: w, size: uint64(len(w))}
}

// digits2 is the numbers up to top, of up to three digits.
func digits2(top uint64) part {
	return part{size: top + 1, print: func(dst []byte, i uint64) []byte { return printInt(dst, int64(i)) }}
}

// pattern makes texts of the first regular expression, and looks whether they
// match all: at least need, or as many as there are.
func (s *spec) pattern(need uint64, limit int, match []*regexp.Regexp) (set, error) {
	var best set
	for _, p := range s.patterns {
		tree, err := syntax.Parse(p, syntax.Perl)
		if err != nil {
			return set{}, err
		}
		for _, more := range []int{1, 3, 6, 12} {
			parts, ok := partsOf(tree.Simplify(), more, nil)
			if !ok {
				break
			}
			if !strings.HasPrefix(p, "^") && s.minLen > longest(parts) {
				parts = with(parts, letters(alphabetOf(s.small), s.minLen-longest(parts)))
			}
			if out, ok := s.fits(parts, limit, 1, match); ok && out.size > best.size {
				if best = out; best.size >= need {
					return best, nil
				}
			}
		}
	}
	if best.size > 0 {
		return best, nil
	}
	return set{}, fmt.Errorf("no texts are known that match all of its patterns and lengths")
}

// partsOf turns a regular expression into parts; what may repeat without end
// does so more times than it must. Nested choices of different length are made
// by their first branch.
func partsOf(re *syntax.Regexp, more int, parts []part) ([]part, bool) {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpQuest:
		return parts, true
	case syntax.OpLiteral:
		return with(parts, fixedText(string(re.Rune))), true
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		chars := plainChars(re)
		return with(parts, letters(chars, 1)), chars != ""
	case syntax.OpCapture:
		return partsOf(re.Sub[0], more, parts)
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		n := more
		if re.Op == syntax.OpRepeat {
			if n = re.Min; re.Max != re.Min {
				n = re.Min + more
				if re.Max > 0 {
					n = min(n, re.Max)
				}
			}
		}
		for range n {
			var ok bool
			if parts, ok = partsOf(re.Sub[0], more, parts); !ok {
				return nil, false
			}
		}
		return parts, true
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			var ok bool
			if parts, ok = partsOf(sub, more, parts); !ok {
				return nil, false
			}
		}
		return parts, true
	case syntax.OpAlternate:
		var w []string
		for _, sub := range re.Sub {
			if sub.Op != syntax.OpLiteral {
				return partsOf(re.Sub[0], more, parts)
			}
			w = append(w, string(sub.Rune))
		}
		return with(parts, part{words: w, size: uint64(len(w))}), true
	}
	return nil, false
}

// plainChars is the letters and digits of a class, of one case only so that a
// column which ignores case stays unique; else its punctuation.
func plainChars(re *syntax.Regexp) string {
	in := func(c rune) bool {
		if re.Op != syntax.OpCharClass {
			return true
		}
		for i := 0; i < len(re.Rune); i += 2 {
			if c >= re.Rune[i] && c <= re.Rune[i+1] {
				return true
			}
		}
		return false
	}
	var plain, marks []byte
	lower := false
	for c := 'a'; c <= 'z'; c++ {
		if in(c) {
			plain, lower = append(plain, byte(c)), true
		}
	}
	for c := rune(33); c < 127; c++ {
		switch {
		case !in(c) || c == '\\':
		case c >= '0' && c <= '9' || !lower && c >= 'A' && c <= 'Z':
			plain = append(plain, byte(c))
		case c < 'A' || c > 'z' || c > 'Z' && c < 'a':
			marks = append(marks, byte(c))
		}
	}
	if len(plain) > 0 {
		return string(plain)
	}
	return string(marks)
}
