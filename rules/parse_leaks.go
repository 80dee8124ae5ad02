package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// Leaks says what the leak scan compares, and what it may find.
type Leaks struct {
	// Source: originals are those of every row of the source, not only of the rows
	// that are copied.
	Source bool
	Accept []Accepted
}

// Accepted is a place where originals may be found.
type Accepted struct {
	Table  *schema.Table // nil for an object
	Column string
	Object string // a text of the schema, spelled as the scan reports it
	Reason string
	Line   int
}

type leaksRule struct {
	source bool
	accept []acceptRule
}

type acceptRule struct {
	at             pos
	column, object nameRule
	reason         string
}

// leaks reads leaks: { scope: source, accept: [{ column: …, reason: … }] }.
func (p *fileParser) leaks(n *node) {
	l := &p.file.leaks
	p.fields(n, "leaks", []field{
		{"scope", func(n *node) {
			l.source = choose(p, n, "scope", []choice[bool]{{"rows", false}, {"source", true}})
		}},
		{"accept", func(n *node) {
			for _, i := range p.list1(n, "accept", `accept: [{ column: posts.body, reason: "authors sign with their names" }]`) {
				p.accept(i)
			}
		}},
	})
}

func (p *fileParser) accept(n *node) {
	a := acceptRule{at: n.at}
	name := func(to *nameRule, what string) func(*node) {
		return func(n *node) {
			if text, ok := p.text(n, what); ok {
				*to = nameRule{n.at, text}
			}
		}
	}
	before := len(p.list)
	ok := p.fields(n, "an entry of accept", []field{
		{"column", name(&a.column, "column")}, {"object", name(&a.object, "object")},
		{"reason", func(n *node) { a.reason, _ = p.text(n, "reason") }},
	})
	switch {
	case !ok || len(p.list) > before:
		return
	case (a.column.text == "") == (a.object.text == ""):
		p.add(n.at, "an entry of accept names one column, or one object as the leak scan reports it")
	case strings.TrimSpace(a.reason) == "":
		p.add(n.at, "an entry of accept has no reason; write why these values may be there")
	default:
		p.file.leaks.accept = append(p.file.leaks.accept, a)
	}
}

// leaks resolves the columns that are accepted.
func (b *binder) leaks() error {
	b.out.Leaks.Source = b.f.leaks.source
	lines := map[Accepted]int{} // of each place
	for _, a := range b.f.leaks.accept {
		out, at := Accepted{Object: a.object.text}, a.object.at
		if a.column.text != "" {
			at = a.column.at
			if out.Table, out.Column = b.acceptedColumn(a.column); out.Table == nil {
				continue
			}
		}
		if first := lines[out]; first > 0 {
			b.add(at, "it is accepted twice; the first is on line %d", first)
			continue
		}
		lines[out] = at.line
		out.Reason, out.Line = a.reason, a.at.line
		b.out.Leaks.Accept = append(b.out.Leaks.Accept, out)
	}
	return b.acceptedObjects()
}

// acceptedColumn finds a column by the name table.column; nil, with a problem added, if
// there is none.
func (b *binder) acceptedColumn(n nameRule) (*schema.Table, string) {
	parts, err := splitName(n.text)
	if err != nil || len(parts) < 2 {
		b.add(n.at, "column %s: write table.column", quoted(n.text))
		return nil, ""
	}
	t := b.tableOf(n.at, parts[:len(parts)-1])
	if t == nil {
		return nil, ""
	}
	c := b.column(n.at, t, parts[len(parts)-1])
	if c < 0 {
		return nil, ""
	}
	return t, t.Columns[c].Name
}

// acceptedObjects tells of objects that the source does not have: the target may, and a
// comment comes and goes.
func (b *binder) acceptedObjects() error {
	isObject := func(a Accepted) bool { return a.Table == nil }
	if b.env.Texts == nil || !slices.ContainsFunc(b.out.Leaks.Accept, isObject) {
		return nil
	}
	known, err := b.env.Texts()
	if err != nil {
		return err
	}
	for _, a := range b.out.Leaks.Accept {
		if isObject(a) && !slices.Contains(known, a.Object) {
			b.out.Notes = append(b.out.Notes, fmt.Sprintf("leaks accept %s on line %d, but the source has no such text%s", quoted(a.Object), a.Line, didYouMean(a.Object, known)))
		}
	}
	return nil
}
