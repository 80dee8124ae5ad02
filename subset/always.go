package subset

import "context"

// bringing is what down: always needs to know: the rows that bring children by
// every reference, and the keys that the last waves added to the selection.
type bringing struct {
	rows  rowSets
	keys  []keySet
	fresh []*keySet // keys of rows that came in since the last round
}

// startAlways remembers which rows bring children: those that are in now.
func (w *walk) startAlways() {
	b := &bringing{rows: make(rowSets, len(w.g.leaves)), keys: make([]keySet, len(w.g.spaces))}
	for i, rows := range w.st.rows {
		if rows != nil {
			b.rows[i] = rows.Clone()
		}
	}
	for i := range w.st.keys {
		b.keys[i] = *w.st.keys[i].clone()
		b.fresh = append(b.fresh, w.st.keys[i].clone())
	}
	w.bring = b
}

// always brings the children of everything that is in, by references with
// down: always, and by every reference the children of rows that came so. It
// reports whether rows came.
func (w *walk) always(ctx context.Context, first bool, brought []*keySet) (came bool, next []*keySet, err error) {
	b := w.bring
	fresh := b.fresh
	b.fresh = make([]*keySet, len(w.g.spaces))
	for i := range b.fresh {
		b.fresh[i] = &keySet{}
	}
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
		return false, nil, nil
	}
	if _, err := w.wave(ctx, w.st, scans); err != nil {
		return false, nil, err
	}
	next = make([]*keySet, len(w.g.spaces))
	for i := range next {
		next[i] = &keySet{}
	}
	for _, s := range scans {
		b.rows.merge(s.bring.rows)
		for i := range b.keys {
			next[i].merge(b.keys[i].merge(&s.bring.keys[i]))
		}
	}
	return true, next, nil
}

func (w *walk) alwaysScan(l *leaf, first bool, fresh, brought []*keySet) []*scan {
	var refs []*ref
	for _, r := range l.refs {
		byAlways := r.Down == DownAlways && (first && r.parent.full || !fresh[r.space.id].empty())
		if byAlways || r.Down != DownOff && !brought[r.space.id].empty() {
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
		set := brought[r.space.id].clone()
		if r.Down == DownAlways {
			set.merge(fresh[r.space.id].clone())
		}
		cond, ok := w.in(lay, r.Child, r.cols, r.space.families, set)
		pushed = pushed && ok && !(r.Down == DownAlways && r.parent.full)
		conds = append(conds, cond)
	}
	where := ""
	if pushed {
		where = or(conds...)
	}
	scans := w.pass("down "+l.table.Name.String(), lay, where, nil)
	for _, s := range scans {
		s.reset = func() { s.bring = newFound(w.g, 0) }
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
func (w *walk) bringsAlways(r *row, f *refField, fresh, brought []*keySet) (bool, error) {
	ref := f.ref
	if ref.Limit > 0 && !w.allow[ref.id].has(r.lay.leaf.id, r.id) {
		return false, nil
	}
	to, k, err := r.ref(f)
	if err != nil || to != on {
		return false, err
	}
	if brought[ref.space.id].has(k) {
		return true, nil
	}
	if ref.Down != DownAlways {
		return false, nil
	}
	return fresh[ref.space.id].has(k) || ref.parent.full && !w.dead[ref.space.id].has(k), nil
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
			s.bring.keys[f.space.id].add(k)
		}
	}
	return nil
}
