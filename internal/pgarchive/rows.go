package pgarchive

import (
	"errors"
	"io"
)

// RowsReader reads the rows of a data file of a table, without what ends them. A file
// that lacks that is an error.
type RowsReader struct {
	r    io.Reader
	buf  []byte
	at   int // what is before was delivered
	eof  bool
	fail error
}

// NewRowsReader returns a reader of what r, a data file that is not compressed, holds.
func NewRowsReader(r io.Reader) *RowsReader { return &RowsReader{r: r} }

// Err returns the error that Read ended with, nil where that was io.EOF: who copies the
// rows may not pass it on.
func (r *RowsReader) Err() error { return r.fail }

// Read reads rows, in COPY's text format.
func (r *RowsReader) Read(p []byte) (int, error) {
	if r.buf == nil {
		r.buf = make([]byte, 0, 256<<10)
	}
	for len(r.buf)-r.at <= len(tail) && !r.eof && r.fail == nil {
		r.buf, r.at = r.buf[:copy(r.buf, r.buf[r.at:])], 0
		n, err := r.r.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		r.eof = errors.Is(err, io.EOF)
		if err != nil && !r.eof {
			r.fail = err
		}
	}
	if r.fail != nil {
		return 0, r.fail
	}
	if rest := r.buf[r.at:]; r.eof && len(rest) <= len(tail) {
		if string(rest) != tail {
			r.fail = errors.New("the rows do not end as those of an archive do")
			return 0, r.fail
		}
		return 0, io.EOF
	}
	n := copy(p, r.buf[r.at:len(r.buf)-len(tail)])
	r.at += n
	return n, nil
}
