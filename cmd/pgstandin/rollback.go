package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/pipeline"
)

type rollbackOptions struct {
	target  targetOptions
	inPlace bool
	json    bool
}

func (o *rollbackOptions) AddFlags(f *pflag.FlagSet) {
	o.target.AddFlags(f)
	f.BoolVar(&o.inPlace, "in-place", false, "swap back the schemas of a refresh that was made in place")
	f.BoolVar(&o.json, "json", false, "print what was done as JSON")
}

func newRollbackCommand() *cobra.Command {
	var o rollbackOptions
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Swap staging and what it was before the last refresh",
		Long: `Give NAME_previous the name NAME again, and keep what was NAME as NAME_previous,
in one transaction, under the lock that a refresh takes. Sessions on both end.
A second rollback swaps forward again.

With --in-place it is the schemas that a refresh --in-place put aside: each gets its
name back, and no session ends.

A database whose comment says "pgstandin: protected" is left alone, and so is a
NAME_previous that no run put aside.`,
		Example: `  pgstandin rollback --target postgres://owner@stage/staging`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			cfg, err := o.target.config(nil)
			if err != nil {
				return err
			}
			cfg.InPlace = o.inPlace
			tgt, err := pipeline.OpenTarget(ctx, cfg)
			if err != nil {
				return at("target", err)
			}
			defer tgt.Close(ctx)
			swept, err := tgt.Lock(ctx)
			if err != nil {
				return at("target", err)
			}
			res, err := tgt.Rollback(ctx)
			if err != nil {
				return at("target", err)
			}
			done := rollbackResult{inPlace: o.inPlace, Target: tgt.Name(), Since: res.Since, Previous: res.Previous, Ended: res.Ended, Swept: swept, Undropped: tgt.Undropped()}
			out := cmd.OutOrStdout()
			if o.json {
				err = printJSON(out, done)
			} else {
				_, err = fmt.Fprint(out, done.text())
			}
			return withStatus(exitReport, err)
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

// rollbackResult is what a rollback did.
type rollbackResult struct {
	Target   string   `json:"target"`                      // the database
	Since    string   `json:"was_put_aside_by_run"`        // the run that had put aside what staging is again
	Previous string   `json:"previous_database,omitempty"` // where the one that was staging is
	Ended    int      `json:"sessions_ended"`              // of staging
	Swept    []string `json:"dropped_leftovers,omitempty"`
	inPlace  bool

	Undropped []string `json:"leftovers_not_dropped,omitempty"` // each with the reason
}

func (r *rollbackResult) text() string {
	if r.inPlace {
		text := fmt.Sprintf("%s has again the schemas that run %s put aside\n", r.Target, r.Since)
		if r.Previous != "" {
			text += fmt.Sprintf("what they were until now is kept as %s; rollback again swaps back\n", r.Previous)
		}
		return text + r.leftovers()
	}
	text := fmt.Sprintf("%s is again the database that run %s put aside\n", r.Target, r.Since)
	if r.Previous != "" {
		text += fmt.Sprintf("what it was until now is kept as %s; rollback again swaps back\n", r.Previous)
	}
	if r.Ended > 0 {
		text += plural(r.Ended, "session") + " ended\n"
	}
	return text + r.leftovers()
}

func (r *rollbackResult) leftovers() (text string) {
	for _, name := range r.Swept {
		text += "dropped " + name + ", which an earlier run left behind\n"
	}
	for _, why := range r.Undropped {
		text += why + "\n"
	}
	return text
}
