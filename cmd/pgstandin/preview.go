package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/internal/trial"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/subset"
)

type previewOptions struct {
	source   sourceOptions
	rules    rulesOptions
	key      keyOptions
	rows     int
	where    string
	expanded bool
	json     bool
	reveal   bool
}

func (o *previewOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	o.rules.AddFlags(f)
	o.key.AddFlags(f)
	f.IntVar(&o.rows, "rows", 10, "how many rows, the first by primary key")
	f.StringVar(&o.where, "where", "", "only rows of this `condition`, written as a where of the rules")
	f.BoolVar(&o.expanded, "expanded", false, "print one column a line, values whole")
	f.BoolVar(&o.json, "json", false, "print the rows as JSON")
	f.BoolVar(&o.reveal, "reveal", false, "print the originals too")
}

// mostPreviewed is how many rows a preview may have: they are in memory.
const mostPreviewed = 10_000

func newPreviewCommand() *cobra.Command {
	var o previewOptions
	cmd := &cobra.Command{
		Use:   "preview TABLE",
		Short: "Print some rows of a table as they would be after masking",
		Long: `Read some rows of one table, mask them as a refresh with the same secret would,
and print them. References are not cut and roots not walked: any rows that the
table's own where lets pass are shown. Originals are printed with --reveal only,
but columns that the rules keep are originals too. Nothing is written.`,
		Example: `  pgstandin preview users
  pgstandin preview messages --rows 3 --expanded
  pgstandin preview orders --where "status = 'paid'" --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError(fmt.Errorf("preview needs a table: %s users", cmd.CommandPath()))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.rows < 1 || o.rows > mostPreviewed {
				return usageError(fmt.Errorf("--rows %d: write a number from 1 to %d", o.rows, mostPreviewed))
			}
			return runPreview(cmd.Context(), &o, args[0], cmd.OutOrStdout())
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runPreview(ctx context.Context, o *previewOptions, table string, out io.Writer) error {
	file, err := o.rules.parse()
	if err != nil {
		return err
	}
	j := &job{file: file, run: runOptions{workers: 1, memory: subset.DefaultMemory}}
	if j.secret, err = o.key.secret(); err != nil {
		return err
	}
	return j.look(ctx, &o.source, func(ctx context.Context, src *pipeline.Source, first *bound) error {
		// An error would end the snapshot's transaction, so it is tried before.
		if _, _, err := o.choose(first, table, trial.With(ctx, src.Leader(), trial.Env(ctx, src.Leader(), time.Now()))); err != nil {
			return err
		}
		return j.within(ctx, src, first, func(ctx context.Context, b *bound) error {
			spec, where, err := o.choose(b, table, trial.Env(ctx, src.Leader(), src.Snapshot().Time))
			if err != nil {
				return err
			}
			s, err := j.sampleOf(ctx, src, b, spec, where, o.rows)
			if err != nil {
				return err
			}
			return printPreview(out, o, s)
		})
	})
}

// choose finds the table that is meant, and checks the condition.
func (o *previewOptions) choose(b *bound, table string, env rules.Env) (*rules.TableRules, string, error) {
	t, err := rules.FindTable(b.schema, table)
	if err != nil {
		return nil, "", usageError(err)
	}
	t = t.Root()
	spec := b.specs[t]
	if spec == nil || b.rules.Subset.Restrict[t].Rows == subset.NoRows {
		return nil, "", usageError(fmt.Errorf("no row of %s is copied: rows: none", t.Name))
	}
	if o.where == "" {
		return spec, "", nil
	}
	where, err := b.rules.Condition("--where", o.where, t, env)
	if err != nil {
		return nil, "", rulesStatus(err)
	}
	return spec, where, nil
}
