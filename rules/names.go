package rules

import (
	"errors"
	"path"
	"strings"
)

// splitName splits a name into its parts: they are as in the catalog, with
// double quotes around one that holds a dot, a bracket or a quote.
func splitName(text string) ([]string, error) {
	var parts []string
	rest := strings.TrimSpace(text)
	for {
		part, after, err := cutPart(rest)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		if after == "" {
			return parts, nil
		}
		if after[0] != '.' {
			return nil, errors.New("a name with something behind it; put double quotes around a part that holds other signs")
		}
		rest = after[1:]
	}
}

// cutPart takes the first part off a name.
func cutPart(s string) (part, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		i := strings.IndexAny(s, `."(),`)
		if i < 0 {
			i = len(s)
		}
		part = strings.TrimSpace(s[:i])
		if part == "" {
			return "", "", errors.New("an empty name")
		}
		return part, s[i:], nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			b.WriteByte('"')
			i++
			continue
		}
		if b.Len() == 0 {
			return "", "", errors.New("an empty name")
		}
		return b.String(), strings.TrimLeft(s[i+1:], " "), nil
	}
	return "", "", errors.New("a name whose double quote is not closed")
}

// splitList splits a list of names at commas; ok is false if it is none.
func splitList(text string) (names []string, ok bool) {
	rest := strings.TrimSpace(text)
	for {
		name, after, err := cutPart(rest)
		if err != nil || strings.ContainsAny(name, "'()[]{}<>=+-*/|:") && !strings.HasPrefix(rest, `"`) {
			return nil, false
		}
		names = append(names, name)
		after = strings.TrimSpace(after)
		if after == "" {
			return names, true
		}
		if after[0] != ',' {
			return nil, false
		}
		rest = strings.TrimSpace(after[1:])
	}
}

// glob is a pattern over the parts of a name; * stands for any run of
// characters, ? for one, [a-z] for one of them.
type glob []string

func parseGlob(text string) (glob, error) {
	parts, err := splitName(text)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		if _, err := path.Match(p, ""); err != nil {
			return nil, errors.New("a pattern whose [ is not closed")
		}
	}
	return parts, nil
}

// match reports whether the pattern fits the last parts of the name.
func (g glob) match(parts ...string) bool {
	parts = parts[len(parts)-len(g):]
	for i, p := range g {
		if !like(p, parts[i]) {
			return false
		}
	}
	return true
}

// wild reports whether a part of a pattern may match several names.
func wild(part string) bool { return strings.ContainsAny(part, `*?[\`) }

// like is path.Match with / as any other character.
func like(pattern, name string) bool {
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00"))
	return err == nil && ok
}
