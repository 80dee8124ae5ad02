package discover

import (
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
)

// leastShared is how many objects share a key that nothing else says is a name.
const leastShared = 20

// named is isName, asked once for each key of objects that are all counted.
func (l *looker) named(k string, o *objects) bool {
	is, known := o.named[k]
	if !known {
		is = l.isName(k, o)
		o.named[k] = is
	}
	return is
}

// isName reports whether a key is the name of something, and no value: all of its
// words are of names, or half of the objects share it, and enough of them to be no
// one's own. What a value-like test speaks against is a value wherever it is.
func (l *looker) isName(k string, o *objects) bool {
	if !isKey(k) || l.det.formless(k) != none {
		return false
	}
	w := words(k)
	if slices.ContainsFunc(w, func(w string) bool { return l.det.first[w] || l.det.last[w] || !l.lex.knows(w) && l.det.login(w) }) {
		return false
	}
	known := l.lex.knowsAll(w)
	common := o.keys[k] >= leastShared && o.keys[k]*2 >= o.n
	switch {
	case isTitle(k):
		return known && common
	case known && len(o.keys) <= 200:
		return true
	}
	return common
}

// isTitle reports whether two words of a key begin with capitals, as those of
// companies and people do, with a blank or hyphen between.
func isTitle(k string) bool {
	capitals := 0
	for w := range strings.FieldsFuncSeq(k, func(r rune) bool { return r == ' ' || r == '-' }) {
		if w[0] >= 'A' && w[0] <= 'Z' {
			capitals++
		}
	}
	return capitals > 1
}

// isKey reports whether a key is a name that may be shown: letters, digits and
// separators, and no value itself.
func isKey(k string) bool {
	if k == "" || len(k) > 40 || isNumeric(k) {
		return false
	}
	digits := 0
	for _, r := range k {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r == '-', r == ' ', r == '$':
		default:
			return false
		}
	}
	kind, _ := anonymize.KindOf([]byte(k))
	return kind == "" && digits <= 4
}
