package seed

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// histogram lets a column's source take ranges of numbers or times by their
// weights.
func (x *table) histogram(c int) error {
	col := &x.cols[c]
	n, v := col.set.num, col.value
	switch {
	case n == nil && v.soft:
		return nil
	case n == nil:
		return fmt.Errorf("it is neither a number nor a time: only those have bounds")
	case len(v.Bounds) != len(v.Weights)+1:
		return fmt.Errorf("%d weights have %d bounds, not one more", len(v.Weights), len(v.Bounds))
	}
	var at []uint64 // the number where each range begins
	for _, text := range v.Bounds {
		p, ok := n.unit.read(text)
		if !ok {
			return fmt.Errorf("one of its bounds is no number and no time")
		}
		at = append(at, uint64(min(max((p-n.lo+n.step-1)/n.step, 0), int64(min(col.set.size, many)))))
	}
	weights := slices.Clone(v.Weights)
	for i := range weights {
		if at[i+1] <= at[i] { // checks leave nothing of it
			weights[i] = 0
		}
	}
	choose := weighted(weights)
	if choose == nil {
		if v.soft {
			return nil
		}
		return fmt.Errorf("no range with a weight above 0 has values")
	}
	col.src.pick = func(h, size uint64) uint64 {
		i := choose(h, size)
		return min(at[i]+below(mix(h), at[i+1]-at[i]), size-1)
	}
	return nil
}

// read reads a number or a time as a scale counts them.
func (u unit) read(text string) (int64, bool) {
	if u.kind == "time" {
		return parseTime(text)
	}
	f, err := strconv.ParseFloat(text, 64)
	return toInt(math.Round(f * math.Pow10(u.digits))), err == nil
}

// sizes is how many children parents have: ranges, by their weights.
type sizes struct {
	choose pick
	low    []uint64
	span   []uint64
}

func newSizes(of []ProfileChildren) *sizes {
	var weights []float64
	s := &sizes{}
	for _, c := range of {
		low := uint64(max(c.From, 0))
		high := uint64(max(math.Round(2*c.Mean)-float64(low), float64(low))) // so that the mean holds
		if c.To > 0 {
			high = min(high, uint64(c.To))
		}
		s.low, s.span = append(s.low, low), append(s.span, max(high, low)-low+1)
		weights = append(weights, c.Share)
	}
	if s.choose = weighted(weights); s.choose == nil {
		return nil
	}
	return s
}

func (s *sizes) size(h uint64) uint64 {
	i := s.choose(h, uint64(len(s.low)))
	return s.low[i] + below(mix(h), s.span[i])
}

func (s *sizes) most() uint64 {
	n := uint64(0)
	for i := range s.low {
		n = max(n, s.low[i]+s.span[i]-1)
	}
	return n
}

// profileColumns lets columns follow the profile as far as their constraints
// allow.
func (x *table) profileColumns() {
	for c := range x.cols {
		col := &x.cols[c]
		v := col.value
		if v == nil || !v.soft || col.parent != nil {
			continue
		}
		trial := col.spec
		trial.list = slices.Clone(trial.list)
		switch {
		case v.Choice != nil:
			trial.only(v.Choice)
		case v.Bounds != nil:
			if lo := v.Bounds[0]; trial.lo.text == "" || tighter(lo, trial.lo.text) {
				trial.lo = bound{text: lo}
			}
			if hi := v.Bounds[len(v.Bounds)-1]; trial.hi.text == "" || tighter(trial.hi.text, hi) {
				trial.hi = bound{text: hi, open: true}
			}
			trial.exact = true
		}
		if out, err := trial.set(1); err != nil || out.size == 0 {
			v.Choice, v.Bounds, v.Weights = nil, nil, nil
			continue
		}
		col.spec = trial
	}
}

// follows lets a foreign key have children as its profile says.
func (x *table) follows(f *foreign) {
	s := f.src
	if f.sizes == nil || s.mode != drawn || s.size == 0 || s.match != nil || s.found || s.limited || s.deal > 0 || f.how != "" || x.rows == 0 {
		return
	}
	fam := &families{seed: hashName(x.seed, "children by "+f.k.Name), parents: f.parent.rows, of: f.sizes}
	fam.count()
	if fam.rows() == 0 {
		return
	}
	fam.order = &source{mode: counted, size: max(fam.rows(), x.rows), seed: s.seed}
	fam.order.shuffle()
	s.family, s.mode, s.fixed = fam, spread, true
}

// unfollow gives a profile's shares up but for one of a unique set, of which
// another column must tell the children of one parent apart.
func (x *table) unfollow(u unique, sources []*source) error {
	var kept *source
	for _, s := range sources {
		if s.mode != spread || s.family.of == nil {
			continue
		}
		if kept == nil && (s.family.rows() >= x.rows || x.sized && s.family.rows() >= x.rows/10*9) && len(sources) > 1 {
			kept = s
			continue
		}
		s.mode, s.fixed, s.family = drawn, false, nil
	}
	if kept == nil {
		return nil
	}
	most := kept.family.most()
	for _, s := range sources {
		if c := x.owner(s); s.mode == drawn && !s.self && s.deal == 0 {
			if c < 0 && s.size >= most || c >= 0 && x.cols[c].made == nil {
				if c < 0 {
					return x.fewer(u, kept)
				}
				if v, err := x.cols[c].spec.set(most); err == nil && v.size >= most {
					return x.fewer(u, kept)
				}
			}
		}
	}
	kept.mode, kept.fixed, kept.family = drawn, false, nil
	return nil
}

// fewer lets a table have as many rows as parents have children, where that is a
// few less.
func (x *table) fewer(u unique, s *source) error {
	if n := s.family.rows(); n < x.rows {
		return &tooMany{n, u.name}
	}
	return nil
}
