package report

import (
	"fmt"
	"slices"
	"strings"
)

// Sizes of the picture, in pixels.
const (
	nodeWidth, nodeHeight = 150, 46
	gapX, gapY            = 20, 50
	bendWidth             = 14 // room for an edge that passes a row
	mostBends             = 250
	perRow                = 6
	margin                = 12
)

// graph is the picture of the tables: parents above their children.
type graph struct {
	Width, Height int
	Nodes         []*node
	Edges         []edge
	Many          bool // more tables than the eye follows
}

// node is a table, or with Table nil the place where an edge passes a row.
type node struct {
	Table *Table
	Index int // of the table in the report
	Label string
	Self  bool // it references itself
	X, Y  int  // left, top

	rank     int
	at       float64 // middle
	up, down []*node // neighbours in the rows above and below
	wanted   float64
}

type edge struct {
	Path  string
	Cut   bool // references became NULL
	Title string
}

// TextX and the next three are where the parts of a node stand.
func (n *node) TextX() int { return n.X + 16 }

// NameY is the base line of the name.
func (n *node) NameY() int { return n.Y + 20 }

// RowsY is the base line of the number of rows.
func (n *node) RowsY() int { return n.Y + 36 }

// TabY is the top of the coloured mark.
func (n *node) TabY() int { return n.Y + 12 }

func (n *node) width() float64 {
	if n.Table == nil {
		return bendWidth
	}
	return nodeWidth
}

// link is one or more references from a child to a parent.
type link struct {
	child, parent *node
	cut           bool
	names         []string
	path          []*node // child, bends, parent
}

// layout places the tables in rows, so that references go up, and few cross.
func (r *Report) layout() *graph {
	byName := map[string]*node{}
	var nodes []*node
	for i := range r.Tables {
		t := &r.Tables[i]
		n := &node{Table: t, Index: i, Label: Shorten(bare(t.Name), 17)}
		nodes, byName[t.Name] = append(nodes, n), n
	}
	links := r.links(byName)
	linked, alone := rank(nodes, links)
	rows := split(linked, perRow)
	rows = bend(rows, links)
	order(rows)
	width := place(rows)
	for i := 0; i < len(alone); i += perRow { // tables without references come last
		row := alone[i:min(i+perRow, len(alone))]
		rows = append(rows, row)
		width = max(width, packed(row))
	}
	g := &graph{Many: len(nodes) > 60, Width: int(width) + 2*margin, Height: 2*margin + len(rows)*(nodeHeight+gapY) - gapY}
	if len(rows) == 0 {
		return nil
	}
	for y, row := range rows {
		for _, n := range row {
			n.X, n.Y = int(n.at-n.width()/2)+margin, margin+y*(nodeHeight+gapY)
			if n.Table != nil {
				g.Nodes = append(g.Nodes, n)
			}
		}
	}
	for _, l := range links {
		g.Edges = append(g.Edges, l.draw(links))
	}
	return g
}

// links joins the references between two tables, and marks those that
// reference themselves.
func (r *Report) links(byName map[string]*node) []*link {
	var out []*link
	between := map[[2]*node]*link{}
	for _, ref := range r.References {
		c, p := byName[ref.Child], byName[ref.Parent]
		if c == nil || p == nil {
			continue
		}
		if c == p {
			c.Self = true
			continue
		}
		l := between[[2]*node{c, p}]
		if l == nil {
			l = &link{child: c, parent: p}
			between[[2]*node{c, p}] = l
			out = append(out, l)
		}
		l.cut = l.cut || ref.Cut > 0
		l.names = append(l.names, strings.Join(ref.Columns, ", "))
	}
	return out
}

// rank puts every table below its parents, circles cut where they are met, and
// tables that have no parent right above their children. Tables without links
// are returned apart.
func rank(nodes []*node, links []*link) (linked, alone []*node) {
	parents := map[*node][]*node{}
	children := map[*node][]*node{}
	for _, l := range links {
		parents[l.child] = append(parents[l.child], l.parent)
		children[l.parent] = append(children[l.parent], l.child)
	}
	const unseen, open, done = 0, 1, 2
	state := map[*node]int{}
	var visit func(n *node)
	visit = func(n *node) {
		state[n] = open
		for _, p := range parents[n] {
			if state[p] == unseen {
				visit(p)
			}
			if state[p] == done {
				n.rank = max(n.rank, p.rank+1)
			}
		}
		state[n] = done
	}
	for _, n := range nodes {
		if len(parents[n])+len(children[n]) == 0 {
			alone = append(alone, n)
			continue
		}
		linked = append(linked, n)
		if state[n] == unseen {
			visit(n)
		}
	}
	for _, n := range linked {
		if len(parents[n]) == 0 {
			least := n.rank
			for i, c := range children[n] {
				if i == 0 || c.rank-1 < least {
					least = c.rank - 1
				}
			}
			n.rank = max(0, least)
		}
	}
	return linked, alone
}

