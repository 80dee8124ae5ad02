package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/report"
)

// result is what a refresh or a snapshot did: its report, in the same words in which
// report.json has it, and what is said besides.
type result struct {
	*report.Report
	Page   string        `json:"report_page,omitempty"`     // where report.html is
	Stored *storedResult `json:"stored_snapshot,omitempty"` // of a snapshot
}

// storedResult is where a snapshot went.
type storedResult struct {
	Name        string `json:"name,omitempty"` // there; "" on standard output
	Where       string `json:"where"`          // the folder or URL
	Format      string `json:"format"`         // "directory", "plain" or "tar"
	Compression string `json:"compression"`
	Encrypted   bool   `json:"encrypted"`
	Files       int    `json:"files"`
	Bytes       int64  `json:"bytes"`
}

// String says what was stored where.
func (s *storedResult) String() string {
	if s.Name == "" {
		return "The snapshot went to " + s.Where
	}
	return fmt.Sprintf("Snapshot %s is in %s: %s, %s", s.Name, s.Where, plural(s.Files, "file"), size(s.Bytes))
}

// tableCounts counts what became of a table's rows.
type tableCounts struct {
	rows, bytes, cut, opaque, fixed int64
	columns                         map[string]*columnCounts
	strangers                       anonymize.Strangers
}

// printLine is the result for --quiet.
func (r *result) printLine(w io.Writer) error {
	name := r.Target.Database
	if r.Stored != nil && r.Stored.Name != "" {
		name = "snapshot " + r.Stored.Name
	}
	_, err := fmt.Fprintf(w, "%s: %s of %s in %s\n", name, plural64(r.Totals.Rows, "row"), plural(r.Totals.Tables, "table"), r.took())
	return err
}

func (r *result) took() string { return seconds(time.Duration(r.Run.Seconds * float64(time.Second))) }

// printTable is the closing summary, width characters wide at most.
func (r *result) printTable(out io.Writer, width int) error {
	var b strings.Builder
	t := textTable{
		heads: []string{"table", "rows", "bytes", "masked", "set to null"},
		right: []bool{false, true, true, true, true},
		width: width,
	}
	empty := 0
	for _, x := range r.Tables {
		if x.Rows == 0 {
			empty++
			continue
		}
		t.add(x.Name, count(x.Rows), size(x.Bytes), blankZero(int64(x.Masked())), blankZero(x.KeysCut))
	}
	t.add("total", count(r.Totals.Rows), size(r.Totals.Bytes), "", "")
	fmt.Fprintln(&b)
	t.print(&b)
	if empty > 0 {
		fmt.Fprintf(&b, "and %s with no rows\n", plural(empty, "table"))
	}
	var opaque, fixed int64
	for _, x := range r.Tables {
		opaque += x.Opaque
		fixed += x.FixedPoints
	}
	printOdd(&b, opaque, fixed)
	if r.Leak.Ran {
		printLeaks(&b, &r.Leak, width)
	}
	if cuts := r.Affected(); len(cuts) > 0 {
		fmt.Fprintln(&b)
		c := textTable{
			heads: []string{"reference", "set to null", "rows left out", "orphans"},
			right: []bool{false, true, true, true},
			width: width,
		}
		for _, x := range cuts {
			c.add(x.Name, blankZero(x.Cut), blankZero(x.LeftOut), blankZero(x.Orphans))
		}
		c.print(&b)
	}
	switch {
	case r.Stored != nil:
		fmt.Fprintf(&b, "\n%s, in %s", r.Stored, r.took())
	case r.Previous != "":
		fmt.Fprintf(&b, "\n%s was replaced in %s; its old data is in %s", r.Target.Database, r.took(), r.Previous)
	default:
		fmt.Fprintf(&b, "\n%s was made in %s", r.Target.Database, r.took())
	}
	fmt.Fprintln(&b, ".")
	if r.Page != "" {
		fmt.Fprintf(&b, "The report is in %s.\n", r.Page)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// printOdd says how many values a mask made opaque text of, and how many it left as
// they were.
func printOdd(out io.Writer, opaque, fixed int64) {
	if opaque > 0 {
		fmt.Fprintf(out, "%s outside the format of a mask became opaque text\n", plural64(opaque, "value"))
	}
	if fixed > 0 {
		fmt.Fprintf(out, "%s passed a mask unchanged (see docs/masks.md)\n", plural64(fixed, "value"))
	}
}

func blankZero(n int64) string {
	if n == 0 {
		return ""
	}
	return count(n)
}
