package subset

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// runWriter writes a run. Its keys come in ascending order; one that is the same
// as the one before is left out.
type runWriter struct {
	run  *run
	buf  []byte   // the block so far
	ints []uint64 // of integers: their distances from the first
	open bool     // a block was begun
	long bool     // by a key that is in the index only
	n    uint64   // the key before
	b    []byte
	err  error
}

// newRun begins a run of about n keys.
func (m *memory) newRun(ints bool, n int64) (*runWriter, error) {
	file, err := m.spilling()
	if err != nil {
		return nil, err
	}
	r := &run{mem: m, file: file, ints: ints}
	r.filter = newFilter(n, m.limit/8*3-m.filters.Load())
	m.filters.Add(r.filter.size())
	m.reserve(r.filter.size())
	r.size = r.filter.size()
	r.users.Store(1)
	return &runWriter{run: r, buf: make([]byte, 0, blockSize)}, nil
}

func (w *runWriter) add(k key) {
	if w.run.n > 0 && k.n == w.n && bytes.Equal(k.b, w.b) {
		return
	}
	if w.run.filter != nil {
		w.run.filter.add(w.run.mem.hash(k))
	}
	w.run.n++
	if w.run.ints {
		w.addInt(k.n)
	} else {
		w.addBytes(k.b)
	}
}

func (w *runWriter) addInt(n uint64) {
	w.n = n
	if w.open {
		d := n - w.run.first[len(w.run.first)-1]
		if intHead+(len(w.ints)+1)*widthOf(d) <= blockSize {
			w.ints = append(w.ints, d)
			return
		}
		w.flush()
	}
	w.open = true
	w.run.first = append(w.run.first, n)
}

func (w *runWriter) addBytes(b []byte) {
	const head = 2 * binary.MaxVarintLen32
	shared := sharedPrefix(w.b, b)
	if !w.open || w.long || len(w.buf)+head+len(b)-shared > blockSize {
		w.flush()
		w.open, w.long = true, head+len(b) > blockSize
		sep := b
		if !w.long {
			sep = b[:min(len(b), shared+1)]
		}
		w.run.seps = append(w.run.seps, sep...)
		w.run.ends = append(w.run.ends, len(w.run.seps))
		shared = 0
	}
	if !w.long {
		w.buf = binary.AppendUvarint(w.buf, uint64(len(b)-shared+1))
		w.buf = binary.AppendUvarint(w.buf, uint64(shared))
		w.buf = append(w.buf, b[shared:]...)
	}
	w.b = append(w.b[:0], b...)
}

// sharedPrefix is how many bytes a and b have in common at their beginning.
func sharedPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// flush writes the block that was begun.
func (w *runWriter) flush() {
	if !w.open || w.err != nil {
		return
	}
	if w.run.ints {
		w.buf = appendInts(w.buf, w.ints)
		w.ints = w.ints[:0]
	}
	at, nonce, err := w.run.file.write(w.buf)
	w.err = err
	if err == nil {
		w.run.at, w.run.nonces = append(w.run.at, at), append(w.run.nonces, nonce)
	}
	w.buf, w.open = w.buf[:0], false
}

// finish ends the run. On an error nothing of it is left.
func (w *runWriter) finish() (*run, error) {
	w.flush()
	if w.err != nil {
		w.abandon()
		return nil, w.err
	}
	r := w.run
	r.last = w.n
	r.at, r.nonces, r.first = slices.Clip(r.at), slices.Clip(r.nonces), slices.Clip(r.first)
	r.seps, r.ends = slices.Clip(r.seps), slices.Clip(r.ends)
	index := int64(cap(r.at)*4 + cap(r.nonces)*8 + cap(r.first)*8 + cap(r.seps) + cap(r.ends)*8)
	r.mem.reserve(index)
	r.size += index
	return r, nil
}

// abandon gives up what was written.
func (w *runWriter) abandon() { w.run.drop() }
