package subset

import (
	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// key is one canonical key: b when it is not nil, else n.
type key struct {
	n uint64
	b []byte
}

// keep copies the bytes of a key.
func (k key) keep() key {
	if k.b != nil {
		k.b = append([]byte{}, k.b...)
	}
	return k
}

// keySet is an exact set of keys of one space, either all integers or all byte
// strings. Its head is in memory: a bitmap of integers, a table of integers
// that lie far apart, or a table of byte strings. When the account that it is
// in is full the head is written out as a run. A set without an account stays
// in memory; its zero value is empty, and so is a nil set that is only read. A
// set may be read by several steps at
// once, and written, sorted or gone through in order by one alone.
type keySet struct {
	_     noCopy
	all   bool // every key; what the other fields hold does not matter
	mem   *memory
	loose bool // what step sets are until they are absorbed: runs may share keys, and n counts those often
	ints  *roaring64.Bitmap
	words *wordSet
	bytes *byteSet
	runs  []*run

	n       int64 // keys in all; at most, if loose
	head    int64 // keys in memory
	next    int64 // the head is measured when it has so many
	charged int64 // what the account knows that it takes
}

// noCopy lets vet find copies of what the account knows by its address.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// newSet makes an empty set in the account.
func (m *memory) newSet() *keySet { return &keySet{mem: m} }

func (s *keySet) has(k key) bool {
	if s == nil || s.n == 0 {
		return s != nil && s.all
	}
	if s.all {
		return true
	}
	return s.inHead(k) || len(s.runs) > 0 && s.inRuns(k)
}

// knows reports whether k is in the set as far as that can be said without the
// disk.
func (s *keySet) knows(k key) bool { return s != nil && s.n > 0 && s.inHead(k) }

func (s *keySet) inHead(k key) bool {
	switch {
	case k.b != nil:
		return s.bytes != nil && s.bytes.has(k.b)
	case s.words != nil:
		return s.words.has(k.n)
	}
	return s.ints != nil && s.ints.Contains(k.n)
}

func (s *keySet) inRuns(k key) bool {
	hash := s.mem.hash(k)
	for _, r := range s.runs {
		if r.has(k, hash) {
			return true
		}
	}
	return false
}

// add reports whether k was new; of a loose set, whether it may be. It copies
// the bytes of k.
func (s *keySet) add(k key) bool {
	if s.all || len(s.runs) > 0 && !s.loose && s.inRuns(k) {
		return false
	}
	return s.put(k)
}

// put adds a key that is in no run.
func (s *keySet) put(k key) bool {
	if s.tight() {
		if s.inHead(k) {
			return false
		}
		s.spill()
	}
	var fresh bool
	switch {
	case k.b != nil:
		if s.bytes == nil {
			s.bytes = newByteSet()
		}
		fresh = s.bytes.add(k.b)
	case s.words != nil:
		fresh = s.words.add(k.n)
	default:
		if s.ints == nil {
			s.ints = roaring64.New()
		}
		fresh = s.ints.CheckedAdd(k.n)
	}
	if fresh {
		s.n++
		if s.head++; s.head >= s.next {
			s.measure()
		}
	}
	return fresh
}

func (s *keySet) empty() bool { return s == nil || !s.all && s.n == 0 }

// every reports whether all keys are in the set.
func (s *keySet) every() bool { return s != nil && s.all }

// len is the number of keys; a set of all keys has none of its own.
func (s *keySet) len() int64 {
	if s == nil {
		return 0
	}
	return s.n
}

// each calls fn for every key until it returns false; byte keys are valid
// during the call. Of a loose set, a key may come more than once. Several steps may do so at once.
func (s *keySet) each(fn func(key) bool) {
	if s == nil || !s.eachInHead(fn) {
		return
	}
	for _, r := range s.runs {
		st := r.stream(key{})
		for k, ok := st.next(); ok; k, ok = st.next() {
			if !fn(k) {
				return
			}
		}
	}
}

func (s *keySet) eachInHead(fn func(key) bool) (more bool) {
	more = true
	if s.ints != nil {
		for it := s.ints.Iterator(); more && it.HasNext(); {
			more = fn(key{n: it.Next()})
		}
	}
	if s.words != nil {
		s.words.each(func(n uint64) bool { more = fn(key{n: n}); return more })
	}
	if s.bytes != nil {
		s.bytes.each(func(b []byte) bool { more = fn(key{b: b}); return more })
	}
	return more
}

// from goes through the keys in ascending order, beginning at k; the zero key
// stands before all others. Sort comes first, and the set must not change.
func (s *keySet) from(k key) *cursor {
	c := &cursor{}
	if s == nil {
		return c
	}
	if s.ints != nil {
		c.add(newIntStream(s.ints, k.n))
	}
	if s.words != nil {
		if s.words.zero && k.n == 0 {
			c.add(&wordStream{[]uint64{0}})
		}
		c.add(s.words.stream(k.n))
	}
	if s.bytes != nil {
		c.add(s.bytes.stream(k.b))
	}
	for _, r := range s.runs {
		c.add(r.stream(k))
	}
	return c
}

// part is some keys of a set, in order.
type part struct {
	set   *keySet
	first key
	n     int64
}

// parts cuts the keys from first up to, not including, integer end (0 for
// none), into parts of at most n. The set must not change while they are used.
func (s *keySet) parts(first key, n int64, end uint64) []part {
	var out []part
	c := s.sort().from(first)
	for k, ok := c.next(); ok && (end == 0 || k.n < end); k, ok = c.next() {
		if len(out) == 0 || out[len(out)-1].n == n {
			out = append(out, part{set: s, first: k.keep()})
		}
		out[len(out)-1].n++
	}
	return out
}

// each calls fn for every key until it returns false.
func (p part) each(fn func(key) bool) {
	c := p.set.from(p.first)
	for range p.n {
		if k, ok := c.next(); !ok || !fn(k) {
			return
		}
	}
}

// sort makes the set ready to be gone through in order.
func (s *keySet) sort() *keySet {
	if s == nil {
		return s
	}
	if s.words != nil {
		s.words.sort()
	}
	if s.bytes != nil {
		s.bytes.sort()
	}
	return s
}

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

// settle makes the set ready to be read in order by several at once, in the
// form that takes the least memory, because nothing is added any more.
func (s *keySet) settle() *keySet {
	if s.ints != nil {
		s.ints.RunOptimize()
		s.measure()
	}
	return s.sort()
}

// free gives up all that the set takes, and leaves it empty.
func (s *keySet) free() {
	if s == nil {
		return
	}
	s.mem.charge(s, 0)
	for _, r := range s.runs {
		r.drop()
	}
	s.all, s.ints, s.words, s.bytes, s.runs = false, nil, nil, nil, nil
	s.n, s.head, s.next = 0, 0, 0
}

// clone copies the set.
func (s *byteSet) clone() *byteSet {
	c := *s
	c.slots = append([]uint64{}, s.slots...)
	c.chunks = make([][]byte, len(s.chunks))
	for i, b := range s.chunks {
		c.chunks[i] = append(make([]byte, 0, cap(b)), b...)
	}
	return &c
}
