package seed

import (
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// boundsName is what errors and Untested call the bounds of partitions.
const boundsName = "partition bounds"

// leaf is a partition at the bottom: what its rows must be. Row r of a table
// goes to leaf r modulo their number, so that every partition gets rows.
type leaf struct {
	conds []*node
	nulls []int        // columns that are NULL in it
	specs map[int]spec // of columns with values of their own
	rest  []*node
	among map[*source][]uint64 // parents' rows that suit
}

// leaves finds the partitions of each table, and what their bounds say.
func (b *builder) leaves() {
	for _, x := range b.tables {
		if x.t.Kind == schema.Partitioned {
			x.bounds = b.below(x, x.t, leaf{})
			if len(x.bounds) == 1 && len(x.bounds[0].conds) == 0 && len(x.bounds[0].nulls) == 0 {
				x.bounds = nil // nothing is asked of a row
			}
		}
	}
}

// below is the leaves below a partitioned table.
func (b *builder) below(x *table, t *schema.Table, above leaf) []leaf {
	if t.Kind != schema.Partitioned {
		return []leaf{above}
	}
	cols := keyColumns(x.t, t.PartitionDefinition)
	known := t.PartitionStrategy == "list" || t.PartitionStrategy == "range"
	var bounds []bounds
	for _, p := range t.Partitions {
		one, ok := parseBound(p.PartitionBound)
		one.t = p
		known = known && ok
		bounds = append(bounds, one)
	}
	if known = known && !slices.Contains(cols, -1); !known {
		return b.unknown(x, t, bounds, above)
	}
	var out []leaf
	for i := range bounds {
		p := leaf{conds: slices.Clone(above.conds), nulls: slices.Clone(above.nulls)}
		if bounds[i].take(&p, t.PartitionStrategy, cols, bounds) {
			out = append(out, b.below(x, bounds[i].t, p)...)
		}
	}
	return out
}

// unknown is the leaves of a table whose key is hashed or an expression: rows
// land where they do.
func (b *builder) unknown(x *table, t *schema.Table, all []bounds, above leaf) []leaf {
	share, rest := 0.0, false
	for _, p := range all {
		rest = rest || p.rest
		if p.modulus > 0 {
			share += 1 / float64(p.modulus)
		}
	}
	if !rest && share < 0.999 || slices.ContainsFunc(t.Partitions, func(p *schema.Table) bool {
		return p.Kind == schema.Partitioned && p.PartitionStrategy != "hash"
	}) {
		b.untested(x, boundsName)
	}
	return []leaf{above}
}

// keyColumns is the columns of a partition key, -1 for an expression.
func keyColumns(t *schema.Table, definition string) []int {
	tokens, err := lex(definition)
	if err != nil {
		return []int{-1}
	}
	var out []int
	depth := 0
	for i, k := range tokens {
		open := k.kind == 'o' && k.text == "("
		if depth == 1 && (tokens[i-1].text == "(" || tokens[i-1].text == ",") {
			c := -1
			if (k.kind == 'i' || k.kind == 'q') && tokens[i+1].text != "(" {
				c = t.Column(k.text)
			}
			out = append(out, c)
		}
		if open {
			depth++
		} else if k.kind == 'o' && k.text == ")" {
			depth--
		}
	}
	return out
}

// bounds is a partition's bound.
type bounds struct {
	t       *schema.Table
	rest    bool // DEFAULT
	null    bool
	values  []string // of a list
	lo, hi  []string // of a range
	loEnds  []string // "", "minvalue" or "maxvalue" beside each
	hiEnds  []string
	modulus int
}

// parseBound reads a bound as the catalog prints it.
func parseBound(text string) (bounds, bool) {
	tokens, err := lex(text)
	if err != nil {
		return bounds{}, false
	}
	p := &exprParser{tokens: tokens}
	var out bounds
	switch {
	case p.is("default"):
		out.rest = true
	case p.is("for", "values", "in"):
		var ends []string
		out.values, ends = p.boundList()
		for i := len(ends) - 1; i >= 0; i-- {
			if ends[i] == "null" {
				out.null = true
				out.values = slices.Delete(out.values, i, i+1)
			}
		}
	case p.is("for", "values", "from"):
		out.lo, out.loEnds = p.boundList()
		if !p.is("to") {
			return out, false
		}
		out.hi, out.hiEnds = p.boundList()
	case p.is("for", "values", "with", "(", "modulus"):
		for _, c := range p.next().text {
			out.modulus = out.modulus*10 + int(c-'0')
		}
		return out, out.modulus > 0
	default:
		return out, false
	}
	return out, !p.failed && p.tokens[0].kind == 0
}

// boundList reads (1, 'a', MINVALUE, NULL).
func (p *exprParser) boundList() (values, ends []string) {
	if !p.is("(") {
		p.fail()
		return nil, nil
	}
	for !p.failed {
		value, end := "", ""
		switch {
		case p.is("minvalue"):
			end = "minvalue"
		case p.is("maxvalue"):
			end = "maxvalue"
		case p.is("null"):
			end = "null"
		default:
			n := p.operand()
			if n.op != "lit" {
				p.fail()
			}
			value = n.text
		}
		values, ends = append(values, value), append(ends, end)
		if p.is(")") {
			return values, ends
		}
		if !p.is(",") {
			p.fail()
		}
	}
	return nil, nil
}

func columnNode(c int) *node { return &node{op: "col", column: c} }

func literalNode(text string) *node {
	n := &node{op: "lit", text: text}
	n.value = n.literal()
	return n
}

func compareNode(op string, c int, text string) *node {
	return &node{op: op, bound: true, args: []*node{columnNode(c), literalNode(text)}}
}

// take adds what a bound says to a leaf; it reports whether rows can be in it.
func (d *bounds) take(to *leaf, strategy string, cols []int, all []bounds) bool {
	c := cols[0]
	switch {
	case strategy == "list" && d.rest:
		var values []string
		for i := range all {
			values = append(values, all[i].values...)
		}
		to.conds = append(to.conds, &node{op: "not", args: []*node{{op: "any", list: values, args: []*node{columnNode(c)}}}})
	case strategy == "list" && len(d.values) == 0:
		to.nulls = append(to.nulls, c)
	case strategy == "list":
		to.conds = append(to.conds, &node{op: "any", list: d.values, args: []*node{columnNode(c)}})
	case d.rest:
		lo, hi, ok := gap(all)
		if lo != "" {
			to.conds = append(to.conds, compareNode(">=", c, lo))
		}
		if hi != "" {
			to.conds = append(to.conds, compareNode("<", c, hi))
		}
		if !ok {
			to.nulls = append(to.nulls, c)
		}
	default:
		to.conds = append(to.conds, d.ranges(cols)...)
	}
	return true
}

// gap finds values of the first column of a range that no partition takes, for
// the default one: above all, below all or between two.
func gap(all []bounds) (lo, hi string, ok bool) {
	type span struct{ lo, hi string } // "" for no end
	var spans []span
	for i := range all {
		if d := &all[i]; !d.rest {
			spans = append(spans, span{d.lo[0], d.hi[0]})
		}
	}
	if len(spans) == 0 {
		return "", "", true
	}
	slices.SortFunc(spans, func(a, b span) int {
		switch {
		case a.lo == b.lo:
			return 0
		case b.lo == "" || a.lo != "" && tighter(a.lo, b.lo):
			return 1
		}
		return -1
	})
	several := slices.ContainsFunc(all, func(d bounds) bool { return len(d.lo) > 1 })
	last := slices.MaxFunc(spans, func(a, b span) int {
		switch {
		case a.hi == b.hi:
			return 0
		case a.hi == "" || b.hi != "" && tighter(a.hi, b.hi):
			return 1
		}
		return -1
	})
	if last.hi != "" && !several {
		return last.hi, "", true
	}
	if spans[0].lo != "" {
		return "", spans[0].lo, true
	}
	for i := range len(spans) - 1 {
		if !several && spans[i].hi != spans[i+1].lo {
			return spans[i].hi, spans[i+1].lo, true
		}
	}
	return "", "", false
}

// ranges is what a range's bound says of the columns of the key.
func (d *bounds) ranges(cols []int) []*node {
	var out []*node
	i := 0
	for i < len(cols) && d.lo[i] == d.hi[i] && d.loEnds[i] == "" && d.hiEnds[i] == "" {
		out = append(out, &node{op: "any", list: []string{d.lo[i]}, args: []*node{columnNode(cols[i])}})
		i++
	}
	if i == len(cols) {
		return out
	}
	if n := side(cols[i:], d.lo[i:], d.loEnds[i:], ">", "minvalue"); n != nil {
		out = append(out, n)
	}
	if n := side(cols[i:], d.hi[i:], d.hiEnds[i:], "<", "maxvalue"); n != nil {
		out = append(out, n)
	}
	for _, c := range cols {
		out = append(out, &node{op: "not", args: []*node{{op: "isnull", args: []*node{columnNode(c)}}}})
	}
	return out
}

// side is one side of a range, nil for none: (a > 1) or (a = 1 and …).
func side(cols []int, values, ends []string, op, free string) *node {
	if len(cols) == 0 {
		if op == "<" {
			return &node{op: "lit", text: "f", typ: "boolean", value: boolean(false)}
		}
		return nil
	}
	switch {
	case ends[0] == free:
		return nil
	case ends[0] != "":
		return &node{op: "lit", text: "f", typ: "boolean", value: boolean(false)}
	}
	rest := side(cols[1:], values[1:], ends[1:], op, free)
	if rest == nil {
		return compareNode(op+"=", cols[0], values[0])
	}
	if rest.op == "lit" {
		return compareNode(op, cols[0], values[0])
	}
	same := &node{op: "and", args: []*node{compareNode("=", cols[0], values[0]), rest}}
	return &node{op: "or", args: []*node{compareNode(op, cols[0], values[0]), same}}
}

// narrow is the spec with what a leaf asks of the column.
func (s *spec) narrow(conds []*node, c int) (out spec, rest []*node) {
	out = *s
	out.except, out.patterns, out.list = slices.Clone(s.except), slices.Clone(s.patterns), slices.Clone(s.list)
	for _, n := range conds {
		switch named := n.columnsOf(nil); {
		case !slices.Contains(named, c):
		case len(named) > 1:
			out.hull(n, c)
			rest = append(rest, n)
		case n.op == "not" && n.args[0].op == "any":
			out.except = append(out.except, n.args[0].list...)
		case !out.refine(n, c):
			rest = append(rest, n)
		}
	}
	return out, rest
}

// hull takes in what an expression over several columns says of one at least.
func (s *spec) hull(n *node, c int) {
	if n.op != "or" || !isColumn(n.args[0].args[0], c) {
		return
	}
	op := n.args[0].op
	weaker := &node{op: strings.TrimSuffix(op, "=") + "=", args: n.args[0].args}
	s.refine(weaker, c)
}
