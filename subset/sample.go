package subset

import (
	"cmp"
	"context"
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

func (s *stratum) add(d drawn, keep int64) {
	s.rows++
	s.first = append(s.first, d)
	if int64(len(s.first)) >= 2*keep+64 {
		s.trim(keep)
	}
}

func (s *stratum) trim(keep int64) {
	slices.SortFunc(s.first, drawn.compare)
	s.first = s.first[:min(int64(len(s.first)), keep)]
}

// draw decides, once for a walk, the samples that no row can decide alone:
// those of a number of rows, and those that keep the shares of groups.
func (w *walk) draw(ctx context.Context) error {
	w.drawn = make([]rowSets, len(w.p.roots))
	for i := range w.p.roots {
		root := &w.p.roots[i]
		n := w.g.byTable[root.Table]
		if root.Sample.Rows == 0 && len(root.Sample.Stratify) == 0 || n.none {
			continue
		}
		keep := max(1, root.Sample.Rows)
		var scans []*scan
		for _, l := range n.leaves {
			scans = append(scans, w.drawLeaf(l, root, keep)...)
		}
		groups := map[string]*stratum{}
		for _, s := range scans {
			s.after = func() {
				for name, g := range s.groups {
					if groups[name] == nil {
						groups[name] = &stratum{}
					}
					groups[name].rows += g.rows
					groups[name].first = append(groups[name].first, g.first...)
					groups[name].trim(keep)
				}
			}
		}
		scratch := newFound(w.g, len(w.p.roots))
		if _, err := w.wave(ctx, scratch, scans); err != nil {
			return err
		}
		w.drawn[i] = take(groups, &root.Sample, len(w.g.leaves))
	}
	return nil
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
		s.reset = func() { s.groups = map[string]*stratum{} }
		s.fn = func(_ *found, r *row) error {
			ref, _, err := w.doomed(r)
			if err != nil || ref != nil {
				return err
			}
			start := len(r.buf)
			group.append(r)
			name := r.buf[start:]
			g := s.groups[string(name)]
			if g == nil {
				g = &stratum{}
				s.groups[string(name)] = g
			}
			g.add(drawn{sam.hash(r), l.id, r.id}, keep)
			return nil
		}
	}
	return scans
}

// take chooses from the groups: of a number of rows each its share, rounded by
// the largest remainder, and at least one; of a percent at least one each, the
// rest being decided row by row.
func take(groups map[string]*stratum, s *Sample, leaves int) rowSets {
	out := make(rowSets, leaves)
	var total int64
	names := make([]string, 0, len(groups))
	for name, g := range groups {
		names = append(names, name)
		total += g.rows
	}
	slices.Sort(names)
	quota := make([]int64, len(names))
	rest := make([]float64, len(names))
	left := s.Rows
	for i, name := range names {
		share := float64(s.Rows) * float64(groups[name].rows) / float64(total)
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
		if left > 0 && quota[i] < groups[names[i]].rows {
			quota[i]++
			left--
		}
	}
	for i, name := range names {
		first := groups[name].first
		for _, d := range first[:min(int64(len(first)), quota[i])] {
			out.add(d.leaf, d.id)
		}
	}
	return out
}
