package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/reidentify"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/report"
	"github.com/pgstandin/pgstandin/schema"
)

// findReidentified looks, in tables that are about people, for kept columns that
// together tell rows apart. Of the values it sees hashes only.
func findReidentified(ctx context.Context, tgt *pipeline.Target, rec *record, workers int) (report.Reidentification, error) {
	out := report.Reidentification{Ran: true}
	about := reidentify.AboutPeople(rec.bound.rules)
	var steps []func(context.Context) error
	var found []*report.ReidentificationTable
	for _, spec := range rec.bound.rules.Tables {
		t := spec.Table
		r := rec.tables[t]
		if !about[t] || r == nil || r.rows == 0 {
			continue
		}
		h := &report.ReidentificationTable{Table: t.Name.String()}
		h.Columns, h.Ignored = reidentify.Columns(rec.bound.rules, spec)
		if len(h.Columns) == 0 {
			continue
		}
		found = append(found, h)
		if r.rows < reidentify.LeastRows {
			h.Reason = fmt.Sprintf("fewer than %d rows", reidentify.LeastRows)
			continue
		}
		steps = append(steps, func(ctx context.Context) error { return reidentifyIn(ctx, tgt, t, r.rows, h) })
	}
	if err := pipeline.Steps(ctx, workers, steps); err != nil {
		return out, err
	}
	for _, h := range found {
		out.Tables = append(out.Tables, *h)
	}
	return out, nil
}

// reidentifyIn fills in what is found in one table. A table that takes too long, or that
// cannot be read, says so instead.
func reidentifyIn(ctx context.Context, tgt *pipeline.Target, t *schema.Table, rows int64, h *report.ReidentificationTable) error {
	var results []*pgconn.Result
	err := tgt.LookAt(ctx, t.Name, func(conn *pgconn.PgConn, at schema.Name) (err error) {
		results, err = conn.Exec(ctx, reidentify.Query(at, t, rows, h.Columns)).ReadAll()
		return err
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var server *pgconn.PgError
	switch {
	case errors.As(err, &server) && server.Code == "57014":
		h.Reason = fmt.Sprintf("took longer than %s", seconds(reidentify.Timeout))
		return nil
	case err != nil:
		h.Reason = pipeline.SafeError(err).Error()
		return nil
	}
	if err := reidentify.Judge(h, results[len(results)-1].Rows, rows); err != nil {
		return fmt.Errorf("target: %s: %w", t.Name, err)
	}
	return nil
}
