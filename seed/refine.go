package seed

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// domain takes in what the checks of the type's domain say; it returns those
// that every row has to be tested for, and reports whether all were understood.
func (s *spec) domain() (rest []*node, ok bool) { return s.domainAt(0) }

func (s *spec) domainAt(column int) (rest []*node, ok bool) {
	d := s.typ.Domain
	if d == nil {
		return nil, true
	}
	s.notNull = s.notNull || d.NotNull
	ok = true
	for _, text := range d.Checks {
		n, err := parseExpr(text, func(name string) int {
			if strings.EqualFold(name, "value") {
				return column
			}
			return -1
		})
		if err != nil || !n.usable(func(int) *schema.Type { return s.typ }) {
			ok = false
			continue
		}
		if !s.refine(n, column) {
			rest = append(rest, n)
			continue
		}
		s.told = append(s.told, check{name: "domain " + d.Name.String(), expr: n})
	}
	return rest, ok
}

// refine narrows the values of a column to what an expression allows; it
// reports whether that is all that the expression says.
func (s *spec) refine(n *node, column int) bool {
	switch n.op {
	case "and":
		a := s.refine(n.args[0], column)
		return s.refine(n.args[1], column) && a
	case "or":
		return s.refineOr(n, column)
	case "col":
		return n.column == column && s.only([]string{"t"})
	case "not":
		switch x := n.args[0]; {
		case x.op == "isnull" && isColumn(x.args[0], column):
			s.notNull = true
			return true
		case x.op == "col" && x.column == column:
			return s.only([]string{"f"})
		case x.op == "any" && isColumn(x.args[0], column):
			s.except = append(s.except, x.list...)
		}
		return false
	case "any":
		return isColumn(n.args[0], column) && s.only(n.list)
	case "~":
		if isColumn(n.args[0], column) {
			s.patterns = append(s.patterns, n.text)
		}
		return false
	}
	if len(n.args) == 2 {
		return s.refineComparison(n, column)
	}
	return false
}

func isColumn(n *node, column int) bool { return n.op == "col" && n.column == column }

// only leaves the values of a list.
func (s *spec) only(values []string) bool {
	if s.list != nil {
		var both []string
		for _, v := range s.list {
			if slices.Contains(values, v) {
				both = append(both, v)
			}
		}
		if values = both; values == nil {
			values = []string{}
		}
	}
	s.list = values
	return true
}

// refineOr understands "column is null or …" and equalities of one column.
func (s *spec) refineOr(n *node, column int) bool {
	for i, a := range n.args {
		if a.op == "isnull" && isColumn(a.args[0], column) && !s.notNull {
			s.refine(n.args[1-i], column)
			return s.refinable(n.args[1-i], column)
		}
	}
	if values := equalities(n, column); values != nil {
		return s.only(values)
	}
	if lo, hi, ok := s.around(n, column); ok && (isNumber(s.typ) || isTime(s.typ)) {
		if lo.text != "" && (s.lo.text == "" || tighter(lo.text, s.lo.text)) {
			s.lo = lo
		}
		if hi.text != "" && (s.hi.text == "" || tighter(s.hi.text, hi.text)) {
			s.hi = hi
		}
	}
	return false
}

// around is the bounds of all that the sides of an OR allow, if each says
// something of the column alone.
func (s *spec) around(n *node, column int) (lo, hi bound, ok bool) {
	if n.op != "or" {
		trial := spec{typ: s.typ, name: s.name}
		if !trial.refine(n, column) {
			return lo, hi, false
		}
		for i, v := range trial.list {
			if i == 0 || tighter(trial.lo.text, v) {
				trial.lo = bound{text: v}
			}
			if i == 0 || tighter(v, trial.hi.text) {
				trial.hi = bound{text: v}
			}
		}
		return trial.lo, trial.hi, true
	}
	lo, hi, ok = s.around(n.args[0], column)
	l, h, also := s.around(n.args[1], column)
	if !ok || !also {
		return lo, hi, false
	}
	if lo.text == "" || l.text == "" {
		lo = bound{}
	} else if tighter(lo.text, l.text) {
		lo = l
	}
	if hi.text == "" || h.text == "" {
		hi = bound{}
	} else if tighter(h.text, hi.text) {
		hi = h
	}
	return lo, hi, true
}

// refinable reports whether refine says all of an expression, without taking it
// in.
func (s *spec) refinable(n *node, column int) bool {
	trial := spec{typ: s.typ, name: s.name}
	return trial.refine(n, column)
}

func equalities(n *node, column int) []string {
	switch {
	case n.op == "or":
		a, b := equalities(n.args[0], column), equalities(n.args[1], column)
		if a == nil || b == nil {
			return nil
		}
		return append(slices.Clone(a), b...)
	case n.op == "any" && isColumn(n.args[0], column):
		return n.list
	case n.op == "=" && isColumn(n.args[0], column) && n.args[1].op == "lit":
		return []string{n.args[1].text}
	}
	return nil
}

var turned = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}

func (s *spec) refineComparison(n *node, column int) bool {
	op, left, right := n.op, n.args[0], n.args[1]
	if left.op == "lit" {
		op, left, right = turned[op], right, left
	}
	if op == "=" {
		for i, x := range []*node{left, right} {
			y := []*node{right, left}[i]
			if isColumn(x, column) && y.op == "call" && (y.text == "lower" || y.text == "upper") && isColumn(y.args[0], column) {
				s.small = y.text
				return true
			}
		}
	}
	if right.op != "lit" {
		return false
	}
	if left.op == "call" && isColumn(left.args[0], column) && left.measures(s.typ) {
		return s.refineLength(op, right.text) && !(left.text == "octet_length" && s.isText()) // of some characters
	}
	if !isColumn(left, column) {
		return false
	}
	switch op {
	case "=":
		return s.only([]string{right.text})
	case "<>":
		s.except = append(s.except, right.text)
		if right.text == "" && s.isText() {
			s.minLen = max(s.minLen, 1)
		}
	case ">", ">=":
		if s.lo.text == "" || tighter(right.text, s.lo.text) {
			s.lo = bound{right.text, op == ">"}
		}
		return s.typ.Class == schema.Base
	case "<", "<=":
		if s.hi.text == "" || tighter(s.hi.text, right.text) {
			s.hi = bound{right.text, op == "<"}
		}
		return s.typ.Class == schema.Base
	}
	return false
}

