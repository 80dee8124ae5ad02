package seed

import (
	"slices"
)

// manyParents is how many rows of a parent are looked at for those that suit a
// partition of its child.
const manyParents = 1 << 20

func (b *builder) partition() error {
	b.leaves()
	return nil
}

// deal says which partitions rows go to, and what their columns hold there.
func (x *table) deal() error {
	if x.bounds == nil {
		return nil
	}
	x.dealt = x.dealt[:0]
	x.checks = slices.DeleteFunc(x.checks, func(k check) bool { return k.name == boundsName })
	for i := range x.bounds {
		l := leaf{conds: x.bounds[i].conds, nulls: x.bounds[i].nulls, specs: map[int]spec{}, among: map[*source][]uint64{}}
		ok, err := x.suits(&l)
		if err != nil {
			return err
		}
		if ok {
			x.dealt = append(x.dealt, l)
		}
	}
	if len(x.dealt) == 0 {
		if x.rows == 0 {
			return nil
		}
		return &Error{Table: x.t, Constraint: boundsName, Reason: "no partition takes a row that its other constraints allow"}
	}
	for c := range x.cols {
		x.cols[c].dealt = slices.ContainsFunc(x.dealt, func(l leaf) bool { return l.names(c) })
	}
	for i := range x.dealt {
		for _, n := range x.dealt[i].rest {
			at, of := uint64(i), uint64(len(x.dealt))
			x.checks = append(x.checks, check{name: boundsName, expr: n, after: func(row, _ uint64) bool { return row%of == at }})
		}
	}
	return nil
}

// names reports whether a leaf has values of its own for a column.
func (l *leaf) names(c int) bool {
	if _, ok := l.specs[c]; ok {
		return true
	}
	return slices.Contains(l.nulls, c)
}

// suits finds what a partition's rows may hold; it reports whether there can be
// rows.
func (x *table) suits(l *leaf) (bool, error) {
	var named []int
	for _, n := range l.conds {
		named = n.columnsOf(named)
	}
	rest := slices.Clone(l.conds)
	done := func(n *node) { rest = slices.DeleteFunc(rest, func(m *node) bool { return m == n }) }
	for _, c := range l.nulls {
		if x.cols[c].spec.notNull || x.cols[c].needed {
			return false, nil
		}
	}
	for _, c := range named {
		col := &x.cols[c]
		if col.parent != nil {
			if f := x.keyOf(col.src); f != nil && f.parent != x && f.how == "" && f.known() {
				rows, used := x.parents(f, l.conds)
				if l.among[col.src] = rows; len(rows) == 0 {
					return false, nil
				}
				for _, n := range used {
					done(n)
				}
			}
			continue
		}
		s, left := col.spec.narrow(l.conds, c)
		for _, n := range l.conds {
			if n.columnsOf(nil)[0] == c && len(n.columnsOf(nil)) == 1 && !slices.Contains(left, n) {
				done(n)
			}
		}
		values, err := s.set(1)
		if err != nil {
			return false, &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: "its partitions: " + err.Error()}
		}
		if values.size == 0 {
			return false, nil
		}
		l.specs[c] = s
	}
	l.rest = rest
	for _, n := range rest {
		n.usable(x.typeOf)
	}
	return true, nil
}

// keyOf is the foreign key that a source chooses parents for.
func (x *table) keyOf(s *source) *foreign {
	for _, f := range x.keys {
		if f.src == s {
			return f
		}
	}
	return nil
}

