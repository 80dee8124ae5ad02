package subset

// admit puts an eligible row among those found: its keys, the parents that it
// needs, the references that must be cut. It returns false for a row that
// cannot live because a parent that it needs is not eligible. With bare set
// the row itself is known to be in, and only what follows from it is noted.
func (w *walk) admit(b *found, r *row, pinned, bare bool) (bool, error) {
	l := r.lay.leaf.id
	watch := w.p.reject && !pinned
	var want [16]pending
	wants := want[:0]
	for i := range r.lay.refs {
		f := &r.lay.refs[i]
		ref := f.ref
		links, err := r.links(f)
		if err != nil {
			return false, err
		}
		for _, k := range links {
			gone := k.to == orphan || w.dead.has(ref.space.id, k.key)
			if k.to == orphan {
				b.orphan.add(ref.id, l, r.id)
			}
			if gone && ref.hard {
				b.left.add(ref.id, l, r.id)
				return false, nil
			}
			wants = append(wants, pending{ref, l, k.at, k.key, gone})
		}
	}
	for i := range wants {
		p := &wants[i]
		if watch && (p.ref.Up == UpPrune || p.ref.Down == DownAll) {
			b.buf = b.watch.add(p, b.buf)
		}
		w.follow(b, p)
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
			b.keys.add(f.space.id, k)
		}
	}
	return true, nil
}

// follow notes what one link of an admitted row asks for.
func (w *walk) follow(b *found, p *pending) {
	switch {
	case p.gone:
		b.cut.add(p.ref.id, p.leaf, p.id)
	case p.ref.parent.full:
	case w.st.keys.at[p.ref.space.id].knows(p.key):
	case p.ref.Up == UpNullify:
		b.buf = b.pend.add(p, b.buf)
	default:
		b.need.add(p.ref.space.id, p.key)
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
		links, err := r.links(f)
		if err != nil {
			return nil, off, err
		}
		for _, k := range links {
			if k.to == orphan || w.dead.has(f.ref.space.id, k.key) {
				return f.ref, k.to, nil
			}
		}
	}
	return nil, off, nil
}

// row is the row that waits: of an array's element, the row that it is of.
func (p *pending) row() uint64 {
	if p.ref.Array {
		return p.id >> elementBits
	}
	return p.id
}
