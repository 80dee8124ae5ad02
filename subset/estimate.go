package subset

import (
	"math"

	"github.com/pgstandin/pgstandin/schema"
)

// A condition of a root is taken to pass so much of its table: estimates are
// made without asking the server.
const whereShare = 0.1

// shares estimates the part of each table that is chosen, by node, when the
// roots without a sample take the share open (0: all of them).
func (p *Plan) shares(open float64) []float64 {
	bring := make([]float64, len(p.g.nodes)) // rows that bring children
	all := make([]float64, len(p.g.nodes))
	for _, n := range p.g.nodes {
		out := 1.0
		for _, i := range n.roots {
			out *= 1 - p.rootShare(&p.roots[i], n, open)
		}
		if !n.none {
			bring[n.id] = 1 - out
		}
	}
	for _, level := range p.down {
		for range 4 { // cycles settle soon enough for an estimate
			for _, comp := range level {
				for _, n := range comp {
					bring[n.id] = p.downShare(n, bring, open)
				}
			}
		}
	}
	for i, n := range p.g.nodes {
		if all[i] = bring[i]; n.full {
			all[i] = 1
		}
	}
	for _, level := range p.up {
		for range 4 {
			for _, comp := range level {
				for _, n := range comp {
					all[n.id] = max(all[n.id], p.upShare(n, all, bring))
				}
			}
		}
	}
	return all
}

func (p *Plan) rootShare(r *Root, n *node, open float64) float64 {
	share := 1.0
	switch {
	case r.Sample.Share > 0:
		share = r.Sample.Share
	case r.Sample.Rows > 0 && n.rows > 0:
		share = min(1, float64(r.Sample.Rows)/float64(n.rows))
	case r.Sample.Rows == 0 && open > 0:
		share = open
	}
	if r.Where != "" {
		share *= whereShare
	}
	return share
}

// downShare is the part of a table that its roots and parents bring. What several
// parents bring is taken to be the same rows: an order, its items and their
// shipments mostly come from one user.
func (p *Plan) downShare(n *node, bring []float64, open float64) float64 {
	out := 1.0
	for _, i := range n.roots {
		out *= 1 - p.rootShare(&p.roots[i], n, open)
	}
	most := 1 - out
	for _, r := range n.out {
		if r.Down == DownOff {
			continue
		}
		share := bring[r.parent.id] * r.filled()
		if r.Limit > 0 && n.rows > 0 {
			share = min(share, bring[r.parent.id]*float64(r.parent.rows)*float64(r.Limit)/float64(n.rows))
		}
		most = max(most, share)
	}
	return most
}

// upShare is the part of a table that comes by itself or is referenced: the rows
// of children that the table did not bring draw from its rows at random.
func (p *Plan) upShare(n *node, all, bring []float64) float64 {
	if n.rows == 0 {
		return 0
	}
	left := 1 - bring[n.id]
	rows := float64(n.rows)
	for _, r := range n.in {
		if r.Up == UpNullify || !r.child.copied() {
			continue
		}
		others := all[r.child.id]
		if r.Down != DownOff {
			others = max(0, others-bring[n.id])
		}
		left *= math.Exp(-others * float64(r.child.rows) * r.filled() / rows)
	}
	return 1 - left
}

// filled is the part of the child's rows that hold the reference.
func (r *ref) filled() float64 {
	out := 1.0
	for _, c := range r.Columns {
		out *= 1 - r.Child.Columns[c].Stats.NullFrac
	}
	if r.When != "" {
		out /= 2
	}
	return out
}

// size is the estimated size of the subset.
func (p *Plan) size(open float64) (rows, bytes int64) {
	for i, share := range p.shares(open) {
		n := p.g.nodes[i]
		if !n.copied() {
			continue
		}
		rows += int64(share * float64(n.rows))
		bytes += int64(share * float64(n.bytes()))
	}
	return rows, bytes
}

func (n *node) bytes() (out int64) {
	for _, l := range n.leaves {
		out += l.table.Bytes
	}
	return out
}

