package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// result is what a refresh did; it holds no row value.
type result struct {
	Target    string            `json:"target,omitempty"`   // of a refresh
	Previous  string            `json:"previous,omitempty"` // the database that holds staging's old data, if there was one
	Snapshot  string            `json:"snapshot_time"`
	Tables    []tableResult     `json:"tables"`
	Cuts      []cutResult       `json:"references,omitempty"`
	Steps     []stepResult      `json:"steps"`
	Rows      int64             `json:"rows"`
	Bytes     int64             `json:"bytes"`
	Seconds   float64           `json:"seconds"`
	Verified  pipeline.Verified `json:"verified"`
	Leaks     *leakResult       `json:"leaks"`
	KeyID     string            `json:"key_id"`
	RulesHash string            `json:"rules_sha256"`
	Report    string            `json:"report,omitempty"`          // the page
	Stored    *storedResult     `json:"stored_snapshot,omitempty"` // of a snapshot

	byTable map[*schema.Table]*tableResult
}

// storedResult is where a snapshot went.
type storedResult struct {
	Name        string `json:"name,omitempty"` // there; "" on standard output
	Where       string `json:"where"`
	Format      string `json:"format"`
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

type tableResult struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"` // as they entered the target, in the COPY format
	Masked int    `json:"masked_columns"`
	Cut    int64  `json:"keys_set_to_null"`
	Opaque int64  `json:"values_outside_format"` // masked as opaque text
	Fixed  int64  `json:"values_unchanged_by_mask"`

	columns map[string]*columnCounts
}

// cutResult counts what a reference did to rows of its child table.
type cutResult struct {
	Reference string `json:"reference"`
	Cut       int64  `json:"set_to_null"`
	Left      int64  `json:"rows_left_out"`
	Orphans   int64  `json:"orphans_in_source"`
}

type stepResult struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// printLine is the result for --quiet.
func (r *result) printLine(w io.Writer) error {
	name := r.Target
	if r.Stored != nil && r.Stored.Name != "" {
		name = "snapshot " + r.Stored.Name
	}
	_, err := fmt.Fprintf(w, "%s: %s rows of %d tables in %s\n", name, count(r.Rows), len(r.Tables),
		seconds(time.Duration(r.Seconds*float64(time.Second))))
	return err
}

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
		t.add(x.Name, count(x.Rows), size(x.Bytes), blankZero(int64(x.Masked)), blankZero(x.Cut))
	}
	t.add("total", count(r.Rows), size(r.Bytes), "", "")
	fmt.Fprintln(&b)
	t.print(&b)
	if empty > 0 {
		fmt.Fprintf(&b, "and %s with no rows\n", plural(empty, "table"))
	}
	var opaque, fixed int64
	for _, x := range r.Tables {
		opaque += x.Opaque
		fixed += x.Fixed
	}
	if opaque > 0 {
		fmt.Fprintf(&b, "%s outside the format of a mask became opaque text\n", plural(int(opaque), "value"))
	}
	if fixed > 0 {
		fmt.Fprintf(&b, "%s passed a mask unchanged (see docs/masks.md)\n", plural(int(fixed), "value"))
	}
	if r.Leaks != nil {
		r.Leaks.print(&b, width)
	}
	if len(r.Cuts) > 0 {
		fmt.Fprintln(&b)
		c := textTable{
			heads: []string{"reference", "set to null", "rows left out", "orphans"},
			right: []bool{false, true, true, true},
			width: width,
		}
		for _, x := range r.Cuts {
			c.add(x.Reference, blankZero(x.Cut), blankZero(x.Left), blankZero(x.Orphans))
		}
		c.print(&b)
	}
	took := seconds(time.Duration(r.Seconds * float64(time.Second)))
	switch {
	case r.Stored != nil:
		fmt.Fprintf(&b, "\n%s, in %s", r.Stored, took)
	case r.Previous != "":
		fmt.Fprintf(&b, "\n%s was replaced in %s; its old data is in %s", r.Target, took, r.Previous)
	default:
		fmt.Fprintf(&b, "\n%s was made in %s", r.Target, took)
	}
	fmt.Fprintln(&b, ".")
	if r.Report != "" {
		fmt.Fprintf(&b, "The report is in %s.\n", r.Report)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func blankZero(n int64) string {
	if n == 0 {
		return ""
	}
	return count(n)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return count(int64(n)) + " " + what + "s"
}