// parents is the rows of a key's parent that satisfy what conditions say of the
// key's columns, and those conditions.
func (x *table) parents(f *foreign, conds []*node) (rows []uint64, used []*node) {
	for _, n := range conds {
		if !slices.ContainsFunc(n.columnsOf(nil), func(c int) bool { return x.cols[c].src != f.src }) && n.usable(x.typeOf) {
			used = append(used, n)
		}
	}
	row := make([]datum, len(x.cols))
	var buf []byte
	for r := range min(f.parent.rows, manyParents) {
		ok := true
		for i, c := range f.cols {
			var null bool
			buf, null = f.parent.append(buf[:0], f.pcols[i], r, 0)
			row[c] = datumOf(x.cols[c].spec.typ, null, slices.Clone(buf))
			ok = ok && !null
		}
		for _, n := range used {
			v := n.eval(row)
			ok = ok && v.kind == 'b' && v.b
		}
		if ok {
			rows = append(rows, r)
		}
	}
	return rows, used
}

// share gives a source of a column that partitions name its part of the deal.
func (x *table) share(c int, s *source) {
	s.deal, s.nulls = uint64(len(x.dealt)), 0
	for i := range x.dealt {
		if slices.Contains(x.dealt[i].nulls, c) {
			if s.nullIn == nil {
				s.nullIn = make([]bool, len(x.dealt))
			}
			s.nullIn[i] = true
		}
	}
}

// adopt gives the source of a foreign key the parents that suit each partition.
func (x *table) adopt(f *foreign) {
	if !slices.ContainsFunc(x.dealt, func(l leaf) bool { return l.among[f.src] != nil }) {
		return
	}
	var all []uint64 // for partitions that ask nothing
	for _, c := range f.cols {
		x.share(c, f.src)
	}
	for i := range x.dealt {
		rows := x.dealt[i].among[f.src]
		if rows == nil {
			if all == nil {
				all, _ = x.parents(f, nil)
			}
			rows = all
		}
		f.src.among = append(f.src.among, rows)
	}
	f.src.size = f.src.spread(false)
}

// spread is how many numbers a source of several lists of parents has: as many
// as the longest holds, or as the shortest where none may come twice.
func (s *source) spread(unique bool) uint64 {
	n := uint64(len(s.among[0]))
	for _, rows := range s.among {
		if k := uint64(len(rows)); unique && k < n || !unique && k > n {
			n = k
		}
	}
	return n * s.deal
}

// values is the values of a column, at least need if there are so many; for one
// that partitions name, number i is one for partition i modulo their number.
// unique is whether no two numbers may stand for the same.
func (x *table) values(c int, need uint64, unique bool) (set, error) {
	col := &x.cols[c]
	if !col.dealt {
		return col.spec.set(need)
	}
	parts := uint64(len(x.dealt))
	sets := make([]set, parts)
	var size uint64
	first := true
	out := set{num: &scale{}}
	for i := range x.dealt {
		l := &x.dealt[i]
		s, ok := l.specs[c]
		if !ok {
			s = col.spec
		}
		one, err := s.set(need/parts + 1)
		if err != nil {
			return set{}, err
		}
		if sets[i] = one; slices.Contains(l.nulls, c) {
			continue
		}
		if one.size == 0 {
			return set{}, nil
		}
		if first || unique && one.size < size || !unique && one.size > size {
			size = one.size
		}
		out.escape, out.mixed = out.escape || one.escape, out.mixed || one.mixed
		out.num = together(out.num, one.num, first)
		first = false
	}
	if out.num != nil {
		out.num.pick = func(i uint64) int64 {
			s := &sets[i%parts]
			if s.num == nil || s.size == 0 {
				return 0
			}
			return s.num.at(i / parts % s.size)
		}
	}
	out.size = min(size, many/parts) * parts
	out.append = func(dst []byte, i uint64) []byte {
		s := &sets[i%parts]
		return s.append(dst, i/parts%s.size)
	}
	return out, nil
}

// together is a scale that holds two, nil where they do not compare.
func together(a, b *scale, first bool) *scale {
	switch {
	case a == nil || b == nil:
		return nil
	case first:
		c := *b
		return &c
	case a.unit != b.unit || a.step != b.step || b.pick != nil:
		return nil
	}
	a.lo, a.hi = min(a.lo, b.lo), max(a.hi, b.hi)
	return a
}
