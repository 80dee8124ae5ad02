package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/report"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

// seedRows reads what --rows says: table=number, or a number for each of the rest.
func seedRows(s *schema.Schema, args []string) (rows map[*schema.Table]int64, each int64, err error) {
	rows = map[*schema.Table]int64{}
	for _, a := range args {
		name, number, named := strings.Cut(a, "=")
		if !named {
			number = name
		}
		n, err := strconv.ParseInt(strings.ReplaceAll(number, "_", ""), 10, 64)
		switch {
		case err != nil || n < 0 || !named && (n == 0 || each > 0):
			return nil, 0, usageError(fmt.Errorf("--rows %s: write table=number, as in --rows users=100,orders=500, and one number alone for all others", a))
		case !named:
			each = n
			continue
		}
		t, err := rules.FindTable(s, name)
		if err == nil && t.Root() != t {
			err = fmt.Errorf("%s is a partition; name %s", t.Name, t.Root().Name)
		}
		if err != nil {
			return nil, 0, usageError(fmt.Errorf("--rows %s: %w", a, err))
		}
		if _, twice := rows[t]; twice {
			return nil, 0, usageError(fmt.Errorf("--rows %s: table %s is named twice", a, t.Name))
		}
		rows[t] = n
	}
	return rows, each, nil
}

// seedResult is what a seed did.
type seedResult struct {
	Target  string        `json:"target,omitempty"` // the database, where rows went to one
	Out     string        `json:"out,omitempty"`    // the folder, where rows went to files
	Seed    uint64        `json:"seed"`             // makes the same rows again
	Tables  []seedTotal   `json:"tables"`
	Steps   []report.Step `json:"steps"`
	Rows    int64         `json:"rows"`
	Bytes   int64         `json:"bytes"` // of COPY text
	Seconds float64       `json:"seconds"`
}

type seedTotal struct {
	Name  string `json:"name"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"` // of COPY text
}

// done reports what was made, by step of the plan.
func (r *seedRun) done(rows, bytes []int64) error {
	r.report.Finish()
	out := &seedResult{Seed: r.number, Seconds: time.Since(r.start).Seconds()}
	if out.Target = r.name; r.o.out != "" {
		out.Target, out.Out = "", r.o.out
	}
	for i, s := range r.plan.Steps {
		out.Bytes += bytes[i]
		if s.Update {
			at := slices.IndexFunc(out.Tables, func(t seedTotal) bool { return t.Name == s.Table.Name.String() })
			out.Tables[at].Bytes += bytes[i]
			continue
		}
		out.Rows += rows[i]
		out.Tables = append(out.Tables, seedTotal{s.Table.Name.String(), rows[i], bytes[i]})
	}
	slices.SortFunc(out.Tables, func(a, b seedTotal) int { return strings.Compare(a.Name, b.Name) })
	out.Steps = stepsOf(r.report)
	return withStatus(exitReport, r.report.Result(out))
}

func (r *seedResult) where() string {
	if r.Out != "" {
		return r.Out
	}
	return r.Target
}

func (r *seedResult) took() string { return seconds(time.Duration(r.Seconds * float64(time.Second))) }

func (r *seedResult) printLine(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s: %s rows of %s in %s\n", r.where(), count(r.Rows), plural(len(r.Tables), "table"), r.took())
	return err
}

func (r *seedResult) printTable(w io.Writer, width int) error {
	t := textTable{heads: []string{"table", "rows", "bytes"}, right: []bool{false, true, true}, width: width}
	empty := 0
	for _, x := range r.Tables {
		if x.Rows == 0 {
			empty++
			continue
		}
		t.add(x.Name, count(x.Rows), size(x.Bytes))
	}
	t.add("total", count(r.Rows), size(r.Bytes))
	fmt.Fprintln(w)
	t.print(w)
	if empty > 0 {
		fmt.Fprintf(w, "and %s with no rows\n", plural(empty, "table"))
	}
	verb := "was filled"
	if r.Out != "" {
		verb = "was written"
	}
	_, err := fmt.Fprintf(w, "\n%s %s in %s, with --seed %d.\n", r.where(), verb, r.took(), r.Seed)
	return err
}
