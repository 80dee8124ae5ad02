package pipeline

import (
	"math/bits"

	"github.com/pgstandin/pgstandin/schema"
)

// lockMode is a table lock of PostgreSQL, of those that building what comes
// after the data takes.
type lockMode uint8

const (
	rowShare        lockMode = 1 << iota // of a table that a foreign key references, while the key is validated
	shareUpdate                          // validate constraint, vacuum, analyze, create statistics
	share                                // create index
	shareRow                             // add foreign key, create trigger
	accessExclusive                      // all else
)

// conflicts returns the modes that another session cannot have meanwhile, as
// PostgreSQL's table of conflicting lock modes says.
func (m lockMode) conflicts() lockMode {
	switch m {
	case rowShare:
		return accessExclusive
	case share:
		return shareUpdate | shareRow | accessExclusive
	case shareUpdate, shareRow:
		return shareUpdate | share | shareRow | accessExclusive
	}
	return rowShare | shareUpdate | share | shareRow | accessExclusive
}

// tableLock is a lock that a statement takes on a table; on a partitioned one,
// on the whole tree.
type tableLock struct {
	table schema.Name
	mode  lockMode
}

// held counts the locks that running statements have: by mode, in the order of modes.
type held map[schema.Name][5]int

func (h held) free(locks []tableLock) bool {
	for _, l := range locks {
		for i, n := range h[l.table] {
			if n > 0 && l.mode.conflicts()&(1<<i) != 0 {
				return false
			}
		}
	}
	return true
}

func (h held) take(locks []tableLock, by int) {
	for _, l := range locks {
		counts := h[l.table]
		counts[bits.TrailingZeros8(uint8(l.mode))] += by
		h[l.table] = counts
	}
}
