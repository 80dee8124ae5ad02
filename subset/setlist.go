package subset

// setList holds sets by a number: of a space, or of a leaf. One that is empty
// may be nil.
type setList struct {
	mem   *memory
	loose bool
	at    []*keySet
}

func (m *memory) newList(n int) setList { return setList{mem: m, at: make([]*keySet, n)} }

// get returns a set to be changed.
func (l setList) get(i int) *keySet {
	if l.at[i] == nil {
		l.at[i] = &keySet{mem: l.mem, loose: l.loose}
	}
	return l.at[i]
}

func (l setList) has(i int, k key) bool { return l.at[i].has(k) }

func (l setList) add(i int, k key) bool { return l.get(i).add(k) }

// absorb adds the keys of o, which it takes, and reports whether any was new.
func (l setList) absorb(o setList) bool {
	grew := false
	for i, s := range o.at {
		if !s.empty() && l.get(i).absorb(s) {
			grew = true
		}
	}
	return grew
}

// clone copies all sets.
func (l setList) clone() setList {
	c := l.mem.newList(len(l.at))
	for i, s := range l.at {
		if !s.empty() {
			c.at[i] = s.clone()
		}
	}
	return c
}

// free gives up all sets.
func (l setList) free() {
	for i, s := range l.at {
		s.free()
		l.at[i] = nil
	}
}

// rowSets holds the rows of each leaf.
type rowSets struct{ setList }

func (m *memory) newRows(g *graph) rowSets { return rowSets{m.newList(len(g.leaves))} }

func (s rowSets) has(leaf int, id uint64) bool { return s.at[leaf].has(key{n: id}) }

func (s rowSets) add(leaf int, id uint64) { s.get(leaf).add(key{n: id}) }

func (s rowSets) len(leaf int) int64 { return s.at[leaf].len() }
