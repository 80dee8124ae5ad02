package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/report"
)

var (
	errGenerated = errors.New("a value of a generated column that is not DEFAULT")
	errLiteral   = errors.New("a string with an escape that stands for nothing")
)

type rowLearner interface {
	Learn(k *anonymize.Known, row []byte) error
}

// maskResult is what mask did; it holds no value.
type maskResult struct {
	Tables  []maskTableResult `json:"tables"`
	Rows    int64             `json:"rows"` // that were written
	Left    int64             `json:"rows_left_out"`
	Read    int64             `json:"bytes_read"` // in the last pass
	Written int64             `json:"bytes_written"`
	LeftOut passedOver        `json:"left_out"`
	Seconds float64           `json:"seconds"`
	KeyID   string            `json:"key_id"`
	Rules   report.Rules      `json:"rules"`
}

// maskTableResult is what happened to the rows of one table or partition.
type maskTableResult struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	Left   int64  `json:"rows_left_out"`
	Why    string `json:"left_out_because,omitempty"`
	Masked int    `json:"masked_columns"`
	Opaque int64  `json:"values_outside_format"`    // masked as opaque text
	Fixed  int64  `json:"values_unchanged_by_mask"` // came out as they went in
}

func (m *masker) result() *maskResult {
	r := &maskResult{Tables: []maskTableResult{}, Read: m.read.n, Written: m.wrote.n, LeftOut: m.left}
	for _, t := range m.order {
		r.Rows += t.rows
		r.Left += t.left
		name := t.leaf.Name.String()
		i := slices.IndexFunc(r.Tables, func(x maskTableResult) bool { return x.Name == name })
		if i < 0 {
			i = len(r.Tables)
			r.Tables = append(r.Tables, maskTableResult{Name: name, Why: t.why})
			if t.program != nil {
				r.Tables[i].Masked = t.program.Masked()
			}
		}
		x := &r.Tables[i]
		x.Rows += t.rows
		x.Left += t.left
		if t.rw == nil {
			continue
		}
		for _, s := range t.rw.Stats() {
			x.Opaque += s.Opaque
			x.Fixed += s.Fixed
		}
	}
	slices.SortFunc(r.Tables, func(a, b maskTableResult) int { return strings.Compare(a.Name, b.Name) })
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
	for _, x := range []struct {
		n    int64
		what string
	}{
		{r.LeftOut.Statistics, "statement with statistics, which hold values,"},
		{r.LeftOut.Large, "statement of large objects"},
		{r.LeftOut.Comments, "line of comments that pg_dump does not write"},
	} {
		if x.n > 0 {
			fmt.Fprintf(w, "left out: %s × %s\n", count(x.n), x.what)
		}
	}
	_, err := fmt.Fprintf(w, "%s, %s read, %s written in %s\n", plural64(r.Rows, "row"), size(r.Read), size(r.Written), seconds(time.Duration(r.Seconds*float64(time.Second))))
	return err
}
