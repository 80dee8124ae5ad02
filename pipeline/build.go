package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// BuildConfig says what a Build waits for, and how much it does at once.
type BuildConfig struct {
	// Loads are the tables that load fills, each as often as it will be called
	// ready; a table, or a partitioned table's tree, is complete when it was
	// called ready as often as its parts are listed. Others are complete from the
	// beginning.
	Loads []Load
	// Sequences sets the sequences, which views may read: it is called once, when every
	// table has its rows, indexes and statistics, beside the validation of foreign
	// keys. It may be nil.
	Sequences func(ctx context.Context) error
	// Views are materialized views that are filled after that, each after those before
	// it.
	Views []schema.Name
	// Beside is how many statements run at once while rows are being loaded, Jobs
	// how many afterwards; at least one.
	Beside, Jobs int
}

// Load is a table that is to be filled.
type Load struct {
	Table schema.Name
	Bytes int64 // estimate; what is larger is begun earlier
	// Frozen says that its pages are marked as seen by all once they are committed, as
	// those of a Job that is Whole are from PostgreSQL 14 on: nothing waits for VACUUM.
	Frozen bool
}

// Build runs load and, beside it, builds what comes after the data: of each table
// as soon as it is complete indexes, keys and all other constraints, which
// PostgreSQL thereby proves, triggers, rules and policies, and its statistics; then
// VACUUM marks its rows as seen by all. A foreign key is made when both of its tables
// are ready for it. At last sequences are set and materialized views are filled. One
// that cannot be built is an error that names it.
//
// load calls ready, from any goroutine, after the last row of a part of Loads was
// committed. An error of either side cancels the other; both have ended when
// Build returns.
func (t *Target) Build(ctx context.Context, cfg BuildConfig, load func(ctx context.Context, ready func(schema.Name)) error) error {
	if t.archive == nil || !t.created {
		return errors.New("target: constraints: the schema has not been made")
	}
	parts, err := t.parts(ctx, "post-data")
	if err != nil {
		return fmt.Errorf("target: constraints: %w", err)
	}
	post := t.archive.post
	return t.buildParts(ctx, cfg, &post.layout, post.parts(parts), load)
}

func (t *Target) buildParts(ctx context.Context, cfg BuildConfig, l *layout, parts []Part, load func(context.Context, func(schema.Name)) error) error {
	memory, err := t.maintenanceMemory(ctx)
	if err != nil {
		return fmt.Errorf("target: constraints: %w", err)
	}
	b := newBuild(cfg, l, parts)
	t.delay(b.all)
	b.exec = func(ctx context.Context, s *statement, alone bool) error { return t.buildOne(ctx, s, memory, alone) }
	return b.run(ctx, load)
}

// statement is one statement that comes after the data.
type statement struct {
	name  string // for messages
	sql   string
	do    func(ctx context.Context) error // in place of sql
	clean schema.Name                     // in place of sql: the table to vacuum
	valid constraint                      // the foreign key that it validates, by an index if there is one
	brief bool                            // it takes no time, but locks that others hold for long
	turns schema.Name                     // the table whose foreign keys it and others compare, one after the other
	index bool                            // it sorts a table: parallel workers help if there is nothing else to do
	flush bool                            // its commit, and all before it, are to reach the disk
	key   bool                            // it makes or validates a foreign key
	view  bool                            // it runs a query of the source's makers, as the server is set
	locks []tableLock
	loads []schema.Name // tables that must be complete; tops of their trees
	all   bool          // it is not known what it reads: all loads must have ended

	order  int // of build.all
	waits  int // what must come before: statements, the last rows of tables, the end of all loads
	next   []*statement
	turn   int          // of build.turn, before which it gains by waiting
	older  []*statement // as long as one of them is active, it gains by waiting
	bytes  int64        // that are read for it
	weight int64        // bytes that are read for it, for its turns and, one after the other, for what waits for it
}

// rank is what is begun first.
func (s *statement) rank() int64 {
	if s.brief {
		return math.MaxInt64
	}
	return s.weight
}

// after makes the statement wait for others.
func (s *statement) after(others ...*statement) {
	for _, n := range others {
		n.next = append(n.next, s)
		s.waits++
	}
}