// split makes rows of the ranks, of at most so many tables.
func split(nodes []*node, most int) [][]*node {
	var ranks [][]*node
	for _, n := range nodes {
		for len(ranks) <= n.rank {
			ranks = append(ranks, nil)
		}
		ranks[n.rank] = append(ranks[n.rank], n)
	}
	var rows [][]*node
	for _, nodes := range ranks {
		pieces := (len(nodes) + most - 1) / most
		for i := range pieces {
			rows = append(rows, slices.Clone(nodes[i*len(nodes)/pieces:(i+1)*len(nodes)/pieces]))
		}
	}
	for y, row := range rows {
		for _, n := range row {
			n.rank = y
		}
	}
	return rows
}

// bend gives edges that pass rows a place in each, unless there are too many of
// them; then they are drawn straight, behind the tables.
func bend(rows [][]*node, links []*link) [][]*node {
	bends := 0
	for _, l := range links {
		bends += max(0, abs(l.child.rank-l.parent.rank)-1)
	}
	for _, l := range links {
		l.path = []*node{l.child}
		from, to := l.child, l.parent
		step := -1
		if from.rank < to.rank {
			step = 1
		}
		for y := from.rank + step; y != to.rank && bends <= mostBends && from.rank != to.rank; y += step {
			b := &node{rank: y}
			rows[y] = append(rows[y], b)
			l.path = append(l.path, b)
		}
		l.path = append(l.path, to)
		for i := range len(l.path) - 1 {
			a, b := l.path[i], l.path[i+1]
			switch {
			case a.rank > b.rank:
				a.up, b.down = append(a.up, b), append(b.down, a)
			case a.rank < b.rank:
				a.down, b.up = append(a.down, b), append(b.up, a)
			}
		}
	}
	return rows
}

func abs(n int) int { return max(n, -n) }

// draw makes the curve of a link. Ends on the same side of a table are spread
// over its border, from left to right as the other ends lie.
func (l *link) draw(all []*link) edge {
	e := edge{Cut: l.cut, Title: bare(l.child.Table.Name) + " (" + strings.Join(l.names, "; ") + ") → " + bare(l.parent.Table.Name)}
	var b strings.Builder
	n := len(l.path)
	up := l.child.rank > l.parent.rank
	x, y := float64(l.child.X)+port(l, all, l.child), float64(l.child.Y)
	if !up {
		y += nodeHeight
	}
	fmt.Fprintf(&b, "M%.0f %.0f", x, y)
	for i := 1; i < n; i++ {
		to := l.path[i]
		tx, ty := float64(to.X)+bendWidth/2, float64(to.Y)
		if i == n-1 {
			tx = float64(to.X) + port(l, all, to)
		}
		enter, leave := ty+nodeHeight, ty // going up: in at the bottom, out at the top
		if !up {
			enter, leave = ty, ty+nodeHeight
		}
		mid := (y + enter) / 2
		fmt.Fprintf(&b, " C%.0f %.0f %.0f %.0f %.0f %.0f", x, mid, tx, mid, tx, enter)
		if i < n-1 {
			fmt.Fprintf(&b, " L%.0f %.0f", tx, leave)
		}
		x, y = tx, leave
	}
	e.Path = b.String()
	return e
}

// port is how far from the left of n the link touches it.
func port(l *link, all []*link, n *node) float64 {
	next := func(l *link) *node {
		if l.child == n {
			return l.path[1]
		}
		return l.path[len(l.path)-2]
	}
	above := next(l).rank < n.rank
	before, side := 0, 0
	for _, o := range all {
		if o.child != n && o.parent != n || (next(o).rank < n.rank) != above {
			continue
		}
		side++
		if next(o).at < next(l).at {
			before++
		}
	}
	return nodeWidth * float64(before+1) / float64(side+1)
}
