package seed

import (
	"slices"
	"sort"

	"github.com/pgstandin/pgstandin/schema"
)

// link gives the columns of foreign keys their parents.
func (b *builder) link() error {
	for _, k := range b.s.ForeignKeys {
		child, parent := b.plan.tables[k.Child.Root()], b.plan.tables[k.Parent]
		if parent == nil {
			return &Error{Table: k.Child, Constraint: k.Name, Reason: "references to one partition of a table are not supported"}
		}
		if slices.ContainsFunc(k.ParentColumns, func(c int) bool { return parent.cols[c].skip }) {
			return &Error{Table: k.Child, Constraint: k.Name, Reason: "foreign keys to generated columns are not supported"}
		}
		f := &foreign{k: k, child: child, parent: parent, cols: k.Child.Translate(child.t, k.Columns), pcols: k.ParentColumns}
		same := func(g *foreign) bool {
			return g.child == child && g.parent == parent && slices.Equal(g.cols, f.cols) && slices.Equal(g.pcols, f.pcols)
		}
		if !slices.ContainsFunc(b.keys, same) {
			b.keys = append(b.keys, f)
			child.keys = append(child.keys, f)
		}
	}
	for _, x := range b.tables {
		keys := slices.Clone(x.keys)
		rank := func(f *foreign) int { // those that need others' choice come last, wide ones first
			if f.parent == x && slices.ContainsFunc(f.cols, func(c int) bool { return slices.Contains(f.pcols, c) }) {
				return 1000
			}
			alone := func(u unique) bool {
				return u.predicate == nil && !slices.ContainsFunc(u.cols, func(c int) bool { return !slices.Contains(f.cols, c) })
			}
			if slices.ContainsFunc(x.unique, alone) {
				return -100 - len(f.cols)
			}
			return -len(f.cols)
		}
		sort.SliceStable(keys, func(i, j int) bool { return rank(keys[i]) < rank(keys[j]) })
		for _, f := range keys {
			if err := x.join(f); err != nil {
				return err
			}
		}
	}
	for _, x := range b.tables {
		for c := range x.cols {
			if chain(x, c) == nil {
				return &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: "its foreign keys form a ring in which no column has a value of its own"}
			}
		}
	}
	b.kinds()
	if err := b.overlap(); err != nil {
		return err
	}
	for _, f := range b.keys {
		for _, c := range f.pcols {
			for _, p := range chain(f.parent, c) {
				p.x.cols[p.c].needed = true
			}
		}
	}
	return nil
}

// kinds gives a column of a parent, of which nothing is known, the values that checks of
// its children want there: by such a column of a key, a kind of row has its own table.
func (b *builder) kinds() {
	for _, f := range b.keys {
		if len(f.cols) < 2 {
			continue
		}
		for i, c := range f.cols {
			list := f.child.cols[c].spec.list
			own := chain(f.parent, f.pcols[i])
			if list == nil || own == nil || f.child.cols[c].value != nil {
				continue
			}
			last := own[len(own)-1]
			col := &last.x.cols[last.c]
			if s := &col.spec; col.value == nil && len(s.told) == 0 && s.patterns == nil && (s.list == nil || s.wanted) && s.typ.Class != schema.EnumType {
				s.wanted = true
				for _, v := range list {
					if !slices.Contains(s.list, v) {
						s.list = append(slices.Clip(s.list), v)
					}
				}
			}
		}
	}
}

// join lets the columns of a key come from its parent.
func (x *table) join(f *foreign) error {
	free := []int{}
	for i, c := range f.cols {
		if x.cols[c].skip {
			return &Error{Table: x.t, Constraint: f.k.Name, Reason: "foreign keys from generated columns are not supported"}
		}
		if x.cols[c].parent == nil && (f.parent != x || c != f.pcols[i]) {
			free = append(free, c)
		}
	}
	if len(free) == 0 {
		return nil // see overlap
	}
	f.src = &source{self: f.parent == x}
	if len(free) < len(f.cols) {
		for _, c := range f.cols {
			if !slices.Contains(free, c) {
				f.taken = append(f.taken, c)
			}
		}
	}
	for i, c := range f.cols {
		if slices.Contains(free, c) {
			x.cols[c].parent, x.cols[c].parentCol, x.cols[c].src = f.parent, f.pcols[i], f.src
		}
	}
	return nil
}

