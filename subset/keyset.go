package subset

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// key is one canonical key: b when it is not nil, else n.
type key struct {
	n uint64
	b []byte
}

// keySet is an exact set of keys of one space: a bitmap for integers and row
// identities, a compact hash table for everything else. The zero value is
// empty. It may be read by several steps at once, and written by one.
type keySet struct {
	all   bool // every key; what the other fields hold does not matter
	ints  *roaring64.Bitmap
	bytes *byteSet
}

func (s *keySet) has(k key) bool {
	switch {
	case s.all:
		return true
	case k.b != nil:
		return s.bytes != nil && s.bytes.has(k.b)
	default:
		return s.ints != nil && s.ints.Contains(k.n)
	}
}

// add reports whether k was new. It copies the bytes of k.
func (s *keySet) add(k key) bool {
	switch {
	case s.all:
		return false
	case k.b != nil:
		if s.bytes == nil {
			s.bytes = newByteSet()
		}
		return s.bytes.add(k.b)
	default:
		if s.ints == nil {
			s.ints = roaring64.New()
		}
		return s.ints.CheckedAdd(k.n)
	}
}

func (s *keySet) empty() bool { return !s.all && s.len() == 0 }

// len is the number of keys; a set of all keys has none of its own.
func (s *keySet) len() int64 {
	var n int64
	if s.ints != nil {
		n += int64(s.ints.GetCardinality())
	}
	if s.bytes != nil {
		n += int64(s.bytes.n)
	}
	return n
}

// each calls fn for every key until it returns false; byte keys are valid
// during the call.
func (s *keySet) each(fn func(key) bool) {
	if s.ints != nil {
		for it := s.ints.Iterator(); it.HasNext(); {
			if !fn(key{n: it.Next()}) {
				return
			}
		}
	}
	if s.bytes != nil {
		s.bytes.each(func(b []byte) bool { return fn(key{b: b}) })
	}
}

// merge adds the keys of o and returns those that were new. o may be changed
// or kept by the result.
func (s *keySet) merge(o *keySet) *keySet {
	fresh := &keySet{}
	if s.all || o.all {
		s.all = true
		return fresh
	}
	if o.ints != nil && !o.ints.IsEmpty() {
		if s.ints == nil {
			s.ints = roaring64.New()
		}
		o.ints.AndNot(s.ints)
		s.ints.Or(o.ints)
		fresh.ints = o.ints
	}
	if o.bytes != nil {
		o.bytes.each(func(b []byte) bool {
			if s.add(key{b: b}) {
				fresh.add(key{b: b})
			}
			return true
		})
	}
	return fresh
}

// without removes the keys of o.
func (s *keySet) without(o *keySet) {
	if o.all {
		*s = keySet{}
		return
	}
	if s.ints != nil && o.ints != nil {
		s.ints.AndNot(o.ints)
	}
	if s.bytes != nil && o.bytes != nil {
		old := s.bytes
		s.bytes = nil
		old.each(func(b []byte) bool {
			if !o.bytes.has(b) {
				s.add(key{b: b})
			}
			return true
		})
	}
}

func (s *keySet) clone() *keySet {
	c := &keySet{all: s.all}
	if s.ints != nil {
		c.ints = s.ints.Clone()
	}
	if s.bytes != nil {
		s.bytes.each(func(b []byte) bool { return c.add(key{b: b}) || true })
	}
	return c
}

// byteSet is an open-addressing hash set of byte strings that live in one
// arena: about 11 to 16 bytes an entry beside the bytes themselves. A slot
// holds 24 bits of the hash above 40 bits of arena offset plus one; a hit is
// always confirmed on the bytes.
type byteSet struct {
	seed  maphash.Seed
	slots []uint64
	arena []byte // entries: length as uvarint, bytes
	n     int
}

const offsetMask = 1<<40 - 1

func newByteSet() *byteSet {
	return &byteSet{seed: maphash.MakeSeed(), slots: make([]uint64, 16)}
}

// find returns the slot of b, and whether b is in it.
func (s *byteSet) find(b []byte) (int, uint64, bool) {
	h := maphash.Bytes(s.seed, b)
	tag := h &^ offsetMask
	mask := len(s.slots) - 1
	for i := int(h) & mask; ; i = (i + 1) & mask {
		v := s.slots[i]
		if v == 0 {
			return i, tag, false
		}
		if v&^offsetMask == tag && bytes.Equal(s.at(v&offsetMask-1), b) {
			return i, tag, true
		}
	}
}

func (s *byteSet) at(off uint64) []byte {
	n, w := binary.Uvarint(s.arena[off:])
	off += uint64(w)
	return s.arena[off : off+n]
}

func (s *byteSet) has(b []byte) bool {
	_, _, ok := s.find(b)
	return ok
}

func (s *byteSet) add(b []byte) bool {
	i, tag, ok := s.find(b)
	if ok {
		return false
	}
	s.slots[i] = tag | uint64(len(s.arena)+1)
	s.arena = binary.AppendUvarint(s.arena, uint64(len(b)))
	s.arena = append(s.arena, b...)
	s.n++
	if s.n > len(s.slots)/4*3 {
		s.grow()
	}
	return true
}

func (s *byteSet) grow() {
	slots := make([]uint64, 2*len(s.slots))
	mask := len(slots) - 1
	for off := 0; off < len(s.arena); {
		b := s.at(uint64(off))
		h := maphash.Bytes(s.seed, b)
		i := int(h) & mask
		for slots[i] != 0 {
			i = (i + 1) & mask
		}
		slots[i] = h&^offsetMask | uint64(off+1)
		_, w := binary.Uvarint(s.arena[off:])
		off += w + len(b)
	}
	s.slots = slots
}

func (s *byteSet) each(fn func([]byte) bool) {
	for off := 0; off < len(s.arena); {
		n, w := binary.Uvarint(s.arena[off:])
		off += w
		end := off + int(n)
		if !fn(s.arena[off:end:end]) {
			return
		}
		off = end
	}
}
