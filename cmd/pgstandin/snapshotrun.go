package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/leak"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// snapshotRun is a snapshot under way.
type snapshotRun struct {
	*copyRun
	to      *snapshotWriter
	archive *pgarchive.Archive
	data    []*snapshotData
	edges   map[*schema.Sequence][]*pipeline.ColumnEdge // of the columns that sequences feed
}

// snapshotChunkBytes is how much of a table is compressed by itself: a worker holds
// it in memory until it is whole.
const snapshotChunkBytes = 8 << 20

// snapshotData is the data file of a table.
type snapshotData struct {
	table   *schema.Table
	entry   *pgarchive.Entry
	columns []string
	copies  []int // of the run that fill it
	rows    int64
	bytes   int64 // before they are compressed
}

// snapshot does everything. Whatever goes wrong, nothing is published.
func (j *copyJob) snapshot(ctx context.Context, to *snapshotWriter) (err error) {
	defer func() {
		if err != nil {
			j.report.Abort(failure(ctx, err))
		}
	}()
	j.report.Step("check rules and source")
	run, err := j.start(ctx)
	if err != nil {
		return err
	}
	defer run.close(ctx)
	r := &snapshotRun{copyRun: run, to: to, edges: map[*schema.Sequence][]*pipeline.ColumnEdge{}}
	r.cut.chunk = snapshotChunkBytes
	if err := r.b.mayRead(ctx, r.src); err != nil {
		return err
	}
	if to.format == plainFormat {
		if to.pgRestore, err = pipeline.FindRestore(ctx, r.tools.pgRestore, r.src.Info().Major()); err != nil {
			return err
		}
	}
	if err := to.begin(ctx, r.note); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.abort(context.WithoutCancel(ctx))) }()
	if err := r.choose(ctx, textFormat, 0, prelude{"read the schema", r.readSchema}); err != nil {
		return err
	}
	r.rec.noTarget = "a snapshot is files, not a database"
	if err := r.plan(); err != nil {
		return err
	}
	if err := r.fill(ctx); err != nil {
		return r.refuse(r.rec, err)
	}
	if err := r.complete(ctx); err != nil {
		return err
	}
	r.report.Finish()
	return withStatus(exitReport, r.conclude(r.rec))
}

// readSchema asks pg_dump for the schema.
func (r *snapshotRun) readSchema(ctx context.Context) (err error) {
	r.archive, err = r.src.Archive(ctx, r.tools.pgDump, r.made())
	if err != nil {
		return err
	}
	r.archive.Compression = r.to.stored()
	return nil
}

// plan adds the entries of data to the archive and gives each copy its file.
// Parents come before children where that can be, so that data can be restored
// into a database that has its foreign keys.
func (r *snapshotRun) plan() error {
	byTable := map[schema.Name]*snapshotData{}
	for i := range r.copies {
		job := &r.copies[i]
		d := byTable[job.Into]
		if d == nil {
			d = &snapshotData{table: r.b.schema.Table(job.Into), columns: job.Columns}
			if d.table == nil {
				return fmt.Errorf("%s: the schema does not have it", job.Into)
			}
			byTable[job.Into] = d
			r.data = append(r.data, d)
		}
		d.copies = append(d.copies, i)
	}
	r.data = parentsFirst(r.data, r.b.schema)
	for _, d := range r.data {
		if err := r.addData(d); err != nil {
			return err
		}
	}
	return nil
}

func (r *snapshotRun) addData(d *snapshotData) (err error) {
	name := d.table.Name
	table := r.archive.Table(name.Schema, name.Name)
	if table == nil {
		return fmt.Errorf("%s: pg_dump's schema does not have it", name)
	}
	if d.entry, err = r.archive.AddTableData(table, d.columns); err != nil {
		return err
	}
	if d.table.Kind == schema.Partitioned {
		if err := r.archive.ViaRoot(d.entry, r.partitions(d.table)); err != nil {
			return err
		}
	}
	for _, i := range d.copies {
		r.copies[i].File = d.entry.DataFile(r.archive.Compression.Algorithm)
	}
	return nil
}

// partitions are the entries of a table's partitions, those of partitions among
// them.
func (r *snapshotRun) partitions(t *schema.Table) []*pgarchive.Entry {
	var out []*pgarchive.Entry
	for _, p := range t.Partitions {
		if e := r.archive.Table(p.Name.Schema, p.Name.Name); e != nil {
			out = append(out, e)
		}
		out = append(out, r.partitions(p)...)
	}
	return out
}

// fill copies the rows into files, reads them back and looks for leaks.
func (r *snapshotRun) fill(ctx context.Context) error {
	out := outlet{
		failed: "nothing was published",
		copy: func(ctx context.Context, progress func(pipeline.Progress)) ([]pipeline.JobResult, error) {
			done, err := pipeline.CopyFiles(ctx, r.src, r.to.files, r.archive.Compression, r.copies, pipeline.CopyOptions{Workers: r.workers(), Yield: r.source.Yield, Progress: progress})
			if err == nil {
				r.count(done)
			}
			return done, err
		},
		scan: leakScan{rows: r.readBack},
	}
	for _, d := range r.data {
		out.scan.tables = append(out.scan.tables, d.table)
	}
	if err := r.read(ctx, out); err != nil {
		return err
	}
	r.src.Close(ctx) // nothing below needs production
	return nil
}

