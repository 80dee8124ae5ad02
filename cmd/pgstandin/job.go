package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// job is one run: what to read, what to replace, by which rules.
type job struct {
	noLock bool // do not compare with a lock file: there is none, or it is about to be written

	source, target       *pgconn.Config
	sourceDSN, targetDSN string
	maintenance          string
	adopt                bool
	tools                string // folder of pg_dump and pg_restore; "" looks for them
	file                 *rules.File
	secret               *keyed.Secret // nil where no row is masked
	run                  runOptions
	yield, lockTimeout   time.Duration
	limits               limitOptions
	copyFormat           copyFormat
	beforeSwap           string // command; "" for none
	errOut               io.Writer
	report               reporter
	files                *reportFiles // nil: no report
	command              []string     // as the report shows it
}

// bound is the rules bound to the source as the run's snapshot shows it.
type bound struct {
	schema   *schema.Schema
	rules    *rules.Bound
	plan     *subset.Plan
	programs map[*schema.Table]*anonymize.Program // by logical table
	formats  map[*schema.Table]rowFormat          // the same; nil until chooseFormats
}

// notes are what is to be known of the plan and of the rules.
func (b *bound) notes() []string { return slices.Concat(b.plan.Notes(), b.rules.Notes) }

func (j *job) workers() int {
	if j.run.workers > 0 {
		return int(j.run.workers)
	}
	return defaultWorkers()
}

// open connects the source and reads the clock and the catalog there.
func (j *job) open(ctx context.Context) (*pipeline.Source, error) {
	return pipeline.OpenSource(ctx, pipeline.SourceConfig{
		Conn: j.source, DSN: j.sourceDSN, Yield: j.yield, LockTimeout: j.lockTimeout,
		MaxRate: int64(j.limits.rate), MaxLag: time.Duration(j.limits.lag), MaxAge: time.Duration(j.limits.age),
		StatementTimeout: time.Duration(j.limits.statement),
	})
}

// bind reads the catalog over the leader's connection and binds the rules to
// it, with now as the run's time.
func (j *job) bind(ctx context.Context, src *pipeline.Source, now time.Time) (*bound, error) {
	s, err := catalog.Read(ctx, src.Leader())
	if err != nil {
		return nil, at("source", err)
	}
	b := &bound{schema: s}
	env := ruleEnv(ctx, src.Leader(), now)
	if src.Snapshot().ID == "" { // an error would end the snapshot's transaction
		env.Try = func(sql string) error { return tryExpression(ctx, src.Leader(), sql) }
	}
	if b.rules, err = j.file.Bind(s, env); err != nil {
		return nil, j.refused(err, s)
	}
	var planErr, maskErr error
	b.plan, planErr = b.rules.Plan()
	if j.secret != nil {
		b.programs, maskErr = b.rules.Compile(j.secret)
	}
	if err := rules.Join(planErr, maskErr); err != nil {
		return nil, errors.Join(j.refused(err, s), j.drift(b.rules.Ledger, s))
	}
	if err := errors.Join(j.drift(b.rules.Ledger, s), refuseObjects(j.file.Objects, s)); err != nil {
		return nil, err
	}
	return b, nil
}

// refused says what is wrong besides an error of the rules.
func (j *job) refused(err error, s *schema.Schema) error {
	objects := refuseObjects(j.file.Objects, s)
	var wrong rules.Errors
	var undecided *rules.UndecidedError
	isUndecided := errors.As(err, &undecided)
	switch {
	case errors.As(err, &wrong):
		if isUndecided { // where the rules name a column that was renamed, that comes first
			if drift := j.drift(undecided.Ledger, s); drift != nil && strings.Contains(drift.Error(), "\n- ") {
				return errors.Join(drift, rulesStatus(err), objects)
			}
		}
		return errors.Join(rulesStatus(err), objects)
	case isUndecided:
		return errors.Join(rulesStatus(err), j.drift(undecided.Ledger, s), objects)
	}
	return rulesStatus(err)
}

// drift compares a ledger with the lock file.
func (j *job) drift(ledger []rules.Decision, s *schema.Schema) error {
	if j.noLock {
		return nil
	}
	return compareWithLock(j.file.Name, ledger, s)
}

// rulesStatus gives errors of the rules their exit status.
func rulesStatus(err error) error {
	// A misspelt column leaves the right one undecided: the mistake comes first.
	var problems rules.Errors
	if errors.As(err, &problems) {
		return usageError(err)
	}
	var undecided *rules.UndecidedError
	if errors.As(err, &undecided) {
		return withStatus(exitUndecided, err)
	}
	return err
}

