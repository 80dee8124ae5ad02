package schema

import "strings"

// SameDefinition reports whether two definitions that a server printed are of the same
// thing. PostgreSQL prints what was written as kind in ('a', 'b') with a cast of the
// whole list, and what it has read of that print with a cast of each element; of what was
// written as kind in (a, b, c), by columns, it has read fewer brackets than it prints.
// A database that was made from a dump has the other spelling.
func SameDefinition(a, b string) bool { return a == b || respell(a) == respell(b) }

func respell(s string) string { return castElements(joinChains(s)) }

// joinChains leaves the brackets out that do not matter of what begins a chain of
// alternatives or conditions: ((a OR b) OR c) is (a OR b OR c).
func joinChains(s string) string {
	const either, both = " OR ", " AND "
	type bracket struct {
		at           int
		either, both bool // are directly in it
	}
	text, open := []byte(s), []bracket{{at: -1}}
	for i := 0; i < len(s); {
		last := &open[len(open)-1]
		switch {
		case s[i] == '(' || s[i] == '[':
			open = append(open, bracket{at: i})
		case (s[i] == ')' || s[i] == ']') && len(open) > 1:
			rest, first := s[i+1:], last.at == open[len(open)-2].at+1
			if first && last.either != last.both && (last.either && strings.HasPrefix(rest, either) || last.both && strings.HasPrefix(rest, both)) {
				text[last.at], text[i] = 0, 0
			}
			open = open[:len(open)-1]
		case strings.HasPrefix(s[i:], either):
			last.either = true
		case strings.HasPrefix(s[i:], both):
			last.both = true
		}
		i += quoted(s[i:])
	}
	return strings.ReplaceAll(string(text), "\x00", "")
}

// castElements spells casts of array constructors as casts of their elements:
// (ARRAY['a'::character varying])::text[] is ARRAY[('a'::character varying)::text], and
// without brackets, as statistics are printed, ARRAY['a'::character varying::text].
func castElements(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if spelled, n := castArray(s[i:]); n > 0 {
			b.WriteString(spelled)
			i += n
			continue
		}
		n := quoted(s[i:])
		b.WriteString(s[i : i+n])
		i += n
	}
	return b.String()
}

// castArray respells the cast of an array that a text begins with, and returns how long
// it was, 0 if there is none.
func castArray(s string) (spelled string, n int) {
	open, shut := "", ""
	if strings.HasPrefix(s, "(") {
		open, shut = "(", ")"
	}
	if !strings.HasPrefix(s, open+"ARRAY[") {
		return "", 0
	}
	end := closing(s, len(open+"ARRAY"))
	if end < 0 {
		return "", 0
	}
	rest, ok := strings.CutPrefix(s[end+1:], shut+"::")
	if !ok {
		return "", 0
	}
	typ, n := elementType(rest)
	if n == 0 {
		return "", 0
	}
	return castEach(s[len(open+"ARRAY["):end], open, shut+"::"+typ), len(s) - len(rest) + n
}

// castEach is an array constructor of the listed elements, each with what a cast has
// before and behind it.
func castEach(list, before, behind string) string {
	var b strings.Builder
	b.WriteString("ARRAY[")
	for i, e := range elements(list) {
		if i > 0 {
			b.WriteString(", ")
		}
		if inner, ok := strings.CutPrefix(e, "ARRAY["); ok && closing(e, len("ARRAY")) == len(e)-1 {
			b.WriteString(castEach(inner[:len(inner)-1], before, behind))
			continue
		}
		b.WriteString(before + castElements(e) + behind)
	}
	b.WriteString("]")
	return b.String()
}

// elementType reads type[] and returns the type and how long it all is, 0 if it is
// not there.
func elementType(s string) (typ string, n int) {
	for i := 0; i < len(s); {
		switch s[i] {
		case '[':
			if i > 0 && strings.HasPrefix(s[i:], "[]") {
				return s[:i], i + len("[]")
			}
			return "", 0
		case '(': // of a modifier
			end := closing(s, i)
			if end < 0 {
				return "", 0
			}
			i = end + 1
		case ')', ']', ',', ';', '\'':
			return "", 0
		default:
			i += quoted(s[i:])
		}
	}
	return "", 0
}

// elements cuts a list at its commas, but for those within brackets and quotes.
func elements(list string) []string {
	var out []string
	from := 0
	for i := 0; i < len(list); {
		switch list[i] {
		case '(', '[':
			if end := closing(list, i); end >= 0 {
				i = end + 1
				continue
			}
			i++
		case ',':
			out = append(out, list[from:i])
			i++
			from = i
		default:
			i += quoted(list[i:])
		}
	}
	out = append(out, list[from:])
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

// closing is where the bracket that opens at an index is closed, -1 if nowhere.
func closing(s string, open int) int {
	depth := 0
	for i := open; i < len(s); {
		switch s[i] {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth == 0 {
				return i
			}
		}
		i += quoted(s[i:])
	}
	return -1
}

// quoted is how many bytes to go on by: those of a literal or a quoted name where
// one begins, else one.
func quoted(s string) int {
	if s[0] != '\'' && s[0] != '"' {
		return 1
	}
	if end := strings.IndexByte(s[1:], s[0]); end >= 0 { // a doubled quote ends one and begins another
		return end + 2
	}
	return 1
}
