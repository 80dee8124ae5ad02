package leak

// rowValues knows the fingerprints that were seen in one row. It is a hash table with
// open addressing; what it has of other rows counts as free.
type rowValues struct {
	places []uint64 // fingerprints, in the low byte the row; a power of two
	row    uint8    // not zero
	used   int      // places of the row
}

const rowLeast, rowMost = 128, 128 << 10

// next begins a row.
func (r *rowValues) next() {
	if r.used = 0; r.row == 255 {
		clear(r.places)
		r.row = 0
	}
	r.row++
}

// add reports whether a fingerprint is new in the row, and takes note of it. A row of
// more than some ten thousand values is full.
func (r *rowValues) add(fp uint64) (isNew, full bool) {
	if 2*r.used >= len(r.places) && !r.grow() {
		return true, true
	}
	fp = fp&^0xff | uint64(r.row)
	for at := fp >> 8; ; at++ {
		switch p := &r.places[at&uint64(len(r.places)-1)]; {
		case *p == fp:
			return false, false
		case uint8(*p) != r.row:
			*p = fp
			r.used++
			return true, false
		}
	}
}

// grow makes room, if there may be more.
func (r *rowValues) grow() bool {
	if len(r.places) == rowMost {
		return false
	}
	old := r.places
	r.places, r.used = make([]uint64, max(rowLeast, 4*len(old))), 0
	for _, fp := range old {
		if uint8(fp) == r.row {
			r.add(fp)
		}
	}
	return true
}
