package pgarchive

import (
	"bytes"
	"errors"
	"io"
)

// tail ends the rows of a table, as pg_dump writes it.
const tail = "\\.\n\n\n"

// TailBytes is by how much a data file of a table is longer than its rows, before
// both are compressed.
const TailBytes = int64(len(tail))

// DataFile returns the name of the file that holds the entry's data, in the
// folder of the archive; "" if it has none.
func (e *Entry) DataFile(a Algorithm) string {
	if e.Filename == "" {
		return ""
	}
	return e.Filename + a.Suffix()
}

// DataWriter writes the data file of one table. It passes on what it is given, so
// many rows at once are best.
type DataWriter struct {
	w      compressor
	last   byte // what was written last, 0 before anything was
	err    error
	closed bool
}

// NewDataWriter returns a writer of rows in COPY's text format, as COPY … TO
// STDOUT delivers them: each ends in a newline, and what ends them all is added
// by Close. Closing w is up to the caller.
func NewDataWriter(w io.Writer, c Compression) (*DataWriter, error) {
	z, err := c.newCompressor()
	if err != nil {
		return nil, err
	}
	z.Reset(w)
	return &DataWriter{w: z}, nil
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
	if d.err == nil && d.last != 0 && d.last != '\n' {
		d.err = errCutRow
	}
	if d.err == nil {
		_, d.err = io.WriteString(d.w, tail)
	}
	if d.err == nil {
		d.err = d.w.Close()
	}
	return d.err
}

var errCutRow = errors.New("table data: cut off within a row")

// PartWriter compresses parts of a table's rows, each by itself: any number of
// them, one behind the other, and the end that AppendEnd makes are a data file.
// All readers of the formats take such a row of streams for one.
type PartWriter struct {
	w    compressor
	last byte
	err  error
}

// NewPartWriter returns a writer, to be Reset before each part. Making one is
// costly, using it again is not.
func NewPartWriter(c Compression) (*PartWriter, error) {
	w, err := c.newCompressor()
	if err != nil {
		return nil, err
	}
	return &PartWriter{w: w}, nil
}

// Reset begins a part, whatever became of the one before.
func (p *PartWriter) Reset(w io.Writer) {
	p.w.Reset(w)
	p.last, p.err = 0, nil
}

// Write takes a piece of the part's rows, as [DataWriter.Write] does.
func (p *PartWriter) Write(rows []byte) (int, error) {
	if p.err != nil || len(rows) == 0 {
		return 0, p.err
	}
	n, err := p.w.Write(rows)
	p.err = err
	p.last = rows[len(rows)-1]
	return n, err
}

// Close ends the part. A part without rows may be left out of the file.
func (p *PartWriter) Close() error {
	if p.err == nil && p.last != 0 && p.last != '\n' {
		p.err = errCutRow
	}
	if p.err == nil {
		p.err = p.w.Close()
	}
	return p.err
}

// AppendEnd appends what ends the data file of a table behind its parts.
func AppendEnd(dst []byte, c Compression) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	d, err := NewDataWriter(b, c)
	if err != nil {
		return dst, err
	}
	if err := d.Close(); err != nil {
		return dst, err
	}
	return b.Bytes(), nil
}
