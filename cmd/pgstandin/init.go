package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/discover"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

type initOptions struct {
	source sourceOptions
	file   string
	sample int
}

func (o *initOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	f.StringVarP(&o.file, "output", "o", "pgstandin.yaml", "rules `file` to write, or to add to; - prints it")
	f.IntVar(&o.sample, "sample", 300, "`rows` of each table to look at; 0 looks at names and types alone")
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
	var old []byte
	if o.file != "-" {
		text, err := os.ReadFile(o.file)
		switch {
		case err == nil:
			old = text
		case !errors.Is(err, fs.ErrNotExist):
			return usageError(fmt.Errorf("rules: %w", err))
		}
	}
	w := &initWork{name: o.file}
	if o.file == "-" {
		w.name = "rules"
	}
	var err error
	if w.secret, err = keyed.NewSecret(); err != nil { // whether masks fit does not depend on it
		return fmt.Errorf("init: %w", err)
	}
	j := &job{}
	if j.source, err = o.source.config(); err != nil {
		return err
	}
	src, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer src.Close(context.WithoutCancel(ctx))
	w.s = &sampler{conn: src.Leader(), rows: o.sample}
	if err := w.s.begin(ctx); err != nil {
		return at("source", err)
	}
	if w.schema, err = catalog.Read(ctx, src.Leader()); err != nil {
		return at("source", err)
	}
	w.env = ruleEnv(ctx, src.Leader(), time.Now())
	if err := w.look(ctx); err != nil {
		return err
	}
	var text string
	if old != nil {
		text, err = w.add(string(old))
	} else {
		text, err = w.write()
	}
	if err != nil {
		return err
	}
	if o.file == "-" {
		_, err = io.WriteString(out, text)
		return err
	}
	if text != string(old) {
		if err := replaceFile(o.file, []byte(text)); err != nil {
			return fmt.Errorf("rules: %w", err)
		}
	}
	w.summary(notes, old != nil)
	if old != nil {
		if err := w.propose(notes, text); err != nil {
			return err
		}
	}
	return w.lock(notes, text, old != nil)
}

// initWork is one run of init.
type initWork struct {
	name   string // of the file, for messages
	schema *schema.Schema
	secret *keyed.Secret
	env    rules.Env
	s      *sampler
	report *discover.Report
	// orphaned says of a reference that is not declared why it is only a comment:
	// rows do not bear it out.
	orphaned map[int]string
	added    int // columns that add decided
	// share is the sample of the root; noRoot why it cannot be one.
	share, noRoot string
}

// look judges the source.
func (w *initWork) look(ctx context.Context) error {
	samples := func(t *schema.Table) ([]discover.Sample, error) { return w.s.sample(ctx, t) }
	if w.s.rows == 0 {
		samples = nil
	}
	var err error
	if w.report, err = discover.Look(w.schema, samples); err != nil {
		return at("source", err)
	}
	if err := w.lookAtRoot(ctx); err != nil {
		return err
	}
	w.orphaned = map[int]string{}
	for i := range w.report.References {
		r := &w.report.References[i]
		if r.Parent == nil || r.Confident < 0.6 || w.s.rows == 0 {
			continue
		}
		if why, err := w.s.confirm(ctx, r); err != nil {
			return at("source", err)
		} else if why != "" {
			w.orphaned[i] = why
		}
	}
	return nil
}

// lookAtRoot chooses a share of the root that will hardly be none of its rows.
func (w *initWork) lookAtRoot(ctx context.Context) error {
	w.share = "10%"
	if w.report.Root == nil || w.s.rows == 0 {
		return nil
	}
	const few, fewer = 50, 10 // of which a tenth, or a half, may well be none
	rows, err := w.s.query(ctx, fmt.Sprintf("select pg_catalog.count(*) from (select from %s limit %d) t", w.report.Root.Name.SQL(), few))
	var refused *refusedError
	switch {
	case errors.As(err, &refused):
		return nil
	case err != nil:
		return at("source", err)
	}
	n, _ := strconv.Atoi(string(rows[0][0]))
	switch {
	case n == 0:
		w.noRoot = tableName(w.schema, w.report.Root) + " holds no row now"
	case n < fewer:
		w.share = "100%"
	case n < few:
		w.share = "50%"
	}
	return nil
}

// summary says what was decided, and what to read twice.
func (w *initWork) summary(out io.Writer, added bool) {
	masked, kept := 0, 0
	for i := range w.report.Findings {
		f := &w.report.Findings[i]
		switch {
		case f.Personal:
			masked++
		default:
			kept++
		}
	}
	for _, note := range w.s.notes {
		fmt.Fprintln(out, "note: "+note)
	}
	if added {
		fmt.Fprintf(out, "%s: %s added\n", w.name, plural(w.added, "column"))
		return
	}
	fmt.Fprintf(out, "%s: %s, %s masked, %s kept; %d to look at twice (marked ??)\n", w.name,
		plural(len(w.schema.Roots()), "table"), plural(masked, "column"), plural(kept, "column"), w.doubtful())
}

// bind tries a text as a refresh would: it is parsed, bound and compiled.
func (w *initWork) bind(text string) error {
	_, err := w.bound(text)
	return err
}

// bound is bind that returns what the text says.
func (w *initWork) bound(text string) (*rules.Bound, error) {
	file, err := rules.Parse(w.name, []byte(text), nil)
	if err != nil {
		return nil, err
	}
	b, err := file.Bind(w.schema, w.env)
	if err != nil {
		return nil, err
	}
	if _, err := b.Compile(w.secret); err != nil {
		return nil, err
	}
	if _, err = subset.NewPlan(w.schema, &b.Subset); err != nil {
		return nil, err
	}
	return b, nil
}

// problemsOf lists the lines that an error of bind speaks of, with its messages.
func problemsOf(err error) map[int]string {
	out := map[int]string{}
	var found rules.Errors
	if errors.As(err, &found) {
		for _, p := range found {
			if p.Line > 0 && out[p.Line] == "" {
				out[p.Line] = p.Message
			}
		}
	}
	var plan subset.Problems
	if errors.As(err, &plan) {
		for _, p := range plan {
			if p.Line > 0 && out[p.Line] == "" {
				out[p.Line] = p.Text
			}
		}
	}
	return out
}

// oneLine is a text as a comment has it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}
