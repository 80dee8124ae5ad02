package subset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// layout is the shape of one scan of a leaf: which expressions are selected,
// and where the keys and references are among the fields. Expressions of the
// rules are evaluated in an inner select that sees nothing but the table under
// its logical name; parents looked up on the server are joined outside of it.
type layout struct {
	g     *graph
	leaf  *leaf
	from  string // with alias
	alias string
	inner []string
	joins []string
	outer []string // field expressions; the first is the ctid
	known map[string]int
	order string // over the outer select, or ""
	keys  []keyField
	refs  []refField
}

type keyField struct {
	space *space
	pos   []int // fields of the key's parts, none for row identities
}

type refField struct {
	ref              *ref
	pos              []int // fields of the key's parts
	active, oid, tid int   // for row identities
	list             int   // for an array's elements: places and row identities
	ord              int   // where the scan has a row for each element: its place; else 0
	joined           bool  // the parent's row identity is there whatever space is
}

func newLayout(g *graph, l *leaf) *layout {
	lay := newLayoutOn(g, l.table, l.node.table)
	lay.leaf = l
	return lay
}

// newLayoutOn scans table t, all of its partitions if it has any, under the
// name of its logical table.
func newLayoutOn(g *graph, t, logical *schema.Table) *layout {
	lay := &layout{g: g, known: map[string]int{}, alias: schema.QuoteIdent(logical.Name.Name)}
	lay.from = relation(t) + " as " + lay.alias
	lay.field(lay.alias + ".ctid")
	return lay
}

// relation is t in a FROM clause: its own rows, or those of its partitions.
func relation(t *schema.Table) string {
	if t.Kind == schema.Partitioned {
		return t.Name.SQL()
	}
	return "only " + t.Name.SQL()
}

// field adds an expression over the table and returns its field number.
func (l *layout) field(sql string) int {
	if i, ok := l.known[sql]; ok {
		return i
	}
	i := len(l.outer)
	l.known[sql] = i
	l.inner = append(l.inner, sql+" as c"+strconv.Itoa(i))
	l.outer = append(l.outer, "i.c"+strconv.Itoa(i))
	return i
}

// table is the logical table that is read; nil for one that is under another's name.
func (l *layout) table() *schema.Table {
	if l.leaf == nil {
		return nil
	}
	return l.leaf.node.table
}

// joined adds an expression over a joined parent.
func (l *layout) joined(sql string) int {
	l.outer = append(l.outer, sql)
	return len(l.outer) - 1
}

func (l *layout) column(t *schema.Table, c int) string {
	return l.alias + "." + schema.QuoteIdent(t.Columns[c].Name)
}

func (l *layout) addKey(s *space) {
	k := keyField{space: s}
	for _, c := range s.cols {
		k.pos = append(k.pos, l.field(l.column(s.table, c)))
	}
	l.keys = append(l.keys, k)
}

func (l *layout) addRef(r *ref) {
	f := refField{ref: r}
	if !r.space.rowID() {
		for _, c := range r.cols {
			f.pos = append(f.pos, l.field(l.column(r.Child, c)))
		}
		l.refs = append(l.refs, f)
		return
	}
	values, active := l.values(r)
	f.active = l.field(active)
	p := "p" + strconv.Itoa(len(l.joins))
	if r.Array {
		f.list = l.addElements(r, p, l.outer[f.active], l.outer[l.field(values[0])])
		l.refs = append(l.refs, f)
		return
	}
	on := []string{l.outer[f.active]}
	for i, v := range values {
		on = append(on, l.g.equal(p, &r.Parent.Columns[r.parentCols[i]], l.outer[l.field(v)], r.childColumn(i)))
	}
	l.joins = append(l.joins, fmt.Sprintf(" left join %s as %s on %s", relation(r.Parent), p, strings.Join(on, " and ")))
	f.oid = l.joined(p + ".tableoid")
	f.tid = l.joined(p + ".ctid")
	l.refs = append(l.refs, f)
}

// addElements joins the parents of an array's elements as one text: for each
// element its place and its parent's row identity, which is empty for an
// orphan.
func (l *layout) addElements(r *ref, p, active, array string) int {
	child := element(&r.Child.Columns[r.cols[0]])
	l.joins = append(l.joins, fmt.Sprintf(" left join lateral (select pg_catalog.string_agg(pg_catalog.concat(u.o, ':', k.tableoid, k.ctid), ' ') as list"+
		" from pg_catalog.unnest(%s) with ordinality as u(e, o) left join %s as k on %s where u.e is not null) as %s on %s",
		array, relation(r.Parent), l.g.equal("k", &r.Parent.Columns[r.parentCols[0]], "u.e", &child), p, active))
	return l.joined(p + ".list")
}

