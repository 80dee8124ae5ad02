package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
)

func (p *fileParser) tests(n *node) {
	for _, i := range p.list1(n, "tests", "tests: [{ column: users.email, given: anna@corp.example, expect: { changed: true } }]") {
		if t, ok := p.test(i); ok {
			p.file.tests = append(p.file.tests, t)
		}
	}
}

// test reads one test. given and expect may be null, which is NULL there.
func (p *fileParser) test(n *node) (testRule, bool) {
	before := len(p.list)
	t := testRule{at: n.at}
	var expect *node
	rest := *n
	rest.pairs = nil
	for _, x := range n.pairs {
		switch x.key.text {
		case "given":
			t.value = x.value
		case "expect":
			expect = x.value
		default:
			rest.pairs = append(rest.pairs, x)
			continue
		}
		if x.value.bad {
			return t, false
		}
	}
	if !p.fields(&rest, "a test", []field{
		{"name", func(n *node) { t.name, _ = p.text(n, "name") }},
		{"column", func(n *node) { t.column = p.columnName(n, &t.table) }},
		{"table", func(n *node) { t.table.at = n.at; t.table.text, _ = p.text(n, "table") }},
		{"with", func(n *node) { t.with = p.with(n) }},
		{"given", nil}, {"expect", nil}, // for messages
	}) {
		return t, false
	}
	column, table := n.get("column") != nil, n.get("table") != nil
	switch {
	case column && table:
		p.add(n.get("table").at, "column and table of one test; write column: users.email for values, or table: users for rows")
	case !column && !table:
		p.add(n.at, "a test without column and table; write column: users.email for values, or table: users for rows")
	case t.value == nil:
		p.add(n.at, "a test without given; write a value, or for a table a row: given: { email: anna@corp.example }")
	case expect == nil:
		p.add(n.at, "a test without expect; write what is expected, such as { changed: true }")
	case len(p.list) > before: // said above
	case column:
		if props := p.properties(expect, "expect"); props != nil {
			t.expect = []expectRule{{t.column, props}}
		}
	default:
		t.given, t.value = p.testRows(t.value, "given"), nil
		t.expect = p.expectations(expect)
	}
	return t, len(p.list) == before
}

// columnName reads table.column or schema.table.column.
func (p *fileParser) columnName(n *node, table *nameRule) nameRule {
	text, ok := p.text(n, "column")
	if !ok {
		return nameRule{}
	}
	name, column, ok := cutColumn(text)
	if !ok {
		p.add(n.at, "column: %s; write table.column", quoted(text))
	}
	*table = nameRule{n.at, name}
	return nameRule{n.at, column}
}

// cutColumn parts a column's full name.
func cutColumn(text string) (table, column string, ok bool) {
	parts, err := splitName(text)
	if err != nil || len(parts) < 2 || len(parts) > 3 {
		return "", "", false
	}
	for i := range parts {
		parts[i] = spell(parts[i])
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], "."), parts[last], true
}

// with reads rows of other tables.
func (p *fileParser) with(n *node) []testTable {
	if n.shape != isMap || len(n.pairs) == 0 {
		p.add(n.at, "with is %s; write a map of tables: with: { users: { id: 7, name: Anna } }", n.shape)
		return nil
	}
	var out []testTable
	for _, x := range n.pairs {
		out = append(out, testTable{nameRule{x.key.at, x.key.text}, p.testRows(x.value, "rows of "+quoted(x.key.text))})
	}
	return out
}

// testRows reads a row, or a list of rows.
func (p *fileParser) testRows(n *node, what string) []testRow {
	items := []*node{n}
	if n.shape == isList {
		items = p.list1(n, what, "[{ id: 7 }]")
	}
	var out []testRow
	for _, i := range items {
		if i.shape != isMap && !i.bad {
			p.add(i.at, "%s: a row is %s; write a map of its columns: { id: 7, email: anna@corp.example }", what, i.shape)
			continue
		}
		out = append(out, testRow{i.at, i.pairs})
	}
	return out
}

