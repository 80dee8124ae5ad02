package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/discover"
	"github.com/pgstandin/pgstandin/internal/draft"
	"github.com/pgstandin/pgstandin/internal/survey"
	"github.com/pgstandin/pgstandin/internal/trial"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

type initOptions struct {
	source sourceOptions
	file   string
	sample int
	yield  patience
}

func (o *initOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	f.StringVarP(&o.file, "output", "o", "pgstandin.yaml", "rules `file` to write, or to add to; - prints it")
	f.IntVar(&o.sample, "sample", 300, "`rows` of each table to look at; 0 looks at names and types alone")
	addYield(f, &o.yield)
}

func newInitCommand() *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Look at a source and write a rules file for it",
		Long: `Look at a source and write a rules file that decides every column: which hold
personal data, and how to mask them. It goes by names, types, comments, masking
labels of PostgreSQL Anonymizer, and some rows of each table; the evidence is
written beside each column, never a value. A root, references that are not
declared, and what to do with the rest are in it too.

Where the file is there already, only columns that it does not decide are added,
and nothing else in it changes. Read what was written before you use it.

Beside a new file whose columns are all decided for sure it writes the lock file,
as check --write-lock does; else it says how to get there.`,
		Example: `  pgstandin init --source postgres://reader@prod/shop -o pgstandin.yaml
  pgstandin init --source postgres://reader@prod/shop --sample 0 -o -`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runInit(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runInit(ctx context.Context, o *initOptions, out, notes io.Writer) error {
	if o.sample < 0 || o.sample > 100000 {
		return usageError(fmt.Errorf("--sample %d: between 0 and 100000 rows", o.sample))
	}
	old, err := o.old()
	if err != nil {
		return err
	}
	w := &initWork{Writer: draft.Writer{Name: o.file}, sample: o.sample, named: o.source.source != ""}
	if o.file == "-" {
		w.Name, w.printed = "rules", true
	}
	if w.Secret, err = keyed.NewSecret(); err != nil { // whether masks fit does not depend on it
		return fmt.Errorf("init: %w", err)
	}
	j := &job{}
	if j.source, err = o.source.config(); err != nil {
		return err
	}
	j.source.Yield = time.Duration(o.yield)
	src, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer src.Close(ctx)
	return pipeline.While(ctx, src.Watch, func(ctx context.Context) error {
		if err := w.begin(ctx, src.Leader()); err != nil {
			return err
		}
		return w.write(o.file, old, out, notes)
	})
}

// old reads the file that is to be added to; nil means that there is none.
func (o *initOptions) old() ([]byte, error) {
	if o.file == "-" {
		return nil, nil
	}
	text, err := os.ReadFile(o.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, usageError(fmt.Errorf("rules: %w", err))
	}
	return text, nil
}

// initWork is one run of init.
type initWork struct {
	draft.Writer
	s       *survey.Sampler
	sample  int  // rows of each table
	printed bool // not written to a file
	named   bool // --source names the source: other commands need it too
	added   int  // columns that were decided in a file that is there
}

// begin starts a transaction on the source, and judges it.
func (w *initWork) begin(ctx context.Context, conn *pgconn.PgConn) error {
	w.s = survey.NewSampler(conn, w.sample)
	if err := w.s.Begin(ctx); err != nil {
		return at("source", err)
	}
	var err error
	if w.Schema, err = catalog.Read(ctx, conn); err != nil {
		return at("source", err)
	}
	w.Env = trial.Env(ctx, conn, time.Now())
	return w.look(ctx)
}

// write writes the rules, or adds to those that are there.
func (w *initWork) write(file string, old []byte, out, notes io.Writer) error {
	var text string
	var err error
	if old != nil {
		text, w.added, err = w.Add(string(old))
	} else {
		text, err = w.Write()
	}
	if err != nil {
		return rulesStatus(err)
	}
	if w.printed {
		w.summary(notes, false)
		_, err = io.WriteString(out, text)
		return err
	}
	if text != string(old) {
		if err := replaceFile(file, []byte(text)); err != nil {
			return fmt.Errorf("rules: %w", err)
		}
	}
	w.summary(notes, old != nil)
	if old != nil {
		if err := w.Propose(notes, text); err != nil {
			return rulesStatus(err)
		}
	}
	return w.lock(notes, text, old != nil)
}

// look judges the source.
func (w *initWork) look(ctx context.Context) error {
	samples := func(t *schema.Table) ([]discover.Sample, error) { return w.s.Sample(ctx, t) }
	denies := func(r *discover.Reference) (bool, error) { return w.s.Denies(ctx, r) }
	if w.sample == 0 {
		samples, denies = nil, nil
	}
	var err error
	if w.Report, err = discover.Look(w.Schema, samples, denies); err != nil {
		return at("source", err)
	}
	if err := w.lookAtRoot(ctx); err != nil {
		return err
	}
	w.Orphaned = map[int]string{}
	for i := range w.Report.References {
		r := &w.Report.References[i]
		if r.Parent == nil || r.Confident < 0.6 || w.sample == 0 {
			continue
		}
		if why, err := w.s.Confirm(ctx, r); err != nil {
			return at("source", err)
		} else if why != "" {
			w.Orphaned[i] = why
		}
	}
	return nil
}

// lookAtRoot chooses a share of the root that will hardly be none of its rows.
func (w *initWork) lookAtRoot(ctx context.Context) error {
	w.Share = "10%"
	if w.Report.Root == nil || w.sample == 0 {
		return nil
	}
	const few, fewer = 50, 10 // of which a tenth, or a half, may well be none
	n, err := w.s.Count(ctx, w.Report.Root, few)
	if err != nil {
		return at("source", err)
	}
	switch {
	case n < 0: // it may not be read
	case n == 0:
		w.NoRoot = draft.Table(w.Schema, w.Report.Root) + " holds no row now"
	case n < fewer:
		w.Share = "100%"
	case n < few:
		w.Share = "50%"
	}
	return nil
}

// summary says what was decided, and what to read twice.
func (w *initWork) summary(out io.Writer, added bool) {
	masked, kept := 0, 0
	for i := range w.Report.Findings {
		f := &w.Report.Findings[i]
		switch {
		case f.Personal:
			masked++
		default:
			kept++
		}
	}
	for _, note := range w.s.Notes() {
		fmt.Fprintln(out, "note: "+note)
	}
	defer w.unread(out, added)
	if added {
		fmt.Fprintf(out, "%s: %s added\n", w.Name, plural(w.added, "column"))
		return
	}
	fmt.Fprintf(out, "%s: %s, %s masked, %s kept; %d to look at twice (marked ??)\n", w.Name,
		plural(len(w.Schema.Roots()), "table"), plural(masked, "column"), plural(kept, "column"), w.doubtful())
}

// unread says what to do about tables whose rows were not looked at: init does not look
// again at a column that is decided.
func (w *initWork) unread(out io.Writer, added bool) {
	n, its := len(w.s.Notes()), "its"
	switch {
	case n == 0, added && w.added == 0:
		return
	case n > 1:
		its = "their"
	}
	remedy := "remove " + w.Name + " and "
	switch {
	case added:
		remedy = "remove the new entries of " + w.Name + " and "
	case w.printed:
		remedy = ""
	}
	fmt.Fprintf(out, "values of %s were not looked at: names and types alone decided %s columns; \"pgstandin grants\" prints the SQL for a role that may not read, then %srun init again\n",
		plural(n, "table"), its, remedy)
}
