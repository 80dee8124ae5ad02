package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// job is what a command reads, and by which rules.
type job struct {
	source pipeline.SourceConfig
	file   *rules.File
	secret *keyed.Secret // nil where no row is masked
	run    runOptions
	noLock bool // do not compare with a lock file: there is none, or it is about to be written
	stream bool // the source is the schema of a stream, whose statements are places too
}

// copyJob is a job that copies rows, with who is told of it.
type copyJob struct {
	job
	report  reporter
	errOut  io.Writer
	files   *reportFiles // nil: no report
	command []string     // as the report shows it

	// Of a refresh:
	target     pipeline.TargetConfig
	copyFormat copyFormat
	beforeSwap string // command; "" for none

	tools clientTools // of a snapshot
}

// bound is the rules bound to the source as the run's snapshot shows it.
type bound struct {
	schema  *schema.Schema
	standby bool // the source is one: it has no rows of unlogged tables
	rules   *rules.Bound
	plan    *subset.Plan

	// By logical table:
	specs     map[*schema.Table]*rules.TableRules
	decisions map[*schema.Table][]rules.Decision
	programs  map[*schema.Table]*anonymize.Program
	formats   map[*schema.Table]rowFormat // nil until chooseFormats
}

// index makes what is asked by table out of the rules.
func (b *bound) index() {
	b.specs, b.decisions = map[*schema.Table]*rules.TableRules{}, map[*schema.Table][]rules.Decision{}
	for _, t := range b.rules.Tables {
		b.specs[t.Table] = t
	}
	for _, d := range b.rules.Ledger {
		b.decisions[d.Table] = append(b.decisions[d.Table], d)
	}
}

// notes are what is to be known of the plan and of the rules.
func (b *bound) notes() []string {
	return slices.Concat(b.plan.Notes(), b.rules.Notes, noOriginals(b.unlogged()))
}

// unlogged are the tables whose rows the source lacks, being a standby. None of them
// is copied.
func (b *bound) unlogged() []*schema.Table {
	if !b.standby {
		return nil
	}
	return unlogged(b.schema)
}

func unlogged(s *schema.Schema) []*schema.Table {
	return slices.DeleteFunc(slices.Clone(s.Tables), func(t *schema.Table) bool { return !t.Unlogged || t.Kind != schema.Ordinary })
}

// noOriginals are the notes on tables that are not looked for in the target.
func noOriginals(tables []*schema.Table) []string {
	var notes []string
	for _, t := range tables {
		notes = append(notes, fmt.Sprintf("no values of %s are looked for in the target: it is unlogged, and a standby does not have its rows", t.Name))
	}
	return notes
}

func (j *job) workers() int {
	return j.run.workers.count()
}

// open connects the source.
func (j *job) open(ctx context.Context) (*pipeline.Source, error) {
	return pipeline.OpenSource(ctx, j.source)
}

// tableNames are the tables to lock, those that hold rows and those above them.
func tableNames(s *schema.Schema) []schema.Name {
	var names []schema.Name
	for _, t := range s.Tables {
		names = append(names, t.Name)
	}
	return names
}

// mayRead checks the privileges that a run needs on the source: a sequence that may not be
// read would be found after all rows are copied.
func (b *bound) mayRead(ctx context.Context, src *pipeline.Source) error {
	return src.MayRead(ctx, slices.Concat(tableNames(b.schema), sequenceNames(b.schema)))
}

// unreadable is a note on what the role of the source may not read, where nothing needs
// that yet.
func (b *bound) unreadable(ctx context.Context, src *pipeline.Source) ([]string, error) {
	err := b.mayRead(ctx, src)
	var missing *pipeline.PrivilegeError
	if !errors.As(err, &missing) {
		return nil, err
	}
	var what, names []string
	add := func(list []schema.Name, word string) {
		if len(list) > 0 {
			what = append(what, plural(len(list), word))
		}
		for _, n := range list {
			names = append(names, n.String())
		}
	}
	add(missing.Tables, "table")
	add(missing.Sequences, "sequence")
	add(missing.RowSecurity, "row-secured table")
	if len(missing.Schemas) > 0 {
		what, names = append(what, plural(len(missing.Schemas), "schema")), append(names, missing.Schemas...)
	}
	const some = 5
	if len(names) > some {
		names = append(names[:some], "…")
	}
	return []string{fmt.Sprintf("role %s may not read %s, so that a run would stop: %s; \"pgstandin grants\" prints the SQL",
		missing.Role, strings.Join(what, ", "), strings.Join(names, ", "))}, nil
}

func sequenceNames(s *schema.Schema) []schema.Name {
	var names []schema.Name
	for _, q := range s.Sequences {
		names = append(names, q.Name)
	}
	return names
}

// begin takes locks and snapshot and binds the rules again to what they show. Shuffled
// columns have no values to draw yet, see fillPools.
func (j *job) begin(ctx context.Context, src *pipeline.Source, first *bound) (*bound, pipeline.Snapshot, error) {
	snap, err := src.Begin(ctx, tableNames(first.schema))
	if err != nil {
		return nil, snap, at("source", err)
	}
	b, err := j.bind(ctx, src, snap.Time)
	if err != nil {
		return nil, snap, err
	}
	if !slices.Equal(tableNames(first.schema), tableNames(b.schema)) {
		return nil, snap, errors.New("source: tables came or went while the run began; run it again")
	}
	if err := src.OpenWorkers(ctx, j.workers()); err != nil {
		return nil, snap, at("source", err)
	}
	return b, snap, nil
}

// walk chooses the rows. The caller closes the selection.
func (j *job) walk(ctx context.Context, src *pipeline.Source, b *bound) (*subset.Selection, error) {
	sel, err := b.plan.Walk(ctx, j.options(), j.runner(src, b))
	if err != nil {
		return nil, j.walkError(err)
	}
	return sel, nil
}

func (j *job) options() subset.Options {
	return subset.Options{Secret: j.secret, Memory: int64(j.run.memory)}
}

// runner runs the steps of a walk on the source's workers.
func (j *job) runner(src *pipeline.Source, b *bound) subset.Runner {
	return func(ctx context.Context, steps []subset.Step) error {
		var run []func(context.Context) error
		for _, s := range steps {
			run = append(run, b.blamed(s, src))
		}
		return pipeline.Steps(ctx, j.workers(), run)
	}
}

// walkError says of an error of a walk whether the rules are to blame.
func (j *job) walkError(err error) error {
	var problems subset.Problems
	if errors.As(err, &problems) {
		return usageError(j.file.Place(err))
	}
	return fmt.Errorf("choose rows: %w", err)
}

// chunkBytes is how much of a table one worker copies in one transaction.
const chunkBytes = 32 << 20
