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

var errCutRow = errors.New("table data: cut off within a row")

// PartWriter compresses parts of a table's rows, in COPY's text format, each by
// itself: any number of them, one behind the other, and the end that AppendEnd
// makes are a data file. All readers of the formats take such a row of streams for
// one.
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

// Write takes a piece of the part's rows, which may begin and end anywhere. It
// passes on what it is given, so many rows at once are best. After an error all
// further calls return that error.
func (p *PartWriter) Write(rows []byte) (int, error) {
	if p.err != nil || len(rows) == 0 {
		return 0, p.err
	}
	n, err := p.w.Write(rows)
	p.err = err
	p.last = rows[len(rows)-1]
	return n, err
}

// Close ends the part, with the last of its rows. After an error, of this call or
// one before it, the part must not be kept. A part without rows may be left out of
// the file.
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
	w, err := NewWriter(b, c)
	if err != nil {
		return dst, err
	}
	if _, err = io.WriteString(w, tail); err != nil {
		return dst, err
	}
	if err := w.Close(); err != nil {
		return dst, err
	}
	return b.Bytes(), nil
}
