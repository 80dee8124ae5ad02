package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/store"
)

type snapshotsOptions struct {
	all, check, json bool
}

func (o *snapshotsOptions) AddFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.all, "all", false, "list what is not complete too: what is being written, was cut off, or is damaged")
	f.BoolVar(&o.check, "check", false, "read every file and compare it with its manifest; no key is needed")
	f.BoolVar(&o.json, "json", false, "print the list as JSON")
}

// destinationHelp is the part of a help text that says what DEST is.
const destinationHelp = `DEST is a folder, or a bucket with a prefix: s3://BUCKET/PREFIX,
gs://BUCKET/PREFIX or azblob://CONTAINER/PREFIX. Credentials come from the
environment, as the programs of each provider take them. For a storage that speaks
like S3 add its address: s3://BUCKET/PREFIX?endpoint=https://HOST:PORT.`

func newSnapshotsCommand() *cobra.Command {
	var o snapshotsOptions
	cmd := &cobra.Command{
		Use:   "snapshots DEST",
		Short: "List the snapshots in a folder or a bucket",
		Long: `List the snapshots that are in a folder or a bucket, the oldest first: when the
source was as they have it, their size and format, the rules by which they were
masked (the first digits of the file's hash), the source's position in its log, and
the state.

` + destinationHelp + `

A snapshot that was cut off is not listed unless --all says so, and is never
restored: the next run that writes there sweeps it. --check reads every file; that
one differs from what was written is exit status 4.`,
		Example: `  pgstandin snapshots /var/backups/standin
  pgstandin snapshots s3://backups/standin --json`,
		Args: oneDestination,
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := o.list(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if o.json {
				err = printJSON(out, list)
			} else {
				err = printSnapshots(out, list)
			}
			return errors.Join(err, damageIn(list))
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

// oneDestination takes a single argument.
func oneDestination(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return usageError(fmt.Errorf("%d arguments: %s takes one, the folder or the bucket; see %q", len(args), cmd.CommandPath(), cmd.CommandPath()+" --help"))
}

// listedSnapshot is a snapshot as it is printed.
type listedSnapshot struct {
	Name      string      `json:"name"`
	State     store.State `json:"state"`              // "complete"; with --all or --check also "damaged", with --all "writing" or "incomplete"
	Time      string      `json:"time,omitempty"`     // of the source's snapshot; of a partial one, when it was begun
	Size      int64       `json:"size"`               // bytes
	Format    string      `json:"format,omitempty"`   // "directory", "plain" or "tar"
	Database  string      `json:"database,omitempty"` // that was read
	Rows      int64       `json:"rows,omitempty"`
	RulesHash string      `json:"rules_sha256,omitempty"` // of the rules file
	KeyID     string      `json:"key_id,omitempty"`       // of the secret
	LSN       string      `json:"lsn,omitempty"`          // where the source was
	Encrypted bool        `json:"encrypted"`
	Files     int         `json:"files,omitempty"`
	Problem   string      `json:"problem,omitempty"` // what is damaged, or cannot be read
}

func (o *snapshotsOptions) list(ctx context.Context, dest string) (out []listedSnapshot, err error) {
	st, err := openStore(ctx, dest)
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Close() }()
	all, err := st.List(ctx)
	if err != nil {
		return nil, err
	}
	out = []listedSnapshot{}
	for _, l := range all {
		s := listedSnapshot{Name: l.Name, State: l.State, Size: l.Size}
		switch {
		case l.Err != nil:
			s.Problem = l.Err.Error()
		case !l.Since.IsZero():
			s.Time = l.Since.UTC().Format(time.RFC3339)
		}
		if m := l.Manifest; m != nil {
			s.Time, s.Size, s.Files = m.Created.UTC().Format(time.RFC3339), m.Size(), len(m.Files)
			s.Format, s.Database, s.Rows, s.RulesHash, s.KeyID, s.LSN, s.Encrypted = m.Format, m.Database, m.Rows, m.RulesHash, m.KeyID, m.LSN, m.Encrypted
			if o.check {
				if err := s.check(ctx, st); ctx.Err() != nil {
					return nil, err
				} else if err != nil { // the others are looked at all the same
					s.Problem = err.Error()
				}
			}
		}
		if o.all || s.State == store.Complete || o.check && s.State == store.Damaged {
			out = append(out, s)
		}
	}
	return out, nil
}

// check reads the snapshot. The error is for when it cannot be read.
func (s *listedSnapshot) check(ctx context.Context, st *store.Store) error {
	snap, err := st.Snapshot(ctx, s.Name)
	if err == nil {
		err = snap.Verify(ctx)
	}
	var damaged *store.DamagedError
	if errors.As(err, &damaged) {
		s.State, s.Problem = store.Damaged, err.Error()
		return nil
	}
	return err
}

// damageIn is what is wrong with the snapshots; its status says if one is damaged, and
// not only could not be read.
func damageIn(list []listedSnapshot) error {
	var all []error
	status := exitFailed
	for _, s := range list {
		if s.Problem != "" {
			all = append(all, errors.New(s.Problem))
		}
		if s.State == store.Damaged {
			status = exitVerify
		}
	}
	return withStatus(status, errors.Join(all...))
}

func printSnapshots(w io.Writer, list []listedSnapshot) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "no snapshots")
		return err
	}
	t := textTable{
		heads: []string{"name", "time", "size", "format", "rules", "lsn", "state"}, right: []bool{false, false, true, false, false, false, false},
		spare: []int{5, 4, 3, 2, 1}, width: widthOf(w),
	}
	for _, s := range list {
		state := string(s.State)
		if s.Encrypted {
			state += ", encrypted"
		}
		t.add(s.Name, s.Time, size(s.Size), s.Format, s.RulesHash[:min(8, len(s.RulesHash))], s.LSN, state)
	}
	t.print(w)
	return nil
}

// openStore opens a store that a command names.
func openStore(ctx context.Context, dest string) (*store.Store, error) {
	st, err := store.Open(ctx, dest)
	if err != nil {
		return nil, usageError(err)
	}
	return st, nil
}
