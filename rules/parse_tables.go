package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/sqlexpr"
	"github.com/pgstandin/pgstandin/subset"
)

func (p *fileParser) tables(n *node) {
	if n.shape != isMap {
		p.add(n.at, "tables is %s; write a map: tables: { users: { rows: all } }", n.shape)
		return
	}
	for _, x := range n.pairs {
		t := tableRule{name: nameRule{x.key.at, x.key.text}}
		ok := p.fields(x.value, "table "+quoted(x.key.text), []field{
			{"rows", func(n *node) {
				t.rows = choose(p, n, "rows", []choice[subset.Rows]{{"none", subset.NoRows}, {"all", subset.AllRows}})
			}},
			{"where", func(n *node) {
				if t.where = p.condition(n, "where"); t.where != nil && x.value.get("rows") == nil {
					t.rows = subset.WhereRows
				}
			}},
			{"entity", func(n *node) { t.entity = p.entity(n) }},
			{"columns", func(n *node) { t.columns = p.tableColumns(n) }},
		})
		if x.value.get("rows") != nil && x.value.get("where") != nil {
			p.add(x.value.get("where").at, "rows and where of one table; write one of them")
		}
		if ok {
			p.file.tables = append(p.file.tables, t)
		}
	}
}

// entity reads "id", or "user_id -> users".
func (p *fileParser) entity(n *node) *entityRule {
	text, ok := p.text(n, "entity")
	if !ok {
		return nil
	}
	column, table, arrow := strings.Cut(text, "->")
	e := &entityRule{at: n.at, table: strings.TrimSpace(table)}
	parts, err := splitName(column)
	if err != nil || len(parts) != 1 || arrow && e.table == "" {
		p.add(n.at, "entity: %s; write a column (id), or a column and its table (user_id -> users)", quoted(text))
		return nil
	}
	e.column = parts[0]
	return e
}

func (p *fileParser) tableColumns(n *node) []columnRule {
	if n.shape != isMap {
		p.add(n.at, "columns is %s; write a map: columns: { email: email }", n.shape)
		return nil
	}
	var out []columnRule
	for _, x := range n.pairs {
		if m := p.mask(x.key, x.value); m != nil {
			out = append(out, columnRule{nameRule{x.key.at, x.key.text}, m})
		}
	}
	return out
}

func (p *fileParser) columns(n *node) {
	if n.shape != isList {
		p.add(n.at, `columns is %s; write a list: columns: [{ match: "*.email", mask: email }]`, n.shape)
		return
	}
	for _, i := range n.items {
		r, before := matchRule{at: i.at}, len(p.list)
		if i.shape != isMap {
			p.add(i.at, `an entry of columns is %s; write { match: "*.email", mask: email }`, i.shape)
			continue
		}
		mask := &node{at: i.at, shape: isMap}
		for _, x := range i.pairs {
			switch {
			case x.key.text == "match":
				text, ok := p.text(x.value, "match")
				if !ok {
					continue
				}
				g, err := parseGlob(text)
				if err != nil || len(g) > 3 {
					p.add(x.value.at, `match: %s; write column, table.column or schema.table.column, each with * as needed`, strconv.Quote(text))
					continue
				}
				r.match, r.named = g, nameRule{x.value.at, text}
			case x.key.text == "type":
				r.typ, _ = p.text(x.value, "type")
			case x.key.text == "mask" && x.value.shape == isMap:
				mask = x.value
			default:
				mask.pairs = append(mask.pairs, x)
			}
		}
		if i.get("match") == nil && i.get("type") == nil {
			p.add(i.at, `an entry of columns without match and type; write match: "*.email"`)
			continue
		}
		if i.get("mask") == nil {
			p.add(i.at, "an entry of columns without mask; write mask: email")
			continue
		}
		if r.mask = p.mask(i, mask); len(p.list) == before {
			p.file.columns = append(p.file.columns, r)
		}
	}
}

