package subset

// filter says of most keys that are not in a run that they are not: a Bloom
// filter whose bits of one key share a cache line. With ten bits a key, 1 to 2
// of 100 other keys pass. A nil filter lets every key pass.
type filter struct {
	lines [][8]uint64
}

const (
	filterBits  = 10 // of a key, where memory allows
	filterLeast = 3  // with fewer a filter is not worth its memory
	filterProbe = 6
)

// newFilter makes one for n keys of at most so many bytes, nil if that is too
// little.
func newFilter(n, bytes int64) *filter {
	bits := min(n*filterBits, bytes*8)
	if n == 0 || bits/n < filterLeast {
		return nil
	}
	return &filter{lines: make([][8]uint64, max(1, bits/512))}
}

func (f *filter) add(hash uint64) {
	line := &f.lines[slotOf(hash, len(f.lines))]
	h := hash * 0x9e3779b97f4a7c15
	for range filterProbe {
		line[h>>61] |= 1 << (h >> 55 & 63)
		h = h<<9 | h>>55
	}
}

func (f *filter) has(hash uint64) bool {
	line := &f.lines[slotOf(hash, len(f.lines))]
	h := hash * 0x9e3779b97f4a7c15
	for range filterProbe {
		if line[h>>61]&(1<<(h>>55&63)) == 0 {
			return false
		}
		h = h<<9 | h>>55
	}
	return true
}

// size is the memory taken, in bytes.
func (f *filter) size() int64 {
	if f == nil {
		return 0
	}
	return int64(len(f.lines)) * 64
}
