package subset

import (
	"errors"
	"strconv"
)

// A row is known by the leaf it lives in and its ctid there, as block and
// offset in one number. A heap page has fewer than 2048 line pointers whatever
// the block size.
const (
	offsetBits = 11
	leafShift  = 32 + offsetBits

	// An element of a row's array is known by the row and its place, from 1.
	elementBits = 64 - leafShift
)

var errRowID = errors.New("a row's ctid is not a heap table's")

// parseTID reads "(block,offset)".
func parseTID(b []byte) (uint64, error) {
	if len(b) < 5 || b[0] != '(' || b[len(b)-1] != ')' {
		return 0, errRowID
	}
	var block, off uint64
	n := &block
	for _, c := range b[1 : len(b)-1] {
		switch {
		case c == ',':
			n = &off
		case c >= '0' && c <= '9':
			*n = *n*10 + uint64(c-'0')
		default:
			return 0, errRowID
		}
	}
	if block >= 1<<32 || off >= 1<<offsetBits {
		return 0, errRowID
	}
	return block<<offsetBits | off, nil
}

// appendTID writes id as "(block,offset)".
func appendTID(dst []byte, id uint64) []byte {
	dst = append(dst, '(')
	dst = strconv.AppendUint(dst, id>>offsetBits, 10)
	dst = append(dst, ',')
	dst = strconv.AppendUint(dst, id&(1<<offsetBits-1), 10)
	return append(dst, ')')
}

// appendTIDArray writes ids as a tid[] constant.
func appendTIDArray(dst []byte, ids []uint64) []byte {
	dst = append(dst, `'{`...)
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = appendTID(dst, id)
		dst = append(dst, '"')
	}
	return append(dst, `}'::pg_catalog.tid[]`...)
}

// globalRow is a row's key in a space of row identities.
func globalRow(leaf int, id uint64) uint64 { return uint64(leaf)<<leafShift | id }