// refuseObjects stops at what is neither a table nor decided by objects.
func refuseObjects(decided rules.Objects, s *schema.Schema) error {
	var found []string
	if n := s.LargeObjects; n > 0 {
		found = append(found, plural(int(n), "large object"))
	}
	for _, t := range s.ForeignTables {
		found = append(found, "foreign table "+t.String())
	}
	for _, t := range s.ConfigTables {
		found = append(found, "extension configuration table "+t.String())
	}
	switch {
	case len(found) == 0:
		return nil
	case decided == rules.ObjectsUndecided:
		return withStatus(exitUndecided, fmt.Errorf("undecided objects; write objects: none or objects: schema in the rules\n%s", strings.Join(found, "\n")))
	case decided == rules.ObjectsAll:
		return withStatus(exitUndecided, fmt.Errorf("objects: all is not built yet, because the contents of these cannot be masked; write objects: schema or objects: none\n%s", strings.Join(found, "\n")))
	}
	return nil
}

// ruleEnv is what the rules ask of the source: which functions only read.
func ruleEnv(ctx context.Context, conn *pgconn.PgConn, now time.Time) rules.Env {
	return rules.Env{Now: now, Functions: func(names []string) (map[string]rules.Function, error) {
		res := conn.ExecParams(ctx, rules.FunctionQuery(names), nil, nil, nil, nil).Read()
		if res.Err != nil {
			return nil, fmt.Errorf("source: functions: %w", pipeline.SafeError(res.Err))
		}
		known := map[string]rules.Function{}
		for _, r := range res.Rows {
			known[string(r[0])] = rules.Function{Stable: string(r[1]) == "t", Aggregate: string(r[2]) == "t"}
		}
		return known, nil
	}}
}

// tableNames are the tables to lock, those that hold rows and those above them.
func tableNames(s *schema.Schema) []schema.Name {
	var names []schema.Name
	for _, t := range s.Tables {
		names = append(names, t.Name)
	}
	return names
}

func sequenceNames(s *schema.Schema) []schema.Name {
	var names []schema.Name
	for _, q := range s.Sequences {
		names = append(names, q.Name)
	}
	return names
}

// begin takes locks and snapshot and binds the rules again to what they show.
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
	if err := j.fillPools(ctx, src, b); err != nil {
		return nil, snap, err
	}
	return b, snap, nil
}

// walk chooses the rows. The caller closes the selection.
func (j *job) walk(ctx context.Context, src *pipeline.Source, b *bound) (*subset.Selection, error) {
	sel, err := b.plan.Walk(ctx, j.options(), j.runner(src))
	if err != nil {
		return nil, j.walkError(err)
	}
	return sel, nil
}

func (j *job) options() subset.Options {
	return subset.Options{Secret: j.secret, Memory: int64(j.run.memory)}
}

