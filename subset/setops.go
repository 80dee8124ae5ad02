package subset

// absorb adds the keys of o, and reports whether any was new. It takes what o
// has and leaves it empty.
func (s *keySet) absorb(o *keySet) bool {
	before := s.n
	switch {
	case o.empty():
		return false
	case s.all:
	case o.all:
		s.free()
		s.all = true
		return true
	case s.n == 0:
		o.tighten()
		s.take(o)
	case s.plain() && o.plain():
		s.ints.Or(o.ints)
		s.measure()
	case len(s.runs)+len(o.runs) == 0:
		o.each(func(k key) bool { s.add(k); return true })
	default:
		s.merge(o).free()
	}
	o.free()
	return s.n != before
}

// merge does as absorb, and returns the keys that were new.
func (s *keySet) merge(o *keySet) *keySet {
	fresh := &keySet{mem: s.mem}
	switch {
	case o.empty():
		return fresh
	case s.all || o.all:
		s.absorb(o)
	case s.n == 0:
		o.tighten()
		s.take(o)
		return s.clone()
	case s.plain() && o.plain():
		o.ints.AndNot(s.ints)
		s.ints.Or(o.ints)
		s.measure()
		fresh.take(o)
		fresh.measure()
	case len(s.runs)+len(o.runs) == 0:
		o.each(func(k key) bool {
			if s.add(k) {
				fresh.add(k)
			}
			return true
		})
	default:
		o.minus(s, fresh)
		s.join(fresh)
	}
	o.free()
	return fresh
}

// minus puts the keys of s that are not in o into left, which is empty. It goes
// through s in order, so that neighbouring keys are looked up one after another,
// and through o too where that is on the disk and not much longer.
func (s *keySet) minus(o, left *keySet) {
	c := s.sort().from(key{})
	other := &cursor{}
	along := len(o.runs) > 0 && o.n/16 <= s.n
	if along {
		other = o.sort().from(key{})
	}
	next, more := other.next()
	var last key
	for k, ok := c.next(); ok; k, ok = c.next() {
		for more && next.compare(k) < 0 {
			next, more = other.next()
		}
		in := more && next.compare(k) == 0
		if !along {
			in = o.has(k)
		}
		if in || s.loose && left.n > 0 && k.compare(last) == 0 {
			continue
		}
		left.put(k)
		if s.loose {
			last.n = k.n
			last.b = append(last.b[:0], k.b...)
		}
	}
}

// join adds the keys of o, none of which is in s; both share the runs of o.
func (s *keySet) join(o *keySet) {
	for _, r := range o.runs {
		r.users.Add(1)
		s.runs = append(s.runs, r)
		s.n += r.n
	}
	o.eachInHead(func(k key) bool { s.put(k); return true })
	if len(o.runs) > 0 {
		s.tidy()
	}
}

// tighten makes a loose set one that is not.
func (s *keySet) tighten() {
	if !s.loose {
		return
	}
	s.loose = false
	if len(s.runs) == 0 {
		return
	}
	s.spill()
	s.combine(s.runs)
}

// plain reports whether the set is nothing but a bitmap.
func (s *keySet) plain() bool { return s.ints != nil && s.words == nil && len(s.runs) == 0 }

// take makes s, which is empty, what o is, and leaves o empty.
func (s *keySet) take(o *keySet) {
	s.free()
	s.all, s.loose, s.ints, s.words, s.bytes, s.runs = o.all, o.loose, o.ints, o.words, o.bytes, o.runs
	s.n, s.head, s.next = o.n, o.head, o.next
	size := o.charged
	o.runs = nil
	o.free()
	if s.mem == o.mem {
		s.mem.charge(s, size)
	} else {
		s.measure()
	}
}

// without removes the keys of o.
func (s *keySet) without(o *keySet) {
	switch {
	case s.empty() || o.empty():
	case o.all:
		s.free()
	case s.plain() && o.plain():
		s.ints.AndNot(o.ints)
		s.measure()
	default:
		left := &keySet{mem: s.mem}
		s.minus(o, left)
		s.take(left)
	}
}

// clone copies the set; runs are shared.
func (s *keySet) clone() *keySet {
	if s == nil {
		return &keySet{}
	}
	c := &keySet{mem: s.mem, all: s.all, loose: s.loose}
	if s.ints != nil {
		c.ints = s.ints.Clone()
	}
	if s.words != nil {
		w := *s.words
		w.slots = append([]uint64{}, w.slots...)
		c.words = &w
	}
	if s.bytes != nil {
		c.bytes = s.bytes.clone()
	}
	for _, r := range s.runs {
		r.users.Add(1)
		c.runs = append(c.runs, r)
	}
	c.n, c.head = s.n, s.head
	c.measure()
	return c
}
