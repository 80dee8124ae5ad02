package draft

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
)

var (
	plainScalar = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_.$-]*$`)
	plainSize   = regexp.MustCompile(`^[0-9]+(d|y|km|m|%)$`)
)

// yamlScalar writes a text so that YAML reads it back as that text.
func yamlScalar(s string) string {
	if (plainScalar.MatchString(s) || plainSize.MatchString(s)) && !yamlWord(s) {
		return s
	}
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == '\'' {
			return yamlDouble(s)
		}
	}
	return "'" + s + "'"
}

// yamlWord reports whether YAML, or a reader of its older kind, takes a word for
// something else than a text.
func yamlWord(s string) bool {
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", ".nan", ".inf":
		return true
	}
	return false
}

// yamlDouble writes a text in double quotes with the escapes that YAML shares
// with JSON.
func yamlDouble(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r >= 0x7f && r <= 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// yamlText writes a text in double quotes, as rules files have expressions.
func yamlText(s string) string { return yamlDouble(strings.ReplaceAll(s, "${", "$${")) }

// yamlMask writes a mask on one line: a name, or a map.
func yamlMask(m anonymize.Mask) string {
	if len(m.Params) == 0 && m.Domain == "" {
		return yamlMaskName(m.Kind)
	}
	parts := []string{"mask: " + yamlMaskName(m.Kind)}
	for _, k := range slices.Sorted(maps.Keys(m.Params)) {
		parts = append(parts, yamlScalar(k)+": "+yamlFlow(m.Params[k]))
	}
	if m.Domain != "" {
		parts = append(parts, "domain: "+yamlScalar(m.Domain))
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func yamlMaskName(kind string) string {
	if kind == "null" {
		return `"null"`
	}
	return kind
}

// yamlFlow writes a parameter on one line.
func yamlFlow(v any) string {
	switch v := v.(type) {
	case string:
		if v == "null" {
			return `"null"`
		}
		return yamlScalar(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = yamlFlow(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		if kind, ok := v["mask"].(string); ok {
			parts = append(parts, "mask: "+yamlMaskName(kind))
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if _, isText := v[k].(string); k != "mask" || !isText {
				parts = append(parts, yamlScalar(k)+": "+yamlFlow(v[k]))
			}
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	}
	return yamlScalar(fmt.Sprint(v))
}

// Spell writes a part of a name as rules files have it: in double quotes
// where it holds a sign of theirs.
func Spell(s string) string {
	if s == "" || strings.TrimSpace(s) != s || strings.ContainsAny(s, `."(), '[]{}<>=+-*/|:`) {
		return schema.QuoteIdent(s)
	}
	return s
}

// Table spells a table as short as a rules file may have it: without its
// schema where that is public or no other has such a table.
func Table(s *schema.Schema, t *schema.Table) string {
	if t.Name.Schema == "public" || len(s.Named(t.Name.Name)) == 1 {
		return Spell(t.Name.Name)
	}
	return Spell(t.Name.Schema) + "." + Spell(t.Name.Name)
}
