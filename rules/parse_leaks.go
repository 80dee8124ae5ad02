package rules

import (
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
func (b *binder) leaks() {
	b.out.Leaks.Source = b.f.leaks.source
	for _, a := range b.f.leaks.accept {
		out := Accepted{Object: a.object.text, Reason: a.reason, Line: a.at.line}
		if a.column.text != "" {
			parts, err := splitName(a.column.text)
			if err != nil || len(parts) < 2 {
				b.add(a.column.at, "column %s: write table.column", quoted(a.column.text))
				continue
			}
			var table []string
			for _, part := range parts[:len(parts)-1] {
				table = append(table, schema.QuoteIdent(part))
			}
			t := b.table(nameRule{a.column.at, strings.Join(table, ".")})
			if t == nil {
				continue
			}
			c := b.column(a.column.at, t, parts[len(parts)-1])
			if c < 0 {
				continue
			}
			out.Table, out.Column = t, t.Columns[c].Name
		}
		b.out.Leaks.Accept = append(b.out.Leaks.Accept, out)
	}
}