func (r *snapshotRun) count(done []pipeline.JobResult) {
	for _, d := range r.data {
		for _, i := range d.copies {
			d.rows += done[i].Rows
			d.bytes += done[i].Bytes
		}
	}
}

// readBack reads every data file to its end.
func (r *snapshotRun) readBack(ctx context.Context, tables []pipeline.ScanTable, filter *leak.Filter) error {
	scan := map[schema.Name][]pipeline.ScanColumn{}
	for _, t := range tables {
		scan[t.Table] = t.Columns
	}
	list := make([]pipeline.ScanFile, len(r.data))
	for i, d := range r.data {
		list[i] = pipeline.ScanFile{
			Name: d.table.Name.String(), File: d.entry.DataFile(r.archive.Compression.Algorithm), Rows: d.rows, Columns: d.columns,
			Scan: scan[d.table.Name], Edges: r.edgesOf(d),
		}
	}
	// What takes longest comes first.
	slices.SortStableFunc(list, func(a, b pipeline.ScanFile) int { return cmp.Compare(b.Rows, a.Rows) })
	var count pipeline.Scanned
	steps := pipeline.FileSteps(r.to.files, r.archive.Compression.Algorithm, filter, r.guard.suspects, list, &count)
	err := pipeline.Steps(ctx, r.workers(), steps)
	if filter != nil {
		r.guard.result.rows += count.Rows()
		r.guard.result.bytes += count.Bytes()
	}
	return err
}

// edgesOf are the columns of a data file that sequences feed.
func (r *snapshotRun) edgesOf(d *snapshotData) []*pipeline.ColumnEdge {
	byColumn := map[string]*pipeline.ColumnEdge{}
	var out []*pipeline.ColumnEdge
	for _, q := range r.b.schema.Sequences {
		if q.Table == nil || q.Column < 0 || !within(d.table, q.Table) {
			continue
		}
		name := q.Table.Columns[q.Column].Name
		if !slices.Contains(d.columns, name) {
			continue
		}
		if byColumn[name] == nil {
			byColumn[name] = &pipeline.ColumnEdge{Column: name}
			out = append(out, byColumn[name])
		}
		r.edges[q] = append(r.edges[q], byColumn[name])
	}
	return out
}

// within reports whether a query on whole sees the rows of t.
func within(t, whole *schema.Table) bool {
	for ; t != nil; t = t.Partition {
		if t == whole {
			return true
		}
		for _, parent := range t.Inherits {
			if within(parent, whole) {
				return true
			}
		}
	}
	return false
}

// complete adds what goes without rows, and publishes.
func (r *snapshotRun) complete(ctx context.Context) error {
	r.report.Step("write the table of contents")
	for i, q := range r.b.schema.Sequences {
		e := r.archive.Sequence(q.Name.Schema, q.Name.Name)
		if e == nil {
			continue // an extension's, which makes it itself
		}
		v := r.sequences[i]
		last, called := v.Past(q.Min, q.Max, r.edges[q])
		if _, err := r.archive.AddSequenceSet(e, last, called); err != nil {
			return err
		}
	}
	for _, name := range r.views {
		e := r.archive.MatView(name.Schema, name.Name)
		if e == nil {
			continue
		}
		if _, err := r.archive.AddRefresh(e); err != nil {
			return err
		}
	}
	r.archive.KeysLast()
	r.archive.Version = r.archive.LowestVersion()
	r.archive.Database = r.src.Info().Database
	if err := r.to.writeContents(ctx, r.archive); err != nil {
		return err
	}
	return r.publish(ctx)
}

// parentsFirst sorts data so that tables come behind those that they reference,
// but for cycles, and else by name.
func parentsFirst(data []*snapshotData, s *schema.Schema) []*snapshotData {
	slices.SortFunc(data, func(a, b *snapshotData) int {
		return slices.Compare([]string{a.table.Name.Schema, a.table.Name.Name}, []string{b.table.Name.Schema, b.table.Name.Name})
	})
	parents := map[*schema.Table][]*schema.Table{}
	for _, k := range s.ForeignKeys {
		parents[k.Child.Root()] = append(parents[k.Child.Root()], k.Parent.Root())
	}
	byRoot := map[*schema.Table][]*snapshotData{}
	for _, d := range data {
		byRoot[d.table.Root()] = append(byRoot[d.table.Root()], d)
	}
	var out []*snapshotData
	seen := map[*schema.Table]bool{}
	var visit func(t *schema.Table)
	visit = func(t *schema.Table) {
		if seen[t] {
			return
		}
		seen[t] = true
		for _, p := range parents[t] {
			visit(p)
		}
		out = append(out, byRoot[t]...)
	}
	for _, d := range data {
		visit(d.table.Root())
	}
	return out
}