// addLink joins the row identities of parents in a table, the reference's own
// or a part of it, that pass a condition over p. With left set rows without
// such a parent stay. Of an array every element that is not NULL is a row.
func (l *layout) addLink(r *ref, parent *schema.Table, cond string, left bool) {
	f := refField{ref: r, joined: true}
	values, active := l.values(r)
	f.active = l.field(active)
	join := " join "
	if left {
		join = " left join "
	}
	if r.Array {
		l.joins = append(l.joins, fmt.Sprintf(" join lateral pg_catalog.unnest(%s) with ordinality as u(e, o) on %s and u.e is not null",
			l.outer[l.field(values[0])], l.outer[f.active]))
		child := element(&r.Child.Columns[r.cols[0]])
		l.joins = append(l.joins, join+relation(parent)+" as p on "+
			and(l.g.equal("p", &r.Parent.Columns[r.parentCols[0]], "u.e", &child), cond))
		f.ord = l.joined("u.o")
	} else {
		on := []string{l.outer[f.active]}
		for i, v := range values {
			on = append(on, l.g.equal("p", &r.Parent.Columns[r.parentCols[i]], l.outer[l.field(v)], r.childColumn(i)))
		}
		l.joins = append(l.joins, join+relation(parent)+" as p on "+and(append(on, cond)...))
	}
	f.oid = l.joined("p.tableoid")
	f.tid = l.joined("p.ctid")
	l.refs = append(l.refs, f)
}

// values lists what a reference compares, and when it is on.
func (l *layout) values(r *ref) (values []string, active string) {
	var conds []string
	if r.Expr != "" {
		values = append(values, "("+r.Expr+")")
	}
	for _, c := range r.cols {
		values = append(values, l.column(r.Child, c))
	}
	for _, v := range values {
		conds = append(conds, v+" is distinct from null")
	}
	if r.When != "" {
		conds = append(conds, "("+r.When+") is true")
	}
	return values, "(" + strings.Join(conds, " and ") + ")"
}

// childColumn is the column of a value, nil for an expression.
func (r *ref) childColumn(i int) *schema.Column {
	if r.Expr != "" {
		return nil
	}
	return &r.Child.Columns[r.cols[i]]
}

// element is an array column as each of its elements is.
func element(c *schema.Column) schema.Column {
	out := *c
	out.Type = *c.Type.Elem
	return out
}

// equal compares a parent's column with a child's value as the foreign key
// does. The child is nil for an expression.
func (g *graph) equal(p string, parent *schema.Column, value string, child *schema.Column) string {
	left := p + "." + schema.QuoteIdent(parent.Name)
	if parent.Type.Base == "bpchar" && parent.Type.Builtin && (child == nil || child.Type.Base != "bpchar") {
		value = "(" + value + ")::pg_catalog.bpchar"
	}
	if child != nil && child.Collation != parent.Collation {
		collation := parent.Collation
		if collation == "" {
			collation = `pg_catalog."default"`
		}
		value = "(" + value + ") collate " + collation
	}
	op := "operator(pg_catalog.=)"
	for _, e := range g.schema.Extensions {
		if parent.Type.Extension != "" && e.Name == parent.Type.Extension && parent.Type.Class == schema.Base {
			op = "operator(" + schema.QuoteIdent(e.Schema) + ".=)"
			if child == nil || child.Type.Base != parent.Type.Base {
				value = "(" + value + ")::" + schema.QuoteIdent(e.Schema) + "." + schema.QuoteIdent(parent.Type.Base)
			}
		}
	}
	return left + " " + op + " " + value
}

// sql is the query; where is over the table under its alias, "" for all rows.
func (l *layout) sql(where string) string {
	if where != "" {
		where = " where " + where
	}
	order := ""
	if l.order != "" {
		order = " order by " + l.order
	}
	if len(l.joins) == 0 && l.order == "" {
		return "select " + strings.Join(l.inner, ", ") + " from " + l.from + where
	}
	return "select " + strings.Join(l.outer, ", ") + " from (select " + strings.Join(l.inner, ", ") +
		" from " + l.from + where + ") as i" + strings.Join(l.joins, "") + order
}

// and joins conditions, leaving out empty ones.
func and(conds ...string) string { return combine(conds, " and ") }

// or joins conditions.
func or(conds ...string) string { return combine(conds, " or ") }

func combine(conds []string, op string) string {
	var out []string
	for _, c := range conds {
		if c != "" {
			out = append(out, "("+c+")")
		}
	}
	return strings.Join(out, op)
}

// restriction is the table's where, "" for none.
func (n *node) restriction() string {
	if n.restrict.Rows == WhereRows {
		return n.restrict.Where
	}
	return ""
}

