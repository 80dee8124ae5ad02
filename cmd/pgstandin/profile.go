package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/survey"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/seed"
)

type profileOptions struct {
	source  sourceOptions
	rules   rulesOptions
	file    string
	minimum int
	rows    int
	yield   patience
}

func (o *profileOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	f.StringVar(&o.rules.file, "rules", "", "rules `file`: columns are personal unless it keeps them")
	f.StringArrayVar(&o.rules.vars, "var", nil, "set a variable of the rules file, `name=value` (repeatable)")
	f.StringVarP(&o.file, "output", "o", "profile.json", "`file` to write; - prints it")
	f.IntVar(&o.minimum, "minimum", 20, "no value and no number in the profile stands for fewer `rows`, or parents")
	f.IntVar(&o.rows, "sample", 200_000, "`rows` of each table to look at, about")
	addYield(f, &o.yield)
}

func newProfileCommand() *cobra.Command {
	var o profileOptions
	cmd := &cobra.Command{
		Use:   "profile",
		Short: "Write the shape of a source, without its rows, for seed",
		Long: `Write statistics of a source that seed follows: numbers of rows, shares of NULLs,
frequent values and histograms of columns that are not personal, lengths of texts,
and how many children parents have. Nothing in it stands for fewer rows than
--minimum. With a rules file every column that it masks is personal; without one,
all that init would mask, and every text that init does not know to be harmless.
All is read in one read-only snapshot.`,
		Example: `  pgstandin profile --source postgres://reader@prod/shop
  pgstandin profile --source postgres://reader@prod/shop --rules pgstandin.yaml -o shop.json
  pgstandin seed --target postgres://localhost/dev --profile shop.json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runProfile(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runProfile(ctx context.Context, o *profileOptions, out, notes io.Writer) error {
	if o.minimum < 5 || o.rows < 1000 {
		return usageError(fmt.Errorf("--minimum %d, --sample %d: at least 5 and 1000", o.minimum, o.rows))
	}
	p := &survey.Profiler{Minimum: int64(o.minimum), Rows: int64(o.rows)}
	j := &job{}
	var err error
	if j.file, err = o.rules.optional(o.rules.file != ""); err != nil {
		return err
	}
	if j.source, err = o.source.config(); err != nil {
		return err
	}
	j.source.Yield = time.Duration(o.yield)
	src, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer src.Close(ctx)
	var profile *seed.Profile
	if err := pipeline.While(ctx, src.Watch, func(ctx context.Context) (err error) {
		profile, err = j.profile(ctx, src, p)
		return err
	}); err != nil {
		return err
	}
	for _, n := range p.Sampler.Notes() {
		fmt.Fprintln(notes, "note:", n)
	}
	if o.file == "-" {
		return profile.Write(out)
	}
	return writeProfile(o.file, profile, notes)
}

// profile reads the source within one snapshot. Columns that the rules keep are not
// personal; without rules, those that discovery would keep.
func (j *job) profile(ctx context.Context, src *pipeline.Source, p *survey.Profiler) (*seed.Profile, error) {
	s, err := catalog.Read(ctx, src.Leader())
	if err != nil {
		return nil, at("source", err)
	}
	if j.file != nil { // an expression that fails would end a transaction
		b, err := j.bind(ctx, src, time.Now())
		if err != nil {
			return nil, err
		}
		p.Decided(b.rules.Ledger)
	}
	if _, err := src.Begin(ctx, tableNames(s)); err != nil {
		return nil, at("source", err)
	}
	p.Standby = src.Info().Standby
	p.Sampler = survey.NewSampler(src.Leader(), 300)
	if p.Schema, err = catalog.Read(ctx, src.Leader()); err != nil {
		return nil, at("source", err)
	}
	if j.file == nil {
		if err := p.Discovered(ctx); err != nil {
			return nil, at("source", err)
		}
	}
	profile, err := p.Profile(ctx)
	if err != nil {
		return nil, at("source", err)
	}
	return profile, nil
}

func writeProfile(name string, profile *seed.Profile, notes io.Writer) error {
	var text bytes.Buffer
	if err := profile.Write(&text); err != nil {
		return err
	}
	if err := replaceFile(name, text.Bytes()); err != nil {
		return err
	}
	personal, columns := 0, 0
	for _, t := range profile.Tables {
		for _, c := range t.Columns {
			if columns++; c.Personal {
				personal++
			}
		}
	}
	fmt.Fprintf(notes, "%s: %s, %s, %d of them personal\n", name, plural(len(profile.Tables), "table"), plural(columns, "column"), personal)
	return nil
}
