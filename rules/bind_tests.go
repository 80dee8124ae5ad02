package rules

import (
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/schema"
)

// boundTest is a test whose names are resolved.
type boundTest struct {
	rule   *testRule
	table  *TableRules
	rows   []boundRow
	with   []boundRow
	expect []boundExpect
}

// boundRow is a row of a test.
type boundRow struct {
	at     pos
	table  *TableRules
	values [][]byte    // of Spec.Columns; nil is NULL
	places map[int]pos // of those that are given
}

// place is where a column's value stands, or the row.
func (r *boundRow) place(column int) pos {
	if at, ok := r.places[column]; ok {
		return at
	}
	return r.at
}

// columnAt is a column of a table, as an index into Spec.Columns.
type columnAt struct {
	table  *TableRules
	column int
}

func (c columnAt) typ() *schema.Type { return &c.table.Table.Columns[c.table.Columns[c.column]].Type }

func (c columnAt) String() string {
	return c.table.Table.Name.String() + "." + spell(c.table.Spec.Columns[c.column].Name)
}

type boundExpect struct {
	columnAt
	props []boundProperty
}

type boundProperty struct {
	rule *propertyRule
	want []byte // of value; nil is NULL
	same []columnAt
}

// tests binds the tests. Columns that nobody decided have no problem here.
func (b *binder) tests() {
	for i := range b.f.tests {
		rule := &b.f.tests[i]
		before := len(b.list)
		t := boundTest{rule: rule, table: b.testTable(rule.table)}
		for _, w := range rule.with {
			if tr := b.testTable(w.table); tr != nil {
				t.with = append(t.with, b.testRows(tr, w.rows)...)
			}
		}
		if t.table == nil {
			continue
		}
		if rule.value == nil {
			t.rows = b.testRows(t.table, rule.given)
		} else {
			t.rows = b.testValues(t.table, rule)
		}
		for j := range rule.expect {
			e := &rule.expect[j]
			c, ok := b.testColumn(t.table, e.column, true)
			if !ok {
				continue
			}
			x := boundExpect{columnAt: c}
			for k := range e.props {
				x.props = append(x.props, b.testProperty(c, &e.props[k]))
			}
			t.expect = append(t.expect, x)
		}
		if len(b.list) == before {
			b.out.tests = append(b.out.tests, t)
		}
	}
}

// testTable finds the rules of a table that a test speaks of.
func (b *binder) testTable(n nameRule) *TableRules {
	t := b.table(n)
	if t == nil {
		return nil
	}
	for _, tr := range b.out.Tables {
		if tr.Table == t {
			return tr
		}
	}
	b.add(n.at, "test: no row of %s is copied, so no mask of it runs", t.Name)
	return nil
}

// testColumn finds a column of a test's row.
func (b *binder) testColumn(tr *TableRules, n nameRule, expected bool) (columnAt, bool) {
	c := b.column(n.at, tr.Table, n.text)
	if c < 0 {
		return columnAt{}, false
	}
	at := columnAt{tr, slices.Index(tr.Columns, c)}
	switch {
	case at.column >= 0 && expected && tr.readsMore[at.column]:
		b.add(n.at, "test: the mask of %s reads tables, or calls functions that the rules list: only a run can tell its result", at)
		return at, false
	case at.column < 0 && tr.Table.Columns[c].Generated != "":
		b.add(n.at, "test: column %s is generated: it is never copied, and the target computes it", quoted(tr.Table.Columns[c].Name))
	}
	return at, at.column >= 0
}

// readsMore reports whether an expression's result may depend on more than its
// row.
func (b *binder) readsMore(e *exprRule) bool {
	for _, f := range e.expr.Functions {
		if len(b.listed(f.Name)) > 0 {
			return true
		}
	}
	return len(e.expr.Relations) > 0
}

func (b *binder) testRows(tr *TableRules, rows []testRow) []boundRow {
	var out []boundRow
	for _, r := range rows {
		row := newBoundRow(tr, r.at)
		for _, x := range r.pairs {
			if c, ok := b.testColumn(tr, nameRule{x.key.at, x.key.text}, false); ok && !x.value.bad {
				row.values[c.column], row.places[c.column] = b.testValue(c, x.value, "given"), x.value.at
			}
		}
		out = append(out, row)
	}
	return out
}

func newBoundRow(tr *TableRules, at pos) boundRow {
	return boundRow{at, tr, make([][]byte, len(tr.Spec.Columns)), map[int]pos{}}
}

// testValues makes a row of each value of a test of a column.
func (b *binder) testValues(tr *TableRules, rule *testRule) []boundRow {
	c, ok := b.testColumn(tr, rule.column, false)
	if !ok {
		return nil
	}
	items := []*node{rule.value}
	if t := c.typ(); rule.value.shape == isList && t.Elem == nil && !isJSON(t) {
		items = rule.value.items
	}
	var out []boundRow
	for _, i := range items {
		if i.bad {
			continue
		}
		row := newBoundRow(tr, i.at)
		row.values[c.column], row.places[c.column] = b.testValue(c, i, "given"), i.at
		out = append(out, row)
	}
	if len(items) == 0 {
		b.add(rule.value.at, "given is empty; write at least one value")
	}
	return out
}

// testValue spells a value of the file as PostgreSQL reads it; nil is NULL.
func (b *binder) testValue(c columnAt, n *node, what string) []byte {
	text, null, err := literal(n, c.typ())
	if err != nil {
		b.add(n.at, "%s: %s is of type %s; %v", what, c, c.typ().Name, err)
		return nil
	}
	if null {
		return nil
	}
	if isJSON(c.typ()) && !json.Valid([]byte(text)) {
		b.add(n.at, "%s: %s is of type %s, and this is not JSON; write a map, a list, or a document in quotes", what, c, c.typ().Name)
	}
	if l := c.typ().Length; l > 0 && slices.Contains(textual, c.typ().Base) && utf8.RuneCountInString(text) > l {
		b.add(n.at, "%s: longer than %s, which holds %s", what, c, plural(l, "character"))
	}
	return []byte(text)
}

func (b *binder) testProperty(c columnAt, r *propertyRule) boundProperty {
	out := boundProperty{rule: r}
	switch r.key {
	case "value":
		out.want = b.testValue(c, r.node, "expect")
	case "path":
		if !isJSON(c.typ()) {
			b.add(r.at, "path %s: %s is of type %s, which has no paths", r.text, c, c.typ().Name)
		}
	case "same_as":
		for _, n := range r.names {
			table, column, ok := cutColumn(n.text)
			if !ok {
				b.add(n.at, "same_as: %s; write table.column", quoted(n.text))
				continue
			}
			if tr := b.testTable(nameRule{n.at, table}); tr != nil {
				if other, ok := b.testColumn(tr, nameRule{n.at, column}, true); ok {
					out.same = append(out.same, other)
				}
			}
		}
	}
	return out
}

func isJSON(t *schema.Type) bool { return t.Base == "json" || t.Base == "jsonb" }