// place is a column of a table.
type place struct {
	x *table
	c int
}

// chain is where a column's value comes from, through all parents: nil if it
// comes from itself.
func chain(x *table, c int) []place {
	at := place{x, c}
	out := []place{at}
	for at.x.cols[at.c].parent != nil {
		col := &at.x.cols[at.c]
		at = place{col.parent, col.parentCol}
		if slices.Contains(out, at) {
			return nil
		}
		out = append(out, at)
	}
	return out
}

// sort puts parents before children. Of a cycle, the table comes first whose
// keys into it cost least.
func (b *builder) sort() error {
	left := slices.Clone(b.tables)
	waits := func(x *table) []*foreign {
		var out []*foreign
		for _, f := range x.keys {
			if f.parent != x && !f.parent.placed && (f.src == nil || f.src.mode != never) {
				out = append(out, f)
			}
		}
		return out
	}
	for len(left) > 0 {
		at := slices.IndexFunc(left, func(x *table) bool { return len(waits(x)) == 0 })
		if at < 0 {
			at = cheapest(left, waits)
		}
		x := left[at]
		for _, f := range waits(x) {
			f.how, _ = x.way(f)
			x.late = append(x.late, Late{f.k, f.how})
			if f.how == SecondPass {
				for _, c := range f.cols {
					x.cols[c].blank = true
				}
			}
		}
		x.placed = true
		b.plan.order = append(b.plan.order, x)
		left = slices.Delete(left, at, at+1)
	}
	return nil
}

// cheapest finds the table of a cycle that leads nowhere else which costs least
// to put first.
func cheapest(left []*table, waits func(*table) []*foreign) int {
	reach := func(x *table) map[*table]bool {
		seen := map[*table]bool{}
		var visit func(*table)
		visit = func(y *table) {
			for _, f := range waits(y) {
				if !seen[f.parent] {
					seen[f.parent] = true
					visit(f.parent)
				}
			}
		}
		visit(x)
		return seen
	}
	best, least := 0, 1<<30
	for i, x := range left {
		inner := true
		for y := range reach(x) {
			inner = inner && reach(y)[x]
		}
		cost := 0
		for _, f := range waits(x) {
			_, c := x.way(f)
			cost += c
		}
		if inner && cost < least {
			best, least = i, cost
		}
	}
	return best
}

// way says how a key can hold whose parent comes later, and what it costs.
func (x *table) way(f *foreign) (How, int) {
	if f.k.Deferrable {
		return Deferred, 1
	}
	match := x.match()
	ok := match != nil && f.src != nil
	for _, c := range f.cols {
		ok = ok && !x.cols[c].spec.notNull && !x.cols[c].needed && !slices.Contains(match, c)
		for _, k := range x.checks {
			ok = ok && !k.expr.asksNull(c)
		}
	}
	if ok {
		return SecondPass, 2
	}
	return Unchecked, 1000
}

// match is the columns that say which row is which, in a second pass.
func (x *table) match() []int {
	for _, u := range x.unique {
		if u.key && !slices.ContainsFunc(u.cols, func(c int) bool { return !x.cols[c].spec.notNull }) {
			return u.cols
		}
	}
	return nil
}

// asksNull reports whether an expression asks if a column is NULL.
func (n *node) asksNull(c int) bool {
	if n.op == "isnull" || n.op == "call" {
		return slices.Contains(n.columnsOf(nil), c)
	}
	return slices.ContainsFunc(n.args, func(a *node) bool { return a.asksNull(c) })
}
