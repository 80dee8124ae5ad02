package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// Collision is a unique index over a column that an expression of the rules computes:
// only the rows tell whether it keeps them apart.
type Collision struct {
	Table  *schema.Table
	Column string // as schema.table.column
	// SQL selects a row where the expression gives rows of the source, of those that
	// the table's where lets pass, values that the index refuses.
	SQL     string
	problem Problem
}

// Problem is what is wrong with the rules where SQL selects a row.
func (c *Collision) Problem() error { return Errors{c.problem} }

// Collisions lists what has to be tried of the expressions of masks.
func (b *Bound) Collisions() []Collision {
	var out []Collision
	for _, tr := range b.Tables {
		for i := range tr.Table.Indexes {
			x := &tr.Table.Indexes[i]
			at := tr.computed(x)
			if at < 0 {
				continue
			}
			name := tr.Table.Name.String() + "." + spell(tr.Spec.Columns[at].Name)
			m := tr.masks[at]
			out = append(out, Collision{
				Table: tr.Table, Column: name, SQL: tr.collisions(x, b.Subset.Restrict[tr.Table].Where),
				problem: Problem{File: b.File.Name, Line: m.at.line, Column: m.at.column, Message: fmt.Sprintf(
					"%s: mask sql gives several rows, copied or not, the same value, which unique index %s refuses; write an expression with a unique key of the row in it, or another mask", name, spell(x.Name))},
			})
		}
	}
	return out
}

// computed is the first column, as an index into Spec.Columns, of a unique index that an
// expression of the rules computes; -1 if there is none, a generated column hides it, or
// the index is one that was never finished.
func (t *TableRules) computed(x *schema.Index) int {
	generated := func(c int) bool { return c >= 0 && t.Table.Columns[c].Generated != "" }
	if !x.Unique || !x.Valid || slices.ContainsFunc(slices.Concat(x.Columns, x.ExpressionColumns, x.PredicateColumns), generated) {
		return -1
	}
	for i, c := range t.Columns {
		if t.Exprs[i] != "" && (slices.Contains(x.Columns, c) || slices.Contains(x.ExpressionColumns, c)) {
			return i
		}
	}
	return -1
}

// collisions selects a row where rows as the expressions make them collide in a unique
// index. Other masks keep values apart, so the originals do for theirs.
func (t *TableRules) collisions(x *schema.Index, where string) string {
	alias := schema.QuoteIdent(t.Table.Name.Name)
	var cols, keys, conditions []string
	for i, c := range t.Columns {
		name := schema.QuoteIdent(t.Table.Columns[c].Name)
		value := t.Exprs[i]
		if value == "" {
			value = alias + "." + name
		}
		cols = append(cols, value+" as "+name)
	}
	expressions := x.Expressions
	for _, c := range x.Columns {
		var key string
		if c >= 0 {
			key = schema.QuoteIdent(t.Table.Columns[c].Name)
		} else {
			key, expressions = "("+expressions[0]+")", expressions[1:]
		}
		keys = append(keys, key)
		if !x.NullsNotDistinct {
			conditions = append(conditions, key+" is not null")
		}
	}
	if x.Predicate != "" {
		conditions = append(conditions, "("+x.Predicate+")")
	}
	rows := "select " + strings.Join(cols, ", ") + t.Table.From()
	if where != "" {
		rows += " where (" + where + ")"
	}
	sql := "select 1 from (" + rows + ") as " + alias
	if len(conditions) > 0 {
		sql += " where " + strings.Join(conditions, " and ")
	}
	return sql + " group by " + strings.Join(keys, ", ") + " having count(*) > 1 limit 1"
}
