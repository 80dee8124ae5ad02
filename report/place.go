package report

import "slices"

// order arranges each row by where its neighbours stand, down and up again a
// few times, and keeps the arrangement with the fewest crossings.
func order(rows [][]*node) {
	index := map[*node]int{}
	number := func() {
		for _, row := range rows {
			for i, n := range row {
				index[n] = i
			}
		}
	}
	number()
	best, least := clone(rows), crossings(rows, index)
	for sweep := range 16 {
		for i := range rows {
			y := i
			if sweep%2 == 1 {
				y = len(rows) - 1 - i
			}
			for _, n := range rows[y] {
				near := n.up
				if sweep%2 == 1 {
					near = n.down
				}
				n.wanted = float64(index[n])
				if len(near) > 0 {
					n.wanted = 0
					for _, m := range near {
						n.wanted += float64(index[m]) / float64(len(near))
					}
				}
			}
			slices.SortStableFunc(rows[y], func(a, b *node) int { return sign(a.wanted - b.wanted) })
			for i, n := range rows[y] {
				index[n] = i
			}
		}
		if c := crossings(rows, index); c < least {
			best, least = clone(rows), c
		}
	}
	copy(rows, best)
}

func clone(rows [][]*node) [][]*node {
	out := make([][]*node, len(rows))
	for i, r := range rows {
		out[i] = slices.Clone(r)
	}
	return out
}

func sign(f float64) int {
	switch {
	case f < 0:
		return -1
	case f > 0:
		return 1
	}
	return 0
}

// crossings counts pairs of edges between neighbouring rows that cross.
func crossings(rows [][]*node, index map[*node]int) int {
	total := 0
	for _, row := range rows {
		var ends []int // in the row above, by the order below
		for _, n := range row {
			var mine []int
			for _, m := range n.up {
				if m.rank == n.rank-1 {
					mine = append(mine, index[m])
				}
			}
			for _, a := range ends {
				for _, b := range mine {
					if a > b {
						total++
					}
				}
			}
			ends = append(ends, mine...)
		}
	}
	return total
}

// place gives every node its middle and returns the width of it all: each
// wants to be where its neighbours are on average, and none may overlap.
func place(rows [][]*node) float64 {
	wide := 0.0
	for _, row := range rows {
		wide = max(wide, packed(row))
	}
	wide = max(wide, perRow*(nodeWidth+gapX)-gapX)
	for sweep := range 24 {
		for i := range rows {
			row := rows[i]
			if sweep%2 == 1 {
				row = rows[len(rows)-1-i]
			}
			for _, n := range row {
				near := slices.Concat(n.up, n.down)
				n.wanted = n.at
				if len(near) > 0 {
					n.wanted = 0
					for _, m := range near {
						n.wanted += m.at / float64(len(near))
					}
				}
			}
			settle(row, wide)
		}
	}
	left, right := 0.0, 0.0
	first := true
	for _, row := range rows {
		for _, n := range row {
			if l := n.at - n.width()/2; first || l < left {
				left = l
			}
			if r := n.at + n.width()/2; first || r > right {
				right = r
			}
			first = false
		}
	}
	for _, row := range rows {
		for _, n := range row {
			n.at -= left
		}
	}
	return right - left
}

// packed places a row side by side from 0 and returns its width.
func packed(row []*node) float64 {
	x := 0.0
	for i, n := range row {
		if i > 0 {
			x += gapX
		}
		n.at = x + n.width()/2
		x += n.width()
	}
	return x
}

// settle moves the nodes of a row as near as possible to where they want to be
// (least squares), in their order, without overlap and between 0 and wide: a regression to the
// nearest ascending sequence, by pooling neighbours that are out of order.
func settle(row []*node, wide float64) {
	type pool struct {
		sum float64
		n   int
	}
	offset := make([]float64, len(row))
	for i := 1; i < len(row); i++ {
		offset[i] = offset[i-1] + (row[i-1].width()+row[i].width())/2 + gapX
	}
	var pools []pool
	for i, n := range row {
		pools = append(pools, pool{n.wanted - offset[i], 1})
		for k := len(pools) - 1; k > 0 && pools[k-1].sum/float64(pools[k-1].n) > pools[k].sum/float64(pools[k].n); k-- {
			pools[k-1] = pool{pools[k-1].sum + pools[k].sum, pools[k-1].n + pools[k].n}
			pools = pools[:k]
		}
	}
	if len(row) == 0 {
		return
	}
	last := len(row) - 1
	least, most := row[0].width()/2, wide-row[last].width()/2-offset[last]
	i := 0
	for _, p := range pools {
		for range p.n {
			row[i].at = min(max(p.sum/float64(p.n), least), most) + offset[i]
			i++
		}
	}
}
