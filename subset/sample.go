package subset

import (
	"cmp"
	"context"
	"encoding/binary"
	"maps"
	"math"
	"slices"
)

// drawn is a row with its hash: the smaller, the earlier it is taken.
type drawn struct {
	hash uint64
	leaf int
	id   uint64
}

func (d drawn) compare(o drawn) int {
	if c := cmp.Compare(d.hash, o.hash); c != 0 {
		return c
	}
	if c := cmp.Compare(d.leaf, o.leaf); c != 0 {
		return c
	}
	return cmp.Compare(d.id, o.id)
}

// stratum is one group of rows: how many there are, and the first of them.
type stratum struct {
	rows  int64
	first []drawn // at most keep, in no order until trimmed
}

func (s *stratum) trim(keep int64) {
	slices.SortFunc(s.first, drawn.compare)
	s.first = s.first[:min(int64(len(s.first)), keep)]
}

// A sample has at most so many groups.
const maxGroups = 100_000

// strata are the groups of a sample as one step, or all of them, see them.
type strata struct {
	mem    *memory
	keep   int64 // rows of a group that may be taken
	groups map[string]*stratum
	held   int64   // bytes that the rows in groups take
	told   int64   // of these, what the account knows
	aside  *keySet // records of rows for which there was no room
}

func newStrata(mem *memory, keep int64) *strata {
	return &strata{mem: mem, keep: keep, groups: map[string]*stratum{}, aside: &keySet{mem: mem, loose: true}}
}

// group returns a group, nil if there are too many.
func (s *strata) group(name []byte) *stratum {
	g := s.groups[string(name)]
	if g == nil {
		if len(s.groups) == maxGroups {
			return nil
		}
		g = &stratum{}
		s.groups[string(name)] = g
	}
	return g
}

// add puts a row in, if it may be among the first of its group.
func (s *strata) add(g *stratum, d drawn) {
	before := cap(g.first)
	g.first = append(g.first, d)
	if int64(len(g.first)) >= 2*s.keep+64 {
		g.trim(s.keep)
	}
	s.held += int64(cap(g.first)-before) * 24
	if s.held-s.told > max(s.mem.least, 1) {
		s.tell(s.held)
		if s.mem.over() {
			s.put()
		}
	}
}

func (s *strata) tell(bytes int64) {
	s.mem.reserve(bytes - s.told)
	s.told = bytes
}

// put moves all rows aside. Their records order them by group and hash.
func (s *strata) put() {
	var buf []byte
	for name, g := range s.groups {
		g.trim(s.keep)
		for _, d := range g.first {
			buf = append(buf[:0], name...)
			buf = binary.BigEndian.AppendUint64(buf, d.hash)
			buf = binary.BigEndian.AppendUint32(buf, uint32(d.leaf))
			buf = binary.BigEndian.AppendUint64(buf, d.id)
			s.aside.add(key{b: buf})
		}
		g.first = nil
	}
	s.held = 0
	s.tell(0)
}

const drawnTail = 20 // of a record, after the group's name

// merge adds what a step saw, which it takes. It reports whether there are too
// many groups.
func (s *strata) merge(o *strata) bool {
	s.aside.absorb(o.aside)
	for name, g := range o.groups {
		to := s.group([]byte(name))
		if to == nil {
			return false
		}
		to.rows += g.rows
		for _, d := range g.first {
			s.add(to, d)
		}
		g.first = nil
	}
	o.tell(0)
	return true
}

func (s *strata) free() {
	if s != nil {
		s.tell(0)
		s.aside.free()
	}
}

// draw decides, once for a walk, the samples that no row can decide alone:
// those of a number of rows, and those that keep the shares of groups.
func (w *walk) draw(ctx context.Context) error {
	w.drawn = make([]*rowSets, len(w.p.roots))
	for i := range w.p.roots {
		root := &w.p.roots[i]
		n := w.g.byTable[root.Table]
		if root.Sample.Rows == 0 && len(root.Sample.Stratify) == 0 || n.none {
			continue
		}
		all := newStrata(w.mem, max(1, root.Sample.Rows))
		var scans []*scan
		for _, l := range n.leaves {
			scans = append(scans, w.drawLeaf(l, root, all.keep)...)
		}
		few := true
		for _, s := range scans {
			s.after = func() { few = all.merge(s.strata) && few }
		}
		scratch := w.newFound()
		if err := w.wave(ctx, scratch, scans); err != nil {
			return err
		}
		if !few {
			return tooManyGroups(root)
		}
		rows := w.mem.newRows(w.g)
		all.take(&root.Sample, rows)
		w.drawn[i] = &rows
		all.free()
	}
	return nil
}

func tooManyGroups(root *Root) error {
	var probs Problems
	probs.add(root.Line, "root %s: stratify makes more than %d groups; name columns with fewer values", root.Table.Name, maxGroups)
	return probs.err()
}

// drawLeaf hashes the eligible rows of a leaf that a root names.
func (w *walk) drawLeaf(l *leaf, root *Root, keep int64) []*scan {
	lay := newLayout(w.g, l)
	for _, r := range l.refs {
		if r.hard && w.mayDie(r) {
			lay.addRef(r)
		}
	}
	sam := w.sampler(lay, root)
	group := w.sampler(lay, root)
	group.pos, group.fams = nil, nil
	for _, c := range root.Sample.Stratify {
		group.pos = append(group.pos, lay.field(lay.column(root.Table, c)))
		group.fams = append(group.fams, familyOf(&root.Table.Columns[c]))
	}
	scans := w.pass("sample "+l.table.Name.String(), lay, root.Where, nil)
	for _, s := range scans {
		s.reset = func() {
			s.strata.free()
			s.strata = newStrata(w.mem, keep)
		}
		s.fn = func(_ *found, r *row) error {
			ref, _, err := w.doomed(r)
			if err != nil || ref != nil {
				return err
			}
			start := len(r.buf)
			group.append(r)
			g := s.strata.group(r.buf[start:])
			if g == nil {
				return tooManyGroups(root)
			}
			g.rows++
			s.strata.add(g, drawn{sam.hash(r), l.id, r.id})
			return nil
		}
	}
	return scans
}

// take chooses from the groups: of a number of rows each its share, rounded by
// the largest remainder, and at least one; of a percent at least one each, the
// rest being decided row by row.
func (s *strata) take(sample *Sample, rows rowSets) {
	s.put()
	names := slices.Sorted(maps.Keys(s.groups))
	quota := s.quotas(names, sample)
	group, taken := 0, int64(0)
	c := s.aside.sort().from(key{})
	for k, ok := c.next(); ok; k, ok = c.next() {
		name, tail := k.b[:len(k.b)-drawnTail], k.b[len(k.b)-drawnTail:]
		for names[group] != string(name) {
			group, taken = group+1, 0
		}
		if taken++; taken <= quota[group] {
			rows.add(int(binary.BigEndian.Uint32(tail[8:])), binary.BigEndian.Uint64(tail[12:]))
		}
	}
}

func (s *strata) quotas(names []string, sample *Sample) []int64 {
	var total int64
	for _, g := range s.groups {
		total += g.rows
	}
	quota := make([]int64, len(names))
	rest := make([]float64, len(names))
	left := sample.Rows
	for i, name := range names {
		share := float64(sample.Rows) * float64(s.groups[name].rows) / float64(total)
		quota[i] = max(1, int64(share))
		rest[i] = share - math.Floor(share)
		left -= quota[i]
	}
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	for _, i := range order {
		if left > 0 && quota[i] < s.groups[names[i]].rows {
			quota[i]++
			left--
		}
	}
	return quota
}
