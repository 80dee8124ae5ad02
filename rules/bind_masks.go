package rules

import (
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// columnKey is a column of a logical table.
type columnKey struct {
	table  *schema.Table
	column int
}

// choiceOf says how a column's mask was found.
type choiceOf struct {
	mask   *maskRule // nil: kept because its type holds nothing personal
	source string
	line   int
}

// decide finds a mask for every column, and builds the tables' specifications.
func (b *binder) decide() {
	d := &decider{binder: b, chosen: map[columnKey]choiceOf{}}
	for _, t := range b.s.Roots() {
		d.explicit(t)
	}
	d.withoutEffect()
	d.join()
	d.propagate()
	for _, t := range b.s.Roots() {
		d.table(t)
	}
	d.narrow()
}

type decider struct {
	*binder
	chosen map[columnKey]choiceOf
	groups schema.Ties[columnKey]
	inKey  map[columnKey]bool // takes part in a reference
	array  map[columnKey]bool // by its elements
}

// explicit takes the decisions that the file states: the table's own entry,
// else the first match.
func (d *decider) explicit(t *schema.Table) {
	own := map[int]*columnRule{}
	if e := d.entries[t]; e != nil {
		for i := range e.columns {
			r := &e.columns[i]
			c := d.column(r.name.at, t, r.name.text)
			if c < 0 {
				continue
			}
			if other := own[c]; other != nil {
				d.add(r.name.at, "column %s is written twice; the first is on line %d", quoted(r.name.text), other.name.at.line)
				continue
			}
			own[c] = r
			if t.Columns[c].Generated != "" && r.mask.mask.Kind != "keep" {
				d.add(r.mask.at, "column %s is generated from others and never copied; mask those%s", quoted(r.name.text), generatedFrom(t, c))
			}
		}
	}
	for c := range t.Columns {
		col := &t.Columns[c]
		switch {
		case col.Generated != "":
		case own[c] != nil:
			d.chosen[columnKey{t, c}] = choiceOf{own[c].mask, FromTable, own[c].name.at.line}
		default:
			for i := range d.f.columns {
				if r := &d.f.columns[i]; r.matches(t, col) {
					d.chosen[columnKey{t, c}] = choiceOf{r.mask, FromMatch, r.at.line}
					break
				}
			}
		}
	}
}

func generatedFrom(t *schema.Table, c int) string {
	var names []string
	for _, i := range t.Columns[c].GeneratedFrom {
		names = append(names, t.Columns[i].Name)
	}
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}

// matches reports whether an entry of columns speaks of the column.
func (r *matchRule) matches(t *schema.Table, c *schema.Column) bool {
	if r.match != nil && !r.match.match(t.Name.Schema, t.Name.Name, c.Name) {
		return false
	}
	if r.typ == "" {
		return true
	}
	plain, _, _ := strings.Cut(c.Type.Name, "(")
	names := []string{c.Type.Base, c.Type.Name, plain}
	if dom := c.Type.Domain; dom != nil {
		names = append(names, dom.Name.Name, dom.Name.Schema+"."+dom.Name.Name)
	}
	return slices.Contains(names, r.typ)
}

// join makes groups of the columns that references tie together.
func (d *decider) join() {
	d.inKey, d.array = map[columnKey]bool{}, map[columnKey]bool{}
	for _, ref := range d.out.Subset.References {
		if ref.Expr != "" {
			continue
		}
		child, parent := rootColumns(ref.Child, ref.Columns), rootColumns(ref.Parent, ref.ParentColumns)
		for i := range child {
			if i >= len(parent) {
				break
			}
			a, b := columnKey{ref.Child.Root(), child[i]}, columnKey{ref.Parent.Root(), parent[i]}
			d.inKey[a], d.inKey[b] = true, true
			if ref.Array {
				d.array[a] = true
			}
			d.groups.Join(a, b)
		}
	}
}

// propagate gives each group of joined columns one mask.
func (d *decider) propagate() {
	for _, members := range d.groups.Sets(columnKey.compare) {
		mask, by := d.agreed(members)
		if mask == nil {
			continue
		}
		if mask.mask.Kind == "sql" {
			d.add(mask.at, "mask sql on %s, which takes part in a reference: its other end (%s) could not follow; use a mask that depends on the value alone", by, other(members, by))
			continue
		}
		d.sameTypes(mask, members)
		for _, m := range members {
			c, ok := d.chosen[m]
			switch {
			case !ok && mask.mask.Kind == "keep" && d.s.Impersonal(m.table, m.column, true):
				// Its type is reason enough.
			case !ok, c.mask.mask.Kind == "keep" && mask.mask.Kind != "keep":
				d.chosen[m] = choiceOf{mask, FromReference, mask.at.line}
			}
		}
	}
	for _, ref := range d.out.Subset.References {
		if ref.Expr == "" {
			continue
		}
		for _, c := range ref.ParentColumns {
			if x, ok := d.chosen[columnKey{ref.Parent, c}]; ok && x.mask.mask.Kind != "keep" {
				d.add(x.mask.at, "mask %s on %s.%s: the reference of line %d reaches it by an expression, which would not follow; keep the column", x.mask.mask.Kind, ref.Parent.Name, spell(ref.Parent.Columns[c].Name), ref.Line)
			}
		}
	}
}

// agreed returns the one mask that the members' decisions amount to, nil if
// there is none. A mask wins over a keep that only a pattern says.
func (d *decider) agreed(members []columnKey) (mask *maskRule, by string) {
	var kept choiceOf
	var keptBy string
	for _, m := range members {
		c, ok := d.chosen[m]
		if !ok {
			continue
		}
		name := m.table.Name.String() + "." + spell(m.table.Columns[m.column].Name)
		if c.mask.mask.Kind == "keep" {
			if kept.mask == nil || c.source == FromTable {
				kept, keptBy = c, name
			}
			continue
		}
		if mask == nil {
			mask, by = c.mask, name
			continue
		}
		if !sameMask(&mask.mask, &c.mask.mask) {
			d.add(c.mask.at, "mask %s on %s, but %s on line %d on %s, and the two are joined by a reference; write the same mask, or only one of them", c.mask.mask.Kind, name, mask.mask.Kind, mask.at.line, by)
		}
	}
	switch {
	case mask == nil && kept.mask != nil:
		return kept.mask, keptBy
	case mask != nil && kept.mask != nil && kept.source == FromTable:
		d.add(kept.mask.at, "keep on %s, but %s on line %d on %s, and the two are joined by a reference; write the same mask, or only one of them", keptBy, mask.mask.Kind, mask.at.line, by)
	}
	return mask, by
}

// sameTypes makes sure that one mask gives the same result in every column of a
// group.
func (d *decider) sameTypes(mask *maskRule, members []columnKey) {
	if mask.mask.Kind == "keep" || mask.mask.Kind == "null" {
		return
	}
	first := ""
	for _, m := range members {
		t := &m.table.Columns[m.column].Type
		if d.array[m] && t.Elem != nil {
			t = t.Elem
		}
		base := t.Base
		switch {
		case slices.Contains(textual, base):
			base = "text"
		case mask.mask.Kind == "number" && mask.mask.Params["permute"] != true && strings.HasPrefix(base, "int"):
			base = "a whole number" // a range is the same in every type
		}
		if first == "" {
			first = base
		}
		if base != first {
			hint := "keep them"
			if strings.HasPrefix(base, "int") && strings.HasPrefix(first, "int") {
				hint = "give it a range that fits both: { mask: number, permute: [1, 1000000] }"
			}
			d.add(mask.at, "mask %s would differ on the ends of a reference, which are of types %s and %s; %s", mask.mask.Kind, first, base, hint)
			return
		}
	}
}

// other names another member of a group.
func other(members []columnKey, than string) string {
	for _, m := range members {
		if name := m.table.Name.String() + "." + spell(m.table.Columns[m.column].Name); name != than {
			return name
		}
	}
	return than
}

// table builds the specification of one logical table, and its part of the
// ledger.
func (d *decider) table(t *schema.Table) {
	none := d.out.Subset.Restrict[t].Rows == subset.NoRows
	tr := &TableRules{Table: t, Spec: anonymize.Table{Name: t.Name.String(), Entity: -1, Rows: rows(t)}}
	entry := d.entries[t]
	if entry != nil {
		tr.Line = entry.name.at.line
		if entry.where != nil {
			tr.Where, tr.where = entry.where.text, entry.where
		}
	}
	primary := primaryColumns(t)
	for c := range t.Columns {
		col := &t.Columns[c]
		k := columnKey{t, c}
		decision := Decision{Table: t, Column: col.Name, Type: col.Type.Name}
		x, ok := d.chosen[k]
		switch {
		case col.Generated != "":
			decision.Source, decision.Mask = Generated, "keep"
		case ok:
			decision.Source, decision.Mask, decision.Line = x.source, describeMask(x.mask, false), x.line
			decision.Full, decision.Digest = describeMask(x.mask, true), x.mask.digest()
		case d.s.Impersonal(t, c, primary[c] || d.inKey[k]):
			decision.Source, decision.Mask = ByType, "keep"
		case none:
			decision.Source = NotCopied
		default:
			d.undecided = append(d.undecided, Undecided{t.Name, col.Name, col.Type.Name})
			decision.Source = NotDecided
		}
		if none && col.Generated == "" && !ok {
			decision.Source, decision.Mask = NotCopied, ""
		}
		d.out.Ledger = append(d.out.Ledger, decision)
		if col.Generated == "" {
			tr.Columns = append(tr.Columns, c)
			tr.masks = append(tr.masks, x.mask)
			tr.Spec.Columns = append(tr.Spec.Columns, d.specColumn(k, x.mask, tr))
		}
	}
	if entry != nil && entry.entity != nil {
		d.entity(tr, entry.entity)
	}
	if none {
		return
	}
	tr.Spec.Keys = keptKeys(tr)
	d.out.Notes = append(d.out.Notes, doubtful(tr)...)
	d.out.Tables = append(d.out.Tables, tr)
}

func (d *decider) specColumn(k columnKey, mask *maskRule, tr *TableRules) anonymize.Column {
	col := &k.table.Columns[k.column]
	out := anonymize.Column{
		Name: col.Name, Type: TypeOf(&col.Type), NotNull: col.NotNull, Reference: d.inKey[k],
	}
	unique, fold := uniqueness(k.table, k.column)
	out.Unique = unique || d.inKey[k] && !d.array[k]
	out.Sole = sole(k.table, k.column)
	insensitive, known := equality(col)
	out.Fold = fold || out.Unique && insensitive
	if !known && d.inKey[k] && mask != nil && mask.mask.Kind != "keep" {
		d.add(mask.at, "%s.%s: mask %s on a column of a reference whose collation%s calls texts equal that differ in more than case, so that the other end could not follow; keep it",
			k.table.Name, spell(col.Name), mask.mask.Kind, named(col.Collation))
	}
	switch {
	case mask == nil || mask.mask.Kind == "keep":
	case mask.mask.Kind == "sql":
		if x, ok := d.resolve(mask.sql, k.table); ok && d.tryOn(mask.sql, k.table, "("+x.sql+")::"+col.Type.Name, "") {
			if tr.Exprs == nil {
				tr.Exprs, tr.readsMore = map[int]string{}, map[int]bool{}
			}
			tr.readsMore[len(tr.Spec.Columns)] = d.readsMore(mask.sql)
			tr.Exprs[len(tr.Spec.Columns)] = "(" + x.sql + ")::" + col.Type.Name
		}
	default:
		m := mask.mask
		out.Mask = &m
		d.tryConstants(mask, k.table, col)
	}
	return out
}

// entity finds the column that says whose a row is.
func (d *decider) entity(tr *TableRules, e *entityRule) {
	t := tr.Table
	c := d.column(e.at, t, e.column)
	if c < 0 {
		return
	}
	at := slices.Index(tr.Columns, c)
	if at < 0 {
		if t.Columns[c].Generated != "" {
			d.add(e.at, "entity: column %s is generated, and not copied; write a stored one", quoted(e.column))
		}
		return // undecided, and said so
	}
	domain, key := t.Name.String()+"("+spell(t.Columns[c].Name)+")", &t.Columns[c]
	tr.Entity = t
	if e.table != "" {
		parent := d.binder.table(nameRule{e.at, e.table})
		if parent == nil {
			return
		}
		if parent == t {
			d.add(e.at, "entity: %s of its own table; write the column that says whose a row is: entity: id", e.column)
			return
		}
		nth := -1
		if own := d.entries[parent]; own != nil && own.entity != nil {
			if own.entity.table != "" {
				d.add(e.at, "entity: %s is itself about another table; write that one: %s -> %s", parent.Name, e.column, own.entity.table)
				return
			}
			if nth = parent.Column(own.entity.column); nth < 0 {
				return // said at its own entry
			}
		} else if pk := parent.Primary(); pk != nil && len(pk.Columns) == 1 {
			nth = pk.Columns[0]
		}
		if nth < 0 {
			d.add(e.at, "entity: %s has no primary key of one column; give it an entity of its own", parent.Name)
			return
		}
		for _, ref := range d.out.Subset.References {
			if ref.Parent == parent && ref.Child == t && len(ref.Columns) == 1 && ref.Columns[0] == c && ref.ParentColumns[0] != nth && !ref.Array {
				d.add(e.at, "entity: %s references %s(%s), but the entity of %s is %s; write the same column there", e.column, parent.Name, spell(parent.Columns[ref.ParentColumns[0]].Name), parent.Name, spell(parent.Columns[nth].Name))
				return
			}
		}
		domain, key = parent.Name.String()+"("+spell(parent.Columns[nth].Name)+")", &parent.Columns[nth]
		tr.Entity = parent
	}
	tr.Spec.Entity, tr.Spec.EntityDomain = at, domain
	insensitive, known := equality(key)
	if !known && e.table != "" {
		d.add(e.at, "entity: %s has the collation %s, which calls texts equal that differ in more than case, so that it cannot be told whose a row is; leave the entity out, and texts to mask text", domain, key.Collation)
	}
	tr.Spec.EntityKey, tr.Spec.EntityFold = TypeOf(&key.Type), insensitive
}
