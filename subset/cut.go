package subset

import (
	"slices"

	"github.com/pgstandin/pgstandin/schema"
)

// cuttable returns the columns of r's child that may be set to NULL when the
// parent is not copied: those that are nullable and that nothing else depends
// on, in the child, in the partitioned tables above it and in its partitions.
// Of an array, elements are taken out instead. Empty means that a row cannot
// live without the parent.
func (g *graph) cuttable(r *ref) []int {
	if r.Expr != "" {
		return nil
	}
	family := relatives(r.Child)
	var out []int
	for _, c := range r.Columns {
		if !slices.Contains(out, c) && g.free(r, family, r.Child.Columns[c].Name) {
			out = append(out, c)
		}
	}
	if r.Key != nil && r.Key.MatchFull && len(out) != len(r.Columns) {
		return nil
	}
	return out
}

// relatives lists t, the partitioned tables above it and all partitions below.
func relatives(t *schema.Table) []*schema.Table {
	var out []*schema.Table
	for p := t.Partition; p != nil; p = p.Partition {
		out = append(out, p)
	}
	var below func(*schema.Table)
	below = func(t *schema.Table) {
		out = append(out, t)
		for _, p := range t.Partitions {
			below(p)
		}
	}
	below(t)
	return out
}

// free reports whether the column of that name may become NULL for r.
func (g *graph) free(r *ref, family []*schema.Table, name string) bool {
	for _, t := range family {
		if c := t.Column(name); c >= 0 && !(r.Array && shrinkable(t, c) || !r.Array && nullable(t, c)) {
			return false
		}
	}
	for _, o := range g.refs {
		if o != r && slices.Contains(family, o.Child) && !same(o, r) && names(o.Child, o.Columns, name) {
			return false
		}
		if slices.Contains(family, o.Child) && names(o.Child, o.Uses, name) {
			return false
		}
		if slices.Contains(family, o.Parent) && names(o.Parent, o.ParentColumns, name) {
			return false
		}
	}
	return true
}

// same reports whether two references say the same of each row, so that they
// are cut together.
func same(a, b *ref) bool {
	return a.Parent == b.Parent && a.Array == b.Array && a.When == b.When && len(a.cols) == len(b.cols) &&
		slices.Equal(a.parentCols, b.parentCols) &&
		columnNames(a.Child, a.cols) == columnNames(b.Child, b.cols)
}

func names(t *schema.Table, cols []int, name string) bool {
	return slices.ContainsFunc(cols, func(c int) bool { return t.Columns[c].Name == name })
}

// nullable reports whether nothing in t but references keeps c from being NULL.
func nullable(t *schema.Table, c int) bool {
	col := &t.Columns[c]
	if col.NotNull || col.Type.Domain != nil && col.Type.Domain.NotNull {
		return false
	}
	for i := range t.Keys {
		if k := &t.Keys[i]; (k.Primary || k.NullsNotDistinct) && slices.Contains(k.Columns, c) {
			return false
		}
	}
	for i := range t.Indexes {
		if x := &t.Indexes[i]; x.Unique && x.NullsNotDistinct && slices.Contains(x.Columns, c) {
			return false
		}
	}
	return changeable(t, c)
}

// shrinkable reports whether nothing in t but references keeps an array from
// losing elements, which could make it equal to another.
func shrinkable(t *schema.Table, c int) bool {
	for i := range t.Keys {
		if slices.Contains(t.Keys[i].Columns, c) {
			return false
		}
	}
	for i := range t.Indexes {
		if x := &t.Indexes[i]; x.Unique && slices.Contains(x.Columns, c) {
			return false
		}
	}
	return changeable(t, c)
}

// changeable reports whether no condition or expression of t depends on c.
func changeable(t *schema.Table, c int) bool {
	col := &t.Columns[c]
	if col.Generated != "" || col.Identity != "" {
		return false
	}
	if d := col.Type.Domain; d != nil && len(d.Checks) > 0 {
		return false
	}
	if slices.Contains(t.PartitionKey, c) {
		return false
	}
	for i := range t.Columns {
		if slices.Contains(t.Columns[i].GeneratedFrom, c) {
			return false
		}
	}
	for i := range t.Checks {
		if slices.Contains(t.Checks[i].Columns, c) {
			return false
		}
	}
	for i := range t.Excludes {
		if slices.Contains(t.Excludes[i].Columns, c) {
			return false
		}
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if x.Unique && (slices.Contains(x.ExpressionColumns, c) || slices.Contains(x.PredicateColumns, c)) {
			return false
		}
	}
	return true
}
