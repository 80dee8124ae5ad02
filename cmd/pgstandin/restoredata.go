package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/internal/restorable"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/store"
)

// algorithms are those that a data file may be compressed with.
var algorithms = [...]pgarchive.Algorithm{pgarchive.None, pgarchive.Gzip, pgarchive.LZ4, pgarchive.Zstd}

// stored finds a file of the snapshot by the name that the archive has for it: how it
// is compressed shows in its ending.
func (r *restoration) stored(name string) (store.File, pgarchive.Algorithm) {
	for _, a := range algorithms {
		if f, ok := r.snap.Manifest.File(name + a.Suffix()); ok {
			return f, a
		}
	}
	return store.File{Name: name}, pgarchive.None
}

// openData opens a data file and undoes encryption and compression.
func (r *restoration) openData(ctx context.Context, name string) (*dataFile, error) {
	file, algorithm := r.stored(name)
	in, err := r.snap.Open(ctx, file.Name, r.identities...)
	if err != nil {
		return nil, err
	}
	d := &dataFile{snapshot: r.snap.Name, file: file.Name, stored: in}
	if d.plain, err = pgarchive.NewReader(&countedReader{in, &r.bytes, r.progress}, algorithm); err != nil {
		err = d.blame(err)
		in.Close()
		return nil, err
	}
	return d, nil
}

// dataFile is a file of the snapshot as it was before it was compressed.
type dataFile struct {
	snapshot, file string
	plain          io.ReadCloser // nil while it is not needed
	stored         io.ReadCloser
}

func (d *dataFile) Read(p []byte) (int, error) { return d.plain.Read(p) }

func (d *dataFile) Close() error { return errors.Join(d.plain.Close(), d.stored.Close()) }

// blame finds out what an error of reading means. It reads what is stored to its
// end: if that is not what was written it says so, and nothing else matters.
func (d *dataFile) blame(err error) error {
	if _, stored := io.Copy(io.Discard, d.stored); stored != nil {
		return stored
	}
	return fmt.Errorf("snapshot %s: %s: %w", d.snapshot, d.file, err)
}

// countedReader counts what is read.
type countedReader struct {
	r    io.Reader
	n    *atomic.Int64
	tell func()
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	c.tell()
	return n, err
}

// loadTable copies the rows of one table.
func (r *restoration) loadTable(ctx context.Context, e *pgarchive.Entry) (err error) {
	name := restorable.Name(e).String()
	stmt, ok := strings.CutSuffix(strings.TrimRight(e.CopyStmt.String, "\n "), ";")
	if !ok || !strings.HasPrefix(stmt, "COPY ") {
		return fmt.Errorf("%s: its rows are not there as COPY writes them; restore the snapshot with pg_restore", name)
	}
	in, err := r.openData(ctx, e.Filename)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	conn, err := r.tgt.Acquire(ctx)
	if err != nil {
		return err
	}
	rows := pgarchive.NewRowsReader(in)
	tag, err := conn.CopyFrom(ctx, rows, stmt)
	r.tgt.Release(conn, err == nil)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case rows.Err() != nil:
		return fmt.Errorf("table %s: %w", name, in.blame(rows.Err()))
	case err != nil:
		return fmt.Errorf("target: table %s: %w", name, pipeline.SafeError(err))
	}
	r.rows.Add(tag.RowsAffected())
	return nil
}

// load copies all rows and large objects, and calls ready with each table that is
// full.
func (r *restoration) load(ctx context.Context, ready func(schema.Name)) error {
	var steps []func(context.Context) error
	for _, e := range r.byRows() {
		steps = append(steps, func(ctx context.Context) error {
			if err := r.loadTable(ctx, e); err != nil {
				return err
			}
			ready(restorable.Name(e))
			return nil
		})
	}
	for _, e := range r.what.Blobs {
		steps = append(steps, func(ctx context.Context) error { return r.loadObjects(ctx, e) })
	}
	return pipeline.Steps(ctx, r.workers, steps)
}

// loadObjects fills large objects: the entry's file lists their files.
func (r *restoration) loadObjects(ctx context.Context, e *pgarchive.Entry) error {
	in, err := r.openData(ctx, e.Filename)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	conn, err := r.tgt.Acquire(ctx)
	if err != nil {
		return err
	}
	healthy := false
	defer func() { r.tgt.Release(conn, healthy) }()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		id, file, ok := strings.Cut(lines.Text(), " ")
		if _, err := strconv.ParseUint(id, 10, 32); !ok || err != nil {
			return fmt.Errorf("snapshot %s: %s: not a list of large objects", r.snap.Name, e.Filename)
		}
		if err := r.loadObject(ctx, conn, id, file); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", e.Filename, in.blame(err))
	}
	healthy = true
	return nil
}

func (r *restoration) loadObject(ctx context.Context, conn *pgconn.PgConn, id, file string) error {
	in, err := r.openData(ctx, file)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	piece := make([]byte, 1<<20)
	for at := int64(0); ; {
		n, err := readFull(in, piece)
		if n > 0 {
			res := conn.ExecParams(ctx, "select pg_catalog.lo_put($1::pg_catalog.oid, $2::pg_catalog.int8, $3::pg_catalog.bytea)",
				[][]byte{[]byte(id), []byte(strconv.FormatInt(at, 10)), piece[:n]}, nil, []int16{0, 0, 1}, nil).Read()
			if res.Err != nil {
				return fmt.Errorf("target: large object %s: %w", id, pipeline.SafeError(res.Err))
			}
			at += int64(n)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("large object %s: %w", id, in.blame(err))
		}
	}
}

// readFull fills p, or returns with what it has the error that ended it: io.EOF
// where io.ReadFull would not tell the end from a file that is cut off.
func readFull(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var k int
		k, err = r.Read(p[n:])
		n += k
	}
	return n, err
}
