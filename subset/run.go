package subset

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"sync/atomic"
)

// run is a part of a set in the temporary file: keys in ascending order, in
// blocks, with an index of the blocks and a filter in memory. It is read-only
// and may be read by several at once; the sets that hold it share it.
//
// A block of integers holds the distances from one key to the next as uvarints;
// the first key is in the index. A block of byte keys holds, for each, one more
// than the number of bytes in which it differs from the one before, the number
// of bytes before these, and the bytes; the index has just enough of the first
// key to tell it from the one before. A key too long for a block is in the index
// only, and its block is empty. A zero ends a block that is not full: no entry
// begins with one.
type run struct {
	mem    *memory
	file   *spillFile
	ints   bool
	n      int64
	level  int // how often its keys were merged
	at     []uint32
	nonces []uint64
	first  []uint64 // integers: first keys of the blocks
	last   uint64   // and the largest key of all
	seps   []byte   // byte keys: what tells the blocks apart
	ends   []int    // where each of seps ends
	filter *filter
	size   int64 // bytes of memory
	users  atomic.Int32
}

func (r *run) sep(i int) []byte {
	from := 0
	if i > 0 {
		from = r.ends[i-1]
	}
	return r.seps[from:r.ends[i]:r.ends[i]]
}

// block finds the only block that may hold k, -1 for none.
func (r *run) block(k key) int {
	lo, hi := 0, len(r.at)
	for lo < hi {
		mid := (lo + hi) / 2
		before := false
		if r.ints {
			before = r.first[mid] <= k.n
		} else {
			before = bytes.Compare(r.sep(mid), k.b) <= 0
		}
		if before {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

// has reports whether k is in the run. hash is of k.
func (r *run) has(k key, hash uint64) bool {
	if r.ints && (k.n > r.last || k.n < r.first[0]) || r.filter != nil && !r.filter.has(hash) {
		return false
	}
	i := r.block(k)
	if i < 0 {
		return false
	}
	if r.ints && r.first[i] == k.n {
		return true
	}
	b, err := r.file.read(r.at[i], r.nonces[i])
	switch {
	case err != nil:
		r.mem.fail(err)
		return false
	case r.ints:
		return hasInt(b.data[:], r.first[i], k.n)
	case b.data[0] == 0:
		return bytes.Equal(r.sep(i), k.b)
	}
	return hasBytes(b.data[:], k.b)
}

// drop gives up one use of the run, and its blocks with the last.
func (r *run) drop() {
	if r.users.Add(-1) == 0 {
		r.mem.reserve(-r.size)
		r.mem.filters.Add(-r.filter.size())
		r.file.release(r.at)
	}
}

func (m *memory) hash(k key) uint64 {
	if k.b != nil {
		return maphash.Bytes(m.seed, k.b)
	}
	return mix(k.n)
}

// hasInt looks for n in a block that begins with first.
func hasInt(data []byte, first, n uint64) bool {
	for at := 0; at < len(data) && first < n; {
		d, w := uint64(data[at]), 1
		if d >= 0x80 {
			d, w = binary.Uvarint(data[at:])
		}
		if d == 0 {
			return false
		}
		first += d
		at += w
	}
	return first == n
}

// hasBytes looks for b among the entries of a block without putting them
// together: same is how much of b the entry before has in common with it.
func hasBytes(data, b []byte) bool {
	same := 0
	for {
		n, shared, w := entry(data)
		if w == 0 {
			return false
		}
		rest := data[w : w+n]
		data = data[w+n:]
		if shared > same {
			continue
		}
		if shared < same {
			return false
		}
		i := 0
		for i < len(rest) && same+i < len(b) && rest[i] == b[same+i] {
			i++
		}
		switch {
		case i == len(rest) && same+i == len(b):
			return true
		case i < len(rest) && (same+i == len(b) || rest[i] > b[same+i]):
			return false
		}
		same += i
	}
}

// entry reads what stands before the bytes of an entry: how many they are, how
// many it shares with the one before, and how long this is, 0 at the end.
func entry(data []byte) (n, shared, width int) {
	if len(data) < 2 || data[0] == 0 {
		return 0, 0, 0
	}
	if data[0] < 0x80 && data[1] < 0x80 {
		return int(data[0]) - 1, int(data[1]), 2
	}
	u, v := binary.Uvarint(data)
	s, w := binary.Uvarint(data[v:])
	return int(u) - 1, int(s), v + w
}

// compare orders keys as runs do.
func (k key) compare(o key) int {
	if k.b != nil || o.b != nil {
		return bytes.Compare(k.b, o.b)
	}
	return cmp.Compare(k.n, o.n)
}

// merged writes the keys of runs, which share none, into one run.
func (m *memory) merged(runs []*run) (*run, error) {
	var n int64
	c := &cursor{}
	for _, r := range runs {
		n += r.n
		c.add(r.stream(key{}))
	}
	w, err := m.newRun(runs[0].ints, n)
	if err != nil {
		return nil, err
	}
	for k, ok := c.next(); ok; k, ok = c.next() {
		w.add(k)
	}
	if err := m.failure(); err != nil {
		w.abandon()
		return nil, err
	}
	r, err := w.finish()
	if err == nil {
		r.level = slices.MaxFunc(runs, func(a, b *run) int { return cmp.Compare(a.level, b.level) }).level + 1
	}
	return r, err
}