// build is a running Build. All but ready happens in one goroutine.
type build struct {
	cfg    BuildConfig
	exec   func(ctx context.Context, s *statement, alone bool) error
	top    func(schema.Name) schema.Name
	open   map[schema.Name]int          // tops of trees → parts that are not ready
	marked map[schema.Name]bool         // tops of trees whose parts are all frozen
	about  map[schema.Name][]*statement // by the tables, not yet complete, that they wait for; by no name: for all
	cleans map[schema.Name]*statement   // VACUUM, by table
	all    []*statement                 // heaviest first
	todo   []*statement                 // of all, not begun: that wait for nothing more, in its order
	active []*statement
	turn   int // how many parts were called ready; when the load has ended, more than any
	held   held
}

func newBuild(cfg BuildConfig, l *layout, parts []Part) *build {
	b := &build{
		cfg: cfg, top: l.top, open: map[schema.Name]int{}, marked: map[schema.Name]bool{},
		about: map[schema.Name][]*statement{}, cleans: map[schema.Name]*statement{}, held: held{},
	}
	bytes := map[schema.Name]int64{}
	for _, load := range cfg.Loads {
		top := l.top(load.Table)
		b.marked[top] = load.Frozen && (b.open[top] == 0 || b.marked[top])
		b.open[top]++
		bytes[top] += load.Bytes
	}
	b.all = planStatements(l, parts, b.marked)
	b.all = append(b.all, lastStatements(cfg, l, b.all)...)
	weigh(b.all, bytes)
	slices.SortStableFunc(b.all, func(x, y *statement) int { return cmp.Compare(y.rank(), x.rank()) })
	return b
}

// await makes each statement wait for the rows that it is about.
func (b *build) await() {
	for i, s := range b.all {
		s.order = i
		wait := func(table schema.Name) {
			b.about[table] = append(b.about[table], s)
			s.waits++
		}
		for _, l := range s.loads {
			if b.open[l] > 0 {
				wait(l)
			}
		}
		if s.all {
			wait(schema.Name{})
		}
		if s.clean != (schema.Name{}) {
			b.cleans[s.clean] = s
		}
		if s.waits == 0 {
			b.todo = append(b.todo, s)
		}
	}
}

// come takes note that something has come that the statements waited for.
func (b *build) come(list []*statement) {
	for _, s := range list {
		if s.waits--; s.waits == 0 {
			at, _ := slices.BinarySearchFunc(b.todo, s, func(x, y *statement) int { return cmp.Compare(x.order, y.order) })
			b.todo = slices.Insert(b.todo, at, s)
		}
	}
}

// complete takes note that all rows of a table have come.
func (b *build) complete(table schema.Name) {
	b.open[table] = 0
	list := b.about[table]
	delete(b.about, table)
	b.come(list)
}

// loaded takes note that all rows of all tables have come.
func (b *build) loaded() {
	b.turn = math.MaxInt
	for table := range b.about {
		b.complete(table)
	}
}

// event is what happened to a running build.
type event struct {
	ready schema.Name // if it is a table
	ended *statement  // or a statement
	err   error
}

