package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/report"
	"github.com/pgstandin/pgstandin/subset"
)

type planOptions struct {
	source sourceOptions
	rules  rulesOptions
	key    keyOptions
	run    runOptions
	exact  bool
	format string
}

func (o *planOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	o.rules.AddFlags(f)
	o.key.AddFlags(f)
	o.run.addDocument(f, "the plan")
	f.BoolVar(&o.exact, "exact", false, "choose rows as a refresh would, and count them")
	f.StringVar(&o.format, "format", "text", "`form` of the plan: text, json, dot or mermaid")
}

var planFormats = []string{"text", "json", "dot", "mermaid"}

func newPlanCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Say which rows a refresh would copy, and why",
		Long: `Say how many rows of each table a refresh would copy, and why: estimated from the
source's statistics, of which no row is read; or with --exact by choosing rows as
a refresh would, on a snapshot. Then keys are read, no other columns. Nothing is
written. With --exact and a sample the secret decides which rows are taken, so
give the same one.`,
		Example: `  pgstandin plan
  pgstandin plan --exact --format json
  pgstandin plan --format dot | dot -Tsvg > plan.svg`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.run.json {
				if cmd.Flags().Changed("format") && o.format != "json" {
					return usageError(fmt.Errorf("--json and --format %s: give one of them", o.format))
				}
				o.format = "json"
			}
			if !slices.Contains(planFormats, o.format) {
				return usageError(fmt.Errorf("--format %s: write one of %s", o.format, strings.Join(planFormats, ", ")))
			}
			return runPlan(cmd.Context(), &o, cmd.OutOrStdout())
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runPlan(ctx context.Context, o *planOptions, out io.Writer) error {
	file, err := o.rules.parse()
	if err != nil {
		return err
	}
	j := &job{file: file, run: o.run}
	if !o.exact {
		// Masks are compiled for the format of rows, which does not depend on the
		// secret.
		if j.secret, err = keyed.NewSecret(); err != nil {
			return fmt.Errorf("plan: %w", err)
		}
		return j.look(ctx, &o.source, func(ctx context.Context, src *pipeline.Source, b *bound) error {
			if err := b.chooseFormats("", 0); err != nil {
				return err
			}
			missing, err := b.unreadable(ctx, src)
			if err != nil {
				return err
			}
			doc := describePlan(b, nil)
			doc.Notes = slices.Concat(missing, doc.Notes)
			return printPlan(out, o.format, doc)
		})
	}
	if j.secret, err = o.key.secret(); err != nil {
		return err
	}
	return j.lookWithin(ctx, &o.source, func(ctx context.Context, src *pipeline.Source, b *bound) error {
		if err := b.chooseFormats("", 0); err != nil {
			return err
		}
		sel, err := j.walk(ctx, src, b)
		if err != nil {
			return err
		}
		defer sel.Close()
		return printPlan(out, o.format, describePlan(b, &sel.Report))
	})
}

// planDoc is a plan as it is printed; its JSON is the contract of --format json.
type planDoc struct {
	Exact      bool                       `json:"exact"`                  // rows were chosen, not estimated
	Picked     float64                    `json:"picked_share,omitempty"` // of the rows of each root without a sample, which the budget lets in
	Notes      report.List[string]        `json:"notes"`                  // what is worth knowing, for people
	Tables     report.List[planTable]     `json:"tables"`
	References report.List[planReference] `json:"references"`
}

type planTable struct {
	Table       string `json:"table"`
	Why         string `json:"why"`         // why rows of it are copied, or not
	Rows        int64  `json:"rows"`        // to be copied: an estimate, unless exact
	Exact       bool   `json:"exact"`       // rows is no estimate
	Bytes       int64  `json:"bytes"`       // estimate
	SourceRows  int64  `json:"source_rows"` // an estimate, unless exact
	SourceBytes int64  `json:"source_bytes"`
	Where       string `json:"where,omitempty"`       // the rules' restriction
	Cycle       int    `json:"cycle,omitempty"`       // the number of the cycle of references that it is in
	Passes      int    `json:"passes"`                // over all of the table's keys; this and the next two with --exact
	Conditions  int    `json:"conditions"`            // queries for what passes a condition of the rules
	LookUps     int    `json:"look_ups"`              // queries for a batch of keys or places
	Format      string `json:"format,omitempty"`      // of COPY: "binary" or "text"; "" if no row is copied
	TextReason  string `json:"text_reason,omitempty"` // why it is text
}

