package subset

import "slices"

// tight reports whether the set's table is about to grow by more than the
// account has room for, so that it must be written out first.
func (s *keySet) tight() bool {
	var slots int
	switch {
	case s.mem == nil:
	case s.bytes != nil && s.bytes.full():
		slots = s.bytes.grown()
	case s.words != nil && s.words.full():
		slots = s.words.grown()
	}
	return slots > 0 && s.charged > 0 && s.charged >= s.mem.least && s.mem.room() < int64(slots)*8
}

// measure tells the account what the head takes, chooses its form, and writes
// it out if that is too much.
func (s *keySet) measure() {
	var size int64
	switch {
	case s.bytes != nil:
		size = s.bytes.size()
		s.n += int64(s.bytes.n) - s.head
		s.head = int64(s.bytes.n)
	case s.words != nil:
		size = s.words.size()
		s.n += int64(s.words.n) - s.head
		s.head = int64(s.words.n)
	case s.ints != nil:
		st := s.ints.Stats()
		s.n += int64(st.Cardinality) - s.head
		s.head = int64(st.Cardinality)
		size = bitmapSize(st.Containers, st.ArrayContainerBytes+st.BitmapContainerBytes+st.RunContainerBytes)
		if size > wordsBelow*s.head && s.head > 0 && s.ints.Maximum()-s.ints.Minimum() > widest {
			s.words = &wordSet{}
			for it := s.ints.Iterator(); it.HasNext(); {
				s.words.add(it.Next())
			}
			s.ints = nil
			size = s.words.size()
		}
	}
	if s.head == 0 {
		size = 0
		s.ints, s.words, s.bytes = nil, nil, nil
	}
	every := int64(1024)
	if s.mem != nil {
		every = s.mem.every
	}
	s.next = s.head + max(every, s.head/4)
	s.mem.charge(s, size)
	if s.mem.over() && size >= s.mem.least {
		s.spill()
	}
}

const (
	// A bitmap whose keys span at most so much has few enough containers,
	// whatever they hold; beyond, one that takes more bytes a key than a table
	// becomes a table.
	widest     = 1 << 33
	wordsBelow = 24
)

// bitmapSize is what a bitmap takes: its containers hold so many bytes, and
// each has a slice, its place in three arrays, and what allocation rounds up.
func bitmapSize(containers, bytes uint64) int64 {
	return int64(containers)*64 + int64(bytes)*9/8 + 256
}

// spill writes the head out.
func (s *keySet) spill() {
	if s.head == 0 || s.mem.bad.Load() {
		return
	}
	r, err := s.write()
	if err != nil {
		s.mem.fail(err)
		return
	}
	s.ints, s.words, s.bytes = nil, nil, nil
	s.head, s.next = 0, s.mem.every
	s.mem.charge(s, 0)
	s.runs = append(s.runs, r)
	s.tidy()
}

// write makes a run of the head.
func (s *keySet) write() (*run, error) {
	w, err := s.mem.newRun(s.bytes == nil, s.head)
	if err != nil {
		return nil, err
	}
	head := keySet{ints: s.ints, words: s.words, bytes: s.bytes}
	head.sort()
	c := head.from(key{})
	for k, ok := c.next(); ok; k, ok = c.next() {
		w.add(k)
	}
	return w.finish()
}

// A set has fewer than so many runs of a level.
const fanIn = 4

// tidy merges runs, so that a key is looked up in few.
func (s *keySet) tidy() {
	for level := 0; ; level++ {
		var same []*run
		higher := false
		for _, r := range s.runs {
			if r.level() == level {
				same = append(same, r)
			}
			higher = higher || r.level() > level
		}
		if len(same) < fanIn && !higher {
			return
		}
		if len(same) >= fanIn && !s.combine(same) {
			return
		}
	}
}

// combine merges some of the set's runs into one, and reports whether it could.
func (s *keySet) combine(runs []*run) bool {
	if len(runs) < 2 {
		return true
	}
	one, err := s.mem.merged(runs)
	if err != nil {
		s.mem.fail(err)
		return false
	}
	rest := []*run{one}
	for _, r := range s.runs {
		if !slices.Contains(runs, r) {
			rest = append(rest, r)
		}
	}
	s.n += one.n
	for _, r := range runs {
		s.n -= r.n
		r.drop()
	}
	s.runs = rest
	return true
}
