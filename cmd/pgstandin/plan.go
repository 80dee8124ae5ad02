package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/subset"
)

type planOptions struct {
	source sourceOptions
	rules  rulesOptions
	key    keyOptions
	run    runOptions
}

func (o *planOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	o.rules.AddFlags(f)
	o.key.AddFlags(f)
	o.run.AddFlags(f)
}

func newPlanCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Say which rows a refresh would copy, and why",
		Long: `Choose rows as a refresh would, on a snapshot of the source, and print how many
of each table and why. Keys are read, no other columns, and nothing is written.
With a sample the secret decides which rows it takes, so give the same one.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPlan(cmd.Context(), &o, cmd.OutOrStdout()) },
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runPlan(ctx context.Context, o *planOptions, out io.Writer) error {
	file, err := o.rules.parse(ctx)
	if err != nil {
		return err
	}
	j := &job{file: file, run: o.run, yield: 30 * time.Second}
	if j.secret, err = o.key.secret(); err != nil {
		return err
	}
	if j.source, j.sourceDSN, err = o.source.config(); err != nil {
		return err
	}
	src, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer src.Close(context.WithoutCancel(ctx))
	first, err := j.bind(ctx, src, time.Now())
	if err != nil {
		return err
	}
	return pipeline.While(ctx, src.Watch, func(ctx context.Context) error {
		b, _, err := j.begin(ctx, src, first)
		if err != nil {
			return err
		}
		sel, err := j.walk(ctx, src, b)
		if err != nil {
			return err
		}
		defer sel.Close()
		if o.run.json {
			return printPlanJSON(out, sel)
		}
		for _, note := range b.plan.Notes() {
			fmt.Fprintln(out, "note: "+note)
		}
		return printPlan(out, sel)
	})
}

func printPlan(out io.Writer, sel *subset.Selection) error {
	t := textTable{heads: []string{"table", "rows", "share", "bytes", "why"}, right: []bool{false, true, true, true, false}}
	var rows, bytes int64
	for _, r := range sel.Report.Tables {
		n := count(r.Rows)
		if !r.Exact {
			n = "~" + n
		}
		t.add(r.Table.Name.String(), n, shareOf(r.Rows, r.Table.Rows), size(r.Bytes), r.Why)
		rows += r.Rows
		bytes += r.Bytes
	}
	t.add("total", count(rows), "", size(bytes), "")
	t.print(out)
	if len(sel.Report.References) > 0 {
		fmt.Fprintln(out)
		c := textTable{heads: []string{"reference", "set to null", "rows left out", "orphans"}, right: []bool{false, true, true, true}}
		for _, x := range sel.Report.References {
			left := blankZero(x.LeftOut)
			if x.LeftOut < 0 {
				left = "all"
			}
			c.add(x.Name, blankZero(x.Cut), left, blankZero(x.Orphans))
		}
		c.print(out)
	}
	return nil
}

type planTable struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Exact bool   `json:"exact"`
	Bytes int64  `json:"bytes"`
	Why   string `json:"why"`
}

func printPlanJSON(out io.Writer, sel *subset.Selection) error {
	var doc struct {
		Tables     []planTable `json:"tables"`
		References []cutResult `json:"references"`
	}
	for _, r := range sel.Report.Tables {
		doc.Tables = append(doc.Tables, planTable{r.Table.Name.String(), r.Rows, r.Exact, r.Bytes, r.Why})
	}
	for _, x := range sel.Report.References {
		doc.References = append(doc.References, cutResult{x.Name, x.Cut, x.LeftOut, x.Orphans})
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}
