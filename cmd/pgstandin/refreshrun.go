package main

import (
	"context"
	"errors"
	"strings"

	"github.com/pgstandin/pgstandin/leak"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// refreshRun is a refresh under way.
type refreshRun struct {
	*copyRun
	tgt *pipeline.Target
}

// refresh does everything. Whatever goes wrong before the swap leaves the
// target as it was.
func (j *copyJob) refresh(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			j.report.Abort(failure(ctx, err))
		}
	}()
	j.report.Step("check rules, source and target")
	run, err := j.start(ctx)
	if err != nil {
		return err
	}
	defer run.close(ctx)
	r := &refreshRun{copyRun: run}
	if r.tgt, err = j.openTarget(ctx); err != nil {
		return err
	}
	defer r.tgt.Close(ctx)
	if err := r.prepare(ctx); err != nil {
		return err
	}
	defer r.replaced().drop(ctx, &err)
	r.rec.target = r.tgt.Info()
	r.cut.workers, r.cut.limited = r.workers(), j.source.StatementTimeout > 0
	if err := r.choose(ctx, j.copyFormat, r.tgt.Info().Major(), prelude{"create the schema", r.makeSchema}); err != nil {
		return err
	}
	if err := r.tgt.Build(ctx, r.buildConfig(), r.load); err != nil {
		return j.refuse(r.rec, err)
	}
	if err := r.finishTarget(ctx); err != nil {
		return err
	}
	swap, err := r.replaced().swap(ctx)
	if err != nil {
		return err
	}
	r.rec.previous = swap.Previous
	return withStatus(exitReport, j.conclude(r.rec))
}

// prepare looks for reasons to refuse the run, and takes the run's lock.
func (r *refreshRun) prepare(ctx context.Context) error {
	if err := r.preflight(ctx); err != nil {
		return err
	}
	if err := r.b.chooseFormats(r.copyFormat, r.tgt.Info().Major()); err != nil {
		return err
	}
	return r.replaced().lock(ctx)
}

func (r *refreshRun) replaced() replacement { return replacement{r.tgt, r.report, r.note} }

// makeSchema creates the new database and what comes before its rows.
func (r *refreshRun) makeSchema(ctx context.Context) error {
	if err := r.tgt.Create(ctx, r.src); err != nil {
		return at("target", err)
	}
	return r.tgt.PreData(ctx, r.src, r.made())
}

// load fills the new database, while indexes and constraints are built of each
// table that is ready.
func (r *refreshRun) load(ctx context.Context, ready func(schema.Name)) error {
	err := r.read(ctx, outlet{
		failed: r.tgt.Name() + " is untouched",
		copy: func(ctx context.Context, progress func(pipeline.Progress)) ([]pipeline.JobResult, error) {
			return pipeline.Copy(ctx, r.src, r.tgt, r.copies, pipeline.CopyOptions{
				Workers: r.workers(), Yield: r.source.Yield, Progress: progress, Done: func(i int) { ready(r.copies[i].Into) },
			})
		},
		scan: leakScan{
			tables: copiedTables(r.sel),
			rows: func(ctx context.Context, tables []pipeline.ScanTable, filter *leak.Filter) error {
				if filter == nil {
					return nil
				}
				return r.scanTables(ctx, r.tgt, tables, r.guard)
			},
			texts: func(ctx context.Context) ([]pipeline.SchemaText, error) {
				texts, err := pipeline.DatabaseTexts(ctx, r.tgt, r.tgt.Name())
				if err != nil {
					return nil, at("target", err)
				}
				return texts, nil
			},
		},
	})
	if err == nil {
		r.src.Close(ctx) // nothing below needs production
		r.report.Step("build indexes and constraints, set sequences, fill views")
	}
	return err
}

// finishTarget completes and proves the new database, and lets the user's command
// change it.
func (r *refreshRun) finishTarget(ctx context.Context) error {
	verified, err := r.prove(ctx, r.tgt, r.b, r.counts, proof{r.objects, r.sequences, r.src.Info().Major()})
	r.rec.verified = verified
	if err != nil {
		return r.refuse(r.rec, err)
	}
	if r.files != nil {
		r.report.Step("look at what was kept")
		if err := r.rec.lookAtTarget(ctx, r.tgt, r.workers()); err != nil {
			return err
		}
	}
	err = r.change(ctx, r.tgt, r.b, &verified)
	r.rec.verified = verified
	if err != nil {
		return r.refuse(r.rec, err)
	}
	return nil
}

func (j *copyJob) openTarget(ctx context.Context) (*pipeline.Target, error) {
	tgt, err := pipeline.OpenTarget(ctx, j.target)
	if err != nil {
		return nil, at("target", err)
	}
	return tgt, nil
}

func (r *refreshRun) preflight(ctx context.Context) error {
	if err := r.b.mayRead(ctx, r.src); err != nil {
		return err
	}
	sourceName := r.src.Info().Database
	problems, err := r.tgt.Preflight(ctx, r.src, pipeline.PreflightConfig{Allowed: func(host string, port uint16, name string) bool {
		return r.file.Targets.Match(host, port, name, sourceName)
	}})
	return unwritten(problems, err)
}

// unwritten is what a preflight found, as one error.
func unwritten(problems []pipeline.Problem, err error) error {
	if err != nil {
		return err
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
func (r *refreshRun) buildConfig() pipeline.BuildConfig {
	cfg := pipeline.BuildConfig{Beside: r.workers(), Jobs: 2 * r.workers(), Views: r.views}
	cfg.Sequences = func(ctx context.Context) error { return r.tgt.SetSequences(ctx, r.sequences) }
	marks := r.tgt.Info().Major() >= 14 // COPY FREEZE does
	for _, job := range r.copies {
		cfg.Loads = append(cfg.Loads, pipeline.Load{Table: job.Into, Bytes: bytesOf(&job), Frozen: job.Whole && marks})
	}
	return cfg
}