// runner runs the steps of a walk on the source's workers.
func (j *job) runner(src *pipeline.Source) subset.Runner {
	return func(ctx context.Context, steps []subset.Step) error {
		var run []func(context.Context) error
		for _, s := range steps {
			run = append(run, func(ctx context.Context) error { return s.Run(ctx, src) })
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

// refresh does everything. Whatever goes wrong before the swap leaves the
// target as it was.
func (j *job) refresh(ctx context.Context) (res *result, err error) {
	rec := &record{started: time.Now()}
	defer func() {
		if err != nil {
			j.report.Abort()
		}
	}()
	j.report.Step("check rules, source and target")
	src, err := j.open(ctx)
	if err != nil {
		return nil, err
	}
	defer src.Close(context.WithoutCancel(ctx))
	first, err := j.bind(ctx, src, time.Now())
	if err != nil {
		return nil, err
	}
	note := func(text string) {
		j.report.Note(text)
		rec.notes = append(rec.notes, text)
	}
	for _, text := range first.notes() {
		note(text)
	}
	tgt, err := j.openTarget(ctx, first)
	if err != nil {
		return nil, err
	}
	defer tgt.Close(context.WithoutCancel(ctx))
	if err := j.preflight(ctx, src, tgt, first); err != nil {
		return nil, err
	}
	if err := first.chooseFormats(j.copyFormat, tgt.Info().Major()); err != nil {
		return nil, err
	}
	swept, err := tgt.Lock(ctx)
	if err != nil {
		return nil, at("target", err)
	}
	for _, name := range swept {
		note("dropped " + name + ", which an earlier run left behind")
	}
	defer func() {
		if dropErr := tgt.Drop(context.WithoutCancel(ctx)); dropErr != nil {
			err = errors.Join(err, fmt.Errorf("target: clean up: %w", dropErr))
		}
	}()

	res = &result{Target: tgt.Name(), KeyID: j.secret.ID(), RulesHash: j.file.Hash}
	var objects []schema.Object
	var sel *subset.Selection
	var known *anonymize.Known
	choose := func(ctx context.Context) error {
		j.report.Step("lock tables and take the snapshot")
		b, snap, err := j.begin(ctx, src, first)
		if err != nil {
			return err
		}
		if err := b.chooseFormats(j.copyFormat, tgt.Info().Major()); err != nil {
			return err
		}
		first = b
		rec.bound, rec.snapshot, rec.source, rec.target = b, snap, src.Info(), tgt.Info()
		res.Snapshot = snap.Time.UTC().Format(time.RFC3339)
		if objects, err = catalog.Objects(ctx, src.Leader()); err != nil {
			return at("source", err)
		}
		j.report.Step("create the schema")
		if err := tgt.Create(ctx, src); err != nil {
			return at("target", err)
		}
		if err := tgt.PreData(ctx, src, pipeline.Objects{ForeignTables: j.file.Objects == rules.ObjectsSchema}); err != nil {
			return err
		}
		j.report.Step("choose rows")
		if sel, err = j.walk(ctx, src, b); err != nil {
			return err
		}
		rec.walk = sel.Report
		known, err = j.learn(ctx, src, b, sel)
		return err
	}
	defer func() {
		if sel != nil {
			sel.Close()
		}
	}()
	if err := pipeline.While(ctx, src.Watch, choose); err != nil {
		return nil, err
	}
	var values []pipeline.SequenceValue
	var views []schema.Name
	counts := rowCounts{tables: map[schema.Name]int64{}, trees: map[schema.Name]int64{}}
	guard := j.guardOf(first, sel)
	jobs, leaves := first.jobs(sel, known, guard)
	read := func(ctx context.Context, ready func(schema.Name)) error {
		j.report.Step("copy rows")
		if err := j.copy(ctx, src, tgt, first, sel, jobs, leaves, ready, res, counts); err != nil {
			return err
		}
		j.report.Step("look for leaks")
		var err error
		res.Leaks, err = j.lookForLeaks(ctx, src, tgt, first, sel, known, guard)
		rec.tables, rec.leak = res.byTable, leakOf(res, first.rules.Leaks)
		if err != nil {
			return leakStatus(tgt.Name(), err)
		}
		if values, err = src.Sequences(ctx, first.schema.Sequences); err != nil {
			return at("source", err)
		}
		if views, err = src.Populated(ctx, first.schema.MatViews); err != nil {
			return at("source", err)
		}
		return nil
	}
	load := func(ctx context.Context, ready func(schema.Name)) error {
		err := pipeline.While(ctx, src.Watch, func(ctx context.Context) error { return read(ctx, ready) })
		if err = errors.Join(err, sel.Close()); err == nil {
			src.Close(ctx) // nothing below needs production
			j.report.Step("build indexes and constraints")
		}
		return err
	}
	if err := tgt.Build(ctx, j.buildConfig(jobs), load); err != nil {
		return nil, j.refuse(rec, err)
	}
	j.report.Step("set sequences, refresh views")
	if err := tgt.Finish(ctx, values, views); err != nil {
		return nil, err
	}
	verified, err := j.prove(ctx, tgt, first, counts, proof{objects, values, src.Info().Major()})
	rec.verified, rec.tables = verified, res.byTable
	if err != nil {
		return nil, j.refuse(rec, err)
	}
	if j.files != nil {
		j.report.Step("look at what was kept")
		if err := rec.lookAtTarget(ctx, tgt, j.workers()); err != nil {
			return nil, err
		}
	}
	err = j.change(ctx, tgt, first, &verified)
	rec.verified, res.Verified = verified, verified
	if err != nil {
		return nil, j.refuse(rec, err)
	}
	j.report.Step("swap")
	swap, err := tgt.Swap(ctx)
	if err != nil {
		return nil, fmt.Errorf("swap: %w", err)
	}
	j.report.Finish()
	res.Previous = swap.Previous
	res.Seconds = time.Since(rec.started).Seconds()
	for _, s := range j.report.Steps() {
		res.Steps = append(res.Steps, stepResult{s.Name, s.Took.Seconds()})
	}
	if swap.LeftErr != nil {
		j.report.Note(fmt.Sprintf("%s could not be dropped and stays until the next run: %v", swap.Left, swap.LeftErr))
	}
	return res, withStatus(exitReport, j.conclude(rec, res))
}

func (j *job) openTarget(ctx context.Context, b *bound) (*pipeline.Target, error) {
	cfg := pipeline.TargetConfig{
		Conn: j.target, DSN: j.targetDSN, MaintenanceDB: j.maintenance, Adopt: j.adopt, Owner: j.file.Owner,
	}
	for _, g := range j.file.Grants {
		cfg.Grants = append(cfg.Grants, pipeline.Grant{Role: g.Role, Privileges: g.Privileges})
	}
	if j.tools != "" {
		cfg.PgDump, cfg.PgRestore = j.tools+"/pg_dump", j.tools+"/pg_restore"
	}
	tgt, err := pipeline.OpenTarget(ctx, cfg)
	if err != nil {
		return nil, at("target", err)
	}
	return tgt, nil
}

func (j *job) preflight(ctx context.Context, src *pipeline.Source, tgt *pipeline.Target, b *bound) error {
	// A sequence that may not be read would be found after all rows are copied.
	if err := src.MayRead(ctx, append(tableNames(b.schema), sequenceNames(b.schema)...)); err != nil {
		return err
	}
	sourceName := src.Info().Database
	problems, err := tgt.Preflight(ctx, src, pipeline.PreflightConfig{Allowed: func(host string, port uint16, name string) bool {
		return j.file.Targets.Match(host, port, name, sourceName)
	}})
	if err != nil {
		return fmt.Errorf("preflight: %w", err)
	}
	if len(problems) == 0 {
		return nil
	}
	lines := []string{"nothing was written, because:"}
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return errors.New(strings.Join(lines, "\n"))
}

// buildConfig says how much is built at once: while rows are copied, as much as
// that; then, when nothing else runs, twice as much, because a session that
// builds an index waits for its disk now and then.
func (j *job) buildConfig(jobs []pipeline.Job) pipeline.BuildConfig {
	cfg := pipeline.BuildConfig{Beside: j.workers(), Jobs: 2 * j.workers()}
	for _, job := range jobs {
		load := pipeline.Load{Table: job.Into}
		for _, c := range job.Chunks {
			load.Bytes += c.Bytes
		}
		cfg.Loads = append(cfg.Loads, load)
	}
	return cfg
}

// chunkBytes is how much of a table one worker copies in one transaction.
const chunkBytes = 32 << 20

// copy moves the chosen rows and fills in the result and the rows that each
// table must hold. It calls ready with the target of each job when that is done.
func (j *job) copy(ctx context.Context, src *pipeline.Source, tgt *pipeline.Target, b *bound, sel *subset.Selection,
	jobs []pipeline.Job, tables []*leafJob, ready func(schema.Name), res *result, counts rowCounts) error {
	done, err := pipeline.Copy(ctx, src, tgt, jobs, pipeline.CopyOptions{
		Workers: j.workers(),
		Done:    func(i int) { ready(jobs[i].Into) },
		Progress: func(p pipeline.Progress) {
			running := strings.Join(p.Running, ", ")
			if lag := src.Lag(); lag > 0 {
				running = "waiting for a standby, " + seconds(lag) + " behind"
			}
			j.report.Progress(progress{p.Rows, p.Bytes, p.TotalRows, p.TotalBytes, running})
		},
	})
	if err != nil {
		return err
	}
	byTable := map[*schema.Table]*tableResult{}
	moves := map[*schema.Table]bool{} // whose rows may change their partition
	for i, t := range tables {
		if jobs[i].Into != t.leaf.Name {
			moves[t.leaf.Root()] = true
		}
	}
	for i, t := range tables {
		root := t.leaf.Root()
		r := byTable[root]
		if r == nil {
			r = &tableResult{Name: root.Name.String()}
			if p := b.programs[root]; p != nil {
				r.Masked = p.Masked()
			}
			r.columns = map[string]*columnCounts{}
			byTable[root] = r
		}
		r.Rows += done[i].Rows
		r.Bytes += done[i].Bytes
		counts.add(t.leaf, done[i].Rows, moves[root])
		t.stats(r)
	}
	for _, l := range sel.Leaves {
		if l.How == subset.Nothing {
			counts.add(l.Table, 0, moves[l.Root])
			if byTable[l.Root] == nil {
				byTable[l.Root] = &tableResult{Name: l.Root.Name.String()}
			}
		}
	}
	for _, ref := range sel.Report.References {
		res.Cuts = append(res.Cuts, cutResult{ref.Name, ref.Cut, ref.LeftOut, ref.Orphans})
		if r := byTable[ref.Reference.Child.Root()]; r != nil {
			r.Cut += ref.Cut
		}
	}
	res.byTable = byTable
	for _, r := range slices.Collect(maps.Values(byTable)) {
		res.Tables = append(res.Tables, *r)
		res.Rows += r.Rows
		res.Bytes += r.Bytes
	}
	sort.Slice(res.Tables, func(i, j int) bool { return res.Tables[i].Name < res.Tables[j].Name })
	return nil
}

func checkQueries(checks []rules.Check) []string {
	out := make([]string, len(checks))
	for i, c := range checks {
		out[i] = c.SQL
	}
	return out
}
