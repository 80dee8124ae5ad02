package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/report"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// record is what a run notes on its way for the report.
type record struct {
	started          time.Time
	bound            *bound
	snapshot         pipeline.Snapshot
	source, target   pipeline.Info
	walk             subset.Report
	tables           map[*schema.Table]*tableCounts
	distinct         map[columnName]float64 // of the target, as pg_stats.n_distinct
	reidentification report.Reidentification
	leak             report.Leak
	verified         pipeline.Verified
	problems         []string     // why it is refused
	failed           map[int]bool // of the rules' checks
	notes            []string
	previous         string
	stored           *storedResult // of a snapshot
	noTarget         string        // why there is no database to look at; "" if there is one
}

// columnName is a column of the target.
type columnName struct {
	schema.Name
	column string
}

// columnCounts is what a mask met in a column.
type columnCounts struct{ opaque, fixed int64 }

// add adds what a rewriter counted.
func (c *columnCounts) add(s anonymize.ColumnStats) {
	c.opaque += s.Opaque
	c.fixed += s.Fixed
}

// lookAtTarget learns about the new database what only the report needs.
func (rec *record) lookAtTarget(ctx context.Context, tgt *pipeline.Target, workers int) error {
	if err := rec.readDistinct(ctx, tgt); err != nil {
		return fmt.Errorf("target: statistics: %w", err)
	}
	var err error
	rec.reidentification, err = findReidentified(ctx, tgt, rec, workers)
	return err
}

// readDistinct reads how many distinct values the columns have by the target's
// statistics, of a partitioned table all of its partitions together.
func (rec *record) readDistinct(ctx context.Context, tgt *pipeline.Target) error {
	rows, err := targetRows(ctx, tgt, `select s.schemaname, s.tablename, s.attname, s.n_distinct
from pg_catalog.pg_stats s where s.schemaname not in ('pg_catalog', 'information_schema') order by s.inherited`)
	if err != nil {
		return err
	}
	rec.distinct = map[columnName]float64{}
	for _, r := range rows {
		n, err := strconv.ParseFloat(string(r[3]), 64)
		if err != nil {
			return errors.New("n_distinct is not a number")
		}
		in, ours := tgt.Placed(string(r[0]))
		if !ours {
			continue
		}
		rec.distinct[columnName{schema.Name{Schema: in, Name: string(r[1])}, string(r[2])}] = n
	}
	return nil
}

// targetRows runs a query on the new database. Its error holds no data.
func targetRows(ctx context.Context, tgt *pipeline.Target, sql string) ([][][]byte, error) {
	conn, err := tgt.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err == nil && len(results) > 0 {
		err = results[len(results)-1].Err
	}
	tgt.Release(conn, err == nil)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, pipeline.SafeError(err)
	}
	return results[len(results)-1].Rows, nil
}

// refuse returns why a run ends before the swap. If something was not proved, it
// writes the report first, if there is to be one.
func (j *copyJob) refuse(rec *record, why error) error {
	var unproved *pipeline.VerifyError
	var leaks *leakError
	rec.failed = map[int]bool{}
	switch {
	case j.files == nil:
		return why
	case errors.As(why, &leaks):
		rec.problems = append(rec.problems, leaks.problems...)
		return errors.Join(why, j.writeReport(rec))
	case !errors.As(why, &unproved):
		return why
	}
	for _, p := range unproved.Problems {
		if p.Check > 0 {
			rec.failed[p.Check-1] = true
			p.SQL = j.files.shown(rec.bound.rules.Checks[p.Check-1].Text)
		}
		rec.problems = append(rec.problems, p.String())
	}
	return errors.Join(why, j.writeReport(rec))
}

// writeReport writes the report of a run that was refused, and says where.
func (j *copyJob) writeReport(rec *record) error {
	err := j.files.write(j.buildReport(rec, time.Now()))
	if err == nil {
		j.report.Note("the report is in " + j.files.page())
	}
	return err
}

// conclude writes the report, if there is to be one, and prints the result.
func (j *copyJob) conclude(rec *record) error {
	var err error
	res := &result{Report: j.buildReport(rec, time.Now()), Stored: rec.stored}
	if j.files != nil {
		if err = j.files.write(res.Report); err == nil {
			res.Page = j.files.page()
		}
	}
	if printErr := j.report.Result(res); printErr != nil {
		err = errors.Join(err, fmt.Errorf("result: %w", printErr))
	}
	return err
}
