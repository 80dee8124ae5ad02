package subset

import "context"

// bringing is what down: always needs to know: the rows that bring children by
// every reference, and the keys that the last waves added to the selection.
type bringing struct {
	rows  rowSets
	keys  setList
	fresh setList // keys of rows that came in since the last round
}

// startAlways remembers which rows bring children: those that are in now.
func (w *walk) startAlways() {
	w.bring = &bringing{rows: rowSets{w.st.rows.clone()}, keys: w.st.keys.clone(), fresh: w.st.keys.clone()}
}

// always brings the children of everything that is in, by references with
// down: always, and by every reference the children of rows that came so. It
// reports whether rows came.
func (w *walk) always(ctx context.Context, first bool, brought setList) (came bool, next setList, err error) {
	b := w.bring
	fresh := b.fresh
	defer func() { fresh.free() }()
	b.fresh = w.mem.newList(len(w.g.spaces))
	next = w.mem.newList(len(w.g.spaces))
	var scans []*scan
	for _, n := range w.g.nodes {
		if n.none || !n.down {
			continue
		}
		for _, l := range n.leaves {
			scans = append(scans, w.alwaysScan(l, first, fresh, brought)...)
		}
	}
	if len(scans) == 0 {
		return false, next, nil
	}
	if err := w.wave(ctx, w.st, scans); err != nil {
		return false, next, err
	}
	for _, s := range scans {
		b.rows.absorb(s.bring.rows.setList)
		for i, keys := range s.bring.keys.at {
			if !keys.empty() {
				next.get(i).absorb(b.keys.get(i).merge(keys))
			}
		}
		s.bring = nil
	}
	return true, next, nil
}

func (w *walk) alwaysScan(l *leaf, first bool, fresh, brought setList) []*scan {
	var refs []*ref
	for _, r := range l.refs {
		byAlways := r.Down == DownAlways && (first && r.parent.full || !fresh.at[r.space.id].empty())
		if byAlways || r.Down != DownOff && !brought.at[r.space.id].empty() {
			refs = append(refs, r)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	lay := w.admission(l, refs)
	var conds []string
	pushed := true
	for _, r := range refs {
		sets := []*keySet{brought.at[r.pushes().id]}
		if r.Down == DownAlways {
			sets = append(sets, fresh.at[r.pushes().id])
		}
		cond, ok := w.leadsTo(lay, r, sets...)
		pushed = pushed && ok && !(r.Down == DownAlways && r.parent.full)
		conds = append(conds, cond)
	}
	where := ""
	if pushed {
		where = or(conds...)
	}
	scans := w.pass("down "+l.table.Name.String(), lay, where, nil)
	for _, s := range scans {
		s.reset = func() {
			s.bring.free()
			s.bring = w.newStepFound()
		}
		s.fn = func(b *found, r *row) error {
			if w.out.has(l.id, r.id) || w.bring.rows.has(l.id, r.id) {
				return nil
			}
			for i := range refs {
				ok, err := w.bringsAlways(r, &lay.refs[i], fresh, brought)
				if err != nil {
					return err
				}
				if ok {
					return w.takeAlways(s, b, r)
				}
			}
			return nil
		}
	}
	return scans
}

// bringsAlways reports whether a reference brings the row.
func (w *walk) bringsAlways(r *row, f *refField, fresh, brought setList) (bool, error) {
	ref := f.ref
	links, err := r.links(f)
	if err != nil {
		return false, err
	}
	for _, k := range links {
		switch {
		case !w.allows(r, ref, k):
		case brought.has(ref.space.id, k.key),
			ref.Down == DownAlways && fresh.has(ref.space.id, k.key),
			ref.Down == DownAlways && ref.parent.full && !w.dead.has(ref.space.id, k.key):
			return true, nil
		}
	}
	return false, nil
}

// takeAlways admits a row, unless it is in, and makes it one that brings
// children.
func (w *walk) takeAlways(s *scan, b *found, r *row) error {
	if !w.st.rows.has(r.lay.leaf.id, r.id) {
		if ok, err := w.admit(b, r, true, false); err != nil || !ok {
			return err
		}
	}
	s.bring.rows.add(r.lay.leaf.id, r.id)
	for i := range r.lay.keys {
		f := &r.lay.keys[i]
		k, ok, err := r.key(f)
		if err != nil {
			return err
		}
		if ok {
			s.bring.keys.add(f.space.id, k)
		}
	}
	return nil
}
