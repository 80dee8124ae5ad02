package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/keyed"
)

type checkOptions struct {
	source    sourceOptions
	rules     rulesOptions
	ledger    bool
	writeLock bool
}

func (o *checkOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	o.rules.AddFlags(f)
	f.BoolVar(&o.ledger, "ledger", false, "print the decision for every column")
	f.BoolVar(&o.writeLock, "write-lock", false, "write the lock file beside the rules, instead of comparing with it")
}

func newCheckCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the rules against a source, reading its catalog only",
		Long: `Check a rules file against the schema of a live source: unknown names, columns
that nobody decided, masks that do not fit, tables that nothing reaches. Reads
the catalog, no rows. No secret is needed: the rules' own tests, which check runs,
have a key that is published.

Where a lock file lies beside the rules (pgstandin.lock for pgstandin.yaml),
what differs from it is drift, status 3; --write-lock writes it.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			file, err := o.rules.parse(ctx)
			if err != nil {
				return err
			}
			j := &job{file: file, noLock: o.writeLock}
			if j.source, j.sourceDSN, err = o.source.config(); err != nil {
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
			if err := runRuleTests(ctx, src.Leader(), b.rules); err != nil {
				return err
			}
			if o.writeLock {
				if err := replaceFile(lockName(file.Name), []byte(formatLock(lockLines(b.rules.Ledger, b.schema)))); err != nil {
					return fmt.Errorf("lock: %w", err)
				}
			}
			return printCheck(cmd.OutOrStdout(), file.Name, b, o.ledger)
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func printCheck(w io.Writer, name string, b *bound, ledger bool) error {
	masked, kept := 0, 0
	t := textTable{heads: []string{"column", "type", "mask", "decided by"}, right: make([]bool, 4), width: 100}
	for _, d := range b.rules.Ledger {
		switch d.Mask {
		case "": // of a table without rows
		case "keep":
			kept++
		default:
			masked++
		}
		t.add(d.Table.Name.String()+"."+d.Column, shorten(d.Type, 24), shorten(d.Mask, 24), d.Source)
	}
	if ledger {
		t.print(w)
		fmt.Fprintln(w)
	}
	for _, note := range b.plan.Notes() {
		fmt.Fprintln(w, "note: "+note)
	}
	if n := b.rules.Tests(); n > 0 {
		fmt.Fprintf(w, "%s passed\n", plural(n, "test"))
	}
	_, err := fmt.Fprintf(w, "%s: good for %s: %s, %s masked, %s kept\n", name, b.schema.Database,
		plural(len(b.schema.Roots()), "table"), plural(masked, "column"), plural(kept, "column"))
	return err
}
