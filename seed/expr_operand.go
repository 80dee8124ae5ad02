package seed

import "strings"

func (p *exprParser) sum() *node {
	n := p.product()
	for !p.failed {
		switch {
		case p.is("+"):
			n = &node{op: "+", args: []*node{n, p.product()}}
		case p.is("-"):
			n = &node{op: "-", args: []*node{n, p.product()}}
		case p.is("||"):
			n = &node{op: "||", args: []*node{n, p.product()}}
		default:
			return n
		}
	}
	return n
}

func (p *exprParser) product() *node {
	n := p.operand()
	for !p.failed {
		switch {
		case p.is("*"):
			n = &node{op: "*", args: []*node{n, p.operand()}}
		case p.is("/"), p.is("%"):
			return p.fail()
		default:
			return n
		}
	}
	return n
}

// typeName skips the name of a type after a cast and returns it, and whether it has
// a length or a precision.
func (p *exprParser) typeName() (name string, cut bool) {
	t := p.next()
	if t.kind != 'i' && t.kind != 'q' {
		p.failed = true
		return "", false
	}
	name = t.text
	for p.is(".") {
		name = p.next().text
	}
	for p.is("varying") || p.is("precision") {
		continue
	}
	if cut = p.is("("); cut {
		for !p.is(")") {
			if p.next().kind == 0 {
				p.failed = true
				return "", false
			}
		}
	}
	for p.is("without", "time", "zone") {
		continue
	}
	if p.is("with", "time", "zone") {
		name += "tz"
	}
	if p.is("[", "]") {
		name += "[]"
	}
	return name, cut
}

func (p *exprParser) operand() *node {
	n := p.primary()
	for !p.failed && p.is("::") {
		typ, cut := p.typeName()
		typ = strings.ToLower(typ)
		switch {
		case n.op == "lit":
			n.typ = typ
		case n.op == "null":
		case cut && n.op != "col":
			return p.fail()
		case typ == "text" || typ == "character" || typ == "bpchar" || typ == "numeric" || typ == "double" || typ == "bigint" || typ == "varchar" || typ == "citext":
			// the values compare alike, but for capitals
			if n.op == "col" {
				n.typ, n.cut = typ, n.cut || cut
			}
		case n.op == "col" && n.typ == "":
			n.typ, n.cut = typ, cut // usable says whether that is a domain's own type
		default:
			return p.fail()
		}
	}
	return n
}

// calls is the functions that are known.
const calls = " length char_length character_length octet_length cardinality array_length lower upper md5 coalesce num_nonnulls num_nulls "

func (p *exprParser) primary() *node {
	t := p.next()
	switch {
	case t.kind == 's':
		return &node{op: "lit", text: t.text, typ: "text"}
	case t.kind == 'n':
		return &node{op: "lit", text: t.text, typ: "numeric"}
	case t.kind == 'o' && t.text == "-" && p.tokens[0].kind == 'n':
		return &node{op: "lit", text: "-" + p.next().text, typ: "numeric"}
	case t.kind == 'o' && t.text == "(":
		n := p.or()
		if !p.is(")") {
			return p.fail()
		}
		return n
	case t.kind != 'i' && t.kind != 'q':
		return p.fail()
	}
	word := strings.ToLower(t.text)
	if t.kind == 'i' {
		switch word {
		case "true", "false":
			return &node{op: "lit", text: word[:1], typ: "boolean"}
		case "null":
			return &node{op: "null"}
		case "case", "array", "row", "cast", "extract", "select", "exists":
			return p.fail()
		}
		if p.is("(") {
			return p.call(word)
		}
	}
	c := p.column(t.text)
	if c < 0 || p.tokens[0].text == "[" || p.tokens[0].text == "." || p.tokens[0].text == "(" {
		return p.fail()
	}
	return &node{op: "col", column: c}
}

func (p *exprParser) call(name string) *node {
	if !strings.Contains(calls, " "+name+" ") {
		return p.fail()
	}
	n := &node{op: "call", text: name}
	for !p.is(")") {
		n.args = append(n.args, p.or())
		if p.failed || !p.is(",") && p.tokens[0].text != ")" {
			return p.fail()
		}
	}
	switch name {
	case "char_length", "character_length":
		n.text = "length"
	case "coalesce", "num_nonnulls", "num_nulls":
		return n
	}
	if name == "array_length" && len(n.args) == 2 && n.args[1].op == "lit" && n.args[1].text == "1" {
		n.args = n.args[:1]
	} else if name == "array_length" {
		return p.fail()
	}
	if len(n.args) != 1 {
		return p.fail()
	}
	return n
}
