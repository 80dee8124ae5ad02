package subset

import (
	"context"
	"slices"
)

// eligibility finds the keys of the rows that are not eligible, for every
// space that a reference in play points into: the least set that holds the
// rows outside their table's restriction, those whose mandatory parent is not
// there, and those whose mandatory parent is in the set.
func (w *walk) eligibility(ctx context.Context) error {
	for _, s := range w.g.spaces {
		w.dead.get(s.id).all = s.node.none
	}
	for _, level := range w.p.elig {
		var fresh *setList
		for round := 0; ; round++ {
			var scans []*scan
			for _, comp := range level {
				for _, n := range comp {
					for _, l := range n.leaves {
						if s := w.eligScan(l, fresh); s != nil {
							scans = append(scans, s)
						}
					}
				}
			}
			if len(scans) == 0 {
				break
			}
			dead := w.newFound()
			dead.keys = w.dead
			next := w.mem.newList(len(w.g.spaces))
			if err := w.gather(ctx, dead, scans, &next); err != nil {
				return err
			}
			if fresh != nil {
				fresh.free()
			}
			fresh = &next
		}
		if fresh != nil {
			fresh.free()
		}
	}
	return nil
}

// eligScan looks for rows of a leaf that are not eligible: all of them when
// fresh is nil, else those that fresh keys of their parents doom.
func (w *walk) eligScan(l *leaf, fresh *setList) *scan {
	spaces := slices.DeleteFunc(w.spacesOf(l), func(s *space) bool { return !s.judged() })
	if len(spaces) == 0 {
		return nil
	}
	lay := newLayout(w.g, l)
	for _, s := range spaces {
		lay.addKey(s)
	}
	var conds []string
	pushed, any := true, false
	for _, r := range l.refs {
		if !r.hard || !w.mayDie(r) || fresh != nil && fresh.at[r.space.id].empty() {
			continue
		}
		any = true
		lay.addRef(r)
		set := w.dead.at[r.space.id]
		if fresh != nil {
			set = fresh.at[r.space.id]
		}
		cond, ok := w.in(lay, r.Child, r.cols, r.space.families, set)
		if !ok || !r.checked {
			pushed = false
		}
		conds = append(conds, cond)
	}
	restricted := -1
	if where := l.node.restriction(); where != "" && fresh == nil {
		conds = append(conds, "("+where+") is not true")
		restricted, any = lay.field("(("+where+") is not true)"), true
	}
	if !any {
		return nil
	}
	where := ""
	if pushed {
		where = or(conds...)
	}
	return w.scan("restrict "+l.table.Name.String(), lay, where, func(b *found, r *row) error {
		if restricted < 0 || !r.flag(restricted) {
			ref, _, err := w.doomed(r)
			if err != nil || ref == nil {
				return err
			}
		}
		for i := range lay.keys {
			k, ok, err := r.key(&lay.keys[i])
			if err != nil {
				return err
			}
			if ok {
				b.keys.add(lay.keys[i].space.id, k)
			}
		}
		return nil
	})
}
