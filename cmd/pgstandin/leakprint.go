package main

import (
	"fmt"
	"io"

	"github.com/pgstandin/pgstandin/report"
)

// printLeaks says what the scan looked for and where, and what the rules accept.
func printLeaks(out io.Writer, r *report.Leak, width int) {
	found := 0
	t := textTable{heads: []string{"place", "values", "common", "credentials", "accepted"}, right: []bool{false, true, true, true, false}, width: width}
	for _, h := range r.Hits {
		if !h.Leak() {
			continue
		}
		found++
		t.add(h.Place, blankZero(h.Values), blankZero(h.Common), blankZero(h.Credentials), h.Reason)
	}
	verdict := "none is there"
	if found > 0 {
		verdict = "found at " + plural(found, "place")
	}
	if r.Values == 0 {
		fmt.Fprintf(out, "there were no originals of masked columns to look for in %s; credentials: %s\n", size(r.Bytes), verdict)
	} else {
		fmt.Fprintf(out, "%s of masked columns were looked for in %s: %s\n", plural(int(r.Values), "original"), size(r.Bytes), verdict)
	}
	if found > 0 {
		t.print(out)
	}
}

// report is the scan for the report: of the rows that were copied, unless the caller
// knows better.
func (r *leakResult) report() report.Leak {
	out := report.Leak{
		Ran: true, Scope: "copied", Values: r.Values, Short: r.Short, Single: r.Shared, Fingerprints: r.Entries,
		Columns: int64(r.columns), Rows: r.rows, Bytes: r.bytes,
	}
	for i := range r.findings {
		f := &r.findings[i]
		out.Hits = append(out.Hits, report.LeakHit{
			Place: f.place(), Values: f.values, Common: f.common, Credentials: int64(f.credentials), Accepted: f.accepted != "", Reason: f.accepted,
		})
	}
	return out
}
