package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/store"
)

type snapshotOptions struct {
	source sourceOptions
	rules  rulesOptions
	key    keyOptions
	run    runOptions
	report reportOptions
	sourceLimits
	out       string
	name      string
	compress  compression
	format    archiveFormat
	encryptTo []string
}

func (o *snapshotOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	o.rules.AddFlags(f)
	o.key.AddFlags(f)
	o.run.AddFlags(f)
	o.report.AddFlags(f)
	o.sourceLimits.AddFlags(f)
	f.StringVar(&o.out, "out", "", "where snapshots are kept: a `folder`, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or azblob://CONTAINER/PREFIX; with --format plain, - is standard output")
	f.StringVar(&o.name, "name", "", "the snapshot's `name` there (default: the time, such as 20260102T150405Z)")
	f.Var(&o.format, "format", "directory (pg_restore, with -j), tar (pg_restore) or plain (one SQL file, for psql)")
	f.Var(&o.compress, "compress", "none, gzip, zstd or lz4, and a level behind a colon (default: gzip for directory, else none); pg_restore reads zstd and lz4 since version 16")
	f.StringArrayVar(&o.encryptTo, "encrypt-to", nil, "encrypt every file to this public `key` of age, age1… (repeatable)")
}

func newSnapshotCommand() *cobra.Command {
	var o snapshotOptions
	cmd := &cobra.Command{
		Use:   "snapshot --out DEST",
		Short: "Write a masked subset as a dump that pg_restore reads",
		Long: `Copy the rows that the rules choose from the source, mask them on the way, and
write them as a dump: a folder that stock pg_restore lists, filters and restores,
with -j if you like, as one of pg_dump --format=directory. Nothing of PostgreSQL is
needed but the source and pg_dump; --format plain needs pg_restore too.

The snapshot is a folder NAME in DEST, or objects of that name in a bucket. It
appears when it is whole: what was stored has been read back, decompressed, and
scanned for originals of masked columns, and a manifest with the SHA-256 of each
file is written last. Constraints are not proved before it is restored, and the
rules' checks, which are queries, do not run.

Which pg_restore reads it: with gzip (the default) or none that of PostgreSQL 13
and later, with zstd or lz4 that of 16 and later. The SQL in it is that of the
source's version.

Exit statuses:

` + exitTable,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			w, err := o.writer(ctx, cmd.OutOrStdout())
			if err != nil {
				return err
			}
			defer w.close()
			j, err := o.job(ctx)
			if err != nil {
				return err
			}
			j.command = shownCommand(cmd)
			messages := cmd.OutOrStdout()
			if w.store == nil { // the snapshot itself is on standard output
				messages = cmd.ErrOrStderr()
			}
			j.report, j.errOut = newReporter(&o.run, messages, cmd.ErrOrStderr()), cmd.ErrOrStderr()
			return j.snapshot(ctx, w)
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func (o *snapshotOptions) job(ctx context.Context) (*copyJob, error) {
	j := &copyJob{job: job{run: o.run}}
	var err error
	if j.file, err = o.rules.parse(); err != nil {
		return nil, err
	}
	if j.secret, err = o.key.secret(); err != nil {
		return nil, err
	}
	if j.source, err = o.source.config(); err != nil {
		return nil, err
	}
	o.apply(&j.source)
	if j.files, err = o.report.open(); err != nil {
		return nil, err
	}
	j.tools = toolsIn(os.Getenv("PGSTANDIN_PG_BIN"))
	return j, nil
}

// writer checks the options of where the snapshot goes, and opens that.
func (o *snapshotOptions) writer(ctx context.Context, stdout io.Writer) (*snapshotWriter, error) {
	w := &snapshotWriter{name: o.name, format: o.format.or(directoryFormat), compression: o.compress.Compression, recipients: o.encryptTo}
	if !o.compress.given && w.format == directoryFormat {
		w.compression = pgarchive.Compression{Algorithm: pgarchive.Gzip, Level: pgarchive.DefaultLevel}
	}
	if w.format == tarFormat && w.compression.Algorithm != pgarchive.None {
		return nil, usageError(errors.New("--format tar: pg_restore reads no compressed tar; write --compress none, or --format directory"))
	}
	if _, err := store.ParseRecipients(o.encryptTo); err != nil {
		return nil, usageError(fmt.Errorf("--encrypt-to: %w", err))
	}
	switch {
	case o.out == "":
		return nil, usageError(errors.New("no destination: give --out FOLDER or a URL such as s3://BUCKET/PREFIX"))
	case o.out != "-":
	case w.format != plainFormat:
		return nil, usageError(errors.New("--out -: only --format plain goes to standard output"))
	case len(o.encryptTo) > 0 || o.name != "" || o.run.json:
		return nil, usageError(errors.New("--out -: there is no --name, --encrypt-to or --json for standard output; pipe it through age if need be"))
	default:
		w.stdout = stdout
		return w, nil
	}
	if w.name == "" {
		w.name = store.Name(time.Now())
	} else if err := store.CheckName(w.name); err != nil {
		return nil, usageError(fmt.Errorf("--name: %w", err))
	}
	var err error
	if w.store, err = store.Open(ctx, o.out); err != nil {
		return nil, usageError(fmt.Errorf("--out: %w", err))
	}
	return w, nil
}

// compression is the value of --compress.
type compression struct {
	pgarchive.Compression
	given bool
}

func (c *compression) Set(s string) (err error) {
	c.given = true
	c.Compression, err = pgarchive.ParseCompression(s)
	return err
}

func (c *compression) String() string {
	if !c.given {
		return ""
	}
	return c.Compression.String()
}

// Type names the value in help.
func (c *compression) Type() string { return "algorithm" }

// archiveFormat is the value of --format.
type archiveFormat string

const (
	directoryFormat archiveFormat = "directory"
	tarFormat       archiveFormat = "tar"
	plainFormat     archiveFormat = "plain"
)

func (a *archiveFormat) Set(s string) error {
	switch f := archiveFormat(s); f {
	case directoryFormat, tarFormat, plainFormat:
		*a = f
		return nil
	}
	return errors.New("write directory, tar or plain")
}

func (a *archiveFormat) String() string { return string(a.or(directoryFormat)) }

func (a *archiveFormat) or(other archiveFormat) archiveFormat {
	if *a == "" {
		return other
	}
	return *a
}

// Type names the value in help.
func (a *archiveFormat) Type() string { return "format" }