// in says, as a condition over the table, that a key is in one of the sets; ok
// is false if it cannot be said, or only at too great a length.
func (w *walk) in(l *layout, t *schema.Table, cols []int, fams []family, sets ...*keySet) (string, bool) {
	var n int64
	for _, s := range sets {
		if n += s.len(); s.every() || n > w.most(l.leaf) {
			return "", false
		}
	}
	if !sayable(fams) {
		return "", false
	}
	return l.among(t, cols, fams, func(fn func(key) bool) {
		for _, s := range sets {
			s.each(fn)
		}
	}), true
}

// most is how many keys a query on a leaf may hold. A key costs the server about
// as much to read as three rows cost to be sent and judged here; a set of more
// keys makes the query's text too long.
func (w *walk) most(l *leaf) int64 {
	return max(w.p.tune.push, min(w.p.tune.most, estimate(l.table)/3))
}

// sayable reports whether keys can be written as constants.
func sayable(fams []family) bool {
	return len(fams) > 0 && !slices.ContainsFunc(fams, func(f family) bool { return f.literalType() == "" })
}

// among says, as a condition over the table, that a key is one of those.
func (l *layout) among(t *schema.Table, cols []int, fams []family, each func(func(key) bool)) string {
	arrays := arrayConstants(fams, each)
	if len(cols) == 1 && l.g.schema.ServerVersion >= 140000 { // older servers search the array for every row
		return l.column(t, cols[0]) + " operator(pg_catalog.=) any(" + arrays[0] + ")"
	}
	var left, right []string
	for i, c := range cols {
		left = append(left, l.column(t, c))
		right = append(right, "u"+strconv.Itoa(i))
	}
	for i := range arrays {
		arrays[i] = "pg_catalog.unnest(" + arrays[i] + ")"
	}
	return fmt.Sprintf("(%s) in (select %s from rows from (%s) as u(%[2]s))",
		strings.Join(left, ", "), strings.Join(right, ", "), strings.Join(arrays, ", "))
}

// leadsTo says, as a condition over the child, that a reference leads to a key
// in one of the sets; ok is false as with in.
func (w *walk) leadsTo(l *layout, r *ref, sets ...*keySet) (string, bool) {
	s := r.pushes()
	if !r.Array || s.rowID() {
		return w.in(l, r.Child, r.cols, s.families, sets...)
	}
	var n int64
	for _, set := range sets {
		if n += set.len(); set.every() || n > w.most(l.leaf) {
			return "", false
		}
	}
	column := l.column(r.Child, r.cols[0])
	elem := r.Child.Columns[r.cols[0]].Type.Elem
	overlap := elem.Builtin && elem.Domain == nil && elem.Class == schema.Base && indexed(r, l.leaf.table)
	array := arrayConstants(s.families, func(fn func(key) bool) {
		for _, set := range sets {
			set.each(func(k key) bool { return overlap && !fits(elem, k) || fn(k) })
		}
	})[0]
	if overlap { // an index knows its own type only
		return column + " operator(pg_catalog.&&) " + array + "::pg_catalog." + schema.QuoteIdent(elem.Base) + "[]", true
	}
	return "exists (select from pg_catalog.unnest(" + column + ") as u(e) where u.e operator(pg_catalog.=) any(" + array + "))", true
}

// fits reports whether a value of an integer type can be the key.
func fits(t *schema.Type, k key) bool {
	n := int64(k.n)
	switch t.Base {
	case "int2":
		return n == int64(int16(n))
	case "int4":
		return n == int64(int32(n))
	}
	return true
}

// arrayConstants writes the parts of all keys, one array a column.
func arrayConstants(fams []family, each func(func(key) bool)) []string {
	bufs := make([][]byte, len(fams))
	for i := range bufs {
		bufs[i] = append(bufs[i], `E'{`...)
	}
	first := true
	var text []byte
	each(func(k key) bool {
		rest := k.b
		for i := range fams {
			if !first {
				bufs[i] = append(bufs[i], ',')
			}
			switch {
			case k.b == nil:
				bufs[i] = strconv.AppendInt(bufs[i], int64(k.n), 10)
			case len(fams) == 1:
				text = fams[i].appendUnpacked(text[:0], k.b)
				bufs[i] = appendElement(bufs[i], text)
			default:
				var part []byte
				part, rest = cutPackedPart(rest)
				text = fams[i].appendUnpacked(text[:0], part)
				bufs[i] = appendElement(bufs[i], text)
			}
		}
		first = false
		return true
	})
	out := make([]string, len(fams))
	for i, b := range bufs {
		out[i] = string(b) + `}'::` + fams[i].literalType() + "[]"
	}
	return out
}
