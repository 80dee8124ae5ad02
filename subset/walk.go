package subset

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/pgstandin/pgstandin/keyed"
)

// tuning holds the limits between ways of reading that give the same rows.
type tuning struct {
	push   int64 // so many keys are sent to the server, which then returns only their rows
	most   int64 // and up to so many of a large table, where reading and judging all rows here costs more
	lookup int64 // a key looked up costs about as much as so many rows passed over
	query  int64 // so does a query
	edges  int64 // so many references of a component are held in memory
	pages  int64 // a leaf is read in ranges of at least so many pages
	least  int64 // a set of fewer bytes is not written out
	every  int64 // a set is measured again after at least so many keys
}

// tuned is what was measured to be good.
func tuned() tuning {
	return tuning{push: 50_000, most: 400_000, lookup: 25, query: 2000, edges: 8_000_000, pages: 8192, least: 64 << 10, every: 1024}
}

// Options of a walk. The zero value is enough for rules without samples.
type Options struct {
	// Secret decides which rows a sample takes. It may be nil if no root has
	// a sample.
	Secret *keyed.Secret
	// Memory is how many bytes the sets of keys and rows may take; 0 means
	// DefaultMemory. What is beyond it is written to a temporary file,
	// encrypted by a key that is nowhere but in memory. At least about 1 MiB
	// is taken in any case.
	Memory int64
	// TempDir is the folder of that file; "" means that of the system.
	TempDir string
}

// walk is one run over a plan. Only the steps of a wave run at the same time,
// and they share nothing that is written: each fills a found of its own, which
// is merged when the wave has ended.
type walk struct {
	p     *Plan
	g     *graph
	opt   Options
	run   Runner
	mem   *memory
	dead  setList    // by space: keys of rows that are not eligible
	allow []rowSets  // by reference with a limit: rows that rank within it
	drawn []*rowSets // by root: rows of samples that are decided beforehand
	out   rowSets    // rows that may not come
	st    *found
	full  []fullLeaf // by leaf
	bring *bringing  // with down: always only
	trace *trace     // to explain a row only
	reads []reads    // by leaf
}

// Walk chooses the rows. It calls run with one wave of steps after another, on
// the caller's goroutine. The error is Problems for what the rules should say
// otherwise, else what a step returned, or that of the temporary file. The
// caller closes the selection.
func (p *Plan) Walk(ctx context.Context, opt Options, run Runner) (sel *Selection, err error) {
	w, err := p.newWalk(opt, run)
	if err != nil {
		return nil, err
	}
	defer func() {
		if sel == nil {
			err = errors.Join(err, w.mem.close()) // also on a panic
		}
	}()
	if err := w.choose(ctx); err != nil {
		return nil, err
	}
	out := w.selection()
	w.free()
	if err := w.mem.failure(); err != nil {
		return nil, err
	}
	return out, nil
}

// newWalk makes a walk, whose memory the caller closes.
func (p *Plan) newWalk(opt Options, run Runner) (*walk, error) {
	for _, r := range p.roots {
		if opt.Secret == nil && (r.Sample.Share > 0 || r.Sample.Rows > 0) {
			return nil, fmt.Errorf("root %s: a sample needs the secret", r.Table.Name)
		}
	}
	mem := newMemory(opt.Memory, opt.TempDir, &p.tune)
	return &walk{p: p, g: p.g, opt: opt, run: run, mem: mem, dead: mem.newList(len(p.g.spaces)),
		out: mem.newRows(p.g), full: make([]fullLeaf, len(p.g.leaves)), reads: make([]reads, len(p.g.leaves))}, nil
}

// choose finds all rows.
func (w *walk) choose(ctx context.Context) error {
	if err := w.probe(ctx); err != nil {
		return err
	}
	if err := w.eligibility(ctx); err != nil {
		return err
	}
	if err := w.ranks(ctx); err != nil {
		return err
	}
	if err := w.draw(ctx); err != nil {
		return err
	}
	for again := true; again; {
		var err error
		if again, err = w.candidates(ctx); err != nil {
			return err
		}
	}
	if err := w.barren(); err != nil {
		return err
	}
	w.trace.candidates(w)
	if w.p.always {
		w.startAlways()
	}
	if err := w.wholes(ctx); err != nil {
		return err
	}
	if err := w.close(ctx); err != nil {
		return err
	}
	w.settle()
	return w.mem.failure()
}

// free gives up what the selection does not hold.
func (w *walk) free() {
	w.dead.free()
	for _, s := range w.allow {
		s.free()
	}
	for _, s := range w.drawn {
		if s != nil {
			s.free()
		}
	}
	w.out.free()
	if b := w.bring; b != nil {
		b.rows.free()
		b.keys.free()
		b.fresh.free()
	}
	w.st.free()
}

// candidates walks roots and down without the rows of w.out, and reports
// whether rows had to be added to w.out, so that it must be done again.
func (w *walk) candidates(ctx context.Context) (again bool, err error) {
	w.st.free()
	w.st = w.newFound()
	if w.p.cutOnly {
		return false, nil
	}
	if err := w.roots(ctx); err != nil {
		return false, err
	}
	w.trace.roots(w)
	for _, level := range w.p.down {
		if err := w.downLevel(ctx, level); err != nil {
			return false, err
		}
	}
	return w.reject(), w.mem.failure()
}

