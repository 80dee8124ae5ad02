package seed

import "slices"

// mostElected is how many rows of a table are looked at for those that a partial
// index may hold.
const mostElected = 1 << 24

// outside is the condition that keeps a row out of a partial index.
func (u *unique) outside() *node {
	return &node{op: "or", args: []*node{{op: "not", args: []*node{u.predicate}}, {op: "isnull", args: []*node{u.predicate}}}}
}

// asks reports whether a partial index's predicate names a column of a source.
func (u *unique) asks(x *table, s *source) bool {
	return slices.ContainsFunc(u.predicate.columnsOf(nil), func(c int) bool { return x.cols[c].src == s })
}

// sole reports whether a column of its own is all that a partial index has: if it
// tells the rows apart by itself, any of them may be in the index.
func (x *table) sole(s *source) bool {
	return x.owner(s) >= 0 && slices.ContainsFunc(x.unique, func(u unique) bool {
		of := x.sourcesOf(u)
		return u.predicate != nil && len(of) == 1 && of[0] == s
	})
}

// keepOut keeps rows out of a partial index.
func (x *table) keepOut(u unique, rows func(row, attempt uint64) bool) {
	x.checks = append(x.checks, check{name: u.name, expr: u.outside(), after: rows})
}

// forget drops what keepOut said for other sizes.
func (x *table) forget(u unique) {
	if u.predicate == nil {
		return
	}
	x.elected = slices.DeleteFunc(x.elected, func(e *elected) bool { return e.name == u.name })
	x.checks = slices.DeleteFunc(x.checks, func(c check) bool { return c.after != nil && c.name == u.name })
}

// onlyFirst keeps all rows but the first out of a partial index.
func (x *table) onlyFirst(u unique, room uint64) {
	x.keepOut(u, func(row, _ uint64) bool { return row >= room })
}

// elected is the rows that a partial index may hold whose columns another key has
// settled: of those with the same number of a source, the first.
type elected struct {
	name  string
	src   *source
	nulls bool // rows without a number may all be in it
	rows  bitset
}

// elect keeps all rows out of a partial index but one for each number of one of
// sources, where these are settled and more than room.
func (x *table) elect(u unique, sources []*source, room uint64) bool {
	var best *source
	most := uint64(0)
	for _, s := range sources {
		if n := s.taken(x.rows); s.mode != drawn && n > room && n > most {
			best, most = s, n
		}
	}
	if best == nil {
		return false
	}
	e := &elected{name: u.name, src: best, nulls: u.nullsDiffer}
	x.elected = append(x.elected, e)
	x.keepOut(u, func(row, attempt uint64) bool { return !e.has(row, attempt) })
	return true
}

// taken is how many numbers so many rows take of a source at most.
func (s *source) taken(rows uint64) uint64 {
	if s.mode == digit && !s.turn && rows > 0 {
		rows = (rows-1)/max(s.base, 1)/max(s.div, 1) + 1
	}
	return min(s.size, rows)
}

// hold finds the rows, when nothing that their numbers depend on changes any more.
func (e *elected) hold(rows uint64) {
	var taken bitset
	for row := range min(rows, mostElected) {
		if i, null := e.src.at(row, 0); null && e.nulls || !null && i < mostElected && taken.add(i) {
			e.rows.add(row)
		}
	}
}

// has reports whether an attempt at a row may be in the index: it has the number
// that the row was chosen by.
func (e *elected) has(row, attempt uint64) bool {
	if !e.rows.has(row) {
		return false
	}
	first, lacks := e.src.at(row, 0)
	i, null := e.src.at(row, attempt)
	return i == first && null == lacks
}

// bitset is a set of numbers, in memory as large as the highest.
type bitset []uint64

// add adds a number, and reports whether it was not there.
func (b *bitset) add(i uint64) bool {
	if b.has(i) {
		return false
	}
	if n := int(i/64) + 1; n > len(*b) {
		*b = append(*b, make([]uint64, n-len(*b))...)
	}
	(*b)[i/64] |= 1 << (i % 64)
	return true
}

func (b bitset) has(i uint64) bool {
	return i/64 < uint64(len(b)) && b[i/64]>>(i%64)&1 > 0
}
