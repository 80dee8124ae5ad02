package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/schemafile"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/seed"
)

type seedOptions struct {
	target  string
	schema  string
	out     string
	rules   rulesOptions
	profile string
	rows    []string
	scale   float64
	seed    uint64
	workers connections
	quiet   bool
	json    bool
}

func (o *seedOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.target, "target", "", "database to fill, `URL` or connection string (PGSTANDIN_TARGET)")
	f.StringVar(&o.schema, "schema", "", "`file` with the schema, as pg_dump --schema-only writes it, made first; - reads standard input")
	f.StringVar(&o.out, "out", "", "write rows to this `path` instead of a target: a folder of COPY files with a load.sql, or one file for psql if it ends in .sql; needs --schema")
	f.StringVar(&o.rules.file, "rules", "", "rules `file` whose part seed says what columns hold, and how many rows there are (default: none)")
	f.StringArrayVar(&o.rules.vars, "var", nil, "set a variable of the rules file, `name=value` (repeatable)")
	f.StringVar(&o.profile, "profile", "", "`file` that profile wrote: the shape to follow where rules and flags do not say otherwise")
	f.StringSliceVar(&o.rows, "rows", nil, "how many rows tables get, `table=number,...`, or a number alone for all others; without it these get a size from the references between tables")
	f.Float64Var(&o.scale, "scale", 1, "`factor` for the sizes of all tables that --rows does not name (else that of the rules)")
	f.Uint64Var(&o.seed, "seed", 1, "`number` that chooses the values: the same one gives the same rows (else that of the rules)")
	f.Var(&o.workers, "workers", "parallel `connections` to the target (default: the number of processors, at most 8)")
	f.BoolVar(&o.quiet, "quiet", false, "print nothing but errors and the result")
	f.BoolVar(&o.json, "json", false, "print progress and result as JSON, one event a line, on standard output")
}

