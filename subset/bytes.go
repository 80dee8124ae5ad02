package subset

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// byteSet is an open-addressing hash set of byte strings that live in an arena
// of chunks: 11 to 16 bytes an entry beside the bytes themselves. A slot holds
// 24 bits of the hash above 40 bits of place in the arena plus one; a hit is
// always confirmed on the bytes.
type byteSet struct {
	seed   maphash.Seed
	slots  []uint64
	chunks [][]byte // entries: length as uvarint, bytes
	n      int
	bytes  int64 // taken by the chunks
	sorted bool  // slots are the places of all entries in the order of their bytes
}

const (
	placeMask  = 1<<40 - 1
	chunkBits  = 16 // of a place, the offset in a chunk; an entry that is longer has a chunk of its own
	firstChunk = 512
)

func newByteSet() *byteSet { return &byteSet{seed: maphash.MakeSeed()} }

// find returns the slot of b, and whether b is in it.
func (s *byteSet) find(b []byte) (slot int, tag uint64, ok bool) {
	h := maphash.Bytes(s.seed, b)
	tag = h << 40
	for i := slotOf(h, len(s.slots)); ; i++ {
		if i == len(s.slots) {
			i = 0
		}
		v := s.slots[i]
		if v == 0 {
			return i, tag, false
		}
		if v&^placeMask == tag && bytes.Equal(s.at(v), b) {
			return i, tag, true
		}
	}
}

// at returns the entry of a slot.
func (s *byteSet) at(slot uint64) []byte {
	place := slot&placeMask - 1
	c := s.chunks[place>>chunkBits][place&(1<<chunkBits-1):]
	n, w := binary.Uvarint(c)
	end := w + int(n)
	return c[w:end:end]
}

func (s *byteSet) has(b []byte) bool {
	if len(s.slots) == 0 {
		return false
	}
	if s.sorted {
		_, ok := slices.BinarySearchFunc(s.slots, b, func(slot uint64, b []byte) int { return bytes.Compare(s.at(slot), b) })
		return ok
	}
	_, _, ok := s.find(b)
	return ok
}

func (s *byteSet) add(b []byte) bool {
	if s.sorted || s.full() {
		s.rehash()
	}
	i, tag, ok := s.find(b)
	if ok {
		return false
	}
	s.slots[i] = tag | (s.store(b) + 1)
	s.n++
	return true
}

// store appends an entry to the arena and returns its place.
func (s *byteSet) store(b []byte) uint64 {
	var head [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(head[:], uint64(len(b)))
	last := len(s.chunks) - 1
	if last < 0 || len(s.chunks[last])+n+len(b) > cap(s.chunks[last]) {
		size := firstChunk
		if last >= 0 {
			size = min(2*cap(s.chunks[last]), 1<<chunkBits)
		}
		size = max(size, n+len(b))
		s.chunks = append(s.chunks, make([]byte, 0, size))
		s.bytes += int64(size)
		last++
	}
	c := &s.chunks[last]
	place := uint64(last)<<chunkBits | uint64(len(*c))
	*c = append(append(*c, head[:n]...), b...)
	return place
}

// full reports whether the next key makes the table grow.
func (s *byteSet) full() bool { return s.n >= len(s.slots)/4*3 }

// grown is the number of slots after growing.
func (s *byteSet) grown() int { return max(16, s.n*2) }

func (s *byteSet) rehash() {
	old := s.slots
	s.slots, s.sorted = make([]uint64, s.grown()), false
	for _, v := range old {
		if v == 0 {
			continue
		}
		h := maphash.Bytes(s.seed, s.at(v))
		i := slotOf(h, len(s.slots))
		for s.slots[i] != 0 {
			if i++; i == len(s.slots) {
				i = 0
			}
		}
		s.slots[i] = h<<40 | v&placeMask
	}
}

// sort puts the entries in order, in place. In the place of the hash go three
// bytes of the entry, those behind what all entries begin with, so that most
// comparisons look at no entry.
func (s *byteSet) sort() {
	if s.sorted {
		return
	}
	var same []byte
	s.entries(func(place uint64, b []byte) {
		if place == 0 {
			same = b
		}
		same = same[:sharedPrefix(same, b)]
	})
	s.slots = s.slots[:0]
	s.entries(func(place uint64, b []byte) {
		var next [3]byte
		copy(next[:], b[len(same):])
		s.slots = append(s.slots, uint64(next[0])<<56|uint64(next[1])<<48|uint64(next[2])<<40|(place+1))
	})
	slices.SortFunc(s.slots, func(a, b uint64) int {
		if c := cmp.Compare(a>>40, b>>40); c != 0 {
			return c
		}
		return bytes.Compare(s.at(a), s.at(b))
	})
	s.sorted = true
}

// entries goes through the arena.
func (s *byteSet) entries(fn func(place uint64, b []byte)) {
	for i, c := range s.chunks {
		for at := 0; at < len(c); {
			n, w := binary.Uvarint(c[at:])
			end := at + w + int(n)
			fn(uint64(i)<<chunkBits|uint64(at), c[at+w:end:end])
			at = end
		}
	}
}

// each calls fn for every entry, in order if they are sorted; an entry is
// valid as long as the set is.
func (s *byteSet) each(fn func([]byte) bool) {
	for _, v := range s.slots {
		if v != 0 && !fn(s.at(v)) {
			return
		}
	}
}

// size is the memory taken, in bytes.
func (s *byteSet) size() int64 {
	return int64(cap(s.slots))*8 + s.bytes + int64(cap(s.chunks))*24 + 96
}
