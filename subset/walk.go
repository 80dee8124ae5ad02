package subset

import (
	"context"
	"fmt"

	"github.com/pgstandin/pgstandin/keyed"
)

// tuning holds the limits between ways of reading that give the same rows.
type tuning struct {
	push   int64 // above so many keys a set is not sent to the server: rows are read and judged here
	lookup int64 // a key looked up costs about as much as so many rows passed over
	query  int64 // so does a query
	edges  int64 // so many references of a component are held in memory
	pages  int64 // a leaf is read in ranges of at least so many pages
}

// tuned is what was measured to be good.
func tuned() tuning {
	return tuning{push: 50_000, lookup: 25, query: 2000, edges: 8_000_000, pages: 8192}
}

// Options of a walk. The zero value is enough for rules without samples.
type Options struct {
	// Secret decides which rows a sample takes. It may be nil if no root has
	// a sample.
	Secret *keyed.Secret
}

// walk is one run over a plan. Only the steps of a wave run at the same time,
// and they share nothing that is written: each fills a found of its own, which
// is merged when the wave has ended.
type walk struct {
	p     *Plan
	g     *graph
	opt   Options
	run   Runner
	dead  []keySet  // by space: keys of rows that are not eligible
	allow []rowSets // by reference with a limit: rows that rank within it
	drawn []rowSets // by root: rows of samples that are decided beforehand
	out   rowSets   // rows that may not come
	st    *found
	full  []fullLeaf // by leaf
	bring *bringing  // with down: always only
}

// Walk chooses the rows. It calls run with one wave of steps after another, on
// the caller's goroutine. The error is Problems for what the rules should say
// otherwise, else what a step returned.
func (p *Plan) Walk(ctx context.Context, opt Options, run Runner) (*Selection, error) {
	w := &walk{p: p, g: p.g, opt: opt, run: run, dead: make([]keySet, len(p.g.spaces)),
		out: make(rowSets, len(p.g.leaves)), full: make([]fullLeaf, len(p.g.leaves))}
	for _, r := range p.roots {
		if opt.Secret == nil && (r.Sample.Share > 0 || r.Sample.Rows > 0) {
			return nil, fmt.Errorf("root %s: a sample needs the secret", r.Table.Name)
		}
	}
	if err := w.eligibility(ctx); err != nil {
		return nil, err
	}
	if err := w.ranks(ctx); err != nil {
		return nil, err
	}
	if err := w.draw(ctx); err != nil {
		return nil, err
	}
	for again := true; again; {
		var err error
		if again, err = w.candidates(ctx); err != nil {
			return nil, err
		}
	}
	if err := w.barren(); err != nil {
		return nil, err
	}
	if p.always {
		w.startAlways()
	}
	if err := w.wholes(ctx); err != nil {
		return nil, err
	}
	if err := w.close(ctx); err != nil {
		return nil, err
	}
	w.settle()
	return w.selection(), nil
}

// candidates walks roots and down without the rows of w.out, and reports
// whether rows had to be added to w.out, so that it must be done again.
func (w *walk) candidates(ctx context.Context) (again bool, err error) {
	w.st = newFound(w.g, len(w.p.roots))
	if w.p.cutOnly {
		return false, nil
	}
	if err := w.roots(ctx); err != nil {
		return false, err
	}
	for _, level := range w.p.down {
		if err := w.downLevel(ctx, level); err != nil {
			return false, err
		}
	}
	return w.reject(), nil
}

// reject adds the rows to w.out whose prune or all references lead to a row
// that is no candidate.
func (w *walk) reject() bool {
	more := make(rowSets, len(w.g.leaves))
	for _, p := range w.st.watch {
		in := !p.gone && (p.ref.parent.full || w.st.keys[p.ref.space.id].has(p.key))
		if !in && !w.st.pinned.has(p.leaf, p.id) {
			more.add(p.leaf, p.id)
		}
	}
	w.st.watch = nil
	return w.out.merge(more)
}

