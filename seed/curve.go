package seed

import (
	"math"
	"math/bits"
)

// pick turns a hash into a number below n, which is not 0.
type pick func(h, n uint64) uint64

// unit turns a hash into a number from 0 up to, but not including, 1.
func unit01(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// zipf takes k with a chance that falls as 1/(k+1).
func zipf(h, n uint64) uint64 {
	k := uint64(math.Exp(unit01(h)*math.Log(float64(n)+1))) - 1
	return min(k, n-1)
}

// bell takes numbers around a mean, those beyond the ends at the ends.
func bell(mean, deviation float64) pick {
	return func(h, n uint64) uint64 {
		v := mean + deviation*normal(unit01(h))
		switch {
		case !(v > 0):
			return 0
		case v >= float64(n-1):
			return n - 1
		}
		return uint64(v + 0.5)
	}
}

// normal is the standard normal value below which a share of all lie.
func normal(share float64) float64 {
	share = math.Max(share, 1e-12)
	return math.Sqrt2 * math.Erfinv(2*share-1)
}

// weighted takes each number by its weight; nil if there is none above 0.
func weighted(weights []float64) pick {
	total := 0.0
	for _, w := range weights {
		total += max(w, 0)
	}
	if !(total > 0) || math.IsInf(total, 0) {
		return nil
	}
	ends, sum, last := make([]uint64, len(weights)), 0.0, 0
	for i, w := range weights {
		if sum += max(w, 0); w > 0 {
			last = i
		}
		ends[i] = part64(sum / total)
	}
	return func(h, n uint64) uint64 {
		for i, end := range ends {
			if h < end {
				return uint64(i)
			}
		}
		return uint64(last)
	}
}

// shareBlock is how many parents one sum is remembered for.
const shareBlock = 64

// families is how many children each parent has, from a hash; sums of blocks of
// parents are remembered, so that the parent of a row is found by looking at one
// block.
type families struct {
	low, span uint64
	seed      uint64
	parents   uint64
	ends      []uint64 // rows before the end of each block
	of        *sizes   // nil for any number from low
	order     *source  // the place of each row among the children; nil for that of the rows
}

// newFamilies counts the children of all parents.
func newFamilies(seed, parents uint64, low, high int64) *families {
	f := &families{low: uint64(low), span: uint64(high-low) + 1, seed: seed, parents: parents}
	f.count()
	return f
}

func (f *families) count() {
	total := uint64(0)
	for p := range f.parents {
		if total += f.size(p); p%shareBlock == shareBlock-1 || p == f.parents-1 {
			f.ends = append(f.ends, total)
		}
	}
}

// most is how many children a parent has at the most.
func (f *families) most() uint64 {
	if f.of != nil {
		return f.of.most()
	}
	return f.low + f.span - 1
}

func (f *families) size(parent uint64) uint64 {
	if f.of != nil {
		return f.of.size(mix(f.seed ^ mix(parent)))
	}
	return f.low + below(mix(f.seed^mix(parent)), f.span)
}

func (f *families) rows() uint64 {
	if len(f.ends) == 0 {
		return 0
	}
	return f.ends[len(f.ends)-1]
}

// at returns a row's parent, and which of its children the row is, from 0.
func (f *families) at(row uint64) (parent, child uint64) {
	if f.order != nil { // each place once, spread evenly where there are fewer rows
		place, _ := f.order.at(row, 0)
		high, low := bits.Mul64(place, f.rows())
		row, _ = bits.Div64(high, low, f.order.size)
	}
	lo, hi := 0, len(f.ends)-1
	for lo < hi {
		if mid := (lo + hi) / 2; f.ends[mid] > row {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if lo > 0 {
		row -= f.ends[lo-1]
	}
	for parent = uint64(lo) * shareBlock; parent < f.parents-1; parent++ {
		n := f.size(parent)
		if row < n {
			break
		}
		row -= n
	}
	return parent, row
}
