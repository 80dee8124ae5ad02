package rules

import (
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// tables binds the entries of tables but for their columns.
func (b *binder) tables() {
	for i := range b.f.tables {
		rule := &b.f.tables[i]
		t := b.table(rule.name)
		if t == nil {
			continue
		}
		if other := b.entries[t]; other != nil {
			b.add(rule.name.at, "table %s has two entries; the first is on line %d", t.Name, other.name.at.line)
			continue
		}
		b.entries[t] = rule
		where, _ := b.bindCondition(rule.where, t)
		if rule.rows != subset.Unrestricted {
			b.out.Subset.Restrict[t] = subset.Restriction{Rows: rule.rows, Where: where.sql}
		}
	}
}

func (b *binder) roots() {
	for i := range b.f.roots {
		rule := &b.f.roots[i]
		t := b.table(rule.table)
		if t == nil {
			continue
		}
		where, _ := b.bindCondition(rule.where, t)
		sample := rule.sample
		for _, c := range rule.stratify {
			if col := b.column(c.at, t, c.text); col >= 0 {
				sample.Stratify = append(sample.Stratify, col)
			}
		}
		text := ""
		if rule.where != nil {
			text = rule.where.text
		}
		b.out.RootTexts = append(b.out.RootTexts, text)
		b.out.Subset.Roots = append(b.out.Subset.Roots, subset.Root{Table: t, Where: where.sql, Sample: sample, Line: rule.at.line})
	}
}

// references lists the declared keys, adjusted by the rules, and then those
// that the rules add.
func (b *binder) references() {
	adjusted := map[*schema.ForeignKey]*subset.Reference{}
	var added []*subset.Reference
	for i := range b.f.references {
		rule := &b.f.references[i]
		ref, ok := b.reference(rule)
		if !ok {
			continue
		}
		if ref.Key == nil {
			added = append(added, ref)
			continue
		}
		if other := adjusted[ref.Key]; other != nil {
			b.add(rule.at, "the foreign key %s of %s has two entries; the first is on line %d", quoted(ref.Key.Name), ref.Key.Child.Name, other.Line)
			continue
		}
		adjusted[ref.Key] = ref
	}
	for _, k := range b.s.ForeignKeys {
		ref := adjusted[k]
		if ref == nil {
			ref = declared(k)
		}
		b.out.Subset.References = append(b.out.Subset.References, ref)
	}
	b.out.Subset.References = append(b.out.Subset.References, added...)
}

func declared(k *schema.ForeignKey) *subset.Reference {
	return &subset.Reference{Key: k, Child: k.Child, Columns: k.Columns, Parent: k.Parent, ParentColumns: k.ParentColumns}
}

// reference binds an entry of references.
func (b *binder) reference(rule *referenceRule) (*subset.Reference, bool) {
	before := len(b.list)
	child := b.table(nameRule{rule.from.at, rule.from.table})
	if child == nil {
		return nil, false
	}
	ref := &subset.Reference{Child: child}
	for _, c := range rule.from.columns {
		if col := b.column(rule.from.at, child, c); col >= 0 {
			ref.Columns = append(ref.Columns, col)
		}
	}
	if len(b.list) > before {
		return nil, false
	}
	if rule.to == nil {
		if ref = b.adjust(rule, ref); ref == nil {
			return nil, false
		}
	} else if !b.added(rule, ref) {
		return nil, false
	}
	when, _ := b.bindCondition(rule.when, child)
	order, _ := b.bindOrder(rule.order, child)
	ref.When, ref.Order = when.sql, order.sql
	ref.Uses = append(ref.Uses, when.uses...)
	slices.Sort(ref.Uses)
	ref.Uses = slices.Compact(ref.Uses)
	ref.Down, ref.Up, ref.UpGiven, ref.Limit, ref.Line = rule.down, rule.up, rule.upGiven, rule.limit, rule.at.line
	if ref.Key != nil && rule.when != nil {
		b.add(rule.when.at, "when: %s is a declared foreign key, which always holds; leave when out", quoted(ref.Key.Name))
	}
	return ref, len(b.list) == before
}

// adjust finds the declared key that an entry without to is about.
func (b *binder) adjust(rule *referenceRule, ref *subset.Reference) *subset.Reference {
	if rule.from.expr != nil {
		b.add(rule.at, "a reference by an expression without to; write to: posts(id)")
		return nil
	}
	keys := b.keysOn(ref.Child, ref.Columns)
	switch len(keys) {
	case 0:
		b.add(rule.from.at, "%s has no foreign key on (%s); write to: for a reference that is not declared", ref.Child.Name, strings.Join(rule.from.columns, ", "))
		return nil
	case 1:
		return declared(keys[0])
	}
	var parents []string
	for _, k := range keys {
		parents = append(parents, "to: "+k.Parent.Name.String())
	}
	b.add(rule.from.at, "%s has %d foreign keys on (%s); write which: %s", ref.Child.Name, len(keys), strings.Join(rule.from.columns, ", "), oneOf(parents))
	return nil
}

// keysOn are the foreign keys of a logical table over a set of its columns.
func (b *binder) keysOn(t *schema.Table, cols []int) []*schema.ForeignKey {
	var out []*schema.ForeignKey
	for _, k := range b.s.ForeignKeys {
		if k.Child.Root() == t && equalSets(rootColumns(k.Child, k.Columns), cols) {
			out = append(out, k)
		}
	}
	return out
}

// added binds an entry with to: a declared key, if there is one with these
// columns, else a reference of its own.
func (b *binder) added(rule *referenceRule, ref *subset.Reference) bool {
	parent := b.table(nameRule{rule.to.at, rule.to.table})
	if parent == nil {
		return false
	}
	before := len(b.list)
	ref.Parent = parent
	for _, c := range rule.to.columns {
		if col := b.column(rule.to.at, parent, c); col >= 0 {
			ref.ParentColumns = append(ref.ParentColumns, col)
		}
	}
	if len(b.list) > before {
		return false
	}
	if len(rule.to.columns) == 0 {
		pk := parent.Primary()
		if pk == nil {
			b.add(rule.to.at, "%s has no primary key; write its columns: %s(…)", parent.Name, rule.to.table)
			return false
		}
		ref.ParentColumns = pk.Columns
	}
	if rule.from.expr != nil {
		x, ok := b.bindExpr(rule.from.expr, ref.Child)
		ref.Expr, ref.Uses = x.sql, x.uses
		if len(ref.ParentColumns) != 1 {
			b.add(rule.to.at, "an expression is one value, and %s has %s", rule.to.text, plural(len(ref.ParentColumns), "column"))
		} else if ok {
			b.tryReference(rule.from.expr, x.sql, ref.Child, parent, ref.ParentColumns[0])
		}
		return len(b.list) == before
	}
	if len(ref.Columns) != len(ref.ParentColumns) {
		b.add(rule.at, "from has %s and to has %s; write as many", plural(len(ref.Columns), "column"), plural(len(ref.ParentColumns), "column"))
		return false
	}
	for _, k := range b.keysOn(ref.Child, ref.Columns) {
		if k.Parent.Root() == parent && samePairs(rootColumns(k.Child, k.Columns), rootColumns(k.Parent, k.ParentColumns), ref.Columns, ref.ParentColumns) {
			*ref = *declared(k)
			return true
		}
	}
	ref.Array = len(ref.Columns) == 1 && ref.Child.Columns[ref.Columns[0]].Type.Class == schema.Array &&
		parent.Columns[ref.ParentColumns[0]].Type.Class != schema.Array
	return true
}

// rootColumns translates columns of a partition to those of its root.
func rootColumns(t *schema.Table, cols []int) []int {
	root := t.Root()
	if root == t {
		return cols
	}
	return t.Translate(root, cols)
}

func equalSets(a, b []int) bool {
	x, y := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(x, y)
}

func samePairs(a, pa, b, pb []int) bool {
	for i, c := range a {
		j := slices.Index(b, c)
		if j < 0 || pb[j] != pa[i] {
			return false
		}
	}
	return len(a) == len(b)
}
