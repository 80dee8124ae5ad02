package seed

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

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
