package seed

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/schema"
)

// datum is a value during the evaluation of a check.
type datum struct {
	kind byte // 0 NULL, 'b' boolean, 'n' number, 's' text and all that compares as text
	b    bool
	n    float64
	s    []byte
}

func boolean(b bool) datum { return datum{kind: 'b', b: b} }

// eval computes an expression over a row's values.
func (n *node) eval(row []datum) datum {
	switch n.op {
	case "lit":
		return n.value
	case "col":
		return row[n.column]
	case "and", "or":
		return logic(n.op == "or", n.args[0].eval(row), n.args[1].eval(row))
	case "not":
		v := n.args[0].eval(row)
		v.b = !v.b
		return v
	case "isnull":
		return boolean(n.args[0].eval(row).kind == 0)
	case "~":
		v := n.args[0].eval(row)
		if v.kind == 0 {
			return v
		}
		return boolean(n.re.Match(v.s))
	case "any":
		return n.evalAny(n.args[0].eval(row))
	case "call":
		return n.evalCall(row)
	}
	if len(n.args) != 2 {
		return datum{}
	}
	if n.fold {
		return n.evalFolded(n.args[0].eval(row), n.args[1].eval(row))
	}
	return binary(n.op, n.args[0].eval(row), n.args[1].eval(row))
}

// literal is a literal's value.
func (n *node) literal() datum {
	if n.typ == "boolean" {
		return boolean(n.text == "t" || n.text == "true")
	}
	if f, err := strconv.ParseFloat(n.text, 64); err == nil && n.typ != "text" && n.typ != "character" && n.typ != "bpchar" && n.typ != "citext" {
		return datum{kind: 'n', n: f}
	}
	return datum{kind: 's', s: []byte(n.text)}
}

// logic is OR, or AND, of three-valued logic.
func logic(or bool, a, b datum) datum {
	switch {
	case a.kind != 0 && a.b == or:
		return a
	case b.kind != 0 && b.b == or:
		return b
	case a.kind == 0:
		return a
	}
	return b
}

// evalFolded compares texts without regard to case.
func (n *node) evalFolded(a, b datum) datum {
	if a.kind == 0 || b.kind == 0 {
		return datum{}
	}
	return boolean(bytes.EqualFold(a.s, b.s) == (n.op == "="))
}

func (n *node) evalAny(v datum) datum {
	if v.kind == 0 {
		return v
	}
	for _, x := range n.list {
		switch v.kind {
		case 's':
			if string(v.s) == x || n.fold && strings.EqualFold(string(v.s), x) {
				return boolean(true)
			}
		case 'n':
			if f, err := strconv.ParseFloat(x, 64); err == nil && f == v.n {
				return boolean(true)
			}
		}
	}
	return boolean(false)
}

func (n *node) evalCall(row []datum) datum {
	switch n.text {
	case "coalesce":
		for _, a := range n.args {
			if v := a.eval(row); v.kind != 0 {
				return v
			}
		}
		return datum{}
	case "num_nonnulls", "num_nulls":
		nulls := 0
		for _, a := range n.args {
			if a.eval(row).kind == 0 {
				nulls++
			}
		}
		if n.text == "num_nonnulls" {
			nulls = len(n.args) - nulls
		}
		return datum{kind: 'n', n: float64(nulls)}
	}
	v := n.args[0].eval(row)
	if v.kind == 0 {
		return v
	}
	switch n.text {
	case "cardinality", "array_length":
		return elements(v.s, n.text == "array_length")
	case "length", "octet_length":
		if n.hex {
			return datum{kind: 'n', n: float64(len(v.s)/2 - 1)}
		}
	}
	switch n.text {
	case "length":
		return datum{kind: 'n', n: float64(utf8.RuneCount(v.s))}
	case "octet_length":
		return datum{kind: 'n', n: float64(len(v.s))}
	case "lower":
		v.s = bytes.ToLower(v.s)
	case "upper":
		v.s = bytes.ToUpper(v.s)
	}
	return v
}

// elements counts those of an array, each of which is in quotes. One without any has
// no length.
func elements(text []byte, length bool) datum {
	n, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			if quoted = !quoted; quoted {
				n++
			}
		}
	}
	if length && n == 0 {
		return datum{}
	}
	return datum{kind: 'n', n: float64(n)}
}

func binary(op string, a, b datum) datum {
	if a.kind == 0 || b.kind == 0 {
		return datum{}
	}
	c := 0
	switch {
	case a.kind == 'b' && b.kind == 'b':
		if a.b != b.b {
			if c = 1; b.b {
				c = -1
			}
		}
	case a.kind == 'n' || b.kind == 'n':
		x, y := a.number(), b.number()
		switch op {
		case "+":
			return datum{kind: 'n', n: x + y}
		case "-":
			return datum{kind: 'n', n: x - y}
		case "*":
			return datum{kind: 'n', n: x * y}
		}
		switch {
		case x < y:
			c = -1
		case x > y:
			c = 1
		}
	default:
		c = bytes.Compare(a.s, b.s)
	}
	switch op {
	case "=":
		return boolean(c == 0)
	case "<>":
		return boolean(c != 0)
	case "<":
		return boolean(c < 0)
	case "<=":
		return boolean(c <= 0)
	case ">":
		return boolean(c > 0)
	case ">=":
		return boolean(c >= 0)
	}
	return datum{}
}

// number reads a text as one; checks compare numbers with numbers only.
func (d datum) number() float64 {
	if d.kind == 'n' {
		return d.n
	}
	f, _ := strconv.ParseFloat(string(d.s), 64)
	return f
}

// datumOf reads a value as its type compares.
func datumOf(t *schema.Type, null bool, text []byte) datum {
	switch {
	case null:
		return datum{}
	case t.Base == "bool":
		return boolean(len(text) > 0 && text[0] == 't')
	case isNumber(t):
		return datum{kind: 'n', n: parseNumber(text)}
	}
	return datum{kind: 's', s: text}
}

// parseNumber reads digits with at most one point.
func parseNumber(text []byte) float64 {
	n, places, negative := 0.0, 1.0, false
	point := false
	for _, c := range text {
		switch {
		case c == '-':
			negative = true
		case c == '.':
			point = true
		default:
			if n = n*10 + float64(c-'0'); point {
				places *= 10
			}
		}
	}
	if negative {
		n = -n
	}
	return n / places
}
