package subset

import (
	"cmp"
	"context"
	"slices"

	"github.com/pgstandin/pgstandin/schema"
)

// A component whose references form a cycle is walked in rounds of look-ups
// while they cost less than reading it once; from then on its references are
// held in memory and followed there.

// adjacency holds the references among the rows of one component.
type adjacency struct {
	rows  []place
	own   []ownKey // keys of rows, ordered by row
	edges []edge   // by space and parent's key
}

type place struct {
	leaf   int
	doomed bool // not eligible: it is counted when reached, and brings nothing
	id     uint64
}

type ownKey struct {
	row, space int32
	key        uint64
}

type edge struct {
	space, row int32
	key        uint64
}

// inside lists the references of a leaf that may bring rows from within its
// component.
func inside(l *leaf, comp []*node) (out []*ref) {
	for _, r := range l.refs {
		if r.Down != DownOff && slices.Contains(comp, r.parent) {
			out = append(out, r)
		}
	}
	return out
}

// roundCost is what one more round costs, in rows passed over.
func (w *walk) roundCost(comp []*node, from setList) (cost int64) {
	for _, n := range comp {
		for _, l := range n.leaves {
			for _, r := range inside(l, comp) {
				set := from.at[r.space.id]
				switch {
				case set.empty():
				case set.len() <= w.p.tune.push && !r.pushes().rowID() && indexed(r, l.table):
					cost += set.len()*w.p.tune.lookup + w.p.tune.query
				default:
					cost += estimate(l.table) + w.p.tune.query
				}
			}
		}
	}
	return cost
}

// indexed reports whether some index of t finds rows by the reference.
func indexed(r *ref, t *schema.Table) bool {
	for i := range t.Indexes {
		x := &t.Indexes[i]
		method := x.Method == "btree" || x.Method == "hash"
		if r.Array {
			method = x.Method == "gin"
		}
		if x.Valid && x.Predicate == "" && method && len(x.Columns) > 0 && x.Columns[0] >= 0 &&
			names(r.Child, r.cols, t.Columns[x.Columns[0]].Name) {
			return true
		}
	}
	return false
}

// loadable reports whether the references of a component fit in memory as
// numbers, and what reading them costs.
func (w *walk) loadable(comp []*node) (ok bool, cost int64) {
	for _, n := range comp {
		for _, l := range n.leaves {
			in := inside(l, comp)
			if len(in) > 0 {
				cost += estimate(l.table)
			}
			for _, r := range in {
				if !r.space.rowID() && !r.space.integer() {
					return false, 0
				}
			}
		}
	}
	return w.adjacent(comp) <= min(w.p.tune.edges, w.mem.room()/2/edgeBytes), cost
}

// adjacent is how many references the rows of a component hold to its rows.
func (w *walk) adjacent(comp []*node) int64 {
	var edges float64
	for _, n := range comp {
		for _, l := range n.leaves {
			for _, r := range inside(l, comp) {
				edges += float64(estimate(l.table)) * r.filled()
			}
		}
	}
	return int64(edges)
}

// edgeBytes is what a reference takes at most, with the row that holds it, its
// keys, and the copies that growing and putting together make.
const edgeBytes = 160

// load brings all rows of a component that its own references lead to, from
// the keys found so far, in one pass.
func (w *walk) load(ctx context.Context, comp []*node) error {
	var scans []*scan
	for _, n := range comp {
		for _, l := range n.leaves {
			if refs := inside(l, comp); len(refs) > 0 {
				scans = append(scans, w.loadLeaf(l, refs, comp)...)
			}
		}
	}
	all := &adjacency{}
	for _, s := range scans {
		s.after = func() {
			first := int32(len(all.rows))
			all.rows = append(all.rows, s.adj.rows...)
			for _, o := range s.adj.own {
				o.row += first
				all.own = append(all.own, o)
			}
			for _, e := range s.adj.edges {
				e.row += first
				all.edges = append(all.edges, e)
			}
			s.adj = nil
		}
	}
	held := w.adjacent(comp) * edgeBytes
	w.mem.reserve(held)
	err := w.wave(ctx, w.st, scans)
	rows := w.mem.newRows(w.g)
	if err == nil {
		all.reach(w, rows)
	}
	w.mem.reserve(-held)
	if err == nil {
		err = w.wave(ctx, w.st, w.fetch(rows))
	}
	rows.free()
	return err
}