// run starts whatever may start, whenever anything has happened.
func (b *build) run(ctx context.Context, load func(context.Context, func(schema.Name)) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	b.await()
	events := make(chan event)
	ready := func(table schema.Name) { events <- event{ready: table} }
	go func() { events <- event{err: load(ctx, ready)} }()
	loading := true
	var failed error
	for {
		if failed == nil && ctx.Err() == nil {
			b.start(ctx, events, loading)
		}
		if !loading && len(b.active) == 0 {
			break
		}
		e := <-events
		switch {
		case e.ready != schema.Name{}:
			b.turn++
			table := b.top(e.ready)
			if b.open[table]--; b.open[table] == 0 {
				if !b.marked[table] {
					b.outlast(table)
				}
				b.complete(table)
			}
		case e.ended != nil:
			b.end(e.ended)
		default:
			loading = false
			b.loaded()
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
	if stuck := slices.IndexFunc(b.all, func(s *statement) bool { return s.waits > 0 }); stuck >= 0 {
		return fmt.Errorf("target: %s: it waits for itself", b.all[stuck].name)
	}
	return nil
}

// start begins statements, the brief and then the heaviest first, as far as
// dependencies, locks and the number of sessions allow. When the rows are in, nothing
// waits for what it gains by while there is room.
func (b *build) start(ctx context.Context, events chan<- event, loading bool) {
	limit := max(1, b.cfg.Jobs)
	if loading {
		limit = max(1, b.cfg.Beside)
	}
	many := loading || len(b.active) > 0 || len(b.todo) > 1 // nothing is locked then
	begin := func(patient bool) {
		for i := 0; i < len(b.todo) && len(b.active) < limit; {
			s := b.todo[i]
			if !b.held.free(s.locks) || patient && b.early(s) {
				i++
				continue
			}
			b.todo = slices.Delete(b.todo, i, i+1)
			b.held.take(s.locks, 1)
			b.active = append(b.active, s)
			go func() {
				err := b.exec(ctx, s, s.index && !many)
				if err != nil && ctx.Err() != nil {
					err = context.Cause(ctx)
				}
				events <- event{ended: s, err: err}
			}()
		}
	}
	begin(true)
	if !loading {
		begin(false)
	}
}

// early reports whether a statement gains by waiting.
func (b *build) early(s *statement) bool {
	return s.turn > b.turn || slices.ContainsFunc(s.older, func(o *statement) bool { return slices.Contains(b.active, o) })
}

// outlast lets VACUUM of a table whose last row has come wait for whatever began
// before; it is not called for one whose rows are frozen. As long as such a transaction
// lasts, VACUUM does not mark what all may see. When those that copy ended is not known:
// after a few further parts the older ones have, most likely; where nothing waits for the
// marks, so does VACUUM, for all rows. A table that is not marked is only read more
// slowly.
func (b *build) outlast(table schema.Name) {
	if s := b.cleans[table]; s != nil {
		s.older, s.turn = slices.Clone(b.active), b.turn+4*b.cfg.Beside
		if len(s.next) == 0 {
			s.turn = math.MaxInt
		}
	}
}

func (b *build) end(s *statement) {
	b.active = slices.DeleteFunc(b.active, func(a *statement) bool { return a == s })
	b.held.take(s.locks, -1)
	b.come(s.next)
}

// planStatements makes the statements of the parts, with what each must wait for,
// and those for VACUUM and statistics, which foreign keys are validated by. marked are
// the tables that need no VACUUM for that.
func planStatements(l *layout, parts []Part, marked map[schema.Name]bool) []*statement {
	var out []*statement
	last := map[int]*statement{} // of an entry
	before := map[schema.Name][]*statement{}
	for _, p := range parts {
		if p.SQL == "" {
			continue
		}
		var needs []*statement
		for _, id := range p.Needs {
			if n := last[id]; n != nil {
				needs = append(needs, n)
			}
		}
		made := statementsOf(l, p, needs)
		for i, s := range made {
			if i > 0 {
				needs = made[i-1 : i]
			}
			s.after(needs...)
			// A comment on a key is no more needed than the key.
			s.key = slices.ContainsFunc(needs, func(n *statement) bool { return n.key })
		}
		out = append(out, made...)
		last[p.ID] = made[len(made)-1]
		switch {
		case p.references() != schema.Name{}:
			for _, s := range made {
				s.key = true
			}
			made[len(made)-1].turns = l.top(p.Tables[0])
		case len(p.Tables) > 0 && (p.Kind == "INDEX" || p.Kind == "CONSTRAINT" || p.Kind == "STATISTICS"):
			table := l.top(p.Tables[0])
			before[table] = append(before[table], made...)
		}
	}
	type ready struct{ analyzed, cleaned *statement }
	tables := map[schema.Name]ready{}
	for _, table := range l.tables {
		add := func(s *statement, needs ...*statement) *statement {
			s.loads, s.locks = []schema.Name{table}, []tableLock{{table, shareUpdate}}
			s.after(needs...)
			out = append(out, s)
			return s
		}
		analyzed := add(&statement{name: "analyze " + table.String(), sql: "analyze " + table.SQL(), flush: true}, before[table]...)
		// A row is not marked whose commit has not reached the disk.
		cleaned := add(&statement{name: "vacuum " + table.String(), clean: table}, analyzed)
		if marked[table] {
			cleaned = analyzed // which counts the marks, too
		}
		tables[table] = ready{analyzed, cleaned}
	}
	// Where the planner knows nothing of a key of several columns, it looks up row by
	// row what it should hash; where rows are not marked, it must not read an index.
	for _, s := range out {
		if s.turns == (schema.Name{}) {
			continue
		}
		for _, table := range s.loads {
			r, ok := tables[table]
			if ok && s.valid.name != "" {
				s.after(r.cleaned)
			} else if ok {
				s.after(r.analyzed)
			}
		}
	}
	return out
}

// lastStatements makes what sets the sequences, and the statements that fill
// materialized views, after all of the others but foreign keys and VACUUM: what a view
// reads is not known, but no query needs those. How long views take is not known either:
// they count as if they read everything, so that what they wait for is done before
// foreign keys are.
func lastStatements(cfg BuildConfig, l *layout, others []*statement) (out []*statement) {
	var needs []*statement
	for _, s := range others {
		if !s.key && s.clean == (schema.Name{}) {
			needs = append(needs, s)
		}
	}
	add := func(s *statement) {
		s.all = true
		s.after(needs...)
		out, needs = append(out, s), []*statement{s}
	}
	if cfg.Sequences != nil {
		add(&statement{name: "sequences", do: cfg.Sequences})
	}
	for _, view := range cfg.Views {
		add(&statement{
			name: "materialized view " + view.String(), sql: "refresh materialized view " + view.SQL() + "; analyze " + view.SQL(),
			loads: l.tables, locks: []tableLock{{view, accessExclusive}}, view: true,
		})
	}
	return out
}

// statementsOf makes the one or two statements of a part.
func statementsOf(l *layout, p Part, needs []*statement) []*statement {
	s := &statement{name: "constraints: " + p.Name, sql: p.SQL}
	ref := p.references()
	foreign := ref != schema.Name{}
	switch {
	case len(p.Tables) > 0:
		s.loads = []schema.Name{l.top(p.Tables[0])}
		if foreign {
			s.loads = append(s.loads, l.top(ref))
		}
	case len(needs) > 0: // a comment, or an index that becomes a partition's
		for _, n := range needs {
			s.loads, s.all = append(s.loads, n.loads...), s.all || n.all
		}
	default:
		s.all = true
	}
	rest := afterFirst(p.SQL)
	mode := accessExclusive
	if p.Kind == "INDEX" && rest == "" && len(p.Tables) > 0 && l.plain[p.Tables[0]] {
		mode, s.index = share, true
	}
	if p.Kind == "FK CONSTRAINT" {
		mode = shareRow
	}
	s.lock(mode)
	if p.Split == nil {
		return []*statement{s}
	}
	then := &statement{name: s.name, sql: strings.TrimSuffix(p.Split.Then+"; "+rest, "; "), loads: s.loads}
	s.sql = p.Split.First
	if foreign {
		s.brief = true
		if !p.Split.NoIndex {
			then.valid = constraint{p.Tables[0], p.Split.Key}
		}
		then.lock(shareUpdate)
		then.locks = append(then.locks[:1:1], tableLock{l.top(ref), rowShare})
	} else {
		s.locks, s.index = nil, true
		s.lock(share)
		then.lock(accessExclusive)
	}
	return []*statement{s, then}
}

// lock takes a lock of the mode on all tables that are named, each once; on
// whatever has no table, so that one such statement runs at a time.
func (s *statement) lock(mode lockMode) {
	s.loads = distinct(s.loads)
	for _, table := range s.loads {
		s.locks = append(s.locks, tableLock{table, mode})
	}
	if len(s.loads) == 0 {
		s.locks = []tableLock{{mode: mode}}
	}
}

// weigh sets the weights: what a statement reads, and the heaviest chain of those
// that wait for it. Foreign keys of one table are a chain too, in any order.
func weigh(list []*statement, bytes map[schema.Name]int64) {
	turns := map[schema.Name]int64{}
	for _, s := range list {
		for _, l := range s.loads {
			s.bytes += bytes[l]
		}
		if s.turns != (schema.Name{}) {
			turns[s.turns] += s.bytes
		}
	}
	done := map[*statement]bool{}
	var visit func(s *statement) int64
	visit = func(s *statement) int64 {
		if done[s] {
			return s.weight
		}
		done[s] = true
		var after int64
		for _, n := range s.next {
			after = max(after, visit(n))
		}
		s.weight = max(s.bytes, turns[s.turns]) + after
		return s.weight
	}
	for _, s := range list {
		visit(s)
	}
}
