package seed

import "math/bits"

// mode is how a source takes a number for a row.
type mode uint8

const (
	drawn   mode = iota // whatever a hash says; may be tried again
	counted             // the row's own: no two rows share one
	digit               // a digit of the row's number in a mixed radix
	itself              // of a self-reference: the row itself
	before              // of a self-reference: the row before
	never               // always NULL
	spread              // the parent that has the row among its children
	within              // which of its parent's children the row is
)

// source chooses, for each row, one of size things: values of a set, or rows
// of a parent.
type source struct {
	mode  mode
	size  uint64
	seed  uint64
	nulls uint64 // a hash below it is a NULL; 0 for never
	flips bool   // a check asks for NULLs: later attempts have one half of the time
	self  bool   // chooses among the rows before
	fixed bool   // its numbers do not depend on the attempt
	// settled: nor does whether it is NULL: somebody computes it again.
	settled bool

	div  uint64 // digit: the radixes of the digits before
	turn bool   // digit: moved by a hash of the digits before, so that pairs scatter
	end  uint64 // counted, digit: rows from it on have no number left, and are NULL if nullable
	past bool   // rows from end on start over instead, for a partial index
	// strays: rows from end on take whatever a hash says instead, which keeps them
	// out of the index.
	strays bool
	// tries is how many numbers each row has for itself, spare rows apart; an
	// attempt takes another one. 0 is one.
	tries, spare uint64
	mul, add     uint64 // counted: an order of its own; mul is 0 for that of the rows

	// deal is how many partitions rows go to in turn, where each has numbers of
	// its own: i modulo deal says whose i is. 0 for one.
	deal   uint64
	base   uint64 // digit: rows of base partitions share a number; 0 is one
	nullIn []bool // the partitions where it is NULL
	among  [][]uint64
	pick   pick // drawn: which number for a hash; nil for each as often as any other
	family *families

	match   *match
	found   bool // rows are found by the number that they take
	limited bool // it takes no number past its parent's limit
}

// at returns the number that row takes, or null.
func (s *source) at(row, attempt uint64) (i uint64, null bool) {
	if s.deal == 0 {
		if i, null = s.number(row, attempt); s.match != nil && !null {
			return s.match.find(s, row, attempt, i)
		}
		return i, null
	}
	if s.nullIn != nil && s.nullIn[row%s.deal] {
		return 0, true
	}
	i, null = s.number(row, attempt)
	if s.among != nil && !null {
		rows := s.among[i%s.deal]
		i = rows[i/s.deal%uint64(len(rows))]
	}
	return i, null
}

// number is at without what partitions ask.
func (s *source) number(row, attempt uint64) (i uint64, null bool) {
	own := row
	if s.mode == never {
		return 0, true
	}
	if s.settled {
		attempt = 0
	}
	nulls := s.nulls
	if s.flips && attempt > 0 {
		nulls = 1 << 63
	}
	if s.nulls > 0 && mix(s.seed^0x6e756c6c^mix(row^attempt<<40)) < nulls {
		return 0, true
	}
	if s.end > 0 && row >= s.end {
		switch {
		case !s.past:
			return 0, true
		case s.strays:
			return s.draw(row, mix(s.seed^mix(row^attempt<<40))), false
		}
		row %= s.end
	}
	if s.tries > 1 {
		row += attempt % s.tries * s.spare
	}
	switch s.mode {
	case itself:
		return row, false
	case before:
		if row == 0 {
			return 0, s.nulls > 0
		}
		return row - 1, false
	case counted:
		if s.mul == 0 {
			return row, false
		}
		hi, lo := bits.Mul64(row, s.mul)
		lo, carry := bits.Add64(lo, s.add, 0)
		return bits.Rem64(hi+carry, lo, s.size), false
	case spread:
		i, _ = s.family.at(row)
		return i, false
	case within:
		parent, i := s.family.at(row)
		if s.turn {
			i += below(mix(s.seed^mix(parent)), s.size)
		}
		return i % s.size, false
	case digit:
		row /= max(s.base, 1)
		size := s.size / max(s.deal, 1)
		i = row / s.div
		if s.turn {
			i += below(mix(s.seed^row%s.div), size)
		}
		if i %= size; s.deal > 0 {
			i = i*s.deal + own%s.deal
		}
		return i, false
	}
	if s.fixed {
		attempt = 0
	}
	h := mix(s.seed ^ mix(row^attempt<<40))
	if s.self {
		if row == 0 {
			return 0, s.nulls > 0
		}
		return below(h, row), false
	}
	if s.size == 0 {
		return 0, true
	}
	return s.draw(own, h), false
}

// draw is the number of a row that a hash chooses.
func (s *source) draw(row, h uint64) uint64 {
	if s.deal > 0 {
		return below(h, s.size/s.deal)*s.deal + row%s.deal
	}
	if s.pick != nil {
		return s.pick(h, s.size)
	}
	return below(h, s.size)
}

// shuffle lets a counted source go through its numbers in an order of its own.
func (s *source) shuffle() {
	if s.size < 3 || s.size >= many || s.deal > 0 {
		return
	}
	s.add = mix(s.seed+1) % s.size
	s.mul = mix(s.seed+2)%(s.size-1) + 1
	for gcd(s.mul, s.size) != 1 {
		s.mul = s.mul%(s.size-1) + 1
	}
}

func gcd(a, b uint64) uint64 {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// share is the bound of hashes for a share of all rows.
func share(percent uint64) uint64 { return (1<<64 - 1) / 100 * percent }
