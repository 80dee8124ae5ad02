package seed

import (
	"fmt"
	"slices"
)

// choose says how a foreign key chooses parents, as if it were not unique.
func (x *table) choose(f *foreign) error {
	s := f.src
	*s = source{self: s.self, family: s.family, match: s.match, found: s.found, limited: s.limited}
	s.size, s.seed = f.parent.rows, hashName(x.seed, f.k.Name)
	if s.found || s.limited {
		s.size = f.parent.limit()
	}
	if s.found {
		s.size = min(s.size, max(x.rows/uint64(max(len(x.dealt), 1)), 1))
	}
	s.nulls = share(10)
	for _, c := range f.cols {
		if x.cols[c].src == s && x.cols[c].spec.notNull || f.k.MatchFull && f.taken != nil {
			s.nulls = 0
		}
		if v := x.cols[c].value; v != nil && v.Null != nil {
			s.nulls = part64(*v.Null)
		}
	}
	if s.match != nil && !s.self {
		if s.size = s.match.settle(); s.size == 0 && s.nulls == 0 && x.rows > 0 && f.parent.rows > 0 {
			return &Error{Table: x.t, Constraint: f.k.Name, Reason: fmt.Sprintf("not every row has one of %s that shares its other keys' columns", f.parent.t.Name)}
		}
	}
	x.adopt(f)
	if err := x.admit(f); err != nil {
		return err
	}
	if s.match == nil && !s.found && !s.limited && s.deal == 0 {
		x.spread(f)
		x.follows(f)
	} else if f.share != nil && (f.share.High > 0 || f.share.Curve != Even) && s.mode == drawn {
		return &Error{Table: x.t, Constraint: f.k.Name, Reason: "children per parent cannot be chosen: the key shares columns with another, or its checks or partitions choose parents"}
	}
	if s.size == 0 && s.nulls == 0 && x.rows > 0 {
		return &tooMany{0, f.k.Name}
	}
	return nil
}

// admit leaves a foreign key the parents that the checks of its columns allow.
func (x *table) admit(f *foreign) error {
	s := f.src
	conds, name := x.told(f)
	if !f.known() { // by a cycle: tested row by row
		for _, n := range conds {
			if !slices.ContainsFunc(x.checks, func(k check) bool { return k.expr == n }) {
				x.checks = append(x.checks, check{name: name, expr: n})
			}
		}
		return nil
	}
	if s.deal > 0 || !f.early(x) || len(conds) == 0 && !f.mayLack() {
		return nil
	}
	rows, _ := x.parents(f, conds)
	if len(rows) == 0 && name == "" {
		return &tooMany{0, f.k.Name}
	}
	if len(rows) == 0 {
		if s.nulls == 0 && x.rows > 0 && f.parent.rows > 0 {
			return &Error{Table: x.t, Constraint: name, Reason: fmt.Sprintf("no row of %s satisfies it", f.parent.t.Name)}
		}
		s.size = 0
		return nil
	}
	s.deal, s.among, s.size = 1, [][]uint64{rows}, uint64(len(rows))
	return nil
}

// mayLack reports whether rows of the parent may be NULL in columns of the key.
func (f *foreign) mayLack() bool {
	for _, c := range f.pcols {
		for _, p := range chain(f.parent, c) {
			if s := p.x.cols[p.c].src; s.end > 0 || s.nullIn != nil || s.mode == before || s.mode == never || s.mode == itself {
				return true
			}
		}
	}
	return false
}

// known reports whether values of the key's parent can be computed by now.
func (f *foreign) known() bool {
	for _, c := range f.pcols {
		for _, p := range chain(f.parent, c) {
			if p.x.cols[p.c].src == nil {
				return false
			}
		}
	}
	return true
}

// early reports whether a key's parents are known when x is counted, and may be
// any of them.
func (f *foreign) early(x *table) bool {
	return f.parent != x && f.how == "" && f.src.match == nil && !f.src.found && !f.src.limited
}

// told is what checks say of columns that a key gives their values.
func (x *table) told(f *foreign) (conds []*node, name string) {
	for _, c := range f.cols {
		if x.cols[c].src != f.src {
			continue
		}
		for _, k := range x.cols[c].spec.told {
			conds, name = append(conds, k.expr), k.name
		}
	}
	return conds, name
}

// pools sizes the pools of values: a few rows share one, unless one of the
// columns is unique.
func (b *builder) pools() {
	for _, x := range b.tables {
		if !x.virtual {
			continue
		}
		most, alone := uint64(0), false
		least := many
		for _, f := range b.keys {
			if f.parent == x {
				most, least = max(most, f.child.rows), min(least, f.child.rows)
				alone = alone || slices.ContainsFunc(f.child.unique, func(u unique) bool { return len(u.cols) == 1 && u.cols[0] == f.cols[0] })
			}
		}
		if x.rows = max(least/5, 1); alone {
			x.rows = most
		}
		if x.room > 0 {
			x.rows = min(x.rows, x.room)
		}
	}
}

// tells reports whether rows with different numbers of a source differ in the
// columns of a unique set.
func (x *table) tells(u unique, s *source) bool {
	f := x.keyOf(s)
	if f == nil {
		return true
	}
	for _, c := range f.cols {
		if !slices.Contains(u.cols, c) && !slices.ContainsFunc(f.parent.unique, func(p unique) bool {
			return p.predicate == nil && len(p.cols) == 1 && slices.ContainsFunc(f.cols, func(c int) bool {
				return slices.Contains(u.cols, c) && p.cols[0] == f.pcols[slices.Index(f.cols, c)]
			})
		}) {
			return false
		}
	}
	if s.match == nil || s.match.self || len(s.match.up) == 0 {
		return true
	}
	first := s.match.up[0]
	return slices.Contains(x.sourcesOf(u), first) && x.tells(u, first)
}
