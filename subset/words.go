package subset

import (
	"math/bits"
	"slices"
)

// wordSet is an open-addressing hash set of integers, 11 to 16 bytes a key, for
// those that lie so far apart that a bitmap would hold little but its own
// frame. The zero value is empty.
type wordSet struct {
	slots  []uint64 // 0 is a free slot
	n      int
	zero   bool // the key 0 is in; it is counted in n
	sorted bool // slots are the keys other than 0 in ascending order
}

// mix spreads a key over 64 bits (the finalizer of splitmix64).
func mix(n uint64) uint64 {
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// slotOf maps a hash to one of n slots.
func slotOf(hash uint64, n int) int {
	hi, _ := bits.Mul64(hash, uint64(n))
	return int(hi)
}

func (s *wordSet) find(n uint64) (int, bool) {
	for i := slotOf(mix(n), len(s.slots)); ; i++ {
		if i == len(s.slots) {
			i = 0
		}
		if v := s.slots[i]; v == n || v == 0 {
			return i, v == n
		}
	}
}

func (s *wordSet) has(n uint64) bool {
	switch {
	case n == 0:
		return s.zero
	case len(s.slots) == 0:
		return false
	case s.sorted:
		_, ok := slices.BinarySearch(s.slots, n)
		return ok
	}
	_, ok := s.find(n)
	return ok
}

func (s *wordSet) add(n uint64) bool {
	if n == 0 {
		if s.zero {
			return false
		}
		s.zero = true
		s.n++
		return true
	}
	if s.sorted || s.full() {
		s.rehash()
	}
	i, ok := s.find(n)
	if ok {
		return false
	}
	s.slots[i] = n
	s.n++
	return true
}

// full reports whether the next key makes the table grow.
func (s *wordSet) full() bool { return s.n >= len(s.slots)/4*3 }

// grown is the number of slots after growing.
func (s *wordSet) grown() int { return max(16, s.n*2) }

func (s *wordSet) rehash() {
	old := s.slots
	s.slots, s.sorted = make([]uint64, s.grown()), false
	for _, n := range old {
		if n != 0 {
			i, _ := s.find(n)
			s.slots[i] = n
		}
	}
}

// sort puts the keys in order, in place.
func (s *wordSet) sort() {
	if s.sorted {
		return
	}
	s.slots = slices.DeleteFunc(s.slots, func(n uint64) bool { return n == 0 })
	slices.Sort(s.slots)
	s.sorted = true
}

// each calls fn for every key, in order if they are sorted.
func (s *wordSet) each(fn func(uint64) bool) {
	if s.zero && !fn(0) {
		return
	}
	for _, n := range s.slots {
		if n != 0 && !fn(n) {
			return
		}
	}
}

// size is the memory taken, in bytes.
func (s *wordSet) size() int64 { return int64(cap(s.slots))*8 + 48 }