// reject adds the rows to w.out whose prune or all references lead to a row
// that is no candidate.
func (w *walk) reject() bool {
	more := w.mem.newRows(w.g)
	w.st.watch.each(w.g, func(p *pending) {
		in := !p.gone && (p.ref.parent.full || w.st.keys.has(p.ref.space.id, p.key))
		if !in && !w.st.pinned.has(p.leaf, p.row()) {
			more.add(p.leaf, p.row())
		}
	})
	w.st.watch.set.free()
	return w.out.absorb(more.setList)
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
		if rows == 0 {
			probs.add(w.p.roots[n.roots[0]].Line, "root %s selects no row: %s", n.table.Name, w.why(n))
		}
	}
	return probs.err()
}

// why says what may be the reason that the roots of a table select nothing, and
// what to do.
func (w *walk) why(n *node) string {
	if n.none {
		return n.reason
	}
	for _, i := range n.roots {
		r := w.p.roots[i]
		part := r.Sample.Share > 0 && r.Sample.Share < 1
		switch {
		case part && w.p.cfg.Roots[i].Sample.Share == 0:
			return fmt.Sprintf("the budget takes %s of its rows; write a larger one, or a number of rows (sample: 100 rows)", percent(r.Sample.Share))
		case part && r.Where != "":
			return fmt.Sprintf("write a larger sample than %s, a number of rows (sample: 100 rows), or another where", percent(r.Sample.Share))
		case part:
			return fmt.Sprintf("write a larger sample than %s, or a number of rows (sample: 100 rows)", percent(r.Sample.Share))
		case r.Where != "":
			return "no row that may be copied satisfies its where"
		}
	}
	return "the table has none that may be copied; name another root, or none"
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'g', 3, 64) + " %" }

// settle judges the references that waited for the end.
func (w *walk) settle() {
	w.st.pend.each(w.g, func(p *pending) {
		if !w.st.keys.has(p.ref.space.id, p.key) {
			w.st.cut.add(p.ref.id, p.leaf, p.id)
		}
	})
	w.st.pend.set.free()
}

// mayDie reports whether the reference of some row may have no eligible parent.
func (w *walk) mayDie(r *ref) bool {
	return !r.checked || !w.dead.at[r.space.id].empty()
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
	s := w.scanWhere(name, lay, func() string { return where }, fn)
	if s.by = byCondition; where == "" {
		s.by = byPass
	}
	return s
}

// scanWhere makes a step whose condition is long, so that it is not made before
// the step runs.
func (w *walk) scanWhere(name string, lay *layout, where func() string, fn func(b *found, r *row) error) *scan {
	s := &scan{fn: fn, leaf: lay.leaf, by: byKeys}
	s.step = Step{Name: name, Table: lay.table(), Run: func(ctx context.Context, src Source) error {
		s.b.free()
		s.b = w.newStepFound()
		if s.reset != nil {
			s.reset()
		}
		r := newRow(lay)
		return src.Query(ctx, lay.sql(where()), func(fields [][]byte) error {
			if w.mem.bad.Load() {
				return w.mem.failure()
			}
			if err := r.reset(fields); err != nil {
				return err
			}
			return s.fn(s.b, r)
		})
	}}
	return s
}

// scanRows makes steps that read known rows of a leaf, the keys of set from
// first up to, not including, end (0 for none); they are by above their ids.
func (w *walk) scanRows(name string, lay *layout, set *keySet, first, end, by uint64, fn func(b *found, r *row) error) []*scan {
	var out []*scan
	for _, p := range set.parts(key{n: first}, max(1, w.p.tune.push), end) {
		out = append(out, w.scanWhere(name, lay, func() string {
			ids := make([]uint64, 0, p.n)
			p.each(func(k key) bool { ids = append(ids, k.n-by); return true })
			return lay.alias + ".ctid operator(pg_catalog.=) any(" + string(appendTIDArray(nil, ids)) + ")"
		}, fn))
	}
	return out
}

// scan is a step and what it found.
type scan struct {
	leaf   *leaf
	by     access
	fn     func(*found, *row) error
	step   Step
	b      *found
	adj    *adjacency // of a component
	strata *strata    // of a sample
	bring  *found     // with down: always: rows that bring children
	reset  func()     // before an attempt, or nil
	after  func()     // when the wave has ended, before b is merged, or nil
}

// wave runs the scans and merges what they found.
func (w *walk) wave(ctx context.Context, into *found, scans []*scan) error {
	return w.gather(ctx, into, scans, nil)
}

// gather does as wave, and adds the keys that were new to fresh, if it is not
// nil.
func (w *walk) gather(ctx context.Context, into *found, scans []*scan, fresh *setList) error {
	if len(scans) == 0 {
		return nil
	}
	w.mem.relieve()
	steps := make([]Step, len(scans))
	for i, s := range scans {
		steps[i] = s.step
	}
	if err := w.run(ctx, steps); err != nil {
		return err
	}
	bring := w.bring != nil && into == w.st
	for _, s := range scans {
		if s.leaf != nil { // none: the server checks expressions, and reads nothing
			w.reads[s.leaf.id][s.by]++
		}
		if s.after != nil {
			s.after()
		}
		if !bring {
			into.merge(s.b, fresh)
			continue
		}
		come := w.mem.newList(len(w.g.spaces))
		into.merge(s.b, &come)
		if fresh != nil {
			fresh.absorb(come.clone())
		}
		w.bring.fresh.absorb(come)
	}
	return w.mem.failure()
}
