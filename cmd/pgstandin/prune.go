package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/store"
)

type pruneOptions struct {
	keep   store.Retention
	check  bool
	dryRun bool
	json   bool
}

func (o *pruneOptions) AddFlags(f *pflag.FlagSet) {
	f.IntVar(&o.keep.Last, "keep", 0, "keep the newest `n` snapshots")
	f.IntVar(&o.keep.Daily, "keep-daily", 0, "keep the newest of each of the last `n` days that have one")
	f.IntVar(&o.keep.Weekly, "keep-weekly", 0, "the same of weeks, which begin on Monday: `n` of them")
	f.IntVar(&o.keep.Monthly, "keep-monthly", 0, "the same of months: `n` of them")
	f.IntVar(&o.keep.Yearly, "keep-yearly", 0, "the same of years: `n` of them")
	f.BoolVar(&o.check, "check", false, "read every file first, as snapshots --check does: a damaged snapshot is left alone, counts for no --keep flag, and is exit status 4")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be removed, and remove nothing")
	f.BoolVar(&o.json, "json", false, "print what was done as JSON")
}

func newPruneCommand() *cobra.Command {
	var o pruneOptions
	cmd := &cobra.Command{
		Use:   "prune DEST",
		Short: "Remove old snapshots",
		Long: `Remove the snapshots that none of the --keep flags keeps, and say of each that
stays which of them keeps it. A snapshot may be kept by several. Days, weeks, months
and years are those of UTC, by the time at which the source was as the snapshot has
it. Periods without a snapshot do not count.

` + destinationHelp + `

At least one --keep flag is needed, so that one snapshot stays. What dead runs left
is swept as well. A snapshot that is being written, or whose manifest is damaged,
stays as it is; remove damaged ones yourself. Other files are not read unless --check
says so: without it a snapshot with a damaged one counts as any other, and may be the
one that is kept.`,
		Example: `  pgstandin prune s3://backups/standin --keep 8 --keep-weekly 4 --dry-run`,
		Args:    oneDestination,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.valid(); err != nil {
				return err
			}
			res, err := o.prune(cmd.Context(), args[0])
			if res == nil {
				return err
			}
			out := cmd.OutOrStdout()
			var printErr error
			if o.json {
				printErr = printJSON(out, res)
			} else {
				printErr = res.print(out)
			}
			if err == nil && !o.dryRun {
				printErr = withStatus(exitReport, printErr)
			}
			return errors.Join(err, printErr)
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func (o *pruneOptions) valid() error {
	k := o.keep
	if min(k.Last, k.Daily, k.Weekly, k.Monthly, k.Yearly) < 0 {
		return usageError(errors.New("--keep and its like take a number from 0"))
	}
	if k.Empty() {
		return usageError(errors.New("nothing would be kept; say how many with --keep, --keep-daily, --keep-weekly, --keep-monthly or --keep-yearly"))
	}
	return nil
}

// pruneResult is what a prune did, or would do.
type pruneResult struct {
	DryRun    bool             `json:"dry_run"`         // what would be done
	Snapshots []prunedSnapshot `json:"snapshots"`       // the newest first
	Swept     []string         `json:"swept,omitempty"` // what dead runs left behind
	Left      []string         `json:"left,omitempty"`  // neither complete nor swept
	Freed     int64            `json:"freed"`           // bytes
}

type prunedSnapshot struct {
	Name   string   `json:"name"`
	Time   string   `json:"time"`    // of the source's snapshot
	Size   int64    `json:"size"`    // bytes
	KeptBy []string `json:"kept_by"` // flags; empty: removed
}

// prune returns with an error what was done until then.
func (o *pruneOptions) prune(ctx context.Context, dest string) (*pruneResult, error) {
	st, err := openStore(ctx, dest)
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Close() }()
	list, err := st.List(ctx)
	if err != nil {
		return nil, err
	}
	damaged := map[string]error{}
	if o.check {
		if damaged, err = markDamaged(ctx, st, list); err != nil {
			return nil, err
		}
	}
	res := &pruneResult{DryRun: o.dryRun, Snapshots: []prunedSnapshot{}}
	for _, d := range o.keep.Decide(list) {
		m := d.Manifest
		p := prunedSnapshot{d.Name, m.Created.UTC().Format(time.RFC3339), m.Size(), d.Keep}
		if len(d.Keep) == 0 {
			p.KeptBy = []string{}
			if !o.dryRun {
				if err := st.Remove(ctx, d.Name); err != nil {
					return res, err
				}
			}
			res.Freed += p.Size
		}
		res.Snapshots = append(res.Snapshots, p)
	}
	if !o.dryRun {
		if res.Swept, err = st.Sweep(ctx); err != nil {
			return res, err
		}
		if list, err = st.List(ctx); err != nil {
			return res, err
		}
	}
	var problems []error
	for _, l := range list {
		if damage := damaged[l.Name]; damage != nil {
			l.State = store.Damaged
			problems = append(problems, damage)
		}
		switch {
		case l.State == store.Incomplete && o.dryRun:
			res.Swept = append(res.Swept, l.Name)
		case l.State != store.Complete:
			res.Left = append(res.Left, l.Name+": "+string(l.State))
		}
	}
	return res, withStatus(exitVerify, errors.Join(problems...))
}

// markDamaged reads the complete snapshots of list, and marks there those that are
// damaged. It returns what is wrong with those, and with their manifests, by name.
func markDamaged(ctx context.Context, st *store.Store, list []store.Listed) (map[string]error, error) {
	damaged := map[string]error{}
	for i := range list {
		l := &list[i]
		if l.State == store.Complete {
			s := listedSnapshot{Name: l.Name, State: l.State}
			if err := s.check(ctx, st); err != nil {
				return nil, err
			}
			if l.State = s.State; s.Problem != "" {
				l.Err = errors.New(s.Problem)
			}
		}
		if l.State == store.Damaged {
			damaged[l.Name] = l.Err
		}
	}
	return damaged, nil
}

func (r *pruneResult) print(w io.Writer) error {
	t := textTable{heads: []string{"name", "time", "size", ""}, right: []bool{false, false, true, false}, width: widthOf(w)}
	gone, swept := "removed", "swept"
	if r.DryRun {
		gone, swept = "would be removed", "would be swept:"
	}
	removed := 0
	for _, s := range r.Snapshots {
		what := gone
		if len(s.KeptBy) > 0 {
			what = "kept: " + strings.Join(s.KeptBy, ", ")
		} else {
			removed++
		}
		t.add(s.Name, s.Time, size(s.Size), what)
	}
	if len(r.Snapshots) > 0 {
		t.print(w)
	}
	for _, name := range r.Swept {
		fmt.Fprintf(w, "%s %s, which a run that died left behind\n", swept, name)
	}
	for _, text := range r.Left {
		fmt.Fprintf(w, "left alone %s\n", text)
	}
	_, err := fmt.Fprintf(w, "%s %s, %s\n", plural(removed, "snapshot"), gone, size(r.Freed))
	return err
}
