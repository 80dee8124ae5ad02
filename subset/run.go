package subset

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"sync/atomic"
)

// run is a part of a set in the temporary file: keys in ascending order, in
// blocks, with an index of the blocks and a filter in memory. It is read-only
// and may be read by several at once; the sets that hold it share it.
//
// A block of integers holds their distances from the first key, which is in the
// index, in as many bytes as the largest of them needs: that number, how many
// there are in two bytes, and the distances. A block of byte keys holds, for each, one more
// than the number of bytes in which it differs from the one before, the number
// of bytes before these, and the bytes; the index has just enough of the first
// key to tell it from the one before. A key too long for a block is in the index
// only, and its block is empty. A zero ends a block of byte keys that is not full:
// no entry begins with one.
type run struct {
	mem    *memory
	file   *spillFile
	ints   bool
	n      int64
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
		var before bool
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
		ints, d := readInts(b.data[:]), k.n-r.first[i]
		at := ints.search(d)
		return at < ints.n && ints.at(at) == d
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

// intHead is what stands before the distances in a block of integers.
const intHead = 3

// intBlock is a block of integers.
type intBlock struct {
	width, n int
	data     []byte
}

func readInts(data []byte) intBlock {
	return intBlock{int(data[0]), int(data[1]) | int(data[2])<<8, data[intHead:]}
}

// at is the i-th distance.
func (b intBlock) at(i int) uint64 {
	at := i * b.width
	if at+8 <= len(b.data) {
		return binary.LittleEndian.Uint64(b.data[at:]) & (^uint64(0) >> (64 - 8*b.width))
	}
	var word [8]byte
	copy(word[:], b.data[at:at+b.width])
	return binary.LittleEndian.Uint64(word[:])
}

// search finds the first distance that is not less than d.
func (b intBlock) search(d uint64) int {
	lo, hi := 0, b.n
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if b.at(mid) < d {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// widthOf is how many bytes a distance needs.
func widthOf(d uint64) int { return max(1, (bits.Len64(d)+7)/8) }

// appendInts writes a block.
func appendInts(dst []byte, distances []uint64) []byte {
	width := 1
	if n := len(distances); n > 0 {
		width = widthOf(distances[n-1])
	}
	dst = append(dst, byte(width), byte(len(distances)), byte(len(distances)>>8))
	for _, d := range distances {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], d)
		dst = append(dst, word[:width]...)
	}
	return dst
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

// merged writes the keys of runs into one run.
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
	return w.finish()
}

// level is the class of its size: runs of a level are merged.
func (r *run) level() int { return bits.Len64(uint64(r.n)) / 2 }
