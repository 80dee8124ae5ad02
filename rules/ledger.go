package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
)

// Decision is what was decided for one column, and why.
type Decision struct {
	Table  *schema.Table
	Column string
	Type   string
	Mask   string // kind and parameters, literals of the rules as …; "" for NotCopied
	Source string // FromTable, ...
	Line   int    // of the rules file, 0 for none
}

// Where a decision comes from.
const (
	FromTable     = "table"      // the table's own entry
	FromMatch     = "match"      // an entry of columns
	FromReference = "reference"  // a column that it references, or that references it
	ByType        = "type"       // its type cannot hold personal data
	Generated     = "generated"  // computed by the target
	NotCopied     = "not copied" // of a table without rows
)

// Personal reports whether the column counts as personal: whatever is masked.
func (d Decision) Personal() bool { return d.Mask != "" && d.Mask != "keep" }

// describeMask spells a mask without the literals of the rules.
func describeMask(m *anonymize.Mask) string {
	var parts []string
	if m.Kind == "sql" {
		parts = append(parts, "expr: …")
	}
	for _, k := range slices.Sorted(maps.Keys(m.Params)) {
		switch k {
		case "value", "values", "match", "replace", "with":
			parts = append(parts, k+": …")
		case "paths":
			paths, _ := m.Params[k].(map[string]any)
			var list []string
			for _, p := range slices.Sorted(maps.Keys(paths)) {
				kind, ok := paths[p].(string)
				if sub, isMap := paths[p].(map[string]any); isMap {
					kind, ok = sub["mask"].(string)
				}
				if !ok {
					kind = "…"
				}
				list = append(list, p+": "+kind)
			}
			parts = append(parts, "paths: {"+strings.Join(list, ", ")+"}")
		default:
			parts = append(parts, fmt.Sprintf("%s: %v", k, m.Params[k]))
		}
	}
	if m.Domain != "" {
		parts = append(parts, "domain: "+m.Domain)
	}
	if len(parts) == 0 {
		return m.Kind
	}
	return m.Kind + " {" + strings.Join(parts, ", ") + "}"
}
