package seed

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/pgstandin/pgstandin/schema"
)

// project is what an expression over several columns asks of one of them whatever
// the others hold: its values where it is not NULL. nil is anything.
func (n *node) project(column int) *node {
	switch n.op {
	case "and":
		a, b := n.args[0].project(column), n.args[1].project(column)
		if a == nil || b == nil {
			return cmp.Or(a, b)
		}
		return &node{op: "and", args: []*node{a, b}}
	case "or":
		a, b := n.args[0].project(column), n.args[1].project(column)
		switch {
		case a == nil || b == nil:
			return nil
		case isNull(a, column):
			return orNull(b, a)
		}
		return orNull(a, b)
	case "not":
		if isNull(n.args[0], column) {
			return nil // where it is not NULL it is anything
		}
	}
	if cols := n.columnsOf(nil); len(cols) == 1 && cols[0] == column {
		return n
	}
	return nil
}

func isNull(n *node, column int) bool { return n.op == "isnull" && isColumn(n.args[0], column) }

// orNull is a or b, of which b may be, or begin with, "column is null": that comes
// first.
func orNull(a, b *node) *node {
	or := func(a, b *node) *node { return &node{op: "or", args: []*node{a, b}} }
	null := func(n *node) bool { return n.op == "isnull" }
	switch {
	case null(b) && (null(a) || a.op == "or" && null(a.args[0])):
		return a
	case null(b):
		return or(b, a)
	case a.op == "or" && null(a.args[0]):
		return or(a.args[0], orNull(a.args[1], b))
	case b.op == "or" && null(b.args[0]):
		return or(b.args[0], or(a, b.args[1]))
	}
	return or(a, b)
}

// takeIn takes in what a check of several columns asks of one. The check is tested
// all the same.
func (s *spec) takeIn(n *node, column int) {
	if n == nil || isNull(n, column) {
		return
	}
	if n.op == "or" && isNull(n.args[0], column) {
		n = n.args[1] // the column may be NULL as it is
	}
	if values := s.union(n, column); values != nil {
		s.only(values)
		return
	}
	s.refine(n, column)
}

// mostListed is how many whole numbers are listed one by one.
const mostListed = 1000

// union lists the whole numbers that the sides of an OR allow, where they are few
// and each side says all: the numbers between two sides are none of them. nil
// where that is not so.
func (s *spec) union(n *node, column int) (values []string) {
	if s.typ.Class != schema.Base || !slices.Contains([]string{"int2", "int4", "int8"}, s.typ.Base) {
		return nil
	}
	if n.op == "or" {
		a, b := s.union(n.args[0], column), s.union(n.args[1], column)
		if a == nil || b == nil || len(a)+len(b) > mostListed {
			return nil
		}
		return append(a, b...)
	}
	trial := spec{typ: s.typ, name: s.name}
	if !trial.refine(n, column) || trial.except != nil {
		return nil
	}
	if trial.list != nil {
		return trial.list
	}
	lo, hi, err := trial.ends(math.MinInt64/4, math.MaxInt64/4, 0)
	if err != nil || trial.lo.text == "" || trial.hi.text == "" || hi < lo || hi-lo >= mostListed {
		return nil
	}
	for v := lo; v <= hi; v++ {
		values = append(values, strconv.FormatInt(v, 10))
	}
	return values
}
