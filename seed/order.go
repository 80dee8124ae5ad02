package seed

import (
	"slices"
	"strings"
)

// above reports whether a check wants a column above another of the table: it is
// to follow that one, which then tells the rows apart.
func (x *table) above(c int) bool {
	return slices.ContainsFunc(x.checks, func(k check) bool {
		n := k.expr
		if len(n.args) != 2 || n.args[0].op != "col" || n.args[1].op != "col" {
			return false
		}
		return strings.HasPrefix(n.op, "<") && n.op != "<>" && n.args[1].column == c || strings.HasPrefix(n.op, ">") && n.args[0].column == c
	})
}

// redraw gives columns of a unique set that another tells apart, and that a check
// wants above it, values beyond the last one's.
func (x *table) redraw(open []*source, counted *source) error {
	for _, s := range open {
		c := x.owner(s)
		if s == counted || c < 0 || !x.above(c) || x.cols[c].set.num == nil {
			continue
		}
		whole, err := x.values(c, 4*max(x.rows, 1), true)
		if err != nil {
			return &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: err.Error()}
		}
		x.cols[c].set, s.size = whole, whole.size
	}
	return nil
}

// apart is spare for the digits of a number: at each attempt all of them are to
// be others, and the first one far from that before. A table without checks needs
// no attempts.
func (x *table) apart(open []*source, deal, room uint64) uint64 {
	n, deal := x.spare(deal), max(deal, 1)
	if len(x.checks) == 0 {
		return n
	}
	sizes := make([]uint64, len(open))
	for i, s := range open {
		sizes[i] = max(s.size/max(s.deal, 1), 1)
	}
	first := sizes[0]
	from := (first/8*5 + first - n/deal%first) % first
	for k := range uint64(100) {
		if step := n/deal + from + k; !slices.ContainsFunc(sizes, func(size uint64) bool { return size > 1 && gcd(step%size, size) > 1 }) {
			if tries := room / (step * deal); tries > 3 || tries == room/n {
				return step * deal
			}
			break // there are too few
		}
	}
	return n
}
