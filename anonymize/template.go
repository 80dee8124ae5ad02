package anonymize

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// part is one piece of a template: a text, or a column's value.
type part struct {
	text   string
	column int // -1: text
	pad    int
	change byte // 'l' lower, 'u' upper, 0 none
}

// parseTemplate reads the subset of Go's template syntax that the documents
// speak of.
func (c *compiler) parseTemplate(text string) []part {
	var parts []part
	for text != "" {
		before, rest, found := strings.Cut(text, "{{")
		if before != "" {
			parts = append(parts, part{text: before, column: -1})
		}
		if !found {
			break
		}
		action, after, closed := strings.Cut(rest, "}}")
		if !closed {
			c.problem("value", "a {{ has no }}")
			return nil
		}
		p, ok := c.parseAction(strings.TrimSpace(action))
		if !ok {
			return nil
		}
		parts, text = append(parts, p), after
	}
	return parts
}

func (c *compiler) parseAction(action string) (part, bool) {
	p := part{column: -1}
	words := strings.Fields(action)
	switch {
	case len(words) == 1:
	case len(words) == 2 && (words[0] == "lower" || words[0] == "upper"):
		p.change = words[0][0]
	case len(words) == 3 && words[0] == "pad":
		n, err := strconv.Atoi(words[1])
		if err != nil || n < 1 || n > 1000 {
			c.problem("value", "pad takes a width: {{pad 7 .id}}")
			return p, false
		}
		p.pad = n
	default:
		c.problem("value", "{{%s}} is not understood; write {{.column}}, {{pad 7 .column}}, {{lower .column}} or {{upper .column}}", action)
		return p, false
	}
	name := words[len(words)-1]
	column, ok := strings.CutPrefix(name, ".")
	for i := range c.table.Columns {
		if ok && c.table.Columns[i].Name == column {
			p.column = i
		}
	}
	if p.column < 0 {
		c.problem("value", "{{%s}}: the table has no column %q", action, column)
	}
	return p, p.column >= 0
}

// templateInjective reports whether a unique key can be read back from what the
// template makes.
func templateInjective(c *compiler) bool {
	text, _ := c.m.Params["value"].(string)
	probe := *c
	probe.problems = nil
	parts := probe.parseTemplate(text)
	if len(probe.problems) > 0 {
		return true // what is wrong with it is said when it is made
	}
	forth := c.readable(parts, false)
	back := c.readable(parts, true)
	for _, key := range c.table.Keys {
		for _, found := range []map[int]bool{forth, back} {
			whole := len(key) > 0
			for _, k := range key {
				whole = whole && found[k]
			}
			if whole {
				return true
			}
		}
	}
	return false
}

// readable returns the columns whose values can be told from the text that the
// parts make, reading it from one end: a column is readable while all before it
// is, if its values are of few characters and what follows begins with another
// one, or if nothing that varies follows.
func (c *compiler) readable(parts []part, backwards bool) map[int]bool {
	at := func(i int) *part {
		if backwards {
			i = len(parts) - 1 - i
		}
		return &parts[i]
	}
	last := -1 // the last part that is a column
	for i := range parts {
		if at(i).column >= 0 {
			last = i
		}
	}
	out := map[int]bool{}
	for i := 0; i <= last; i++ {
		p := at(i)
		if p.column < 0 {
			continue
		}
		t := c.table.Columns[p.column].Type
		narrow := isInt(t) || t.Name == "uuid"
		exact := p.change == 0 && (p.pad == 0 || isInt(t)) && (narrow || !c.col.Fold && c.typ.Name != "citext")
		if i < last && !(narrow && at(i+1).column < 0 && closes(at(i+1).text, backwards)) {
			break
		}
		if exact {
			out[p.column] = true
		}
	}
	return out
}

// closes reports whether the character of text that is next to a whole number
// or a uuid cannot belong to it.
func closes(text string, backwards bool) bool {
	ch := text[0]
	if backwards {
		ch = text[len(text)-1]
	}
	_, hex := hexValue(ch)
	return !hex && ch != '-'
}

// templateWidth returns how many characters the template makes at most.
func (c *compiler) templateWidth(parts []part) int {
	n := 0
	for _, p := range parts {
		w := utf8.RuneCountInString(p.text)
		if p.column >= 0 {
			switch t := c.table.Columns[p.column].Type; t.Name {
			case "int2":
				w = 6
			case "int4":
				w = 11
			case "int8":
				w = 20
			case "uuid":
				w = 36
			case "date":
				w = 13
			case "bool":
				w = 1
			default:
				if w = t.Length; w == 0 || !isText(t) {
					return unbounded
				}
			}
		}
		n += max(w, p.pad)
	}
	return n
}

func makeTemplate(c *compiler) maskFunc {
	if !c.given("value") {
		c.problem("value", "template needs a value: { mask: template, value: \"user_{{.id}}@example.com\" }")
	}
	parts := c.parseTemplate(c.string("value", ""))
	for _, p := range parts {
		if p.column < 0 {
			continue
		}
		c.program.need[p.column], c.readsRow = true, true
		if m := c.table.Columns[p.column].Mask; m != nil && m.Kind != "keep" {
			c.problem("value", "column %q is masked itself, and a template would show its original; use columns that are kept", c.table.Columns[p.column].Name)
		}
	}
	chars := c.room(unbounded)
	if n := c.templateWidth(parts); c.col.Unique && n > chars {
		long := "texts of any length"
		if n < unbounded {
			long = strconv.Itoa(n) + " characters"
		}
		c.problem("value", "the template may make %s, and the column holds %d: cut off, two would be the same", long, chars)
	}
	return func(dst, _ []byte, r *Rewriter) []byte {
		start := len(dst)
		for i := range parts {
			p := &parts[i]
			if p.column < 0 {
				dst = append(dst, p.text...)
				continue
			}
			v := r.vals[p.column]
			for n := utf8.RuneCount(v); n < p.pad; n++ {
				dst = append(dst, '0')
			}
			if p.change == 0 {
				dst = append(dst, v...)
			} else {
				dst = appendCase(dst, v, p.change == 'u')
			}
		}
		return fit(dst, start, chars)
	}
}
