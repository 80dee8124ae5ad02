package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/internal/sqlexpr"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/report"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// buildReport makes the report of what was recorded.
func (j *copyJob) buildReport(rec *record, finished time.Time) *report.Report {
	b := rec.bound
	r := &report.Report{
		Outcome:  report.Swapped,
		Problems: rec.problems,
		Run: report.Run{
			Program: versionText(), Command: j.command, Started: moment(rec.started), Finished: moment(finished),
			Seconds: thousandth(finished.Sub(rec.started)), Workers: j.workers(),
		},
		Source:           endOf(rec.source, rec.source.Database),
		Snapshot:         report.Snapshot{LSN: rec.snapshot.LSN, Time: moment(rec.snapshot.Time), Standby: rec.snapshot.Standby},
		Rules:            report.Rules{File: j.file.Name, SHA256: j.file.Hash},
		KeyID:            j.secret.ID(),
		Previous:         rec.previous,
		Reidentification: rec.reidentification,
		Leak:             rec.leak,
		Proof:            proofOf(rec, j.files),
		Notes:            rec.notes,
	}
	if rec.noTarget != "" {
		r.Outcome, r.Target = report.Published, report.End{}
		if rec.stored != nil && rec.stored.Name != "" {
			r.Target = report.End{Host: rec.stored.Where, Database: rec.stored.Name}
		}
		r.Reidentification.Reason = rec.noTarget
	} else {
		r.Target = endOf(rec.target, j.target.Conn.Database)
	}
	if len(rec.problems) > 0 {
		r.Outcome = report.Refused
	}
	if !r.Leak.Ran && r.Leak.Reason == "" {
		r.Leak.Reason = "the run ended before"
	}
	if !r.Reidentification.Ran && r.Reidentification.Reason == "" {
		r.Reidentification.Reason = notLooked(j.files)
	}
	r.References = referencesOf(rec)
	for _, t := range rec.walk.Tables {
		x := rec.tableOf(b, t, j.files)
		for _, ref := range r.References {
			switch {
			case ref.Child != x.Name:
			case ref.LeftOut < 0 || x.LeftOut < 0:
				x.LeftOut = -1
			default:
				x.LeftOut += ref.LeftOut
			}
		}
		r.Tables = append(r.Tables, x)
		r.Totals.Tables++
		r.Totals.Rows += x.Rows
		r.Totals.Bytes += x.Bytes
		r.Totals.Columns += len(x.Columns)
		r.Totals.Masked += x.Masked()
	}
	slices.SortFunc(r.Tables, func(a, b report.Table) int { return strings.Compare(a.Name, b.Name) })
	r.Steps = stepsOf(j.report)
	r.Complete()
	return r
}

// stepsOf are the steps that are over.
func stepsOf(r reporter) []report.Step {
	var out []report.Step
	for _, s := range r.Steps() {
		out = append(out, report.Step{Name: s.Name, Seconds: thousandth(s.Took)})
	}
	return out
}

// notLooked says why nothing is known that only the target can tell.
func notLooked(f *reportFiles) string {
	if f == nil {
		return "looked at for --report only"
	}
	return "the run ended before"
}

// shown is a text of SQL of the rules as the report may show it.
func (f *reportFiles) shown(sql string) string {
	if f.shows() {
		return sql
	}
	return sqlexpr.Redact(sql)
}

// shows reports whether literals of the rules may be shown.
func (f *reportFiles) shows() bool { return f != nil && f.showSQL }

func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func thousandth(d time.Duration) float64 { return math.Round(1000*d.Seconds()) / 1000 }

func endOf(i pipeline.Info, database string) report.End {
	return report.End{Host: i.Host, Port: int(i.Port), Database: database, Version: serverVersion(i.Version), Standby: i.Standby}
}

// serverVersion spells a server_version_num: 15.18.
func serverVersion(n int) string { return fmt.Sprintf("%d.%d", n/10000, n%10000) }

