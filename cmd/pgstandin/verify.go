package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/leak"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

type verifyOptions struct {
	source      sourceOptions
	target      string
	rules       rulesOptions
	key         keyOptions
	workers     connections
	memory      byteCount
	json        bool
	lockTimeout patience
}

func (o *verifyOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	f.StringVar(&o.target, "target", "", "the database to look through: `URL` or connection string (PGSTANDIN_TARGET)")
	o.rules.AddFlags(f)
	o.key.AddFlags(f)
	f.Var(&o.workers, "workers", "parallel `connections` to each end (default: the number of processors, at most 8)")
	o.memory = subset.DefaultMemory
	f.Var(&o.memory, "memory", "what the fingerprints of original values may take")
	f.BoolVar(&o.json, "json", false, "print the result as JSON")
	o.lockTimeout = patience(pipeline.DefaultLockTimeout)
	f.Var(&o.lockTimeout, "lock-timeout", "wait so long for the lock on a table, at either end")
}

func newVerifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Look through a database for original values of another",
		Long: `Read the columns of the source that the rules mask, of all rows, and look for
their values in every text of the target: columns, JSON documents, arrays, bytea,
and the texts of the schema, for credentials too. What masks make of the values
with this secret is no leak. Nothing is written at either end.

A leak is status 4: tables, columns and counts are printed, never a value, unless
the rules accept the place. docs/leaks.md says what counts as a value.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runVerify(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runVerify(ctx context.Context, o *verifyOptions, out, notes io.Writer) error {
	file, err := o.rules.parse()
	if err != nil {
		return err
	}
	j := &job{file: file, run: runOptions{workers: o.workers, memory: o.memory}}
	end, err := j.between(&o.key, &o.source, &targetOptions{target: o.target})
	if err != nil {
		return err
	}
	j.source.LockTimeout = time.Duration(o.lockTimeout)
	target := reading(end.Conn, end.DSN)
	target.LockTimeout = j.source.LockTimeout
	var found *leakResult
	err = j.lookAt(ctx, func(ctx context.Context, src *pipeline.Source, first *bound) error {
		for _, n := range noOriginals(first.unlogged()) {
			fmt.Fprintln(notes, "note:", n)
		}
		tgt, err := pipeline.OpenSource(ctx, target)
		if err != nil {
			return ofTarget(err)
		}
		defer tgt.Close(ctx)
		if tgt.Info().Same(src.Info()) {
			return usageError(errors.New("source and target are the same database"))
		}
		watch := func(ctx context.Context) error { return ofTarget(tgt.Watch(ctx)) }
		return pipeline.While(ctx, watch, func(ctx context.Context) error {
			return j.within(ctx, src, first, func(ctx context.Context, b *bound) (err error) {
				found, err = j.verify(ctx, src, tgt, b)
				return err
			})
		})
	})
	var leaks *leakError
	if err != nil && !errors.As(err, &leaks) {
		return err
	}
	var printErr error
	scan := found.report()
	scan.Scope = "source"
	if o.json {
		printErr = printJSON(out, &scan)
	} else {
		printLeaks(out, &scan, widthOf(out))
	}
	if err != nil {
		return withStatus(exitVerify, err)
	}
	return printErr
}

// verify compares two databases.
func (j *job) verify(ctx context.Context, src, tgt *pipeline.Source, b *bound) (*leakResult, error) {
	s, err := catalog.Read(ctx, tgt.Leader())
	if err != nil {
		return nil, ofTarget(err)
	}
	if _, err := tgt.Begin(ctx, tableNames(s)); err != nil {
		return nil, ofTarget(err)
	}
	if err := tgt.OpenWorkers(ctx, j.workers()); err != nil {
		return nil, ofTarget(err)
	}
	var expect int64
	for _, t := range b.schema.Tables {
		if p := b.programs[t.Root()]; p != nil && t.Rows > 0 && t.Kind == schema.Ordinary {
			expect += 2 * t.Rows * int64(p.Masked()) // and what masks make
		}
	}
	g := j.newLeakGuard(leak.Options{Expect: expect, Every: true})
	parts := b.allParts()
	reader := &originalsReader{src: src, b: b, guard: g, workers: j.workers()}
	if err := reader.read(ctx, parts, g.filling); err != nil {
		return nil, err
	}
	var tables []*schema.Table
	for _, t := range s.Tables {
		if t.Kind == schema.Ordinary {
			tables = append(tables, t)
		}
	}
	if err := j.scanTables(ctx, tgt, g.scanned(b, tables, true), g); err != nil {
		return nil, ofTarget(err)
	}
	texts, err := pipeline.SchemaTexts(ctx, tgt)
	if err != nil {
		return nil, ofTarget(err)
	}
	own, err := pipeline.DatabaseTexts(ctx, tgt, tgt.Info().Database)
	if err != nil {
		return nil, ofTarget(err)
	}
	g.scanTexts(append(texts, own...))
	if err := reader.confirm(ctx, parts); err != nil {
		return nil, err
	}
	return g.settle(b.rules.Leaks)
}
