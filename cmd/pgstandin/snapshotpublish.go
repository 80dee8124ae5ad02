package main

import (
	"context"
	"time"

	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/store"
)

// publish makes the one file of a format that is one, and lets the snapshot appear.
func (r *snapshotRun) publish(ctx context.Context) error {
	w := r.to
	if w.format != directoryFormat {
		r.report.Step("write the " + string(w.format) + " file")
	}
	if err := w.single(ctx, r.archive, r.data); err != nil {
		return err
	}
	stored := &storedResult{Format: string(w.format), Compression: w.compression.String(), Where: "standard output"}
	r.rec.stored = stored
	if w.up == nil {
		return nil
	}
	r.report.Step("publish")
	stored.Where, stored.Name, stored.Encrypted = w.store.String(), w.name, w.up.Encrypted()
	if err := r.addReport(ctx, w.up); err != nil {
		return err
	}
	for _, f := range w.up.Files() { // the report's too, as the manifest counts them
		stored.Files++
		stored.Bytes += f.Size
	}
	info, rows := r.src.Info(), int64(0)
	for _, d := range r.data {
		rows += d.rows
	}
	return w.up.Publish(ctx, store.Metadata{
		Created: r.rec.snapshot.Time, Database: info.Database, ServerVersion: serverVersion(info.Version), LSN: r.rec.snapshot.LSN,
		RulesHash: r.file.Hash, KeyID: r.secret.ID(), Program: versionText(), Format: string(w.format), Compression: w.compression.Algorithm.String(),
		Tables: len(r.data), Rows: rows,
	})
}

// addReport puts the run's report beside the data.
func (r *snapshotRun) addReport(ctx context.Context, files pipeline.Files) error {
	parts, err := r.files.render(r.buildReport(r.rec, time.Now()))
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := writeFile(ctx, files, p.name, p.text); err != nil {
			return err
		}
	}
	return nil
}
