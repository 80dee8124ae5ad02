package seed

import (
	"fmt"
	"slices"

	"github.com/pgstandin/pgstandin/schema"
)

// match finds parents for a foreign key of which some columns belong to another:
// the rows of its parent that have the same there.
type match struct {
	up   []*source // from the row to the row that both keys lead to
	hops []hop     // from there down to the parent
	self bool      // the parent is the table itself: a row before
}

// hop is a table whose rows are found by the row that they reference.
type hop struct {
	x     *table
	src   *source
	count uint64 // rows that reference one, at least
}

// overlap settles the keys that share columns with others.
func (b *builder) overlap() error {
	for _, f := range slices.Clone(b.keys) {
		if f.src == nil {
			if b.leads(f) {
				continue
			}
			if len(f.cols) > 1 {
				return &Error{Table: f.child.t, Constraint: f.k.Name, Reason: "foreign keys of several columns that all belong to other keys, which lead elsewhere, are not supported"}
			}
			if _, err := b.meet(f, f.cols); err != nil {
				return err
			}
			continue
		}
		if f.taken == nil {
			continue
		}
		m, err := b.meet(f, f.taken)
		if err != nil {
			return err
		}
		if f.src.match = m; m.self {
			f.src.mode = drawn
		}
	}
	return nil
}

// leads reports whether a key whose columns all come from others leads to the
// same row as they do.
func (b *builder) leads(f *foreign) bool {
	depth := -1
	for i, c := range f.cols {
		at := slices.Index(chain(f.child, c), place{f.parent, f.pcols[i]})
		if at < 0 || depth >= 0 && depth != at {
			return false
		}
		depth = at
	}
	return true
}

// meet finds the row that a key's parent must share with the child by some
// columns, and lets the tables between be found by it.
func (b *builder) meet(f *foreign, cols []int) (*match, error) {
	var out *match
	var at *table
	for _, c := range cols {
		q := f.pcols[slices.Index(f.cols, c)]
		m, y, err := b.meetBy(f, c, q)
		if err != nil {
			return nil, err
		}
		if out != nil && (at != y || !slices.Equal(m.up, out.up) || len(m.hops) != len(out.hops)) {
			return nil, &Error{Table: f.child.t, Constraint: f.k.Name, Reason: "foreign keys that share columns with several others are not supported"}
		}
		out, at = m, y
	}
	at.limits = append(at.limits, out.tables()...)
	for _, h := range out.hops {
		h.src.found = true
	}
	for _, s := range out.up {
		s.limited = true
	}
	return out, nil
}

func (m *match) tables() []*table {
	var out []*table
	for _, h := range m.hops {
		out = append(out, h.x)
	}
	return out
}

func (b *builder) meetBy(f *foreign, c, q int) (*match, *table, error) {
	up, down := chain(f.child, c), chain(f.parent, q)
	self := f.child == f.parent && c == q
	if self && len(up) == 1 && !up[0].x.virtual {
		b.pool(up[0])
		up, down = chain(f.child, c), chain(f.parent, q)
	}
	i, j := meeting(up, down, self)
	if i < 0 && !self {
		if err := b.unify(f, up[len(up)-1], down[len(down)-1]); err != nil {
			return nil, nil, err
		}
		up, down = chain(f.child, c), chain(f.parent, q)
		i, j = meeting(up, down, false)
	}
	m := &match{self: self}
	if i < 0 { // its own column, of its own: the row is its own parent
		return m, f.child, nil
	}
	for _, p := range up[:i] {
		m.up = append(m.up, p.x.cols[p.c].src)
	}
	for k := j - 1; k >= 0; k-- {
		p := down[k]
		s := p.x.cols[p.c].src
		if s.self || s.match != nil || p.x.keyOf(s) != nil && p.x.keyOf(s).taken != nil {
			return nil, nil, &Error{Table: f.child.t, Constraint: f.k.Name, Reason: fmt.Sprintf("foreign keys that share columns with another, through such a key of %s, are not supported", p.x.t.Name)}
		}
		m.hops = append(m.hops, hop{x: p.x, src: s})
	}
	return m, up[i].x, nil
}

// meeting is where two chains meet first.
func meeting(up, down []place, self bool) (i, j int) {
	for i, p := range up {
		if self && i == 0 {
			continue
		}
		if j := slices.Index(down, p); j >= 0 {
			return i, j
		}
	}
	return -1, -1
}

// unify lets two columns that have values of their own take them from one pool.
func (b *builder) unify(f *foreign, one, two place) error {
	s, t := &one.x.cols[one.c].spec, &two.x.cols[two.c].spec
	if s.typ.BaseOID != t.typ.BaseOID || one.x.cols[one.c].skip || two.x.cols[two.c].skip || one.x == two.x {
		return &Error{Table: f.child.t, Constraint: f.k.Name, Reason: fmt.Sprintf("its columns belong to other keys too, which lead to %s; columns of different types or of the same table are not supported there", one.x.t.Name)}
	}
	pool := one
	if !one.x.virtual {
		pool = b.pool(one)
	}
	pool.x.cols[pool.c].spec.merge(t)
	b.draws(two, pool)
	return nil
}

