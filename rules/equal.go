package rules

import (
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// equality says which texts a column calls equal: whether those that differ in case
// are, and whether it is known of all. It is not where the collation disregards
// accents, punctuation or the like: then no form of a text stands for its equals.
// Letters that Unicode lets one write in several ways are not looked into.
func equality(c *schema.Column) (insensitive, known bool) {
	if !c.Nondeterministic {
		return c.Type.Base == "citext", true
	}
	strength, caseless := "level3", true
	known = true
	for key, value := range collationKeys(strings.ToLower(c.CollationLocale)) {
		off := slices.Contains([]string{"false", "no", "noignore", "non-ignorable"}, value)
		switch key {
		case "ks", "colstrength":
			strength = value
		case "kc", "colcaselevel":
			caseless, known = off, known && off
		case "co", "collation", "kf", "colcasefirst", "kb", "colbackwards", "kr", "colreorder", "kk", "colnormalization": // these order texts
		default:
			known = known && off
		}
	}
	switch strength {
	case "level1", "primary":
		return caseless, false
	case "level2", "secondary":
		return caseless, known
	case "level3", "tertiary", "level4", "quaternary", "identic", "identical":
		return false, known
	}
	return false, false
}

// collationKeys are the keywords of an ICU locale, in lower case:
// "und-u-ks-level2" or "und@colstrength=secondary". Rules of its own behind a
// space are one too.
func collationKeys(locale string) map[string]string {
	out := map[string]string{}
	locale, rules, own := strings.Cut(locale, " ")
	if own {
		out["rules"] = rules
	}
	if _, old, ok := strings.Cut(locale, "@"); ok {
		for p := range strings.SplitSeq(old, ";") {
			key, value, _ := strings.Cut(p, "=")
			out[key] = value
		}
		return out
	}
	_, tags, _ := strings.Cut(locale, "-u-")
	key := ""
	for tag := range strings.SplitSeq(tags, "-") {
		switch {
		case tag == "":
		case len(tag) == 2:
			key = tag
			out[key] = ""
		case out[key] == "":
			out[key] = tag
		default:
			out[key] += "-" + tag
		}
	}
	return out
}

// named is a name behind a word; "" for none.
func named(name string) string {
	if name == "" {
		return ""
	}
	return " " + name
}
