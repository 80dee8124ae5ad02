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
