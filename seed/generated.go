package seed

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// parse reads an expression of a table's columns. A generated column in it stands for
// what it is computed from.
func (x *table) parse(text string) (*node, error) {
	n, err := parseExpr(text, x.t.Column)
	if err != nil {
		return nil, err
	}
	return x.computed(n)
}

// computed puts the expressions of generated columns in their place.
func (x *table) computed(n *node) (*node, error) {
	if n.op == "col" && x.cols[n.column].skip {
		own, err := x.generator(n.column)
		if err == nil && !x.exact(own, x.typeOf(n.column)) {
			err = errExpr
		}
		return own, err
	}
	for i := range n.args {
		var err error
		if n.args[i], err = x.computed(n.args[i]); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// generator is the expression of a generated column.
func (x *table) generator(c int) (*node, error) { return parseExpr(x.t.Columns[c].Default, x.t.Column) }

// exact reports whether the value of an expression is not rounded when a column of a
// type gets it, and compares in that as the expression does.
func (x *table) exact(n *node, t *schema.Type) bool {
	if t.Class != schema.Base {
		return false
	}
	text, number := isText(t) && t.Base != "citext" && t.Base != "char", isNumber(t) && t.Scale >= 0 && t.Base != "float4" && t.Base != "money"
	switch n.op {
	case "col":
		return x.typeOf(n.column).Base == t.Base && holds(t, x.typeOf(n.column))
	case "lit":
		_, whole := n.whole()
		return text && n.typ == "text" || number && whole || t.Base == "bool" && n.typ == "boolean"
	case "+", "-", "*":
		fraction := func(c int) bool { return !isWhole(x.typeOf(c)) }
		return number && n.wholeLiterals() && !slices.ContainsFunc(n.columnsOf(nil), fraction)
	case "call":
		switch n.text {
		case "coalesce":
			return !slices.ContainsFunc(n.args, func(a *node) bool { return !x.exact(a, t) })
		case "lower", "upper":
			return text
		}
		return number
	}
	return t.Base == "bool"
}

// wholeLiterals reports whether all numbers in an expression are whole.
func (n *node) wholeLiterals() bool {
	if n.op == "lit" {
		_, ok := n.whole()
		return ok
	}
	return !slices.ContainsFunc(n.args, func(a *node) bool { return !a.wholeLiterals() })
}

// whole is the whole number that a literal is.
func (n *node) whole() (int64, bool) {
	v, err := strconv.ParseInt(n.text, 10, 32)
	return v, n.op == "lit" && err == nil
}

func isWhole(t *schema.Type) bool {
	return t.Class == schema.Base && slices.Contains([]string{"int2", "int4", "int8"}, t.Base)
}

// holds reports whether different values of one type are different ones of another.
func holds(t, of *schema.Type) bool {
	switch {
	case isText(t):
		return t.Base != "char"
	case isWhole(of) && t.Class == schema.Base:
		return isWhole(t) || t.Base == "float8" || t.Base == "numeric" && t.Scale >= 0
	case t.Base == "numeric":
		return of.Base == "numeric" && (t.Precision == 0 || of.Precision > 0 && t.Scale >= of.Scale)
	}
	return t.Base == of.Base
}

// tellers are columns of their own that tell the rows of a unique set apart, where
// columns of it are generated: different values of the first are different ones of
// the last. It reports whether there are such.
func (x *table) tellers(cols []int) (out []int, ok bool) {
	for _, c := range cols {
		own := []int{c}
		if x.cols[c].skip {
			n, err := x.generator(c)
			if err != nil {
				return nil, false
			}
			if own, ok = x.injective(n); !ok || slices.ContainsFunc(own, func(of int) bool { return !holds(x.typeOf(c), x.typeOf(of)) }) {
				return nil, false
			}
		}
		for _, c := range own {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out, true
}

// injective finds the columns of an expression that has another value for each other
// value of them, as rows are made.
func (x *table) injective(n *node) ([]int, bool) {
	switch n.op {
	case "col":
		text := slices.Contains([]string{"", "text", "character", "bpchar", "varchar", "citext"}, n.typ)
		if !n.usable(x.typeOf) || isText(x.typeOf(n.column)) && !text {
			return nil, false
		}
		return x.tellers([]int{n.column})
	case "+", "-", "*":
		for i, a := range n.args {
			if v, ok := a.whole(); ok && (n.op != "*" || v != 0) {
				cols, ok := x.injective(n.args[1-i])
				return cols, ok && isNumber(x.typeOf(cols[0]))
			}
		}
	case "||":
		return x.joined(n.pieces(nil))
	case "call":
		switch n.text {
		case "coalesce":
			if n.args[0].op == "col" {
				x.cols[n.args[0].column].spec.notNull = true
			}
			return x.injective(n.args[0])
		case "lower", "upper", "md5":
			return x.injective(n.args[0])
		}
	}
	return nil, false
}

// pieces are what || joins.
func (n *node) pieces(to []*node) []*node {
	if n.op != "||" {
		return append(to, n)
	}
	return n.args[1].pieces(n.args[0].pieces(to))
}

// joined is injective for texts after each other: with one column in them, or where
// all but one are numbers that a text between them ends.
func (x *table) joined(pieces []*node) (cols []int, ok bool) {
	texts, apart := 0, true
	for _, p := range pieces {
		if p.op == "lit" {
			apart = apart || p.text != "" && strings.Trim(p.text, "0123456789") == p.text
			continue
		}
		own, ok := x.injective(p)
		if !ok || !apart {
			return nil, false
		}
		if p.op != "col" || !isWhole(x.typeOf(p.column)) {
			texts++
		}
		cols, apart = append(cols, own...), false
	}
	return cols, len(cols) > 0 && texts < 2
}

// strict are the columns that must not be NULL for an expression not to be.
func (n *node) strict(to []int) []int {
	args := n.args
	switch {
	case n.op == "isnull", n.op == "call" && strings.HasPrefix(n.text, "num_"):
		return to
	case n.op == "col":
		return append(to, n.column)
	case n.op == "call" && n.text == "coalesce":
		args = args[len(args)-1:]
	}
	for _, a := range args {
		to = a.strict(to)
	}
	return to
}

// takeGenerated takes in what the types of generated columns say of their values.
func (b *builder) takeGenerated(x *table) {
	for c := range x.cols {
		if !x.cols[c].skip {
			continue
		}
		if x.t.Columns[c].NotNull {
			if n, err := x.generator(c); err != nil {
				b.untested(x, "not null of column "+x.t.Columns[c].Name)
			} else {
				for _, of := range n.strict(nil) {
					x.cols[of].spec.notNull = true
				}
			}
		}
		if d := x.typeOf(c).Domain; d != nil {
			for _, text := range d.Checks {
				b.takeGeneratedDomain(x, c, "domain "+d.Name.String(), text)
			}
		}
	}
}

// takeGeneratedDomain takes in a check of a generated column's domain.
func (b *builder) takeGeneratedDomain(x *table, c int, name, text string) {
	n, err := parseExpr(text, func(value string) int {
		if strings.EqualFold(value, "value") {
			return c
		}
		return -1
	})
	if err == nil {
		n, err = x.computed(n)
	}
	if err != nil || !n.usable(x.typeOf) {
		b.untested(x, name)
		return
	}
	x.checks = append(x.checks, check{name: name, expr: n})
}
