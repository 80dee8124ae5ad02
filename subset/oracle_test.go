package subset

import (
	"cmp"
	"slices"

	"github.com/pgstandin/pgstandin/keyed"
)

// The oracle is a second, naive statement of what a subset is: sets of rows
// over whole tables in memory, every fixpoint by trying all rows until nothing
// changes. It shares no code with what it checks.
type oracle struct {
	m      *model
	secret *keyed.Secret
	cut    map[*mRef][]int
	elig   rowSet
	barren bool // some root table selects nothing

	// with roots
	named, whole, none, rejected, c, bring, s rowSet
	full                                      map[*mTable]bool
}

type rowSet map[*mRow]bool

type outcome struct {
	rows rowSet
	cuts map[*mRow]map[int]bool
	gone map[*mRow]map[mElem]bool // elements taken out of arrays
}

// mElem is an element of an array: column and place.
type mElem struct{ col, at int }

// mLink is what a reference of a row says of one parent.
type mLink struct {
	*mRef
	at int   // place of the element, for an array
	to *mRow // nil for an orphan
}

func (o *oracle) run() outcome {
	o.cut = map[*mRef][]int{}
	for _, r := range o.m.refs {
		o.cut[r] = o.m.cuttable(r)
	}
	o.eligible()
	s := o.choose()
	out := outcome{rows: s, cuts: map[*mRow]map[int]bool{}, gone: map[*mRow]map[mElem]bool{}}
	for row := range s {
		out.cuts[row], out.gone[row] = map[int]bool{}, map[mElem]bool{}
		for _, k := range o.from(row) {
			if k.to != nil && s[k.to] {
				continue
			}
			for _, c := range o.cut[k.mRef] {
				if k.array {
					out.gone[row][mElem{c, k.at}] = true
				} else {
					out.cuts[row][c] = true
				}
			}
		}
	}
	return out
}

// array is the text of a row's array as it must be copied.
func (x outcome) array(row *mRow, col int) string {
	return row.arrayText(col, func(at int) bool { return x.gone[row][mElem{col, at}] })
}

// from lists what the references of a row say.
func (o *oracle) from(row *mRow) (out []mLink) {
	for _, r := range o.m.refs {
		if r.child == row.t && r.active(row) {
			out = append(out, r.links(row)...)
		}
	}
	return out
}

func (r *mRef) links(row *mRow) (out []mLink) {
	if !r.array {
		return []mLink{{r, 0, r.target(row)}}
	}
	for i, v := range row.elems[r.cols[0]] {
		if v >= 0 {
			out = append(out, mLink{r, i, r.find([]int{v})})
		}
	}
	return out
}

// names says whether a reference of the row leads to that parent.
func (r *mRef) names(row, parent *mRow) bool {
	return r.active(row) && slices.ContainsFunc(r.links(row), func(k mLink) bool { return k.to == parent })
}

func (o *oracle) all(fn func(*mRow)) {
	for _, t := range o.m.tables {
		for _, row := range t.rows {
			fn(row)
		}
	}
}

// grow adds rows to s for which in says so until none is added.
func (o *oracle) grow(s rowSet, in func(*mRow) bool) {
	for again := true; again; {
		again = false
		o.all(func(row *mRow) {
			if !s[row] && in(row) {
				s[row], again = true, true
			}
		})
	}
}

func (o *oracle) eligible() {
	out := rowSet{}
	o.grow(out, func(row *mRow) bool {
		if row.t.rule == NoRows || row.t.rule == WhereRows && row.cells[0] >= row.t.ruleW {
			return true
		}
		for _, r := range o.from(row) {
			if len(o.cut[r.mRef]) == 0 && (r.to == nil || out[r.to]) {
				return true
			}
		}
		return false
	})
	o.elig = rowSet{}
	o.all(func(row *mRow) {
		if !out[row] {
			o.elig[row] = true
		}
	})
}

func (o *oracle) choose() rowSet {
	if len(o.m.roots) == 0 {
		o.s = o.elig
		return o.elig
	}
	named, whole := rowSet{}, rowSet{}
	for _, r := range o.m.roots {
		for _, row := range o.sample(r) {
			named[row] = true
		}
	}
	for _, r := range o.m.roots {
		o.barren = o.barren || !slices.ContainsFunc(r.t.rows, func(row *mRow) bool { return named[row] })
	}
	none := rowSet{}
	full := o.fullTables(none)
	o.all(func(row *mRow) {
		if full[row.t] && o.elig[row] {
			whole[row] = true
		}
	})
	rejected := rowSet{}
	var down, c rowSet
	for {
		down, c = o.candidates(named, whole, none, rejected)
		n := len(rejected)
		for row := range c {
			for _, r := range o.from(row) {
				if (r.up == UpPrune || r.down == DownAll) && !named[row] && !whole[row] && !c[r.to] {
					rejected[row] = true
				}
			}
		}
		if len(rejected) == n {
			break
		}
	}
	o.named, o.whole, o.none, o.rejected, o.c, o.full = named, whole, none, rejected, c, full
	return o.closure(down, c, none, rejected)
}

// candidates is the least fixpoint of roots and down without rejected rows.
func (o *oracle) candidates(named, whole, none, rejected rowSet) (down, c rowSet) {
	down = rowSet{}
	o.grow(down, func(row *mRow) bool {
		if !o.elig[row] || none[row] || rejected[row] {
			return false
		}
		return named[row] || o.comes(row, func(r *mRef, t *mRow) bool { return r.down != DownOff && down[t] })
	})
	c = rowSet{}
	for row := range down {
		c[row] = true
	}
	for row := range whole {
		c[row] = true
	}
	return down, c
}