// pool makes a pool of values for a column.
func (b *builder) pool(one place) place {
	name, s := one.x.t.Columns[one.c].Name, &one.x.cols[one.c].spec
	x := &table{t: &schema.Table{Name: schema.Name{Schema: one.x.t.Name.Schema, Name: "values of " + one.x.t.Name.Name + "." + name}, Columns: []schema.Column{one.x.t.Columns[one.c]}},
		seed: hashName(one.x.seed, name), virtual: true, cols: []column{{after: -1, spec: *s, needed: true}}}
	x.cols[0].spec.notNull = true
	x.unique = []unique{{name: x.t.Name.Name, cols: []int{0}, key: true}}
	b.tables = append([]*table{x}, b.tables...)
	b.plan.tables[x.t] = x
	b.draws(one, place{x, 0})
	return place{x, 0}
}

// draws lets a column take its values from a pool.
func (b *builder) draws(p, pool place) {
	f := &foreign{k: &schema.ForeignKey{Name: pool.x.t.Name.Name, Child: p.x.t, Parent: pool.x.t}, child: p.x, parent: pool.x, cols: []int{p.c}, pcols: []int{pool.c}, src: &source{}}
	p.x.keys, b.keys = append(p.x.keys, f), append(b.keys, f)
	col := &p.x.cols[p.c]
	col.parent, col.parentCol, col.src = pool.x, pool.c, f.src
}

// merge takes in what another spec of the same type asks.
func (s *spec) merge(t *spec) {
	if t.list != nil {
		s.only(t.list)
	}
	if t.lo.text != "" && (s.lo.text == "" || tighter(t.lo.text, s.lo.text)) {
		s.lo = t.lo
	}
	if t.hi.text != "" && (s.hi.text == "" || tighter(s.hi.text, t.hi.text)) {
		s.hi = t.hi
	}
	s.except, s.patterns = append(slices.Clone(s.except), t.except...), append(slices.Clone(s.patterns), t.patterns...)
	s.minLen = max(s.minLen, t.minLen)
	for _, n := range []int{t.maxLen, t.typ.Length} {
		if n > 0 && (s.maxLen == 0 || n < s.maxLen) {
			s.maxLen = n
		}
	}
	if s.small == "" {
		s.small = t.small
	}
}

// limit is how many rows of a table others reference that are found by it.
func (x *table) limit() uint64 { return x.limitBy(len(x.limits) + 8) }

// limitBy is limit where tables may limit one another in a ring.
func (x *table) limitBy(depth int) uint64 {
	n := x.rows
	if depth == 0 {
		return n
	}
	for _, y := range x.limits {
		n = min(n, max(y.limitBy(depth/2)/uint64(max(len(y.dealt), 1)), 1))
	}
	return n
}

// settleMatch counts how many parents a match finds, at least.
func (m *match) settle() uint64 {
	room := uint64(1)
	for i := range m.hops {
		h := &m.hops[i]
		rows := h.x.rows
		if i+1 < len(m.hops) {
			rows = min(rows, m.hops[i+1].src.size)
		}
		h.count = h.src.times(rows)
		room *= h.count
	}
	return room
}

// times is how often a source chooses each number, at least.
func (s *source) times(rows uint64) uint64 {
	switch {
	case s.size == 0 || s.deal > 0:
		return 0
	case s.mode == counted:
		return min(1, rows/s.size)
	case s.mode == digit:
		each := s.div * max(s.base, 1) // rows in a line that take the same number
		return rows / (each * s.size) * each
	}
	return 0
}

// row is the k-th row for which a source chooses a number.
func (s *source) row(number, k uint64) uint64 {
	if s.mode == counted {
		return number
	}
	base := max(s.base, 1)
	part := k % base
	k /= base
	low := k % s.div
	if s.turn {
		number = (number + s.size - below(mix(s.seed^low), s.size)) % s.size
	}
	return (k/s.div*s.div*s.size+number*s.div+low)*base + part
}

// find is the parent number i of a row, or null where the row has none.
func (m *match) find(s *source, row, attempt, i uint64) (parent uint64, null bool) {
	if m.self && s.mode == itself {
		return row, false
	}
	at := row
	for k, up := range m.up {
		if k > 0 {
			attempt = 0
		}
		if at, null = up.at(at, attempt); null {
			return 0, s.nulls > 0
		}
	}
	if m.self {
		return m.before(s, row, at, i)
	}
	for k := range m.hops {
		h := &m.hops[k]
		if h.count == 0 {
			return 0, true
		}
		at = h.src.row(at, i%h.count)
		i /= h.count
	}
	return at, false
}

// before is a row before one with the same at.
func (m *match) before(s *source, row, at, i uint64) (uint64, bool) {
	if len(m.hops) != 1 || m.hops[0].src.mode != digit || m.hops[0].src.div != 1 || m.hops[0].src.size == 0 {
		return row, s.nulls > 0
	}
	size := m.hops[0].src.size
	rank := row / size
	switch {
	case rank == 0:
		return row, s.nulls > 0
	case s.mode == before:
		return at + (rank-1)*size, false
	}
	return at + below(mix(i), rank)*size, false
}
