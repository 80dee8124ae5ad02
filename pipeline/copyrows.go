package pipeline

import (
	"bytes"
	"errors"

	"github.com/pgstandin/pgstandin/internal/blockpipe"
)

// errCut is a COPY stream that ends within a row.
var errCut = errors.New("the last row has no end")

// outsized is how large a buffer may get and still be kept.
const outsized = 1 << 20

// rowStream takes a COPY stream, split anywhere, and puts its rows, masked if
// there is a rewriter, into a block pipe. It allocates nothing per row.
type rowStream struct {
	w      *blockpipe.Writer
	rw     Rewriter
	binary bool
	total  *counter
	tail   []byte // the beginning of a row whose end has not come yet
	inRow  bool   // without rewriter: the last byte was not a newline
	err    error  // of the rewriter, or of rows that are none

	begun, ended bool     // in binary: the header and the trailer have come
	last         [2]byte  // in binary without rewriter: of the stream
	mark         [32]byte // in binary: scratch for a header or trailer

	moved         // bytes are exact; rows without rewriter are a good guess
	counted moved // of them, what total was told
}

// countEvery is how many bytes go by before the shared counters are touched.
const countEvery = 128 << 10

// Write implements io.Writer for copyOut, which calls it once a message;
// a message is nearly always one row.
func (s *rowStream) Write(p []byte) (int, error) {
	switch {
	case s.rw == nil && s.binary:
		return s.relayTuples(p)
	case s.rw == nil:
		return s.relay(p)
	case s.binary:
		return s.tuples(p)
	}
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			s.tail = append(s.tail, p...)
			break
		}
		row := p[:i]
		if len(s.tail) > 0 {
			s.tail = append(s.tail, row...)
			row = s.tail
		}
		if err := s.row(row); err != nil {
			return 0, err
		}
		if s.tail = s.tail[:0]; cap(s.tail) > outsized {
			s.tail = nil
		}
		p = p[i+1:]
	}
	return n, nil
}

func (s *rowStream) relay(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if n > 0 {
		s.inRow = p[n-1] != '\n'
	}
	if !s.inRow {
		s.rows++
	}
	s.count(n)
	return n, err
}

func (s *rowStream) row(row []byte) error {
	b, err := s.w.Reserve(len(row) + len(row)/8 + 1)
	if err != nil {
		return err
	}
	before := len(b)
	if b, err = s.rw.AppendRow(b, row); err != nil {
		s.err = err
		return err
	}
	if !s.binary {
		b = append(b, '\n')
	}
	s.rows++
	s.count(len(b) - before)
	return s.w.Commit(b)
}

func (s *rowStream) count(n int) {
	if s.bytes += int64(n); s.bytes-s.counted.bytes >= countEvery {
		s.tell()
	}
}

func (s *rowStream) tell() {
	s.total.add(s.rows-s.counted.rows, s.bytes-s.counted.bytes)
	s.counted = s.moved
}

// close ends the stream, which must have come to the end of a row, or in binary
// of all.
func (s *rowStream) close() error {
	if s.binary {
		return s.closeTuples()
	}
	if len(s.tail) > 0 || s.inRow {
		return errCut
	}
	s.tell()
	return s.w.Close()
}