// comes says whether a reference that ranks the row brings it from a parent
// for which from is true.
func (o *oracle) comes(row *mRow, from func(*mRef, *mRow) bool) bool {
	for _, r := range o.from(row) {
		if r.to != nil && from(r.mRef, r.to) && (r.limit == 0 || o.rank(r.mRef, row, r.to) < r.limit) {
			return true
		}
	}
	return false
}

// closure adds what kept rows require, and what comes by always and by the
// downs of rows that came by always.
func (o *oracle) closure(down, c, none, rejected rowSet) rowSet {
	s, bring := rowSet{}, rowSet{}
	for row := range c {
		s[row] = true
	}
	for row := range down {
		bring[row] = true
	}
	for again := true; again; {
		n, k := len(s), len(bring)
		o.grow(bring, func(row *mRow) bool {
			if !o.elig[row] || none[row] || rejected[row] {
				return false
			}
			return o.comes(row, func(r *mRef, t *mRow) bool {
				return r.down == DownAlways && s[t] || r.down != DownOff && bring[t]
			})
		})
		for row := range bring {
			s[row] = true
		}
		for row := range s {
			for _, r := range o.from(row) {
				if r.to != nil && r.up != UpNullify && o.elig[r.to] {
					s[r.to] = true
				}
			}
		}
		again = len(s) != n || len(bring) != k
	}
	o.s, o.bring = s, bring
	return s
}

// rank is the number of eligible siblings before the row.
func (o *oracle) rank(r *mRef, row, parent *mRow) (n int) {
	for _, x := range row.t.rows {
		if x != row && o.elig[x] && r.names(x, parent) && o.before(r, x, row) {
			n++
		}
	}
	return n
}

func (o *oracle) before(r *mRef, a, b *mRow) bool {
	d := 0
	switch r.order {
	case "w":
		d = cmp.Compare(a.cells[0], b.cells[0])
	case "w desc":
		d = cmp.Compare(b.cells[0], a.cells[0])
	}
	if a.t.hasPK {
		for _, c := range a.t.keys[0] {
			if d == 0 {
				d = cmp.Compare(a.cells[c], b.cells[c])
			}
		}
	}
	if d == 0 {
		d = cmp.Compare(a.ctid, b.ctid)
	}
	return d < 0
}

// fullTables lists the tables of which every eligible row is copied, and marks
// the rows of those of which none is.
func (o *oracle) fullTables(none rowSet) map[*mTable]bool {
	full, downs, reached := map[*mTable]bool{}, map[*mTable]bool{}, map[*mTable]bool{}
	for _, r := range o.m.roots {
		downs[r.t], reached[r.t] = true, true
	}
	for _, t := range o.m.tables {
		if t.rule == AllRows {
			full[t], reached[t] = true, true
		}
	}
	spread := func() {
		for again := true; again; {
			n := len(downs) + len(reached)
			for _, r := range o.m.refs {
				if downs[r.parent] && r.down != DownOff || reached[r.parent] && r.down == DownAlways {
					downs[r.child], reached[r.child] = true, true
				}
				if reached[r.child] && r.up != UpNullify {
					reached[r.parent] = true
				}
			}
			again = len(downs)+len(reached) != n
		}
	}
	spread()
	for _, t := range o.m.tables {
		if !reached[t] && t.rule == WhereRows {
			full[t] = true
		}
	}
	for t := range full {
		reached[t] = true
	}
	spread()
	for _, t := range o.m.tables {
		if reached[t] {
			continue
		}
		if full[t] = o.m.all; !o.m.all {
			for _, row := range t.rows {
				none[row] = true
			}
		}
	}
	return full
}

// cuttable lists the columns of a reference that may become NULL.
func (m *model) cuttable(r *mRef) (out []int) {
	if r.expr {
		return nil
	}
	near := func(o *mRef) bool { return o.child == r.child && r.child.overlap(o.childPart, r.childPart) }
	for _, c := range r.cols {
		col := r.child.cols[c]
		free := !col.notNull && !col.bound && !col.typ.checked && col.gen < 0 && c != r.child.partCol && c != 0
		if r.array {
			free = !col.bound
		}
		for _, o := range m.refs {
			twin := o.parent == r.parent && o.parentPart == r.parentPart && o.array == r.array && o.when == r.when && samePairs(o, r)
			if o != r && near(o) && !twin && slices.Contains(o.cols, c) {
				free = false
			}
			above := o.parent == r.child && r.child.overlap(o.parentPart, r.childPart)
			if above && slices.Contains(o.pcols, c) {
				free = false
			}
		}
		if free {
			out = append(out, c)
		}
	}
	if r.full && len(out) != len(r.cols) {
		return nil
	}
	return out
}

// overlap says whether one of two partitions is, or holds, the other.
func (t *mTable) overlap(a, b string) bool {
	last := len(t.subs) > 0 && (a == t.parts[2] && slices.Contains(t.subs, b) || b == t.parts[2] && slices.Contains(t.subs, a))
	return a == "" || b == "" || a == b || last
}

func samePairs(a, b *mRef) bool {
	if len(a.cols) != len(b.cols) {
		return false
	}
	for i := range a.cols {
		j := slices.Index(b.cols, a.cols[i])
		if j < 0 || b.pcols[j] != a.pcols[i] {
			return false
		}
	}
	return true
}