// expectations reads what is expected of the columns of a row.
func (p *fileParser) expectations(n *node) []expectRule {
	if n.shape != isMap || len(n.pairs) == 0 {
		p.add(n.at, "expect is %s; write a map of columns: expect: { email: { changed: true } }", n.shape)
		return nil
	}
	var out []expectRule
	for _, x := range n.pairs {
		if props := p.properties(x.value, x.key.text); props != nil {
			out = append(out, expectRule{nameRule{x.key.at, x.key.text}, props})
		}
	}
	return out
}

// properties reads what is expected of a value: itself, or a map of properties.
func (p *fileParser) properties(n *node, what string) []propertyRule {
	if n.bad {
		return nil
	}
	if n.shape != isMap {
		return []propertyRule{{at: n.at, key: "value", node: n}}
	}
	if len(n.pairs) == 0 {
		p.add(n.at, "%s: nothing is expected; write a property, such as changed: true", quoted(what))
		return nil
	}
	var out []propertyRule
	for _, x := range n.pairs {
		if x.value.bad {
			continue
		}
		if r, ok := p.property(x); ok {
			out = append(out, r)
		}
	}
	return out
}

// propertyKeys are the properties, but for paths.
var propertyKeys = [...]string{"value", "match", "without", "changed", "null", "length", "distinct", "same_as"}

func (p *fileParser) property(x pair) (propertyRule, bool) {
	r := propertyRule{at: x.value.at, key: x.key.text, node: x.value}
	before := len(p.list)
	switch r.key {
	case "value":
	case "match":
		if text, ok := p.text(x.value, "match"); ok {
			var err error
			if r.re, err = regexp.Compile(text); err != nil {
				p.add(x.value.at, "match: not a regular expression as Go has them: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
			}
		}
	case "changed", "null", "distinct":
		if r.yes, _ = x.value.value.(bool); x.value.shape != isBool {
			p.add(x.value.at, "%s is %s; write true or false", r.key, x.value.shape)
		}
	case "length":
		if r.length = -1; x.value.text != "given" || x.value.shape != isString {
			r.length = int(p.count(x.value, "length"))
		}
	case "without", "same_as":
		r.names = p.textList(x.value, r.key)
	default:
		return r, p.pathProperty(x, &r)
	}
	return r, len(p.list) == before
}

// textList reads a text or a list of texts.
func (p *fileParser) textList(n *node, what string) []nameRule {
	items := []*node{n}
	if n.shape == isList {
		items = p.list1(n, what, what+`: ["Anna", "Berg"]`)
	}
	var out []nameRule
	for _, i := range items {
		if text, ok := p.text(i, what); ok {
			out = append(out, nameRule{i.at, text})
		}
	}
	return out
}

// pathProperty reads what is expected at a path of a JSON document.
func (p *fileParser) pathProperty(x pair, r *propertyRule) bool {
	if !strings.HasPrefix(r.key, "$") {
		hint := didYouMean(r.key, propertyKeys[:])
		if hint == "" {
			hint = "; there are " + oneOf(propertyKeys[:]) + ", and paths of JSON such as $.contact.email"
		}
		p.add(x.key.at, "unknown property %s%s", quoted(r.key), hint)
		return false
	}
	var err error
	r.text, r.key = r.key, "path"
	if r.path, err = anonymize.ParseJSONPath(r.text); err != nil {
		p.add(x.key.at, "path %s: %v", r.text, err)
		return false
	}
	r.inner = p.properties(x.value, r.text)
	for _, i := range r.inner {
		if slices.Contains([]string{"same_as", "distinct", "path"}, i.key) {
			p.add(i.at, "%s cannot be expected at a path; write it for the whole column", i.key)
			return false
		}
	}
	return r.inner != nil
}
