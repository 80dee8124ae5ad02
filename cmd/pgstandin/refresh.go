package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

type refreshOptions struct {
	source sourceOptions
	target targetOptions
	rules  rulesOptions
	key    keyOptions
	run    runOptions
	report reportOptions
	sourceLimits
	copyFormat copyFormat
	beforeSwap string
	inPlace    bool
}

func (o *refreshOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	o.target.AddFlags(f)
	o.rules.AddFlags(f)
	o.key.AddFlags(f)
	o.run.AddFlags(f)
	o.report.AddFlags(f)
	f.StringVar(&o.beforeSwap, "before-swap", "", "run a shell `command`, such as your migrations, on the new database after the proof and the leak scan, before the rules' checks and the swap")
	f.BoolVar(&o.inPlace, "in-place", false, "build new schemas inside the target database and swap those, for a role that may not create databases")
	f.Var(&o.copyFormat, "copy-format", "how rows are copied: auto (binary for each table whose types and masks allow it), text or binary")
	o.sourceLimits.AddFlags(f)
}

func newRefreshCommand() *cobra.Command {
	var o refreshOptions
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "Replace staging by a fresh, masked subset, atomically",
		Long: `Copy the rows that the rules choose from the source into a new database beside
the target, mask them on the way, build and validate every constraint, run the
rules' checks, and swap the new database in by one transaction of renames. Until
then staging serves its old data, and whatever goes wrong leaves it as it was.
The old data stays in NAME_previous, and "pgstandin rollback" swaps back.

--before-swap CMD runs a command when all is loaded and proved equal to the
source's schema: staging's schema is often ahead of production's. It finds the new
database by PGHOST, PGPORT, PGUSER, PGDATABASE and PGPASSWORD, and by
PGSTANDIN_TARGET, a URL without the password; nothing of the source, nor the
secret, is in its environment. What it prints goes to standard error as it is. If
it fails, so does the run, with status 1. The rules' checks run after it.

--in-place is for a target that cannot be renamed, as where a hosting service gives
no right to create databases. The new schemas are built inside the target, under
names of their own, and one transaction renames them. It is refused where an
extension lives in a schema that is swapped; see docs/operations.md for the limits.

Exit statuses:

` + exitTable,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := o.job(cmd.Context())
			if err != nil {
				return err
			}
			j.command = shownCommand(cmd)
			j.report = newReporter(&o.run, cmd.OutOrStdout(), cmd.ErrOrStderr())
			j.beforeSwap, j.errOut = o.beforeSwap, cmd.ErrOrStderr()
			return j.refresh(cmd.Context())
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func (o *refreshOptions) job(ctx context.Context) (*copyJob, error) {
	j := &copyJob{job: job{run: o.run}, copyFormat: o.copyFormat}
	if o.inPlace && o.beforeSwap != "" {
		return nil, usageError(errors.New("--before-swap cannot go with --in-place: the new schemas do not have their names before the swap"))
	}
	var err error
	if j.file, err = o.rules.parse(); err != nil {
		return nil, err
	}
	if j.target, err = j.between(&o.key, &o.source, &o.target); err != nil {
		return nil, err
	}
	o.apply(&j.source)
	j.target.StallTimeout, j.target.InPlace = j.source.StallTimeout, o.inPlace
	if j.files, err = o.report.open(); err != nil {
		return nil, err
	}
	return j, nil
}
