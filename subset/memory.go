package subset

import (
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// DefaultMemory is what the key sets of a walk may take, in bytes, if
// Options.Memory does not say.
const DefaultMemory = 512 << 20

// memory is the account of one walk and its selection: what the sets in it
// take, and the file that they are written to when that is too much. A nil
// account has no limit.
//
// Sets of steps that run at the same time share it. A set is written out only
// by whoever may change it: while it grows, or by relieve between two waves.
type memory struct {
	limit int64
	least int64 // sets that take less are not written out, because that frees little
	every int64 // a set is measured again after at least so many keys
	dir   string
	seed  maphash.Seed

	used    atomic.Int64
	filters atomic.Int64 // what the filters of runs take of it

	mu   sync.Mutex
	sets map[*keySet]struct{} // those that take any memory
	file *spillFile
	err  error
	bad  atomic.Bool // err is set
}

func newMemory(limit int64, dir string, t *tuning) *memory {
	if limit <= 0 {
		limit = DefaultMemory
	}
	return &memory{limit: limit, dir: dir, least: min(t.least, limit/16), every: t.every,
		seed: maphash.MakeSeed(), sets: map[*keySet]struct{}{}}
}

// over reports whether the sets take more than they may.
func (m *memory) over() bool { return m != nil && m.used.Load() > m.limit }

// room is how many bytes may still be taken.
func (m *memory) room() int64 {
	if m == nil {
		return 1 << 62
	}
	return max(0, m.limit-m.used.Load())
}

// reserve counts bytes that are in no set; a negative number gives them back.
func (m *memory) reserve(bytes int64) {
	if m != nil {
		m.used.Add(bytes)
	}
}

// charge notes that the head of s takes so many bytes now.
func (m *memory) charge(s *keySet, bytes int64) {
	if m == nil || bytes == s.charged {
		return
	}
	m.used.Add(bytes - s.charged)
	if (bytes == 0) != (s.charged == 0) {
		m.mu.Lock()
		if bytes == 0 {
			delete(m.sets, s)
		} else {
			m.sets[s] = struct{}{}
		}
		m.mu.Unlock()
	}
	s.charged = bytes
}

// relieve writes out the largest sets until at least half of what may be taken
// is free for the steps of the next wave. No step may run.
func (m *memory) relieve() {
	for m != nil && m.used.Load() > m.limit/2 && !m.bad.Load() {
		var largest *keySet
		for s := range m.sets {
			if largest == nil || s.charged > largest.charged {
				largest = s
			}
		}
		if largest == nil || largest.charged < m.least {
			return
		}
		largest.spill()
	}
}

// fail keeps the first error of the file. Sets that cannot read or write hold
// whatever they hold from then on, so who uses them asks for the error before
// the result.
func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		m.err = fmt.Errorf("temporary file for key sets: %w", err)
		m.bad.Store(true)
	}
}

// failure is the error that fail kept.
func (m *memory) failure() error {
	if m == nil || !m.bad.Load() {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// spilling returns the file, and makes it if it is the first time.
func (m *memory) spilling() (*spillFile, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file == nil {
		f, err := newSpillFile(m.dir, m.limit/16)
		if err != nil {
			return nil, err
		}
		m.file = f
		m.used.Add(int64(len(f.cache)) * sealedSize)
	}
	return m.file, nil
}

// close ends the file. The sets hold nothing that can be read any more.
func (m *memory) close() error {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file == nil {
		return nil
	}
	f := m.file
	m.used.Add(-int64(len(f.cache)) * sealedSize)
	m.file = nil
	return f.close()
}
