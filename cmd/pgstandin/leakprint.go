package main

import (
	"fmt"
	"io"

	"github.com/pgstandin/pgstandin/report"
	"github.com/pgstandin/pgstandin/rules"
)

// print says what the scan looked for and where, and what the rules accept.
func (r *leakResult) print(out io.Writer, width int) {
	found := 0
	t := textTable{heads: []string{"place", "values", "common", "credentials", "accepted"}, right: []bool{false, true, true, true, false}, width: width}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Values == 0 && f.Credentials == 0 {
			continue
		}
		found++
		t.add(f.place(), blankZero(f.Values), blankZero(f.Common), blankZero(int64(f.Credentials)), f.Accepted)
	}
	verdict := "none is there"
	if found > 0 {
		verdict = "found at " + plural(found, "place")
	}
	fmt.Fprintf(out, "%s of masked columns were looked for in %s: %s\n", plural(int(r.Counts.Values), "original"), size(r.Bytes), verdict)
	if found > 0 {
		t.print(out)
	}
}

// leakOf is the scan for the report.
func leakOf(res *result, r rules.Leaks) report.Leak {
	scan := res.Leaks
	if scan == nil {
		return report.Leak{}
	}
	out := report.Leak{
		Ran: true, Scope: "copied", Values: scan.Values, Short: scan.Short, Single: scan.Shared, Fingerprints: scan.Entries,
		Columns: int64(scan.Columns), Rows: scan.Rows, Bytes: scan.Bytes,
	}
	if r.Source {
		out.Scope = "source"
	}
	for _, t := range res.byTable {
		out.FixedPoints += t.Fixed
	}
	for i := range scan.Findings {
		f := &scan.Findings[i]
		out.Hits = append(out.Hits, report.LeakHit{
			Place: f.place(), Values: f.Values, Common: f.Common, Credentials: int64(f.Credentials), Accepted: f.Accepted != "", Reason: f.Accepted,
		})
	}
	return out
}
