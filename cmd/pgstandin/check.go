package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/schemafile"
	"github.com/pgstandin/pgstandin/internal/trial"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/rules"
)

type checkOptions struct {
	source    sourceOptions
	schema    string
	rules     rulesOptions
	ledger    bool
	writeLock bool
}

func (o *checkOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	f.StringVar(&o.schema, "schema", "", "`file` with the schema, as pg_dump --schema-only writes it, instead of a source; - reads standard input")
	o.rules.AddFlags(f)
	f.BoolVar(&o.ledger, "ledger", false, "print the decision for every column")
	f.BoolVar(&o.writeLock, "write-lock", false, "write the lock file beside the rules, instead of comparing with it")
}

func newCheckCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the rules against a source's catalog, or a schema file",
		Long: `Check a rules file against the schema of a live source: unknown names, columns
that nobody decided, masks that do not fit, tables that nothing reaches. Reads
the catalog, no rows. No secret is needed.

With --schema the schema comes from a file instead, as pg_dump writes it, and no
source is connected to: for the checks of a pull request. The file is loaded into
a throw-away server on this machine, so it may do what SQL may do there; rows in
it are passed over.

Where a lock file lies beside the rules (pgstandin.lock for pgstandin.yaml),
what differs from it is drift, status 3; --write-lock writes it.`,
		Example: `  pgstandin check --source postgres://reader@prod/shop
  pgstandin check --schema db/schema.sql
  pgstandin check --schema db/schema.sql --write-lock`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runCheck(cmd, &o) },
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runCheck(cmd *cobra.Command, o *checkOptions) error {
	if o.schema != "" && o.source.source != "" {
		return usageError(errors.New("--schema and --source: give one of them, the file or the server to read the schema from"))
	}
	file, wrong := o.rules.parse()
	if file == nil {
		return wrong
	}
	err := checkFile(cmd, o, file)
	var said rules.Errors
	if wrong != nil && !errors.As(err, &said) { // it did not come to the names in the file
		return errors.Join(wrong, err)
	}
	return err
}

// checkFile checks a file, which may be one that could be read in part only.
func checkFile(cmd *cobra.Command, o *checkOptions, file *rules.File) (err error) {
	ctx := cmd.Context()
	j := &job{file: file, noLock: o.writeLock}
	var from *schemafile.Database
	if o.schema != "" {
		if from, err = openSchema(ctx, o.schema, cmd.InOrStdin(), cmd.ErrOrStderr()); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, from.Close()) }()
		if j.source, err = throwAway(from.DSN()); err != nil {
			return err
		}
	} else if j.source, err = o.source.config(); err != nil {
		if o.source.source == "" && os.Getenv("PGSTANDIN_SOURCE") == "" {
			err = fmt.Errorf("%w; or --schema FILE, to check against a dump", err)
		}
		return err
	}
	// Masks are compiled with a secret of this moment: whether they fit does
	// not depend on it.
	if j.secret, err = keyed.NewSecret(); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	src, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer src.Close(ctx)
	b, err := j.bind(ctx, src, time.Now())
	if err != nil {
		return err
	}
	if err := trial.RunTests(ctx, src.Leader(), b.rules); err != nil {
		return rulesStatus(err)
	}
	missing, err := b.unreadable(ctx, src)
	if err != nil {
		return err
	}
	if o.writeLock {
		if err := writeLock(file.Name, b.rules.Ledger, b.schema); err != nil {
			return err
		}
	}
	of, notes := b.schema.Database, slices.Concat(missing, b.notes())
	if from != nil {
		of = from.Name()
		notes = slices.Concat(notes, passedNotes(of, from.PassedOver()), []string{"a file has no rows: whether masks have room for as many as there are was not checked"})
	}
	return printCheck(cmd.OutOrStdout(), file.Name, of, slices.Concat(notes, b.tight(), b.tried(), b.tails()), b, o.ledger)
}

// tight are notes on unique columns that are too short for values outside their mask's
// format.
func (b *bound) tight() (notes []string) {
	for _, spec := range b.rules.Tables {
		p := b.programs[spec.Table]
		if p == nil {
			continue
		}
		for _, i := range p.Tight() {
			c := &spec.Spec.Columns[i]
			notes = append(notes, fmt.Sprintf("unique column %s.%s is too short to keep values outside the format of mask %s apart: if it holds such, two may become one, and only \"rehearse\" and the run can tell",
				spec.Table.Name, c.Name, c.Mask.Kind))
		}
	}
	return notes
}

// tails is a note on the columns that are unique but for a chance, which is that of
// the worst of them; nothing where there are none.
func (b *bound) tails() []string {
	n, worst, name, rows := 0, anonymize.Tail{}, "", int64(0)
	for _, spec := range b.rules.Tables {
		p := b.programs[spec.Table]
		if p == nil {
			continue
		}
		for _, t := range p.Tails() {
			if n++; n == 1 || t.Chance > worst.Chance || t.Chance == worst.Chance && t.Bits < worst.Bits {
				worst, rows = t, spec.Spec.Rows
				name = spec.Table.Name.String() + "." + spec.Spec.Columns[t.Column].Name
			}
		}
	}
	switch {
	case n == 0:
		return nil
	case rows <= 0:
		most := math.Sqrt(math.Ldexp(2e-9, worst.Bits)) // pairs are half the square
		return []string{fmt.Sprintf("kept unique by a keyed tail: %s, of at least %d bits (%s); with up to %.0f million rows a collision has a chance below 1e-9",
			plural(n, "column"), worst.Bits, name, most/1e6)}
	}
	return []string{fmt.Sprintf("kept unique by a keyed tail: %s; a collision has a chance of at most %.0e (%s: %d bits, %s)",
		plural(n, "column"), worst.Chance, name, worst.Bits, plural64(rows, "row"))}
}

// printCheck prints what was found good: the rules of that name for the database
// or file called of.
func printCheck(w io.Writer, name, of string, notes []string, b *bound, ledger bool) error {
	masked, kept := 0, 0
	t := textTable{heads: []string{"column", "type", "mask", "decided by"}, right: make([]bool, 4), width: widthOf(w)}
	for _, d := range b.rules.Ledger {
		switch d.Mask {
		case "": // of a table without rows
		case "keep":
			kept++
		default:
			masked++
		}
		t.add(d.Table.Name.String()+"."+d.Column, d.Type, d.Mask, d.Source)
	}
	if ledger {
		t.print(w)
		fmt.Fprintln(w)
	}
	for _, note := range notes {
		fmt.Fprintln(w, "note: "+note)
	}
	if n := b.rules.Tests(); n > 0 {
		fmt.Fprintf(w, "%s passed\n", plural(n, "test"))
	}
	_, err := fmt.Fprintf(w, "%s: good for %s: %s, %s masked, %s kept\n", name, of,
		plural(len(b.schema.Roots()), "table"), plural(masked, "column"), plural(kept, "column"))
	return err
}
