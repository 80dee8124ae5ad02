package subset

import (
	"context"
	"slices"
)

// downLevel brings the children of the rows found so far into the tables of
// one level: first those of rows of earlier levels and of roots, then round by
// round where references of a component form a cycle.
func (w *walk) downLevel(ctx context.Context, level [][]*node) error {
	from := w.st.keys
	level = slices.Clone(level)
	spent := make([]int64, len(level))
	for round := 0; ; round++ {
		var scans []*scan
		var load [][]*node
		for i, comp := range level {
			if round > 0 && comp != nil {
				spent[i] += w.roundCost(comp, from)
				if ok, cost := w.loadable(comp); ok && spent[i] > cost+w.p.tune.query {
					load = append(load, comp)
					level[i] = nil
					continue
				}
			}
			scans = append(scans, w.downComponent(comp, from)...)
		}
		var fresh setList
		if len(scans)+len(load) > 0 {
			fresh = w.mem.newList(len(w.g.spaces))
			if err := w.gather(ctx, w.st, scans, &fresh); err != nil {
				return err
			}
		}
		if round > 0 {
			from.free()
		}
		if len(scans)+len(load) == 0 {
			return nil
		}
		for _, comp := range load {
			if err := w.load(ctx, comp); err != nil {
				return err
			}
		}
		from = fresh
	}
}

// downComponent makes the scans that bring the children of the parents in from
// into the tables of a component.
func (w *walk) downComponent(comp []*node, from setList) (scans []*scan) {
	for _, n := range comp {
		for _, l := range n.leaves {
			var refs []*ref
			for _, r := range l.refs {
				if r.Down != DownOff && r.parent.down && !from.at[r.space.id].empty() {
					refs = append(refs, r)
				}
			}
			scans = append(scans, w.children(l, refs, from)...)
		}
	}
	return scans
}

// children makes the scans that find the rows of a leaf that come by refs from
// parents whose keys are in from: one query with all keys in it where that is
// possible, one pass that judges every row here where it is not.
func (w *walk) children(l *leaf, refs []*ref, from setList) []*scan {
	if len(refs) == 0 {
		return nil
	}
	lay := w.admission(l, refs)
	var conds []string
	pushed := true
	for _, r := range refs {
		cond, ok := w.leadsTo(lay, r, from.at[r.pushes().id])
		pushed = pushed && ok
		conds = append(conds, cond)
	}
	var ranges []string
	where := or(conds...)
	if !pushed {
		where = ""
		ranges = w.ranges(l)
	}
	comes := func(b *found, r *row) error {
		if w.st.rows.has(l.id, r.id) || w.out.has(l.id, r.id) {
			return nil
		}
		for i := range refs {
			ok, err := w.brings(r, &lay.refs[i], from)
			if err != nil {
				return err
			}
			if ok {
				_, err := w.admit(b, r, l.node.full, false)
				return err
			}
		}
		return nil
	}
	name := "down " + l.table.Name.String()
	if len(ranges) == 0 {
		s := w.scan(name, lay, and(l.node.restriction(), where), comes)
		if s.by = byPass; pushed {
			s.by = byKeys
		}
		return []*scan{s}
	}
	var out []*scan
	for _, part := range ranges {
		out = append(out, w.scan(name, lay, and(l.node.restriction(), part), comes))
	}
	return onePass(out)
}

// brings reports whether the row comes in by a reference.
func (w *walk) brings(r *row, f *refField, from setList) (bool, error) {
	links, err := r.links(f)
	if err != nil {
		return false, err
	}
	for _, k := range links {
		if w.allows(r, f.ref, k) && from.has(f.ref.space.id, k.key) {
			return true, nil
		}
	}
	return false, nil
}

// allows reports whether a link may bring its row.
func (w *walk) allows(r *row, ref *ref, k link) bool {
	return k.to == on && (ref.Limit == 0 || w.allow[ref.id].has(r.lay.leaf.id, k.at))
}
