package pgarchive

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// tail ends the rows of a table, as pg_dump writes it.
const tail = "\\.\n\n\n"

// DataFile returns the name of the file that holds the entry's data, in the
// folder of the archive; "" if it has none.
func (e *Entry) DataFile(a Algorithm) string {
	if e.Filename == "" {
		return ""
	}
	return e.Filename + a.suffix()
}

// DataWriter writes the data file of one table or large object. It passes on
// what it is given, so many rows at once are best.
type DataWriter struct {
	w      io.Writer
	rows   bool         // of a table
	zip    *gzip.Writer // nil for none
	last   byte         // what was written last, 0 before anything was
	err    error
	closed bool
}

// NewDataWriter returns a writer of rows in COPY's text format, as COPY … TO
// STDOUT delivers them: each ends in a newline, and what ends them all is added
// by Close. It compresses with Gzip or not at all; other algorithms are an
// error. Closing w is up to the caller.
func NewDataWriter(w io.Writer, c Compression) (*DataWriter, error) {
	return newWriter(w, c, true)
}

// NewLargeObjectWriter returns a writer of the bytes of one large object, to
// the file that [LargeObject.DataFile] names. All else is as with
// [NewDataWriter].
func NewLargeObjectWriter(w io.Writer, c Compression) (*DataWriter, error) {
	return newWriter(w, c, false)
}

func newWriter(w io.Writer, c Compression, rows bool) (*DataWriter, error) {
	if err := c.checkLevel(); err != nil {
		if c.Algorithm > Gzip {
			err = fmt.Errorf("%v: data files are written with gzip or none", c.Algorithm)
		}
		return nil, err
	}
	d := &DataWriter{w: w, rows: rows}
	if c.Algorithm == Gzip {
		zip, err := gzip.NewWriterLevel(w, c.Level)
		if err != nil {
			return nil, err
		}
		d.zip, d.w = zip, zip
	}
	return d, nil
}

// Write takes a piece of the rows, which may begin and end anywhere. After an
// error all further calls return that error.
func (d *DataWriter) Write(p []byte) (int, error) {
	if d.closed {
		return 0, errors.New("table data: written after its end")
	}
	if d.err != nil || len(p) == 0 {
		return 0, d.err
	}
	n, err := d.w.Write(p)
	d.err = err
	d.last = p[len(p)-1]
	return n, err
}

// Close ends a table's rows and the compressed stream. An error, of this call or one
// before it, means that the file is not whole and must not be kept. A second
// call returns what the first one did.
func (d *DataWriter) Close() error {
	if d.closed {
		return d.err
	}
	d.closed = true
	if d.err == nil && d.rows && d.last != 0 && d.last != '\n' {
		d.err = errors.New("table data: cut off within a row")
	}
	if d.err == nil && d.rows {
		_, d.err = io.WriteString(d.w, tail)
	}
	if d.err == nil && d.zip != nil {
		d.err = d.zip.Close()
	}
	return d.err
}