func newSeedCommand() *cobra.Command {
	var o seedOptions
	cmd := &cobra.Command{
		Use:   "seed",
		Short: "Fill an empty schema with synthetic rows",
		Long: `Fill the tables of a database with made-up rows that satisfy its constraints and
look real. Nothing is read from production; the same schema, sizes and --seed give
the same bytes.

The tables must be empty: rows that are there are never touched. With --schema the
schema is made first, from a file as pg_dump writes it, in a database that does not
have it. With --out rows go to files instead of a target.

Where the role may set session_replication_role, several connections load with
triggers off, then every foreign key is checked; a failure empties the tables
again. Else all is one transaction. A schema that the run made goes again where the
run fails. What cannot be taken away, as on a full disk, the error names.

Exit statuses:

` + exitTable,
		Example: `  pgstandin seed --target postgres://localhost/dev
  pgstandin seed --target postgres://localhost/dev --schema db/schema.sql --rows users=100,orders=500
  pgstandin seed --schema db/schema.sql --scale 10 --out seed.sql`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r := &seedRun{o: &o, in: cmd.InOrStdin(), errOut: cmd.ErrOrStderr(), start: time.Now()}
			r.flags = cmd.Flags()
			r.report = newReporter(&runOptions{quiet: o.quiet, json: o.json}, cmd.OutOrStdout(), cmd.ErrOrStderr())
			return r.run(cmd.Context())
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

// seedRun is one run of seed.
type seedRun struct {
	o      *seedOptions
	in     io.Reader
	errOut io.Writer
	report reporter
	start  time.Time
	flags  *pflag.FlagSet

	file   *rules.File // nil without rules
	bound  *rules.Seed
	scale  float64
	number uint64 // that chooses the values

	filling *pipeline.Filling // of the target, or of the throw-away server that has its schema
	schema  *schema.Schema
	plan    *seed.Plan
	name    string // what is filled, for messages
}

func (r *seedRun) run(ctx context.Context) (err error) {
	if err := r.o.check(); err != nil {
		return err
	}
	if r.file, err = r.o.rules.optional(r.o.rules.file != ""); err != nil {
		return err
	}
	what := asItWas
	if r.o.out != "" {
		what = "no file is left"
	}
	defer func() {
		if err == nil {
			return
		}
		if said := (*leaves)(nil); !errors.As(err, &said) {
			err = &leaves{err: err, what: what, told: true}
		}
		r.report.Abort(failure(ctx, err))
	}()
	if r.o.out != "" {
		return r.toFiles(ctx)
	}
	return r.toTarget(ctx)
}

func (o *seedOptions) check() error {
	switch {
	case o.out != "" && o.target != "":
		return usageError(errors.New("--out and --target: give one of them, files to write or the database to fill"))
	case o.out == "-":
		return usageError(errors.New("--out -: rows are not written to standard output; name a file or a folder"))
	case o.out != "" && o.schema == "":
		return usageError(errors.New("--out needs --schema FILE; of a database that is there: pg_dump --schema-only DATABASE | pgstandin seed --schema - --out …"))
	case !(o.scale > 0) || math.IsInf(o.scale, 0):
		return usageError(fmt.Errorf("--scale %v: a number above 0", o.scale))
	}
	return localPath("out", o.out)
}

// toTarget fills a database.
func (r *seedRun) toTarget(ctx context.Context) error {
	cfg, _, err := (&targetOptions{target: r.o.target}).connection()
	if err != nil {
		return err
	}
	r.report.Step("look at the target")
	if err := r.open(ctx, cfg); err != nil {
		return err
	}
	defer r.filling.Close(ctx)
	problems, err := r.filling.Admit(ctx, r.allowed())
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return &pipeline.RefusedError{Problems: problems}
	}
	var made *schemafile.Made
	if r.o.schema != "" {
		r.report.Step("make the schema")
		if made, err = r.makeSchema(ctx, cfg); err != nil {
			return err
		}
	}
	res, err := r.fill(ctx, made)
	if err != nil {
		return r.left(ctx, made, err)
	}
	if res.Whole {
		r.report.Note("role " + schema.QuoteIdent(r.filling.Info().Role) + " may not set session_replication_role: all was loaded in one transaction, by one connection")
	}
	return r.done(res.Rows, res.Bytes)
}

// fill makes the rows, all or none.
func (r *seedRun) fill(ctx context.Context, made *schemafile.Made) (pipeline.FillResult, error) {
	r.name = r.filling.Info().Database
	if err := r.prepare(ctx); err != nil {
		return pipeline.FillResult{}, err
	}
	if err := r.untouched(ctx); err != nil {
		return pipeline.FillResult{}, err
	}
	opts := pipeline.FillOptions{Workers: r.workers(), Step: r.report.Step, Progress: func(p pipeline.Progress) {
		running := ""
		if len(p.Running) > 0 {
			running = p.Running[0]
		}
		r.report.Progress(progress{Rows: p.Rows, Bytes: p.Bytes, TotalRows: p.TotalRows, TotalBytes: p.TotalBytes, Running: running})
	}}
	if made != nil {
		opts.Undo = made.Undo
	}
	return r.filling.Load(ctx, r.work(), opts)
}

const asItWas = "the target is as it was"

// left takes away what a run that failed has made of the schema, and says what is
// left of it.
func (r *seedRun) left(ctx context.Context, made *schemafile.Made, err error) error {
	out := &leaves{err: err, what: asItWas, told: true}
	if made != nil { // what the file replaced stays so
		out.what = "the schema that was made is dropped again"
	}
	var rows *pipeline.RowsLeft
	if errors.As(err, &rows) {
		out.what = rows.Error()
	}
	if made == nil || made.Undone() {
		return out
	}
	if why := made.Undo(ctx); why != nil {
		out.told = false
		tables := "its tables are empty: leave out --schema in the next run, or give an empty database"
		if rows != nil {
			tables = "with rows in it: give an empty database to the next run, or truncate the tables and leave out --schema"
		}
		out.what = "the schema that was made is still in the target, " + tables + " (" + why.Error() + ")"
	}
	return out
}

func (r *seedRun) workers() int {
	return r.o.workers.count()
}

func (r *seedRun) open(ctx context.Context, cfg *pgconn.Config) (err error) {
	r.filling, err = pipeline.OpenFilling(ctx, cfg)
	return err
}

// prepare reads the catalog and makes the plan.
func (r *seedRun) prepare(ctx context.Context) (err error) {
	if r.schema, err = catalog.Read(ctx, r.filling.Leader()); err != nil {
		return at("target", err)
	}
	if len(r.schema.Roots()) == 0 {
		return usageError(fmt.Errorf("%s has no tables: make them first, or give --schema FILE", r.name))
	}
	cfg, err := r.config(ctx)
	if err != nil {
		return err
	}
	if r.plan, err = seed.New(r.schema, cfg); err != nil {
		if r.bound != nil {
			err = r.bound.Place(err)
		}
		var wrong rules.Errors
		if errors.As(err, &wrong) {
			return usageError(err)
		}
		return fmt.Errorf("no rows can be made: %w", err)
	}
	for _, u := range r.plan.Untested {
		r.report.Note(fmt.Sprintf("table %s: %s is not understood, rows are made without it", u.Table.Name, u.Name))
	}
	return nil
}

// untouched refuses tables that hold rows.
func (r *seedRun) untouched(ctx context.Context) error {
	var tables []schema.Name
	for _, t := range r.schema.Roots() {
		if r.plan.Rows(t) > 0 {
			tables = append(tables, t.Name)
		}
	}
	full, err := r.filling.Filled(ctx, tables)
	if err != nil || len(full) == 0 {
		return err
	}
	refused := &pipeline.RefusedError{}
	for _, t := range full {
		refused.Problems = append(refused.Problems, pipeline.Problem{What: fmt.Sprintf("table %s holds rows", t)})
	}
	refused.Problems[len(full)-1].Remedy = "seed fills empty tables only; truncate them, or take another database"
	return refused
}