// mask reads a mask's name, or a map with mask and parameters; nil if something
// is wrong with it.
func (p *fileParser) mask(owner, n *node) *maskRule {
	m := &maskRule{at: n.at, params: map[string]pos{}}
	kind, before := n, len(p.list)
	if n.bad {
		return nil
	}
	switch n.shape {
	case isNull:
		p.nullMask(owner.at)
		return nil
	case isMap:
		if kind = n.get("mask"); kind == nil {
			p.add(n.at, "a mask without mask; write { mask: constant, value: … }")
			return nil
		}
		if kind.shape == isNull {
			p.nullMask(kind.at)
			return nil
		}
		if kind.shape == isMap || kind.shape == isList {
			p.add(kind.at, "mask is %s; write a mask's name", kind.shape)
			return nil
		}
		m.at = kind.at
	case isList:
		p.add(n.at, "a mask is %s; write a mask's name, or a map with mask and its parameters", n.shape)
		return nil
	}
	m.mask.Kind = kind.text
	known, ok := p.kind(m)
	if !ok {
		return nil
	}
	for _, x := range n.pairs {
		p.param(m, known, x)
	}
	if m.mask.Kind == "sql" && m.sql == nil {
		if n.get("expr") == nil {
			p.add(m.at, `mask sql without expr; write { mask: sql, expr: "upper(name)" }`)
		}
		return nil
	}
	if len(p.list) > before {
		return nil
	}
	return m
}

func (p *fileParser) nullMask(at pos) {
	p.add(at, `an empty mask; write "null" in quotes for the mask that makes NULL, or keep`)
}

// kind looks the mask's kind up and returns its parameters.
func (p *fileParser) kind(m *maskRule) (params []string, ok bool) {
	if m.mask.Kind == "sql" {
		return []string{"expr"}, true
	}
	var names []string
	for _, k := range anonymize.Kinds() {
		if k.Name == m.mask.Kind {
			return k.Params, true
		}
		names = append(names, k.Name)
	}
	names = append(names, "sql")
	hint := ""
	for _, k := range names {
		if family, short, dotted := strings.Cut(k, "."); hint == "" && dotted && (m.mask.Kind == family || m.mask.Kind == short) {
			hint = "; did you mean " + k + "?"
		}
	}
	if hint == "" {
		hint = didYouMean(m.mask.Kind, names)
	}
	if hint == "" {
		hint = "; there are " + oneOf(names)
	}
	p.add(m.at, "unknown mask %s%s", quoted(m.mask.Kind), hint)
	return nil, false
}

func (p *fileParser) param(m *maskRule, known []string, x pair) {
	name := x.key.text
	switch {
	case name == "mask":
	case m.mask.Kind == "sql" && name == "expr":
		m.sql = p.expr(x.value, "expr", sqlexpr.Parse)
	case slices.Contains(known, name):
		v, ok := p.value(x.value, name)
		if !ok {
			return
		}
		if m.mask.Params == nil {
			m.mask.Params = map[string]any{}
		}
		m.mask.Params[name] = v
		m.params[name] = x.key.at
	case name == "domain" && m.mask.Kind != "sql" && m.mask.Kind != "keep":
		m.mask.Domain, _ = p.text(x.value, "domain")
	default:
		hint := didYouMean(name, known)
		if hint == "" && len(known) > 0 {
			hint = "; there is " + oneOf(known)
		} else if hint == "" {
			hint = "; it takes none"
		}
		p.add(x.key.at, "mask %s has no parameter %s%s", m.mask.Kind, quoted(name), hint)
	}
}

// value turns a parameter into plain data. A number that would not come out as
// it was written has to be in quotes.
func (p *fileParser) value(n *node, what string) (any, bool) {
	switch n.shape {
	case isNull:
		p.add(n.at, `%s has no value; write a text in quotes ("null" if that is meant)`, what)
		return nil, false
	case isInt:
		switch v := n.value.(type) {
		case int64:
			if strconv.FormatInt(v, 10) == n.text {
				return v, true
			}
		case uint64:
			if strconv.FormatUint(v, 10) == n.text {
				return v, true
			}
		}
		p.add(n.at, "%s: %s would be read as another number; write it in quotes", what, n.text)
		return nil, false
	case isFloat:
		f, _ := n.value.(float64)
		if (what == "value" || what == "values") && strconv.FormatFloat(f, 'f', -1, 64) != n.text {
			p.add(n.at, "%s: %s would be read as another number; write it in quotes", what, n.text)
			return nil, false
		}
		return f, true
	case isList:
		out := make([]any, 0, len(n.items))
		for _, i := range n.items {
			v, ok := p.value(i, what)
			if !ok {
				return nil, false
			}
			out = append(out, v)
		}
		return out, true
	case isMap:
		out := make(map[string]any, len(n.pairs))
		for _, x := range n.pairs {
			if x.value.shape == isNull && what == "paths" {
				p.nullMask(x.key.at)
				return nil, false
			}
			v, ok := p.value(x.value, what)
			if !ok {
				return nil, false
			}
			out[x.key.text] = v
		}
		return out, true
	}
	return n.value, true
}