// budget picks the share of the roots that have no sample of their own, the
// largest that the budget allows by estimate.
func (p *Plan) budget(probs *Problems) {
	b := p.cfg.Budget
	if b == (Budget{}) {
		return
	}
	fits := func(share float64) bool {
		rows, bytes := p.size(share)
		return (b.Rows == 0 || rows <= b.Rows) && (b.Bytes == 0 || bytes <= b.Bytes)
	}
	free := 0
	for _, r := range p.roots {
		if r.Sample.Share == 0 && r.Sample.Rows == 0 {
			free++
		}
	}
	least := p.leastShare()
	switch {
	case free == 0:
		probs.add(0, "subset.budget: there is no root without a sample of its own, so there is nothing to choose")
		return
	case !fits(least):
		rows, bytes := p.size(least)
		probs.add(0, "subset.budget cannot be met: even with one row a root, what it brings and the tables that are copied in full have about %d rows and %d bytes", rows, bytes)
		return
	}
	lo, hi := least, 1.0
	if !fits(1) {
		for range 40 {
			if mid := (lo + hi) / 2; fits(mid) {
				lo = mid
			} else {
				hi = mid
			}
		}
		hi = lo
	}
	p.picked = hi
	for i := range p.roots {
		if s := &p.roots[i].Sample; s.Share == 0 && s.Rows == 0 {
			s.Share = hi
		}
	}
}

// leastShare is the share with which each root without a sample has a row.
func (p *Plan) leastShare() float64 {
	least := 1e-6
	for i := range p.roots {
		r := &p.roots[i]
		if s := &r.Sample; s.Share > 0 || s.Rows > 0 {
			continue
		}
		rows := float64(p.g.byTable[r.Table].rows)
		if r.Where != "" {
			rows *= whereShare
		}
		if rows > 0 {
			least = max(least, 1/rows)
		}
	}
	return min(least, 1)
}

// TablePlan is what a plan says of one logical table before any row is read.
type TablePlan struct {
	Table       *schema.Table
	Why         string // as in TableReport
	Copied      bool   // some row may be copied
	Rows, Bytes int64  // estimates of what is copied; a root's where counts as a tenth, a restriction as nothing
	SourceRows  int64  // estimate
	SourceBytes int64
	Restriction string // its where, or ""
	Cycle       int    // tables that reference each other in a circle share a number from 1; else 0
}

// ReferencePlan is what a plan says of a reference of a copied table.
type ReferencePlan struct {
	Reference *Reference
	Name      string
	Cut       []string // columns that become NULL where the parent is not copied; none: the row stays out
	Lossy     bool     // the parent may not be copied, so that values are cut or rows stay out
}

// Tables lists every logical table: copied ones in an order in which children
// come before the parents that they require, then the others.
func (p *Plan) Tables() []TablePlan {
	var out []TablePlan
	share := p.shares(0)
	cycle := 0
	row := func(n *node, cycle int) {
		t := TablePlan{Table: n.table, Why: n.why(), Copied: n.copied(), SourceRows: n.rows, SourceBytes: n.bytes(),
			Restriction: n.restriction(), Cycle: cycle}
		if t.Copied {
			t.Rows = int64(share[n.id] * float64(n.rows))
			t.Bytes = int64(share[n.id] * float64(n.bytes()))
		}
		out = append(out, t)
	}
	for _, level := range p.up {
		for _, comp := range level {
			number := 0
			if len(comp) > 1 {
				cycle++
				number = cycle
			}
			for _, n := range comp {
				row(n, number)
			}
		}
	}
	for _, n := range p.g.nodes {
		if !n.copied() {
			row(n, 0)
		}
	}
	return out
}

// References lists the references of copied tables, as the Config has them,
// then those that it does not mention.
func (p *Plan) References() []ReferencePlan {
	var out []ReferencePlan
	for _, r := range p.g.refs {
		if !r.child.copied() {
			continue
		}
		out = append(out, ReferencePlan{
			Reference: r.Reference, Name: r.name(), Cut: r.cutNames(),
			Lossy: r.parent.affected || !r.checked || r.Up != UpRequire,
		})
	}
	return out
}

// Cut lists what ReferencePlan.Cut does, whether the child is copied or not.
func (p *Plan) Cut(of *Reference) []string {
	for _, r := range p.g.refs {
		if r.Reference == of {
			return r.cutNames()
		}
	}
	return nil
}

func (r *ref) cutNames() []string {
	var out []string
	for _, c := range r.cut {
		out = append(out, r.Child.Columns[c].Name)
	}
	return out
}

// Picked is the share that a budget gave the roots without a sample, 0 when
// there is no budget.
func (p *Plan) Picked() float64 { return p.picked }

// Notes lists what in the rules has no effect.
func (p *Plan) Notes() []string { return p.notes }
