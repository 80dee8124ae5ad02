package subset

// admit puts an eligible row among those found: its keys, the parents that it
// needs, the references that must be cut. It returns false for a row that
// cannot live because a parent that it needs is not eligible. With bare set
// the row itself is known to be in, and only what follows from it is noted.
func (w *walk) admit(b *found, r *row, pinned, bare bool) (bool, error) {
	l := r.lay.leaf.id
	watch := w.p.reject && !pinned
	needs, watches := len(b.pend), len(b.watch)
	var want [16]pending
	wants := want[:0]
	for i := range r.lay.refs {
		f := &r.lay.refs[i]
		ref := f.ref
		to, k, err := r.ref(f)
		if err != nil {
			return false, err
		}
		if to == off {
			continue
		}
		gone := to == orphan || w.dead[ref.space.id].has(k)
		if to == orphan {
			b.orphan.add(ref.id, l, r.id)
		}
		if gone && ref.hard {
			b.left.add(ref.id, l, r.id)
			b.pend, b.watch = b.pend[:needs], b.watch[:watches]
			return false, nil
		}
		if watch && (ref.Up == UpPrune || ref.Down == DownAll) {
			b.watch = append(b.watch, pending{ref, l, r.id, k.keep(), gone})
		}
		wants = append(wants, pending{ref: ref, key: k, gone: gone})
	}
	for i := range wants {
		w.follow(b, &wants[i], l, r.id)
	}
	if pinned {
		b.pinned.add(l, r.id)
	}
	if bare {
		return true, nil
	}
	b.rows.add(l, r.id)
	for i := range r.lay.keys {
		f := &r.lay.keys[i]
		k, ok, err := r.key(f)
		if err != nil {
			return false, err
		}
		if ok {
			b.keys[f.space.id].add(k)
		}
	}
	return true, nil
}

// follow notes what one reference of an admitted row asks for.
func (w *walk) follow(b *found, p *pending, leaf int, id uint64) {
	switch {
	case p.gone:
		b.cut.add(p.ref.id, leaf, id)
	case p.ref.parent.full:
	case w.st.keys[p.ref.space.id].has(p.key):
	case p.ref.Up == UpNullify:
		b.pend = append(b.pend, pending{ref: p.ref, leaf: leaf, id: id, key: p.key.keep()})
	default:
		b.need[p.ref.space.id].add(p.key)
	}
}

// doomed reports whether a row cannot live because of a parent, without
// admitting it.
func (w *walk) doomed(r *row) (*ref, target, error) {
	for i := range r.lay.refs {
		f := &r.lay.refs[i]
		if !f.ref.hard {
			continue
		}
		to, k, err := r.ref(f)
		if err != nil {
			return nil, off, err
		}
		if to == orphan || to == on && w.dead[f.ref.space.id].has(k) {
			return f.ref, to, nil
		}
	}
	return nil, off, nil
}
