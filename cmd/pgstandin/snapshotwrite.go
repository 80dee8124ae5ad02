package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/store"
)

// snapshotWriter is where a snapshot goes. One in directory format is written where
// it stays; the others are made of one in a temporary folder when that has been
// scanned, because what is in one file cannot be written by several workers, and
// nothing goes to standard output before it is known to be clean.
type snapshotWriter struct {
	name        string
	format      archiveFormat
	compression pgarchive.Compression
	recipients  []string
	store       *store.Store // nil for standard output
	stdout      io.Writer

	up    *store.Upload
	stage *pipeline.Stage // nil in directory format
	files pipeline.Files  // where data files go

	pgRestore string // the program that makes SQL of an archive; of the plain format
}

const tocFile = "toc.dat"

// stored is how data files are compressed: in a temporary folder to take less
// room, without costing much.
func (w *snapshotWriter) stored() pgarchive.Compression {
	if w.format == directoryFormat {
		return w.compression
	}
	return pgarchive.Compression{Algorithm: pgarchive.Gzip, Level: 1}
}

// begin makes sure that the snapshot can be written, and sweeps what dead runs left.
func (w *snapshotWriter) begin(ctx context.Context, note func(string)) (err error) {
	for _, name := range pipeline.Sweep() {
		note("removed " + name + ", which an earlier run left behind")
	}
	if w.store != nil {
		if w.up, err = w.store.Begin(ctx, w.name, store.UploadOptions{Recipients: w.recipients}); err != nil {
			return err
		}
		w.files = w.up
		for _, name := range w.up.Swept() {
			note("removed the partial snapshot " + name + ", which an earlier run left behind")
		}
	}
	if w.format == directoryFormat {
		return nil
	}
	if w.stage, err = pipeline.NewStage(); err != nil {
		return errors.Join(err, w.abort(ctx))
	}
	w.files = w.stage
	return nil
}

// abort removes what was not published.
func (w *snapshotWriter) abort(ctx context.Context) (err error) {
	if w.stage != nil {
		err = w.stage.Close()
		w.stage = nil
	}
	if w.up != nil {
		err = errors.Join(err, w.up.Abort(ctx))
		w.up = nil
	}
	return err
}

// close lets go of the store.
func (w *snapshotWriter) close() {
	if w.store != nil {
		_ = w.store.Close()
	}
}

// writeContents writes toc.dat, and reads it back.
func (w *snapshotWriter) writeContents(ctx context.Context, a *pgarchive.Archive) error {
	var b bytes.Buffer
	if err := a.Write(&b); err != nil {
		return fmt.Errorf("table of contents: %w", err)
	}
	if err := writeFile(ctx, w.files, tocFile, b.Bytes()); err != nil {
		return err
	}
	in, err := w.files.Open(ctx, tocFile)
	if err != nil {
		return err
	}
	defer in.Close()
	got, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, b.Bytes()) {
		return errors.New("read back " + tocFile + ": it is not what was written")
	}
	return nil
}

func writeFile(ctx context.Context, files pipeline.Files, name string, text []byte) error {
	w, err := files.Create(ctx, name)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return errors.Join(err, w.Close())
}

// single makes the one file of a format other than directory, out of the archive and the
// data in the temporary folder.
func (w *snapshotWriter) single(ctx context.Context, a *pgarchive.Archive, data []*snapshotData) error {
	switch {
	case w.format == directoryFormat:
		return nil
	case w.up == nil:
		return w.script(ctx, w.stdout)
	}
	name := "snapshot.tar"
	if w.format == plainFormat {
		name = "snapshot.sql" + w.compression.Algorithm.Suffix()
	}
	out, err := w.up.Create(ctx, name)
	if err != nil {
		return err
	}
	if w.format == plainFormat {
		err = w.script(ctx, out)
	} else {
		err = w.tar(ctx, a, data, out)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	back, err := w.up.Open(ctx, name) // which compares what it reads with what was written
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, back)
	return errors.Join(err, back.Close())
}

// script writes SQL, compressed.
func (w *snapshotWriter) script(ctx context.Context, out io.Writer) error {
	z, err := pgarchive.NewWriter(out, w.compression)
	if err != nil {
		return err
	}
	return errors.Join(pipeline.Script(ctx, w.pgRestore, w.stage.Dir(), z), z.Close())
}

// tar writes the files of the temporary folder, decompressed.
func (w *snapshotWriter) tar(ctx context.Context, a *pgarchive.Archive, data []*snapshotData, out io.Writer) error {
	t := pgarchive.NewTarWriter(out)
	stored := a.Compression
	plain := *a
	plain.Compression = pgarchive.Compression{}
	var b bytes.Buffer
	if err := plain.Write(&b); err != nil {
		return err
	}
	if err := t.Add(tocFile, int64(b.Len()), &b); err != nil {
		return err
	}
	for _, d := range data {
		in, err := w.stage.Open(ctx, d.entry.DataFile(stored.Algorithm))
		if err != nil {
			return err
		}
		z, err := pgarchive.NewReader(in, stored.Algorithm)
		if err == nil {
			err = errors.Join(t.Add(d.entry.DataFile(pgarchive.None), d.bytes+pgarchive.TailBytes, z), z.Close())
		}
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
	}
	return t.Close()
}
