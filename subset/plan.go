package subset

import (
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// Plan is what a Config means on a schema, before any row is read. It is
// read-only once made and may be walked more than once.
type Plan struct {
	cfg  *Config
	g    *graph
	tune tuning

	roots  []Root  // as in the Config, with the share that a budget picked
	picked float64 // that share, 0 without a budget

	elig [][][]*node // levels of components, parents first
	down [][][]*node // parents first
	up   [][][]*node // children first

	cutOnly bool // no roots: nothing but restrictions decides
	always  bool // some reference has down: always
	reject  bool // some reference has up: prune or down: all
	notes   []string
}

// NewPlan binds a Config to a schema. The error is Problems, all of them.
func NewPlan(s *schema.Schema, cfg *Config) (*Plan, error) {
	var probs Problems
	checkConfig(cfg, &probs)
	if len(probs) > 0 {
		return nil, probs.err()
	}
	p := &Plan{cfg: cfg, roots: slices.Clone(cfg.Roots), tune: tuned(), g: newGraph(s, cfg), cutOnly: len(cfg.Roots) == 0}
	p.checkRefs(&probs)
	p.markNone()
	p.markAffected()
	p.reach(&probs)
	p.checkPeriods(&probs)
	if err := probs.err(); err != nil {
		return nil, err
	}
	p.order()
	p.budget(&probs)
	return p, probs.err()
}

// markNone finds the tables of which no row can be eligible.
func (p *Plan) markNone() {
	for _, n := range p.g.nodes {
		if n.restrict.Rows == NoRows {
			n.none = true
			n.reason = "rows: none"
		}
	}
	for again := true; again; {
		again = false
		for _, r := range p.g.refs {
			if r.hard && r.parent.none && !r.child.none && r.covers() && mandatory(r) {
				r.child.none, r.child.blame, again = true, r, true
				r.child.reason = "needs " + r.parent.table.Name.String() + ", of which no row is copied"
			}
		}
	}
}

// mandatory reports whether every row of the child holds the reference.
func mandatory(r *ref) bool {
	return len(r.cols) > 0 && !r.Array && r.When == "" && !slices.ContainsFunc(r.Columns,
		func(c int) bool { return !r.Child.Columns[c].NotNull || r.Child.Columns[c].Unproved })
}

// markAffected finds the tables that may have rows that are not eligible.
func (p *Plan) markAffected() {
	for _, n := range p.g.nodes {
		n.affected = n.restrict.Rows == NoRows || n.restrict.Rows == WhereRows
	}
	for again := true; again; {
		again = false
		for _, r := range p.g.refs {
			if r.hard && !r.child.affected && (!r.checked || r.parent.affected) {
				r.child.affected, again = true, true
			}
		}
	}
}

// reach finds out which tables may have rows in the result.
func (p *Plan) reach(probs *Problems) {
	if p.cutOnly {
		for _, n := range p.g.nodes {
			n.full = !n.none
		}
		return
	}
	for _, n := range p.g.nodes {
		n.down = len(n.roots) > 0
		n.full = n.restrict.Rows == AllRows
	}
	p.spread()
	for _, n := range p.g.nodes {
		if !n.reached() && n.restrict.Rows == WhereRows {
			n.full, n.own = true, true
		}
	}
	p.spread()
	var lost []string
	for _, n := range p.g.nodes {
		if n.reached() || n.none {
			continue
		}
		switch p.cfg.Unreached {
		case UnreachedAll:
			n.full, n.own = true, true
		case UnreachedNone:
			n.none, n.affected = true, true
			n.reason = "unreached"
		default:
			lost = append(lost, n.table.Name.String())
		}
	}
	if len(lost) > 0 {
		probs.add(0, "no reference leads from a root to %s: write subset.unreached: all or none, or an entry rows: all or none for each", strings.Join(lost, ", "))
	}
	p.spread()
}

// spread follows references from the tables that are in already. A table is
// reached also through one of which no row can be copied.
func (p *Plan) spread() {
	for again := true; again; {
		again = false
		set := func(b *bool) {
			again = again || !*b
			*b = true
		}
		for _, r := range p.g.refs {
			if r.parent.down && r.Down != DownOff || r.parent.reached() && r.Down == DownAlways {
				set(&r.child.down)
			}
			if r.child.reached() && r.Up != UpNullify {
				set(&r.parent.up)
			}
		}
	}
}

// order finds the levels in which the three kinds of closure run.
func (p *Plan) order() {
	p.elig = levels(p.g.nodes, func(n *node) bool { return n.affected && !n.none },
		func(n *node) (out []*node) {
			for _, r := range n.in {
				if r.hard {
					out = append(out, r.child)
				}
			}
			return out
		})
	p.down = levels(p.g.nodes, func(n *node) bool { return n.down && !n.none },
		func(n *node) (out []*node) {
			for _, r := range n.in {
				if r.Down != DownOff {
					out = append(out, r.child)
				}
			}
			return out
		})
	p.up = levels(p.g.nodes, func(n *node) bool { return n.copied() },
		func(n *node) (out []*node) {
			for _, r := range n.out {
				if r.Up != UpNullify {
					out = append(out, r.parent)
				}
			}
			return out
		})
	for _, r := range p.g.refs {
		if !r.child.copied() {
			continue
		}
		p.always = p.always || r.Down == DownAlways
		if r.Up == UpPrune || r.Down == DownAll {
			if p.cutOnly {
				p.notes = append(p.notes, r.name()+": up: prune and down: all say nothing without roots")
			}
			p.reject = true
		}
	}
}
