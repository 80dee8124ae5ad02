package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/pgstandin/pgstandin/schema"
)

// node is a statement among the others of a build.
type node struct {
	statement

	loads       []schema.Name // tables that must be complete; tops of their trees
	allLoads    bool          // it is not known what it reads: all loads must have ended
	locks       []tableLock
	catalogOnly bool        // it takes no time, but locks that others hold for long
	key         bool        // it makes or validates a foreign key
	turns       schema.Name // the table whose foreign keys it and others compare, one after the other
	next        []*node     // what waits for it

	bytes  int64 // that are read for it
	weight int64 // bytes that are read for it, for its turns and, one after the other, for what waits for it

	// Of the schedule that runs:
	order     int     // of schedule.all
	waits     int     // what must come before: nodes, the last rows of tables, the end of all loads
	notBefore int     // of schedule.ready, up to which it gains by waiting
	older     []*node // as long as one of them is active, it gains by waiting
}

// rank is what is begun first.
func (n *node) rank() int64 {
	if n.catalogOnly {
		return math.MaxInt64
	}
	return n.weight
}

// after makes the node wait for others.
func (n *node) after(others ...*node) {
	for _, o := range others {
		o.next = append(o.next, n)
		n.waits++
	}
}

// lock takes a lock of the mode on all tables that are named, each once; on
// whatever has no table, so that one such statement runs at a time.
func (n *node) lock(mode lockMode) {
	n.loads = distinct(n.loads)
	for _, table := range n.loads {
		n.locks = append(n.locks, tableLock{table, mode})
	}
	if len(n.loads) == 0 {
		n.locks = []tableLock{{mode: mode}}
	}
}

// schedule begins the statements of a build. All but ready parts happens in one
// goroutine.
type schedule struct {
	cfg      BuildConfig
	exec     func(ctx context.Context, n *node, alone bool) error
	top      func(schema.Name) schema.Name
	open     map[schema.Name]int     // tops of trees → parts that are not ready
	frozen   map[schema.Name]bool    // tops of trees whose parts are all frozen
	awaiting map[schema.Name][]*node // by the tables, not yet complete, that they wait for; by no name: for all
	vacuums  map[schema.Name]*node   // by table
	all      []*node                 // heaviest first
	runnable []*node                 // of all, not begun: that wait for nothing more, in its order
	active   []*node
	ready    int // how many parts are; when the load has ended, more than any
	held     held
}

func newSchedule(cfg BuildConfig, l *layout, parts []Part) *schedule {
	s := &schedule{
		cfg: cfg, top: l.top, open: map[schema.Name]int{}, frozen: map[schema.Name]bool{},
		awaiting: map[schema.Name][]*node{}, vacuums: map[schema.Name]*node{}, held: held{},
	}
	bytes := map[schema.Name]int64{}
	for _, load := range cfg.Loads {
		top := l.top(load.Table)
		s.frozen[top] = load.Frozen && (s.open[top] == 0 || s.frozen[top])
		s.open[top]++
		bytes[top] += load.Bytes
	}
	s.all = planBuild(cfg, l, parts, s.frozen)
	weigh(s.all, bytes)
	slices.SortStableFunc(s.all, func(x, y *node) int { return cmp.Compare(y.rank(), x.rank()) })
	return s
}

// weigh sets the weights: what a statement reads, and the heaviest chain of those
// that wait for it. Foreign keys of one table are a chain too, in any order.
func weigh(list []*node, bytes map[schema.Name]int64) {
	turns := map[schema.Name]int64{}
	for _, n := range list {
		for _, l := range n.loads {
			n.bytes += bytes[l]
		}
		if n.turns != (schema.Name{}) {
			turns[n.turns] += n.bytes
		}
	}
	done := map[*node]bool{}
	var visit func(n *node) int64
	visit = func(n *node) int64 {
		if done[n] {
			return n.weight
		}
		done[n] = true
		var after int64
		for _, o := range n.next {
			after = max(after, visit(o))
		}
		n.weight = max(n.bytes, turns[n.turns]) + after
		return n.weight
	}
	for _, n := range list {
		visit(n)
	}
}

// await makes each node wait for the rows that it is about.
func (s *schedule) await() {
	for i, n := range s.all {
		n.order = i
		wait := func(table schema.Name) {
			s.awaiting[table] = append(s.awaiting[table], n)
			n.waits++
		}
		for _, l := range n.loads {
			if s.open[l] > 0 {
				wait(l)
			}
		}
		if n.allLoads {
			wait(schema.Name{})
		}
		if n.vacuum != (schema.Name{}) {
			s.vacuums[n.vacuum] = n
		}
		if n.waits == 0 {
			s.runnable = append(s.runnable, n)
		}
	}
}

