package rules

import (
	"crypto/sha256"
	"encoding/hex"
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
	Full   string // Mask with those literals, but for masks within json, composite and hstore
	Digest string // of all that the mask is given, literals too: 12 hex digits; "" for nothing
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
		case "paths", "fields", "keys":
			parts = append(parts, k+": {"+strings.Join(describePaths(m.Params[k]), ", ")+"}")
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

// digest tells apart masks of one kind by what they are given, without saying
// it: the literals of a rules file stand in no other file. It is no secret, who
// has the file can compute it.
func (m *maskRule) digest() string {
	if len(m.mask.Params) == 0 && m.mask.Domain == "" && m.sql == nil {
		return ""
	}
	sql := ""
	if m.sql != nil {
		sql = m.sql.text
	}
	// Maps are printed in the order of their keys.
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %#v", m.mask.Kind, m.mask.Domain, sql, m.mask.Params))
	return hex.EncodeToString(sum[:6])
}

// describePaths spells the parts of a value that have masks of their own, and the
// kinds of these.
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
