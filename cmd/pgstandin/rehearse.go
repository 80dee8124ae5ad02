package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

type rehearseOptions struct {
	source      sourceOptions
	target      string
	maintenance string
	rules       rulesOptions
	key         keyOptions
	rows        int
	json        bool
}

func (o *rehearseOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	f.StringVar(&o.target, "target", "", "staging `URL` or connection string (PGSTANDIN_TARGET)")
	f.StringVar(&o.maintenance, "maintenance-db", "postgres", "`database` on the target server to use where the target does not exist yet")
	o.rules.AddFlags(f)
	o.key.AddFlags(f)
	f.IntVar(&o.rows, "rows", 1000, "how many rows of each table, the first by primary key")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
}

// mostRehearsed is how many rows of a table a rehearsal may have: they are in
// memory, one table at a time.
const mostRehearsed = 100_000

func newRehearseCommand() *cobra.Command {
	var o rehearseOptions
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: "Load a masked sample into temporary tables, to find what would fail",
		Long: `Mask some rows of every table that is copied, as a refresh would, and load them
into temporary tables on the target's server that have the source's types, NOT
NULL, check, exclusion and unique constraints, but no foreign keys. Whatever rows
violate is listed, with names and SQLSTATE, never a value; then the status is 1.
Nothing stays on the target, and nothing is written to the source.

It runs in the target's database or, until that exists, in the maintenance
database. Enums, domains and composite types that are not there are made for the
time being; a table with other such types is listed as not rehearsed, which is no
failure.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.rows < 1 || o.rows > mostRehearsed {
				return usageError(fmt.Errorf("--rows %d: write a number from 1 to %d", o.rows, mostRehearsed))
			}
			return runRehearse(cmd.Context(), &o, cmd.OutOrStdout())
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runRehearse(ctx context.Context, o *rehearseOptions, out io.Writer) error {
	file, err := o.rules.parse()
	if err != nil {
		return err
	}
	j := &job{file: file, run: runOptions{workers: 1, memory: subset.DefaultMemory}}
	target, err := j.between(&o.key, &o.source, &targetOptions{target: o.target, maintenance: o.maintenance})
	if err != nil {
		return err
	}
	report := &rehearsalReport{Tables: []rehearsedTable{}}
	err = j.lookAt(ctx, func(ctx context.Context, src *pipeline.Source, first *bound) error {
		stage, err := j.openRehearsal(ctx, src, target)
		if err != nil {
			return err
		}
		defer stage.Close(ctx)
		report.Database = stage.Info().Database
		return j.within(ctx, src, first, func(ctx context.Context, b *bound) error {
			return j.rehearse(ctx, src, stage, b, o.rows, report)
		})
	})
	if err != nil {
		return err
	}
	if o.json {
		err = printJSON(out, report)
	} else {
		err = report.print(out)
	}
	if err == nil && report.Problems > 0 {
		err = fmt.Errorf("%s: a refresh would fail", plural(report.Problems, "problem"))
	}
	return err
}

// openRehearsal connects to the target's server, if the rules allow the target.
func (j *job) openRehearsal(ctx context.Context, src *pipeline.Source, target pipeline.TargetConfig) (*pipeline.Rehearsal, error) {
	stage, err := pipeline.OpenRehearsal(ctx, target, src.Info())
	if err != nil {
		return nil, err
	}
	info, name := stage.Info(), target.Conn.Database
	if !j.file.Targets.Match(info.Host, info.Port, name, src.Info().Database) {
		stage.Close(ctx)
		return nil, fmt.Errorf("%s is not among the targets of the rules; add it to targets", schema.QuoteIdent(name))
	}
	return stage, nil
}

// rehearse tries a sample of every table that is copied.
func (j *job) rehearse(ctx context.Context, src *pipeline.Source, stage *pipeline.Rehearsal, b *bound, rows int, report *rehearsalReport) error {
	var tables []*schema.Table
	for _, spec := range b.rules.Tables {
		tables = append(tables, spec.Table)
	}
	if err := stage.MayUse(ctx, tables); err != nil {
		return err
	}
	for _, spec := range b.rules.Tables {
		if b.rules.Subset.Restrict[spec.Table].Rows == subset.NoRows {
			continue
		}
		s, err := j.sampleOf(ctx, src, b, spec, "", rows)
		if err != nil {
			return err
		}
		done, err := stage.Load(ctx, spec.Table, copiedNames(spec), s.masked)
		if err != nil {
			return fmt.Errorf("%s: %w", spec.Table.Name, err)
		}
		t := rehearsedTable{Table: spec.Table.Name.String(), Tried: done.Tried, Problems: done.Problems, Skipped: done.Skipped}
		if done.Tried {
			t.Rows = len(s.masked)
		}
		report.Tables = append(report.Tables, t)
		report.Problems += len(done.Problems)
	}
	return nil
}

func copiedNames(spec *rules.TableRules) []string {
	names := make([]string, len(spec.Columns))
	for i, c := range spec.Columns {
		names[i] = spec.Table.Columns[c].Name
	}
	return names
}

// rehearsalReport is what a rehearsal found; its JSON is that of --json.
type rehearsalReport struct {
	Database string           `json:"database"` // where the temporary tables were
	Problems int              `json:"problems"` // how many
	Tables   []rehearsedTable `json:"tables"`
}

type rehearsedTable struct {
	Table    string   `json:"table"`
	Rows     int      `json:"rows"` // that were tried
	Tried    bool     `json:"rehearsed"`
	Problems []string `json:"problems,omitempty"` // constraints that the masked rows violate
	Skipped  []string `json:"skipped,omitempty"`  // what was not tried, and why
}

func (r *rehearsalReport) print(out io.Writer) error {
	rows, tried := 0, 0
	for _, t := range r.Tables {
		if t.Tried {
			tried++
		}
		rows += t.Rows
		for _, p := range t.Problems {
			wrap(out, t.Table+": "+p, 0)
		}
	}
	for _, t := range r.Tables {
		for _, p := range t.Skipped {
			wrap(out, "note: "+t.Table+": "+p, 0)
		}
	}
	verdict := "no problem"
	if r.Problems > 0 {
		verdict = plural(r.Problems, "problem")
	}
	_, err := fmt.Fprintf(out, "%s loaded, of %d tables %d, in %s: %s\n", plural(rows, "row"), len(r.Tables), tried, schema.QuoteIdent(r.Database), verdict)
	return err
}
