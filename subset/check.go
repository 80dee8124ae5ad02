package subset

import (
	"math"
	"slices"

	"github.com/pgstandin/pgstandin/schema"
)

// A table has at most so many roots.
const maxRoots = 64

// checkConfig finds what is wrong whatever the graph is.
func checkConfig(cfg *Config, probs *Problems) {
	perTable := map[*schema.Table]int{}
	for i := range cfg.Roots {
		r := &cfg.Roots[i]
		if perTable[r.Table]++; perTable[r.Table] == maxRoots+1 {
			probs.add(r.Line, "root %s: more than %d roots of one table", r.Table.Name, maxRoots)
		}
		s := &r.Sample
		name := r.Table.Name
		switch {
		case math.IsNaN(s.Share) || s.Share < 0 || s.Share > 1:
			probs.add(r.Line, "root %s: a sample is more than 0%% and at most 100%%", name)
		case s.Rows < 0:
			probs.add(r.Line, "root %s: a sample of rows is at least 1", name)
		case s.Share > 0 && s.Rows > 0:
			probs.add(r.Line, "root %s: a sample is a share or a number of rows, not both", name)
		case len(s.Stratify) > 0 && s.Share == 0 && s.Rows == 0:
			probs.add(r.Line, "root %s: stratify needs a sample", name)
		}
		if cfg.Restrict[r.Table].Rows == NoRows {
			probs.add(r.Line, "root %s: its own entry says rows: none, so it selects nothing", name)
		}
		if r.Table.Partition != nil {
			probs.add(r.Line, "root %s: a partition; name %s", name, r.Table.Root().Name)
		}
	}
	if cfg.Budget.Bytes < 0 || cfg.Budget.Rows < 0 {
		probs.add(0, "subset.budget: less than nothing")
	}
	for i, r := range cfg.References {
		for _, o := range cfg.References[:i] {
			if r.Key != nil && r.Key == o.Key {
				probs.add(r.Line, "reference %s: named twice", r.Key.Name)
			}
		}
	}
}

// checkRefs finds references that cannot be followed.
func (p *Plan) checkRefs(probs *Problems) {
	for _, r := range p.g.refs {
		if r.Array && (r.Key != nil || len(r.Columns) != 1 || r.Child.Columns[r.Columns[0]].Type.Elem == nil) {
			probs.add(r.Line, "reference %s: only one column that is an array references by its elements", r.name())
			continue
		}
		if r.Expr == "" && (len(r.Columns) != len(r.ParentColumns) || len(r.Columns) == 0) ||
			r.Expr != "" && len(r.ParentColumns) != 1 {
			probs.add(r.Line, "reference %s: the two sides have different numbers of columns", r.name())
			continue
		}
		p.checkTypes(r, probs)
		if r.Key == nil && !uniqueOn(r.Parent, r.ParentColumns) {
			probs.add(r.Line, "reference %s: %s(%s) is no primary key, unique constraint or unique index, so it does not say which row is the parent",
				r.name(), r.Parent.Name, columnNames(r.Parent, r.ParentColumns))
		}
		if r.Up == UpNullify && r.hard {
			change, because := "become NULL", "not null, or "
			if r.Array {
				change, because = "lose elements", ""
			}
			probs.add(r.Line, "reference %s: up: nullify is not possible: no column of it may %s (%spart of a key, check, other reference, partition key or generated column); write up: require or prune", r.name(), change, because)
		}
		if r.Limit < 0 {
			probs.add(r.Line, "reference %s: a limit is at least 1", r.name())
		}
		if r.Order != "" && r.Limit == 0 {
			probs.add(r.Line, "reference %s: order says nothing without limit", r.name())
		}
		if r.Limit > 0 && r.Down == DownOff {
			probs.add(r.Line, "reference %s: limit says nothing with down: off", r.name())
		}
	}
}

// checkPeriods finds keys with PERIOD that may not hold: a row of the child is covered by
// any number of parents together, which is not looked up, so all of them have to come.
func (p *Plan) checkPeriods(probs *Problems) {
	for _, r := range p.g.periods {
		parent := r.parent.table.Name
		if r.Line > 0 {
			probs.add(r.Line, "reference %s: a key with PERIOD is not followed, so nothing can be said of it; leave this entry out, and write rows: all for %s", r.name(), parent)
		}
		if r.child.copied() && (!r.parent.full || r.parent.none || r.parent.affected) {
			probs.add(0, "foreign key %s: it has a PERIOD, which holds for sure only where every row of %s is copied; write rows: all for it (and nothing that keeps some of its rows out), or rows: none for %s",
				r.name(), parent, r.child.table.Name)
		}
	}
}

// checkTypes finds sides that the server cannot compare.
func (p *Plan) checkTypes(r *ref, probs *Problems) {
	if r.Key != nil || r.Expr != "" {
		return
	}
	for i, c := range r.Columns {
		child, parent := r.Child.Columns[c], &r.Parent.Columns[r.ParentColumns[i]]
		what := child.Type.Name
		if r.Array {
			child, what = element(&child), "an element of "+what
		}
		if !compares(&child.Type, &parent.Type) || r.Array && child.Type.Class == schema.Composite {
			probs.add(r.Line, "reference %s: %s is %s, which does not compare with %s of type %s: write an expression that converts it",
				r.name(), r.Child.Columns[c].Name, what, parent.Name, parent.Type.Name)
		}
	}
}

// kindred are the types that compare with each other.
var kindred = [][]string{
	{"int2", "int4", "int8", "numeric", "float4", "float8"}, {"int2", "int4", "int8", "oid"},
	{"text", "varchar", "bpchar", "name", "citext"}, {"date", "timestamp", "timestamptz"},
	{"inet", "cidr"}, {"time", "timetz"}, {"bit", "varbit"},
}

// compares reports whether a key of type b can be looked up by an a.
func compares(a, b *schema.Type) bool {
	if a.Base == b.Base && a.Class == b.Class && (a.BaseOID == b.BaseOID || a.Builtin && b.Builtin) {
		return true
	}
	return slices.ContainsFunc(kindred, func(k []string) bool { return slices.Contains(k, a.Base) && slices.Contains(k, b.Base) })
}

// uniqueOn reports whether the columns hold a key that the server enforces.
func uniqueOn(t *schema.Table, cols []int) bool {
	covers := func(key []int) bool {
		if len(key) == 0 {
			return false
		}
		for _, c := range key {
			if !slices.Contains(cols, c) {
				return false
			}
		}
		return true
	}
	for i := range t.Keys {
		if covers(t.Keys[i].Columns) {
			return true
		}
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if x.Unique && x.Valid && x.Predicate == "" && len(x.Expressions) == 0 && covers(x.Columns) {
			return true
		}
	}
	return false
}
