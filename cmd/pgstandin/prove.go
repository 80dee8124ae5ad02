package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

// prove verifies what the new database must have in common with the source,
// and what the rules' checks ask for unless the user's command comes first.
func (j *copyJob) prove(ctx context.Context, tgt *pipeline.Target, b *bound, counts rowCounts, from proof) (pipeline.Verified, error) {
	j.report.Step("verify")
	cfg := pipeline.VerifyConfig{
		Rows: counts.tables, Trees: counts.trees, Checks: checkQueries(b.rules.Checks), Workers: j.workers(), Sequences: from.sequences,
		Schema: func(ctx context.Context, conn *pgconn.PgConn) ([]string, int, error) {
			return j.compareSchema(ctx, conn, from.objects, from.major == tgt.Info().Major())
		},
	}
	if j.beforeSwap != "" { // they are asked after it
		cfg.Checks = nil
	}
	verified, err := tgt.Verify(ctx, cfg)
	return verified, j.proveError(tgt, err)
}

// change runs the user's command on the new database, if there is one, and then
// the rules' checks, which see what it made.
func (j *copyJob) change(ctx context.Context, tgt *pipeline.Target, b *bound, verified *pipeline.Verified) error {
	if j.beforeSwap == "" {
		return nil
	}
	j.report.Step("before-swap command")
	prefix := clearLine(j.errOut) + "before-swap: "
	if err := tgt.Hook(ctx, j.beforeSwap, func(line string) { fmt.Fprintln(j.errOut, prefix+line) }); err != nil {
		return fmt.Errorf("before-swap: %w; %s is untouched", err, tgt.Name())
	}
	j.report.Step("run checks")
	verified.Checks = len(b.rules.Checks)
	return j.proveError(tgt, tgt.Check(ctx, pipeline.VerifyConfig{Checks: checkQueries(b.rules.Checks)}))
}

// proof is what the source had that the new database must have.
type proof struct {
	objects   []schema.Object
	sequences []pipeline.SequenceValue
	major     int // version
}

// compareSchema says what the new database lacks of the source's schema.
func (j *copyJob) compareSchema(ctx context.Context, conn *pgconn.PgConn, want []schema.Object, sameMajor bool) ([]string, int, error) {
	have, err := catalog.Objects(ctx, conn)
	if err != nil {
		return nil, 0, err
	}
	var problems []string
	for _, d := range schema.CompareObjects(want, have, sameMajor) {
		switch {
		case d.Change == schema.Extra: // it came with the server, or an extension
		case d.Kind == "foreign table" && j.file.Objects != rules.ObjectsSchema:
		default:
			problems = append(problems, d.String())
		}
	}
	return problems, len(want), nil
}

func (j *copyJob) proveError(tgt *pipeline.Target, err error) error {
	var failed *pipeline.VerifyError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed):
		return withStatus(exitVerify, fmt.Errorf("verification failed; %s is untouched\n%w", tgt.Name(), err))
	}
	return fmt.Errorf("verify: %w", err)
}

func checkQueries(checks []rules.Check) []string {
	out := make([]string, len(checks))
	for i, c := range checks {
		out[i] = c.SQL
	}
	return out
}
