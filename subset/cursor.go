package subset

import (
	"bytes"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// stream returns keys in ascending order; a byte key is valid until the next.
type stream interface {
	next() (k key, ok bool)
}

// cursor goes through streams in the order of their keys. A key of two streams
// comes twice.
type cursor struct {
	streams []stream
	keys    []key // the next of each
	last    int   // index of the stream whose key was returned last, if any is open
	open    bool
}

// add puts a stream in. It must not follow next.
func (c *cursor) add(s stream) {
	if k, ok := s.next(); ok {
		c.streams, c.keys = append(c.streams, s), append(c.keys, k)
	}
}

// next returns the next key. Byte keys are valid until the call after.
func (c *cursor) next() (key, bool) {
	if c.open {
		k, ok := c.streams[c.last].next()
		if ok {
			c.keys[c.last] = k
		} else {
			c.streams = slices.Delete(c.streams, c.last, c.last+1)
			c.keys = slices.Delete(c.keys, c.last, c.last+1)
		}
	}
	if c.open = len(c.keys) > 0; !c.open {
		return key{}, false
	}
	c.last = 0
	for i := 1; i < len(c.keys); i++ {
		if c.keys[i].compare(c.keys[c.last]) < 0 {
			c.last = i
		}
	}
	return c.keys[c.last], true
}

// intStream reads a bitmap.
type intStream struct{ roaring64.IntPeekable64 }

func (s intStream) next() (key, bool) {
	if !s.HasNext() {
		return key{}, false
	}
	return key{n: s.Next()}, true
}

func newIntStream(b *roaring64.Bitmap, from uint64) intStream {
	it := b.Iterator()
	it.AdvanceIfNeeded(from)
	return intStream{it}
}

// wordStream reads sorted integers.
type wordStream struct{ left []uint64 }

func (s *wordStream) next() (key, bool) {
	if len(s.left) == 0 {
		return key{}, false
	}
	n := s.left[0]
	s.left = s.left[1:]
	return key{n: n}, true
}

// stream reads the set, which must be sorted.
func (s *wordSet) stream(from uint64) *wordStream {
	i, _ := slices.BinarySearch(s.slots, from)
	return &wordStream{s.slots[i:]}
}

// byteStream reads sorted byte keys.
type byteStream struct {
	set  *byteSet
	left []uint64
}

func (s *byteStream) next() (key, bool) {
	if len(s.left) == 0 {
		return key{}, false
	}
	b := s.set.at(s.left[0])
	s.left = s.left[1:]
	return key{b: b}, true
}

// stream reads the set, which must be sorted.
func (s *byteSet) stream(from []byte) *byteStream {
	i, _ := slices.BinarySearchFunc(s.slots, from, func(slot uint64, b []byte) int { return bytes.Compare(s.at(slot), b) })
	return &byteStream{s, s.slots[i:]}
}

// runStream reads a run, block by block. It ends at an error, which the
// account keeps.
type runStream struct {
	run  *run
	at   int // index of the block to read when data is used up
	b    block
	data []byte // of byte keys: what was not read
	ints intBlock
	i    int    // of integers: how many of the block were read
	key  []byte // never nil: an empty key is one
	from key
	skip bool // keys before from may come
}

// stream reads the run from a key on; the zero key stands before all others.
func (r *run) stream(from key) *runStream {
	return &runStream{run: r, from: from, skip: true, at: max(0, r.block(from)), key: []byte{}}
}

func (s *runStream) next() (key, bool) {
	for {
		k, ok := s.entry()
		if !ok && s.at == len(s.run.at) {
			return key{}, false
		}
		if !ok {
			if k, ok = s.begin(); !ok {
				continue
			}
		}
		if s.skip && k.compare(s.from) < 0 {
			continue
		}
		s.skip = false
		return k, true
	}
}

// begin reads the next block, and returns a key that the index alone has.
func (s *runStream) begin() (key, bool) {
	r, i := s.run, s.at
	s.at++
	s.b.at, s.b.nonce = r.at[i], r.nonces[i]
	if err := r.file.fill(&s.b); err != nil {
		r.mem.fail(err)
		s.data, s.ints, s.at = nil, intBlock{}, len(r.at)
		return key{}, false
	}
	s.data = s.b.data[:]
	switch {
	case r.ints:
		s.ints, s.i = readInts(s.data), 0
		if s.skip && s.from.n > r.first[i] {
			s.i = s.ints.search(s.from.n - r.first[i])
		}
		return key{n: r.first[i]}, true
	case s.data[0] == 0:
		s.data = nil
		return key{b: r.sep(i)}, true
	}
	return key{}, false
}

// entry returns the next key of the block.
func (s *runStream) entry() (key, bool) {
	if s.run.ints {
		if s.i >= s.ints.n {
			return key{}, false
		}
		s.i++
		return key{n: s.run.first[s.at-1] + s.ints.at(s.i-1)}, true
	}
	n, shared, w := entry(s.data)
	if w == 0 {
		return key{}, false
	}
	s.key = append(s.key[:shared], s.data[w:w+n]...)
	s.data = s.data[w+n:]
	return key{b: s.key}, true
}
