package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/discover"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/seed"
)

type profileOptions struct {
	source  sourceOptions
	rules   rulesOptions
	file    string
	minimum int
	rows    int
}

func (o *profileOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	f.StringVar(&o.rules.file, "rules", "", "rules `file`: columns are personal unless it keeps them")
	f.StringArrayVar(&o.rules.vars, "var", nil, "set a variable of the rules file, `name=value` (repeatable)")
	f.StringVarP(&o.file, "output", "o", "profile.json", "`file` to write; - prints it")
	f.IntVar(&o.minimum, "minimum", 20, "no value and no number in the profile stands for fewer `rows`, or parents")
	f.IntVar(&o.rows, "sample", 200_000, "`rows` of each table to look at, about")
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
	p := &profiler{minimum: int64(o.minimum), rows: int64(o.rows)}
	j := &job{}
	var err error
	if o.rules.file != "" {
		if j.file, err = o.rules.parse(ctx); err != nil {
			return err
		}
	}
	if j.source, err = o.source.config(); err != nil {
		return err
	}
	src, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer src.Close(context.WithoutCancel(ctx))
	s, err := catalog.Read(ctx, src.Leader())
	if err != nil {
		return at("source", err)
	}
	if j.file != nil { // an expression that fails would end a transaction
		b, err := j.bind(ctx, src, time.Now())
		if err != nil {
			return err
		}
		p.decided(b.rules.Ledger)
	}
	if _, err := src.Begin(ctx, tableNames(s)); err != nil {
		return at("source", err)
	}
	p.standby = src.Info().Standby
	p.s = &sampler{conn: src.Leader(), rows: 300}
	if p.schema, err = catalog.Read(ctx, src.Leader()); err != nil {
		return at("source", err)
	}
	if j.file == nil {
		if err := p.discovered(ctx); err != nil {
			return at("source", err)
		}
	}
	profile, err := p.profile(ctx)
	if err != nil {
		return at("source", err)
	}
	for _, n := range p.s.notes {
		fmt.Fprintln(notes, "note:", n)
	}
	if o.file == "-" {
		return profile.Write(out)
	}
	return p.write(o.file, profile, notes)
}

func (p *profiler) write(name string, profile *seed.Profile, notes io.Writer) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := profile.Write(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
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

// profiler makes one profile.
type profiler struct {
	s       *sampler
	schema  *schema.Schema
	minimum int64
	rows    int64
	standby bool // the source is one
	// open are the columns whose values may be shown, by table and name: of no
	// other is a value read into a profile.
	open map[schema.Name]map[string]bool
}

// allow lets values of a column be shown.
func (p *profiler) allow(t *schema.Table, column string) {
	if p.open == nil {
		p.open = map[schema.Name]map[string]bool{}
	}
	if p.open[t.Name] == nil {
		p.open[t.Name] = map[string]bool{}
	}
	p.open[t.Name][column] = true
}

// decided takes the columns that rules keep.
func (p *profiler) decided(ledger []rules.Decision) {
	for _, d := range ledger {
		if d.Mask == "keep" {
			p.allow(d.Table, d.Column)
		}
	}
}

// plainTypes are those whose values are shown where nothing says that they are
// personal; of all others init must be sure that they are not.
var plainTypes = []string{"bool", "int2", "int4", "int8", "numeric", "float4", "float8", "money", "date", "timestamp", "timestamptz", "time", "timetz", "interval"}

// discovered takes the columns that init would keep.
func (p *profiler) discovered(ctx context.Context) error {
	report, err := discover.Look(p.schema, func(t *schema.Table) ([]discover.Sample, error) { return p.s.sample(ctx, t) })
	if err != nil {
		return err
	}
	for _, f := range report.Findings {
		c := &f.Table.Columns[f.Column]
		plain := slices.Contains(plainTypes, c.Type.Base) || c.Type.Class == schema.EnumType
		if !f.Personal && f.Mask.Kind == "keep" && (plain || f.Confident >= 0.7) {
			p.allow(f.Table, c.Name)
		}
	}
	return nil
}

// personal reports whether a column's values must not be shown.
func (p *profiler) personal(t *schema.Table, c int) bool { return !p.open[t.Name][t.Columns[c].Name] }