// barren is the error for root tables of which nothing was selected.
func (w *walk) barren() error {
	var probs Problems
	for _, n := range w.g.nodes {
		if len(n.roots) == 0 {
			continue
		}
		var rows int64
		for _, i := range n.roots {
			rows += w.st.roots[i]
		}
		why := ""
		if n.none {
			why = ": " + n.reason
		}
		if rows == 0 {
			probs.add(w.p.roots[n.roots[0]].Line, "root %s selects no row%s", n.table.Name, why)
		}
	}
	return probs.err()
}

// settle judges the references that waited for the end.
func (w *walk) settle() {
	for _, p := range w.st.pend {
		if !w.st.keys[p.ref.space.id].has(p.key) {
			w.st.cut.add(p.ref.id, p.leaf, p.id)
		}
	}
	w.st.pend = nil
}

// mayDie reports whether the reference of some row may have no eligible parent.
func (w *walk) mayDie(r *ref) bool {
	return !r.checked || !w.dead[r.space.id].empty()
}

// useful reports whether rows of the child must be asked for the reference.
func (w *walk) useful(r *ref) bool {
	return w.mayDie(r) || !r.parent.full
}

// spacesOf lists the spaces of a leaf that some reference in play points into.
func (w *walk) spacesOf(l *leaf) []*space {
	var out []*space
	for _, s := range l.spaces {
		for _, r := range s.refs {
			if r.child.copied() {
				out = append(out, s)
				break
			}
		}
	}
	return out
}

// admission is the layout that admit needs, with more references to judge.
func (w *walk) admission(l *leaf, also []*ref) *layout {
	lay := newLayout(w.g, l)
	for _, s := range w.spacesOf(l) {
		lay.addKey(s)
	}
	asked := map[*ref]bool{}
	for _, r := range also {
		lay.addRef(r)
		asked[r] = true
	}
	for _, r := range l.refs {
		if !asked[r] && (w.useful(r) || r.Up == UpPrune || r.Down == DownAll) {
			lay.addRef(r)
		}
	}
	return lay
}

// scan makes a step that calls fn for every row; b is fresh for every attempt
// and merged by the wave.
func (w *walk) scan(name string, lay *layout, where string, fn func(b *found, r *row) error) *scan {
	s := &scan{fn: fn}
	s.step = Step{Name: name, Run: func(ctx context.Context, src Source) error {
		s.b = newFound(w.g, len(w.p.roots))
		if s.reset != nil {
			s.reset()
		}
		r := newRow(lay)
		return src.Query(ctx, lay.sql(where), func(fields [][]byte) error {
			if err := r.reset(fields); err != nil {
				return err
			}
			return s.fn(s.b, r)
		})
	}}
	return s
}

// scan is a step and what it found.
type scan struct {
	fn     func(*found, *row) error
	step   Step
	b      *found
	adj    *adjacency          // of a component
	groups map[string]*stratum // of a sample
	bring  *found              // with down: always: rows that bring children
	reset  func()              // before an attempt, or nil
	after  func()              // when the wave has ended, before b is merged, or nil
}

// wave runs the scans and merges what they found; it returns the new keys by
// space.
func (w *walk) wave(ctx context.Context, into *found, scans []*scan) ([]*keySet, error) {
	fresh := make([]*keySet, len(w.g.spaces))
	for i := range fresh {
		fresh[i] = &keySet{}
	}
	if len(scans) == 0 {
		return fresh, nil
	}
	steps := make([]Step, len(scans))
	for i, s := range scans {
		steps[i] = s.step
	}
	if err := w.run(ctx, steps); err != nil {
		return nil, err
	}
	for _, s := range scans {
		if s.after != nil {
			s.after()
		}
		for i, k := range into.merge(s.b) {
			if w.bring != nil && into == w.st {
				w.bring.fresh[i].merge(k.clone())
			}
			fresh[i].merge(k)
		}
		s.b = nil
	}
	return fresh, nil
}
