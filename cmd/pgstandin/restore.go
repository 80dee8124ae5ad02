package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/report"
	"github.com/pgstandin/pgstandin/store"
)

type restoreOptions struct {
	target     targetOptions
	rules      rulesOptions
	snapshot   string
	identities []string
	tables     []string
	schemas    []string
	schemaOnly bool
	dataOnly   bool
	jobs       connections
	quiet      bool
	json       bool
}

func (o *restoreOptions) AddFlags(f *pflag.FlagSet) {
	o.target.AddFlags(f)
	o.rules.AddFlags(f)
	f.StringVar(&o.snapshot, "snapshot", "", "`name` of the snapshot (default: the latest one)")
	f.StringArrayVar(&o.identities, "identity", nil, "`file` with secret keys of age, to decrypt with; mode 0600 (repeatable)")
	f.StringArrayVar(&o.tables, "table", nil, "restore this `table` only, with its partitions, as schema.name or name; a partition alone is refused (repeatable)")
	f.StringArrayVar(&o.schemas, "schema", nil, "restore the tables of this `schema` only (repeatable)")
	f.BoolVar(&o.schemaOnly, "schema-only", false, "restore no rows, and leave sequences at their start")
	f.BoolVar(&o.dataOnly, "data-only", false, "keep the schema that the target has now, and fill it with the snapshot's rows alone")
	f.VarP(&o.jobs, "jobs", "j", "parallel `connections` to the target (default: the number of processors, at most 8)")
	f.BoolVar(&o.quiet, "quiet", false, "print nothing but errors and the result")
	f.BoolVar(&o.json, "json", false, "print progress and result as JSON, one event a line, on standard output")
}

func newRestoreCommand() *cobra.Command {
	var o restoreOptions
	cmd := &cobra.Command{
		Use:   "restore DEST",
		Short: "Replace staging by a snapshot, atomically",
		Long: `Load a snapshot into a new database beside the target, build and validate every
constraint, and swap the new database in, as refresh does: until then staging serves
its old data, and whatever goes wrong leaves it as it was. The old data stays in
NAME_previous, and "pgstandin rollback" swaps back.

` + destinationHelp + `

The rules file is asked which targets may be replaced, and who owns and reads what
is new; owners and privileges of the target are taken over. Every file is compared
with the manifest as it is read, and decrypted as a stream: nothing is written to
disk but the database.

--table and --schema leave out the rows of all other tables, the tables themselves
and what depends on them. Schemas, types, functions and extensions are made in any
case. Partitions come with their table. --data-only takes the schema from the target
as it is now: staging's is often ahead of production's.

Exit statuses:

` + exitTable,
		Example: `  pgstandin restore s3://backups/standin --target postgres://owner@stage/staging -j 4`,
		Args:    oneDestination,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := o.restoration(cmd, args[0])
			if err != nil {
				return err
			}
			res, err := r.run(cmd.Context())
			if err != nil {
				r.report.Abort(failure(cmd.Context(), err))
				return err
			}
			return withStatus(exitReport, r.report.Result(res))
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

// restoration checks the options.
func (o *restoreOptions) restoration(cmd *cobra.Command, dest string) (*restoration, error) {
	if o.schemaOnly && o.dataOnly {
		return nil, usageError(errors.New("--schema-only and --data-only leave nothing to restore; give one of them"))
	}
	r := &restoration{
		dest: dest, name: o.snapshot, schemaOnly: o.schemaOnly, dataOnly: o.dataOnly, workers: o.jobs.count(),
		tables: o.tables, schemas: o.schemas,
		report: newReporter(&runOptions{quiet: o.quiet, json: o.json}, cmd.OutOrStdout(), cmd.ErrOrStderr()),
	}
	var err error
	if r.rules, err = o.rules.parse(); err != nil {
		return nil, err
	}
	for _, name := range o.identities {
		ids, err := readIdentities(name)
		if err != nil {
			return nil, err
		}
		r.identities = append(r.identities, ids...)
	}
	if r.target, err = o.target.config(r.rules); err != nil {
		return nil, err
	}
	return r, nil
}

// readIdentities reads a file of age's secret keys.
func readIdentities(name string) ([]age.Identity, error) {
	text, err := readPrivate("identity", name)
	if err != nil {
		return nil, err
	}
	ids, err := store.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return nil, usageError(fmt.Errorf("identity %s: %w", name, err))
	}
	return ids, nil
}

// restoreResult is what a restore did; it holds no row value.
type restoreResult struct {
	Target   string        `json:"target"`                      // the database
	Previous string        `json:"previous_database,omitempty"` // where the one before is
	Snapshot string        `json:"snapshot"`
	Time     string        `json:"snapshot_time"` // of the source's snapshot
	Tables   int           `json:"tables"`        // whose rows were loaded
	Rows     int64         `json:"rows"`
	Bytes    int64         `json:"bytes"` // of files that were read
	Seconds  float64       `json:"seconds"`
	Steps    []report.Step `json:"steps"`
}

func (r *restoreResult) printTable(w io.Writer, _ int) error { return r.printLine(w) }

func (r *restoreResult) printLine(w io.Writer) error {
	text := fmt.Sprintf("%s is snapshot %s of %s: %s of %s in %s\n", r.Target, r.Snapshot, r.Time,
		plural64(r.Rows, "row"), plural(r.Tables, "table"), report.Span(r.Seconds))
	if r.Previous != "" {
		text += fmt.Sprintf("what it was until now is kept as %s; \"pgstandin rollback\" swaps back\n", r.Previous)
	}
	_, err := io.WriteString(w, text)
	return err
}
