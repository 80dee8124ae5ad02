package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// Decision is what was decided for one column, and why.
type Decision struct {
	Table  *schema.Table
	Column string
	Type   string
	Mask   string // kind and parameters, literals of the rules as …; "" for NotCopied and NotDecided
	Full   string // Mask with those literals, but for masks within json
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
	NotDecided    = "undecided"  // by nothing: no Bound has one
)

// Personal reports whether the column counts as personal: whatever is masked.
func (d Decision) Personal() bool { return d.Mask != "" && d.Mask != "keep" }

// describeMask spells a mask, with the literals of the rules or with … for each.
func describeMask(rule *maskRule, literals bool) string {
	m := &rule.mask
	var parts []string
	if m.Kind == "sql" {
		expr := "…"
		if literals && rule.sql != nil {
			expr = rule.sql.text
		}
		parts = append(parts, "expr: "+expr)
	}
	for _, k := range slices.Sorted(maps.Keys(m.Params)) {
		switch k {
		case "value", "values", "match", "replace", "with":
			text := "…"
			if literals {
				text = fmt.Sprint(m.Params[k])
			}
			parts = append(parts, k+": "+text)
		case "paths":
			parts = append(parts, "paths: {"+strings.Join(describePaths(m.Params[k]), ", ")+"}")
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

// describePaths spells the paths of a json mask and the kinds of their masks.
func describePaths(param any) []string {
	paths, _ := param.(map[string]any)
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
	return list
}