func (rec *record) tableOf(b *bound, t subset.TableReport, f *reportFiles) report.Table {
	x := report.Table{Name: t.Table.Name.String(), Why: t.Why, SourceRows: sourceRows(t.Table)}
	for i, root := range b.rules.Subset.Roots {
		if root.Table == t.Table {
			x.Roots = append(x.Roots, rootText(root.Sample, f.shown(b.rules.RootTexts[i])))
		}
	}
	counts := map[string]*columnCounts{}
	if r := rec.tables[t.Table]; r != nil {
		x.Rows, x.Bytes, x.KeysCut, x.Opaque, x.FixedPoints = r.rows, r.bytes, r.cut, r.opaque, r.fixed
		counts = r.columns
	}
	if spec := b.specs[t.Table]; spec != nil && spec.Where != "" {
		x.Where = f.shown(spec.Where)
	}
	for _, d := range b.decisions[t.Table] {
		c := report.Column{Name: d.Column, Type: d.Type, Mask: d.Mask, DecidedBy: d.Source, Line: d.Line, Personal: d.Personal()}
		if f.shows() {
			c.Mask = d.Full
		}
		if n := counts[d.Column]; n != nil {
			c.Opaque, c.FixedPoints = n.opaque, n.fixed
		}
		col := &t.Table.Columns[t.Table.Column(d.Column)]
		c.Before = distinctOf(col.Stats.Distinct, col.Stats != schema.Stats{}, x.SourceRows, "the source has no statistics of it")
		n, known := rec.distinct[columnName{t.Table.Name, d.Column}]
		switch {
		case x.Rows == 0:
			c.After = report.Distinct{Count: 0}
		case rec.noTarget != "":
			c.After = report.Distinct{Count: -1, Reason: rec.noTarget}
		case rec.distinct == nil:
			c.After = report.Distinct{Count: -1, Reason: notLooked(f)}
		default:
			c.After = distinctOf(n, known, x.Rows, "the target has no statistics of it")
		}
		x.Columns = append(x.Columns, c)
	}
	return x
}

// sourceRows is the estimate for a table with all its partitions; -1 when one
// was never analyzed.
func sourceRows(t *schema.Table) (n int64) {
	for _, l := range t.Leaves() {
		if l.Rows < 0 {
			return -1
		}
		n += l.Rows
	}
	return n
}

// rootText says what chose root rows.
func rootText(s subset.Sample, where string) string {
	var parts []string
	switch {
	case s.Rows > 0:
		parts = append(parts, "sample: "+plural64(s.Rows, "row"))
	case s.Share > 0:
		parts = append(parts, "sample: "+percent(s.Share))
	}
	if where != "" {
		parts = append(parts, "where "+where)
	}
	if len(parts) == 0 {
		return "every row"
	}
	return strings.Join(parts, ", ")
}

// distinctOf reads pg_stats.n_distinct: a number, or less than 0 a share of
// rows; 0 where all is NULL.
func distinctOf(n float64, known bool, rows int64, otherwise string) report.Distinct {
	switch {
	case !known || n < 0 && rows < 0:
		return report.Distinct{Count: -1, Reason: otherwise}
	case n < 0:
		n = -n * float64(rows)
	}
	return report.Distinct{Count: int64(math.Round(n)), Estimate: true}
}

func referencesOf(rec *record) []report.Reference {
	names := map[*subset.Reference]string{}
	for _, p := range rec.bound.plan.References() {
		names[p.Reference] = p.Name
	}
	counts := map[*subset.Reference]subset.ReferenceReport{}
	for _, r := range rec.walk.References {
		counts[r.Reference], names[r.Reference] = r, r.Name
	}
	var out []report.Reference
	for _, ref := range rec.bound.rules.Subset.References {
		x := report.Reference{
			Name: names[ref], Child: ref.Child.Root().Name.String(), Parent: ref.Parent.Root().Name.String(),
			Columns: referenceNames(ref), Declared: ref.Key != nil, Down: ref.Down.String(), Up: ref.Up.String(),
			Cut: counts[ref].Cut, LeftOut: counts[ref].LeftOut, Orphans: counts[ref].Orphans,
		}
		if x.Name == "" && ref.Key != nil {
			x.Name = ref.Child.Name.String() + " " + schema.QuoteIdent(ref.Key.Name)
		}
		out = append(out, x)
	}
	return out
}

// referenceNames are the columns, or the columns that an expression names.
func referenceNames(ref *subset.Reference) []string {
	columns := ref.Columns
	if ref.Expr != "" {
		columns = ref.Uses
	}
	var out []string
	for _, c := range columns {
		out = append(out, ref.Child.Columns[c].Name)
	}
	return out
}

func proofOf(rec *record, f *reportFiles) report.Proof {
	p := report.Proof{Tables: rec.verified.Tables, Rows: rec.verified.Rows, Objects: rec.verified.Objects, Sequences: rec.verified.Sequences, NotValid: rec.verified.NotValid}
	for _, kind := range []string{"primary key", "foreign key", "unique", "check", "exclusion"} {
		if k := rec.verified.Kinds[kind]; k.Source > 0 {
			p.Constraints = append(p.Constraints, report.Constraint{Kind: kind, Count: k.Source, Valid: k.Valid})
		}
	}
	if rec.verified.Checks == 0 { // they did not run
		return p
	}
	for i, c := range rec.bound.rules.Checks {
		p.Checks = append(p.Checks, report.Check{SQL: f.shown(c.Text), Line: c.Line, Passed: !rec.failed[i]})
	}
	return p
}
