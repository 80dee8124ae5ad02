package main

import (
	"fmt"
	"io"
	"time"

	"github.com/pgstandin/pgstandin/internal/maskdump"
	"github.com/pgstandin/pgstandin/report"
)

// maskResult is what mask did; it holds no value.
type maskResult struct {
	Tables  []maskTableResult `json:"tables"` // each with the rows of its own
	Rows    int64             `json:"rows"`   // that were written
	Left    int64             `json:"rows_left_out"`
	Read    int64             `json:"bytes_read"` // in the last pass
	Written int64             `json:"bytes_written"`
	LeftOut passedOver        `json:"left_out"`
	Seconds float64           `json:"seconds"`
	KeyID   string            `json:"key_id"` // of the secret
	Rules   report.Rules      `json:"rules"`
}

// maskTableResult is what happened to the rows of one table or partition.
type maskTableResult struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	Left   int64  `json:"rows_left_out"` // as the rules have it
	Why    string `json:"left_out_because,omitempty"`
	Masked int    `json:"masked_columns"`
	Opaque int64  `json:"values_outside_format"`    // masked as opaque text
	Fixed  int64  `json:"values_unchanged_by_mask"` // came out as they went in

	// Rows whose texts may quote whom they are about, who is not in the dump.
	Strangers int64 `json:"rows_about_strangers"`
}

// passedOver counts what is not written, besides rows.
type passedOver struct {
	Statistics int64 `json:"statistics"`    // statements
	Large      int64 `json:"large_objects"` // statements
	Access     int64 `json:"access"`        // statements of user mappings and subscriptions
	Comments   int64 `json:"comments"`      // lines
}

func maskResultOf(c maskdump.Counts) *maskResult {
	r := &maskResult{Tables: []maskTableResult{}, Read: c.Read, Written: c.Written, LeftOut: passedOver(c.LeftOut)}
	for _, t := range c.Tables {
		r.Rows += t.Rows
		r.Left += t.Left
		r.Tables = append(r.Tables, maskTableResult(t))
	}
	return r
}

// print prints the counts as a table.
func (r *maskResult) print(w io.Writer) error {
	t := textTable{heads: []string{"table", "rows", "left out", "masked", "opaque"}, right: []bool{false, true, true, true, true}, width: widthOf(w)}
	var opaque, fixed int64
	for _, x := range r.Tables {
		t.add(x.Name, count(x.Rows), blankZero(x.Left), blankZero(int64(x.Masked)), blankZero(x.Opaque))
		opaque += x.Opaque
		fixed += x.Fixed
	}
	t.print(w)
	printOdd(w, opaque, fixed)
	for _, x := range r.Tables {
		if x.Strangers > 0 {
			fmt.Fprintln(w, "note: "+strangersNote(x.Strangers, x.Name, "leave such rows out (rows: none), or use mask text"))
		}
	}
	for _, x := range []struct {
		n    int64
		what string
	}{
		{r.LeftOut.Statistics, "statement with statistics, which hold values,"},
		{r.LeftOut.Large, "statement of large objects"},
		{r.LeftOut.Access, "statement of user mappings and subscriptions, which reach other servers"},
		{r.LeftOut.Comments, "line of comments that pg_dump does not write"},
	} {
		if x.n > 0 {
			fmt.Fprintf(w, "left out: %s × %s\n", count(x.n), x.what)
		}
	}
	_, err := fmt.Fprintf(w, "%s, %s read, %s written in %s\n", plural64(r.Rows, "row"), size(r.Read), size(r.Written), seconds(time.Duration(r.Seconds*float64(time.Second))))
	return err
}