type planReference struct {
	Name        string   `json:"name"`
	Child       string   `json:"child"` // the table that refers
	Parent      string   `json:"parent"`
	Columns     string   `json:"columns"`         // of the child, or the expression
	Down        string   `json:"down"`            // "any", "all", "off" or "always"
	Up          string   `json:"up"`              // "require", "prune" or "nullify"
	Limit       int      `json:"limit,omitempty"` // children that one parent brings, at most
	Cuts        []string `json:"cuts,omitempty"`  // columns set to NULL where the parent is not copied
	Lossy       bool     `json:"lossy"`           // the parent may not be copied
	SetToNull   int64    `json:"set_to_null"`     // references; with --exact, as the next two
	RowsLeftOut int64    `json:"rows_left_out"`   // rows that cannot live without the parent; -1: all
	Orphans     int64    `json:"orphans"`         // references whose parent the source does not have
}

// describePlan puts together what is known before a walk and, if report is not
// nil, what the walk found.
func describePlan(b *bound, report *subset.Report) *planDoc {
	p := b.plan
	doc := &planDoc{Exact: report != nil, Picked: p.Picked(), Notes: b.notes()}
	walked := map[string]subset.TableReport{}
	counted := map[*subset.Reference]subset.ReferenceReport{}
	if report != nil {
		for _, t := range report.Tables {
			walked[t.Table.Name.String()] = t
		}
		for _, r := range report.References {
			counted[r.Reference] = r
		}
	}
	for _, t := range p.Tables() {
		x := planTable{Table: t.Table.Name.String(), Why: t.Why, Rows: t.Rows, Bytes: t.Bytes, SourceRows: t.SourceRows,
			SourceBytes: t.SourceBytes, Where: t.Restriction, Cycle: t.Cycle, Exact: !t.Copied}
		if r, ok := walked[x.Table]; ok {
			x.Why, x.Rows, x.Bytes, x.Exact = r.Why, r.Rows, r.Bytes, r.Exact
			x.Passes, x.Conditions, x.LookUps = r.Passes, r.Conditions, r.LookUps
		}
		if f, ok := b.formats[t.Table]; ok {
			x.Format, x.TextReason = f.String(), f.why
		}
		doc.Tables = append(doc.Tables, x)
	}
	for _, r := range p.References() {
		c := counted[r.Reference]
		delete(counted, r.Reference)
		doc.References = append(doc.References, planReference{
			Name: r.Name, Child: r.Reference.Child.Name.String(), Parent: r.Reference.Parent.Name.String(),
			Columns: referenceColumns(r.Reference), Down: r.Reference.Down.String(), Up: r.Reference.Up.String(),
			Limit: r.Reference.Limit, Cuts: r.Cut, Lossy: r.Lossy,
			SetToNull: c.Cut, RowsLeftOut: c.LeftOut, Orphans: c.Orphans,
		})
	}
	if report != nil { // those of tables of which nothing is copied
		for _, c := range report.References {
			if _, ok := counted[c.Reference]; ok {
				doc.References = append(doc.References, planReference{
					Name: c.Name, Child: c.Reference.Child.Name.String(), Parent: c.Reference.Parent.Name.String(),
					Columns: referenceColumns(c.Reference), Down: c.Reference.Down.String(), Up: c.Reference.Up.String(),
					Lossy: true, SetToNull: c.Cut, RowsLeftOut: c.LeftOut, Orphans: c.Orphans,
				})
			}
		}
	}
	return doc
}

func referenceColumns(r *subset.Reference) string {
	if r.Expr != "" {
		return r.Expr
	}
	var names []string
	for _, c := range r.Columns {
		names = append(names, r.Child.Columns[c].Name)
	}
	return strings.Join(names, ", ")
}
