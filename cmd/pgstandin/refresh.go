package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

type refreshOptions struct {
	source      sourceOptions
	target      targetOptions
	rules       rulesOptions
	key         keyOptions
	run         runOptions
	yield       patience
	lockTimeout patience
}

func (o *refreshOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	o.target.AddFlags(f)
	o.rules.AddFlags(f)
	o.key.AddFlags(f)
	o.run.AddFlags(f)
	o.yield, o.lockTimeout = patience(30*time.Second), patience(10*time.Second)
	f.Var(&o.yield, "yield", "give up when somebody waits behind us on the source for so long")
	f.Var(&o.lockTimeout, "lock-timeout", "wait so long for the lock on a source table")
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
The old data stays in NAME_previous.

Exit statuses:

` + exitTable,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := o.job(cmd.Context())
			if err != nil {
				return err
			}
			j.report = newReporter(&o.run, cmd.OutOrStdout(), cmd.ErrOrStderr())
			_, err = j.refresh(cmd.Context())
			return err
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func (o *refreshOptions) job(ctx context.Context) (*job, error) {
	j := &job{maintenance: o.target.maintenance, adopt: o.target.adopt, run: o.run, yield: time.Duration(o.yield), lockTimeout: time.Duration(o.lockTimeout)}
	var err error
	if j.file, err = o.rules.parse(ctx); err != nil {
		return nil, err
	}
	if j.secret, err = o.key.secret(); err != nil {
		return nil, err
	}
	if j.source, j.sourceDSN, err = o.source.config(); err != nil {
		return nil, err
	}
	if j.target, j.targetDSN, err = o.target.config(); err != nil {
		return nil, err
	}
	j.tools = os.Getenv("PGSTANDIN_PG_BIN")
	return j, nil
}