// loadLeaf reads the rows of a leaf that hold a reference of the component.
func (w *walk) loadLeaf(l *leaf, refs []*ref, comp []*node) []*scan {
	lay := newLayout(w.g, l)
	for _, s := range w.spacesOf(l) {
		if slices.ContainsFunc(s.refs, func(r *ref) bool { return r.Down != DownOff && slices.Contains(comp, r.child) }) {
			lay.addKey(s)
		}
	}
	for _, r := range refs {
		lay.addRef(r)
	}
	for _, r := range l.refs {
		if !slices.Contains(refs, r) && r.hard && w.mayDie(r) {
			lay.addRef(r)
		}
	}
	scans := w.pass("down "+l.table.Name.String(), lay, "", nil)
	for _, s := range scans {
		s.reset = func() { s.adj = &adjacency{} }
		s.fn = func(_ *found, r *row) error {
			if w.st.rows.has(l.id, r.id) || w.out.has(l.id, r.id) {
				return nil
			}
			return w.loadRow(s.adj, r, refs)
		}
	}
	return scans
}

func (w *walk) loadRow(a *adjacency, r *row, refs []*ref) error {
	n := int32(len(a.rows))
	before := len(a.edges)
	for i := range refs {
		f := &r.lay.refs[i]
		links, err := r.links(f)
		if err != nil {
			return err
		}
		for _, k := range links {
			if w.allows(r, f.ref, k) {
				a.edges = append(a.edges, edge{int32(f.ref.space.id), n, k.key.n})
			}
		}
	}
	if len(a.edges) == before {
		return nil
	}
	ref, _, err := w.doomed(r)
	if err != nil {
		return err
	}
	a.rows = append(a.rows, place{r.lay.leaf.id, ref != nil, r.id})
	for i := range r.lay.keys {
		f := &r.lay.keys[i]
		k, ok, err := r.key(f)
		if err != nil {
			return err
		}
		if ok && ref == nil {
			a.own = append(a.own, ownKey{n, int32(f.space.id), k.n})
		}
	}
	return nil
}

// reach follows the references from the keys found so far.
func (a *adjacency) reach(w *walk, out rowSets) {
	slices.SortFunc(a.edges, func(x, y edge) int {
		return cmp.Or(cmp.Compare(x.space, y.space), cmp.Compare(x.key, y.key))
	})
	seen := make([]bool, len(a.rows))
	var queue []int32
	visit := func(row int32) {
		if !seen[row] {
			seen[row] = true
			queue = append(queue, row)
		}
	}
	for _, e := range a.edges {
		if w.st.keys.has(int(e.space), key{n: e.key}) {
			visit(e.row)
		}
	}
	for len(queue) > 0 {
		row := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		at, _ := slices.BinarySearchFunc(a.own, row, func(o ownKey, row int32) int { return cmp.Compare(o.row, row) })
		for ; at < len(a.own) && a.own[at].row == row; at++ {
			want := edge{space: a.own[at].space, key: a.own[at].key}
			i, _ := slices.BinarySearchFunc(a.edges, want, func(e, want edge) int {
				return cmp.Or(cmp.Compare(e.space, want.space), cmp.Compare(e.key, want.key))
			})
			for ; i < len(a.edges) && a.edges[i].space == want.space && a.edges[i].key == want.key; i++ {
				visit(a.edges[i].row)
			}
		}
	}
	for i, p := range a.rows {
		if seen[i] {
			out.add(p.leaf, p.id)
		}
	}
}

// fetch makes the scans that admit known rows, by lists of them or, where they
// are much of their leaf, by passing over it.
func (w *walk) fetch(rows rowSets) []*scan {
	var out []*scan
	for _, l := range w.g.leaves {
		if rows.len(l.id) == 0 {
			continue
		}
		lay := w.admission(l, nil)
		fn := func(b *found, r *row) error {
			if !rows.has(l.id, r.id) {
				return nil
			}
			_, err := w.admit(b, r, l.node.full, false)
			return err
		}
		name := "down " + l.table.Name.String()
		if rows.len(l.id) > estimate(l.table)/4 {
			out = append(out, w.pass(name, lay, "", fn)...)
			continue
		}
		out = append(out, w.scanRows(name, lay, rows.at[l.id], 0, 0, 0, fn)...)
	}
	return out
}
