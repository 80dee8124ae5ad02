package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// copyRun is a job under way that reads chosen rows of the source and writes
// them, masked, to a target or a snapshot: what its steps hand to each other, and
// the steps that do not depend on where the rows go.
type copyRun struct {
	*copyJob
	src *pipeline.Source
	rec *record

	b       *bound // as of the snapshot once choose is done
	objects []schema.Object
	sel     *subset.Selection
	lessons lessons
	guard   *leakGuard
	copies  []pipeline.Job
	cut     cutting    // into the chunks of copies
	leaves  []*leafJob // of copies
	counts  rowCounts

	sequences []pipeline.SequenceValue
	views     []schema.Name // that hold rows in the source
}

// start connects the source and binds the rules to it. The caller closes what it
// returns.
func (j *copyJob) start(ctx context.Context) (*copyRun, error) {
	r := &copyRun{
		copyJob: j, rec: &record{started: time.Now()},
		cut: cutting{chunk: chunkBytes}, counts: rowCounts{tables: map[schema.Name]int64{}, trees: map[schema.Name]int64{}},
	}
	var err error
	if r.src, err = j.open(ctx); err != nil {
		return nil, err
	}
	if r.b, err = j.bind(ctx, r.src, time.Now()); err != nil {
		r.close(ctx)
		return nil, err
	}
	for _, text := range r.b.notes() {
		r.note(text)
	}
	return r, nil
}

// close lets go of the selection and of the source. It may be called again.
func (r *copyRun) close(ctx context.Context) {
	if r.sel != nil {
		_ = r.sel.Close()
	}
	r.src.Close(ctx)
}

// note tells the user and the report.
func (r *copyRun) note(text string) {
	r.report.Note(text)
	r.rec.notes = append(r.rec.notes, text)
}

// prelude is what a run does with the schema while rows are chosen. It may use the
// source's leader.
type prelude struct {
	name string // for the report
	do   func(ctx context.Context) error
}

// choose takes the snapshot and chooses rows, which go to a server of a major
// version, 0 for any.
func (r *copyRun) choose(ctx context.Context, format copyFormat, major int, first prelude) error {
	return pipeline.While(ctx, r.src.Watch, func(ctx context.Context) error {
		r.report.Step("lock tables and take the snapshot")
		b, snap, err := r.begin(ctx, r.src, r.b)
		if err != nil {
			return err
		}
		if b.draws() {
			r.report.Step("look for values to shuffle")
			if err := r.fillPools(ctx, r.src, b); err != nil {
				return err
			}
		}
		if err := b.chooseFormats(format, major); err != nil {
			return err
		}
		if err := r.tryUnique(ctx, r.src, b); err != nil {
			return err
		}
		r.b = b
		r.rec.bound, r.rec.snapshot, r.rec.source = b, snap, r.src.Info()
		if r.objects, err = catalog.Objects(ctx, r.src.Leader()); err != nil {
			return at("source", err)
		}
		if r.views, err = r.src.Populated(ctx, b.schema.MatViews); err != nil {
			return at("source", err)
		}
		name := first.name + ", choose rows"
		if r.learnsBefore(b) {
			name += ", learn from them"
		}
		r.report.Step(name)
		err = pipeline.Steps(ctx, 2, []func(context.Context) error{first.do, func(ctx context.Context) (err error) {
			if r.sel, err = r.walk(ctx, r.src, b); err != nil {
				return err
			}
			r.rec.walk = r.sel.Report
			r.lessons, err = r.learn(ctx, r.src, b, r.sel)
			return err
		}})
		if err != nil {
			return err
		}
		r.guard = r.guardOf(b, r.sel)
		r.copies, r.leaves = b.jobs(r.sel, r.lessons, r.guard, r.cut)
		return nil
	})
}

// outlet is where the rows of a run go.
type outlet struct {
	// failed says what a leak means for what there was before.
	failed string
	// copy moves the rows of the run's copies.
	copy func(ctx context.Context, progress func(pipeline.Progress)) ([]pipeline.JobResult, error)
	scan leakScan
}

// read does all that needs the source's snapshot after rows were chosen: it copies
// them, looks for leaks and notes where sequences stand and which views are
// filled.
func (r *copyRun) read(ctx context.Context, out outlet) error {
	err := pipeline.While(ctx, r.src.Watch, func(ctx context.Context) error {
		r.report.Step("copy rows")
		done, err := out.copy(ctx, r.progress)
		if err != nil {
			return knownFull(r.b.blameJob(err), &r.run.memory)
		}
		r.tally(done)
		r.report.Step("look for leaks")
		found, err := r.lookForLeaks(ctx, out.scan)
		if found != nil {
			r.rec.leak = found.report()
			if r.b.rules.Leaks.Source {
				r.rec.leak.Scope = "source"
			}
			for _, t := range r.rec.tables {
				r.rec.leak.FixedPoints += t.fixed
			}
		}
		if err != nil {
			return leakStatus(out.failed, err)
		}
		if r.sequences, err = r.src.Sequences(ctx, r.b.schema.Sequences); err != nil {
			return at("source", err)
		}
		return nil
	})
	return errors.Join(err, r.sel.Close())
}

// progress shows how far the copy is.
func (r *copyRun) progress(p pipeline.Progress) {
	running := strings.Join(p.Running, ", ")
	if lag := r.src.Lag(); lag > 0 {
		running = "waiting for a standby, " + seconds(lag) + " behind"
	}
	r.report.Progress(progress{p.Rows, p.Bytes, p.TotalRows, p.TotalBytes, running})
}

// tally records what became of the copies, and the rows that each table must hold.
func (r *copyRun) tally(done []pipeline.JobResult) {
	byTable := map[*schema.Table]*tableCounts{}
	moves := map[*schema.Table]bool{} // whose rows may change their partition
	for i, t := range r.leaves {
		if r.copies[i].Into != t.leaf.Name {
			moves[t.leaf.Root()] = true
		}
	}
	for i, t := range r.leaves {
		root := t.leaf.Root()
		x := byTable[root]
		if x == nil {
			x = &tableCounts{columns: map[string]*columnCounts{}}
			byTable[root] = x
		}
		x.rows += done[i].Rows
		x.bytes += done[i].Bytes
		r.counts.add(t.leaf, done[i].Rows, moves[root])
		t.stats(x)
	}
	for _, l := range r.sel.Leaves {
		if l.How == subset.Nothing {
			r.counts.add(l.Table, 0, moves[l.Root])
		}
	}
	for _, ref := range r.sel.Report.References {
		if x := byTable[ref.Reference.Child.Root()]; x != nil {
			x.cut += ref.Cut
		}
	}
	for _, text := range r.strangers(byTable) {
		r.note(text)
	}
	r.rec.tables = byTable
}
