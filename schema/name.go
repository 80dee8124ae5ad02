package schema

import "strings"

// Name is a qualified name, as the catalog spells it (no quotes).
type Name struct{ Schema, Name string }

// String returns the name for people: parts are quoted only where PostgreSQL
// would need it to read them back, "public" included.
func (n Name) String() string { return spell(n.Schema) + "." + spell(n.Name) }

// SQL returns the name for a statement: both parts always quoted.
func (n Name) SQL() string { return QuoteIdent(n.Schema) + "." + QuoteIdent(n.Name) }

// Less orders by schema, then name, bytewise.
func (n Name) Less(m Name) bool {
	if n.Schema != m.Schema {
		return n.Schema < m.Schema
	}
	return n.Name < m.Name
}

// QuoteIdent quotes one identifier for a statement, always with quotes.
func QuoteIdent(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// QuoteLiteral quotes a string constant; it is safe whatever
// standard_conforming_strings says.
func QuoteLiteral(s string) string {
	s = strings.ReplaceAll(s, `'`, `''`)
	if strings.Contains(s, `\`) {
		return ` E'` + strings.ReplaceAll(s, `\`, `\\`) + `'`
	}
	return `'` + s + `'`
}

func spell(s string) string {
	plain := s != ""
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c == '_':
		case i > 0 && c >= '0' && c <= '9':
		default:
			plain = false
		}
	}
	if plain {
		return s
	}
	return QuoteIdent(s)
}