// release takes note that something has come that the nodes waited for.
func (s *schedule) release(list []*node) {
	for _, n := range list {
		if n.waits--; n.waits == 0 {
			at, _ := slices.BinarySearchFunc(s.runnable, n, func(x, y *node) int { return cmp.Compare(x.order, y.order) })
			s.runnable = slices.Insert(s.runnable, at, n)
		}
	}
}

// complete takes note that all rows of a table have come.
func (s *schedule) complete(table schema.Name) {
	s.open[table] = 0
	list := s.awaiting[table]
	delete(s.awaiting, table)
	s.release(list)
}

// partReady takes note that a part of a table's rows has come.
func (s *schedule) partReady(part schema.Name) {
	s.ready++
	table := s.top(part)
	if s.open[table]--; s.open[table] > 0 {
		return
	}
	if !s.frozen[table] {
		s.deferVacuum(table)
	}
	s.complete(table)
}

// loaded takes note that all rows of all tables have come.
func (s *schedule) loaded() {
	s.ready = math.MaxInt
	for table := range s.awaiting {
		s.complete(table)
	}
}

// event is what happened to a running build.
type event struct {
	ready schema.Name // if it is a table
	ended *node       // or a statement
	err   error
}

// run starts whatever may start, whenever anything has happened.
func (s *schedule) run(ctx context.Context, load func(context.Context, func(schema.Name)) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.await()
	events := make(chan event)
	ready := func(table schema.Name) { events <- event{ready: table} }
	go func() { events <- event{err: load(ctx, ready)} }()
	loading := true
	var failed error
	for {
		if failed == nil && ctx.Err() == nil {
			s.start(ctx, events, loading)
		}
		if !loading && len(s.active) == 0 {
			break
		}
		e := <-events
		switch {
		case e.ready != schema.Name{}:
			s.partReady(e.ready)
		case e.ended != nil:
			s.end(e.ended)
		default:
			loading = false
			s.loaded()
		}
		if e.err != nil && failed == nil {
			failed = e.err
			cancel(failed)
		}
	}
	switch {
	case failed != nil:
		return failed
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	if stuck := slices.IndexFunc(s.all, func(n *node) bool { return n.waits > 0 }); stuck >= 0 {
		return fmt.Errorf("target: %s: it waits for itself", s.all[stuck].name)
	}
	return nil
}

// start begins statements, those of the catalog alone and then the heaviest first, as
// far as dependencies, locks and the number of sessions allow. When the rows are in,
// nothing waits for what it gains by while there is room.
func (s *schedule) start(ctx context.Context, events chan<- event, loading bool) {
	limit := max(1, s.cfg.Jobs)
	if loading {
		limit = max(1, s.cfg.Beside)
	}
	many := loading || len(s.active) > 0 || len(s.runnable) > 1 // nothing is locked then
	begin := func(patient bool) {
		for i := 0; i < len(s.runnable) && len(s.active) < limit; {
			n := s.runnable[i]
			if !s.held.free(n.locks) || patient && s.shouldWait(n) {
				i++
				continue
			}
			s.runnable = slices.Delete(s.runnable, i, i+1)
			s.held.take(n.locks, 1)
			s.active = append(s.active, n)
			go func() {
				err := s.exec(ctx, n, n.sorts && !many)
				if err != nil && ctx.Err() != nil {
					err = context.Cause(ctx)
				}
				events <- event{ended: n, err: err}
			}()
		}
	}
	begin(true)
	if !loading {
		begin(false)
	}
}

// shouldWait reports whether a statement gains by waiting.
func (s *schedule) shouldWait(n *node) bool {
	return n.notBefore > s.ready || slices.ContainsFunc(n.older, func(o *node) bool { return slices.Contains(s.active, o) })
}

// deferVacuum lets VACUUM of a table whose last row has come wait for whatever began
// before; it is not called for one whose rows are frozen. As long as such a transaction
// lasts, VACUUM does not mark what all may see. When those that copy ended is not known:
// after a few further parts the older ones have, most likely; where nothing waits for the
// marks, so does VACUUM, for all rows. A table that is not marked is only read more
// slowly.
func (s *schedule) deferVacuum(table schema.Name) {
	if n := s.vacuums[table]; n != nil {
		n.older, n.notBefore = slices.Clone(s.active), s.ready+4*s.cfg.Beside
		if len(n.next) == 0 {
			n.notBefore = math.MaxInt
		}
	}
}

func (s *schedule) end(n *node) {
	s.active = slices.DeleteFunc(s.active, func(a *node) bool { return a == n })
	s.held.take(n.locks, -1)
	s.release(n.next)
}