// tighter reports whether a is above b.
func tighter(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return x > y
	}
	return a > b
}

func (s *spec) refineLength(op, text string) bool {
	f, err := strconv.ParseFloat(text, 64)
	v := int(f)
	if err != nil || v < 0 || f > 1<<20 || v == 0 && strings.HasPrefix(op, "<") || v == 0 && op == "=" || v == 1 && op == "<" {
		return false
	}
	upper := func(n int) {
		if s.maxLen == 0 || n < s.maxLen {
			s.maxLen = n
		}
	}
	switch op {
	case "=":
		s.minLen = max(s.minLen, v)
		upper(v)
	case ">":
		s.minLen = max(s.minLen, v+1)
	case ">=":
		s.minLen = max(s.minLen, v)
	case "<":
		upper(v - 1)
	case "<=":
		upper(v)
	default:
		return false
	}
	return true
}

// measures reports whether a call is the length of values of a type: characters,
// bytes or elements.
func (n *node) measures(t *schema.Type) bool {
	switch n.text {
	case "length", "octet_length":
		return isText(t) || t.Class == schema.Base && t.Base == "bytea"
	case "cardinality", "array_length":
		return t.Class == schema.Array
	}
	return false
}

func (s *spec) isText() bool { return isText(s.typ) }

func isText(t *schema.Type) bool {
	switch t.Base {
	case "text", "varchar", "bpchar", "citext", "name", "char":
		return t.Class == schema.Base
	}
	return false
}

func isNumber(t *schema.Type) bool {
	switch t.Base {
	case "int2", "int4", "int8", "numeric", "float4", "float8", "money", "oid":
		return t.Class == schema.Base
	}
	return false
}

func isTime(t *schema.Type) bool {
	switch t.Base {
	case "date", "timestamp", "timestamptz":
		return t.Class == schema.Base
	}
	return false
}

// usable reports whether eval computes what the server does: numbers are added
// and compared, texts only told apart, times compared.
func (n *node) usable(typ func(int) *schema.Type) bool {
	for _, a := range n.args {
		if !a.usable(typ) {
			return false
		}
	}
	columns := func(is func(*schema.Type) bool) bool {
		for _, a := range n.args {
			if a.op == "col" && !is(typ(a.column)) {
				return false
			}
		}
		return true
	}
	plain := func(t *schema.Type) bool {
		return isText(t) || isNumber(t) || isTime(t) || t.Base == "bool" || t.Class == schema.EnumType || t.Base == "uuid"
	}
	n.foldOf(typ)
	switch n.op {
	case "lit":
		n.value = n.literal()
	case "col":
		return castsTo(typ(n.column), n.typ) && (!n.cut || typ(n.column).Domain != nil)
	case "||":
		return false
	case "+", "-", "*":
		return columns(isNumber)
	case "<", "<=", ">", ">=":
		return columns(isNumber) || columns(isTime) || n.bound && columns(func(t *schema.Type) bool { return isText(t) || t.Base == "uuid" })
	case "=", "<>", "any":
		return columns(plain)
	case "~":
		return columns(isText)
	case "call":
		switch n.text {
		case "md5":
			return false
		case "lower", "upper":
			return columns(isText)
		case "length", "octet_length":
			n.hex = n.args[0].op == "col" && typ(n.args[0].column).Base == "bytea"
			return columns(n.measures)
		case "cardinality", "array_length":
			return n.args[0].op == "col" && columns(n.measures)
		}
	case "and", "or", "not":
		return columns(func(t *schema.Type) bool { return t.Base == "bool" })
	}
	return true
}

// castsTo reports whether the values of a column compare alike after a cast: to
// another of the types that do, or from a domain to what it is over.
func castsTo(t *schema.Type, name string) bool {
	switch name {
	case "", "text", "character", "bpchar", "numeric", "double", "bigint", "varchar", "citext":
		return true
	}
	if base, ok := map[string]string{"integer": "int4", "smallint": "int2", "real": "float4", "boolean": "bool"}[name]; ok {
		name = base
	}
	return t.Domain != nil && t.Base == name
}

// foldOf notes that a comparison is one of citext.
func (n *node) foldOf(typ func(int) *schema.Type) {
	for _, a := range n.args {
		if a.op != "col" || typ(a.column).Base != "citext" || a.typ != "" && a.typ != "citext" {
			continue
		}
		switch n.op {
		case "=", "<>", "any":
			n.fold = true
		case "~":
			if re, err := regexp.Compile("(?i)" + n.text); err == nil {
				n.fold, n.re = true, re
			}
		}
	}
}

// columnsOf adds the columns that an expression names.
func (n *node) columnsOf(to []int) []int {
	if n.op == "col" && !slices.Contains(to, n.column) {
		to = append(to, n.column)
	}
	for _, a := range n.args {
		to = a.columnsOf(to)
	}
	return to
}

// conjuncts cuts an expression at its outer ANDs.
func (n *node) conjuncts() []*node {
	if n.op != "and" {
		return []*node{n}
	}
	return append(n.args[0].conjuncts(), n.args[1].conjuncts()...)
}
