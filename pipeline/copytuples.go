package pipeline

import (
	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// tuples is Write for COPY's binary format with a rewriter: the header and the
// trailer of the source's stream are read, and written anew.
func (s *rowStream) tuples(p []byte) (int, error) {
	n := len(p)
	if len(s.tail) > 0 {
		s.tail = append(s.tail, p...)
		p = s.tail
	}
	rest, err := s.eachTuple(p)
	if err != nil {
		return 0, err
	}
	// What is left may lie in the tail itself.
	if s.tail = append(s.tail[:0], rest...); len(rest) == 0 && cap(s.tail) > outsized {
		s.tail = nil
	}
	return n, nil
}

// eachTuple rewrites the tuples of p and returns the beginning of one that is
// not whole.
func (s *rowStream) eachTuple(p []byte) (rest []byte, err error) {
	if !s.begun {
		behind, ok, err := copyfmt.CutBinaryHeader(p)
		if err != nil {
			s.err = err
			return nil, err
		}
		if !ok {
			return p, nil
		}
		if err := s.put(copyfmt.AppendBinaryHeader(s.mark[:0])); err != nil {
			return nil, err
		}
		s.begun, p = true, behind
	}
	for len(p) > 0 {
		if s.ended {
			s.err = copyfmt.ErrBinary // data behind the trailer
			return nil, s.err
		}
		size, end, err := copyfmt.BinaryTuple(p)
		switch {
		case err != nil:
			s.err = err
			return nil, err
		case size == 0:
			return p, nil
		case end:
			s.ended = true
		default:
			if err := s.row(p[:size]); err != nil {
				return nil, err
			}
		}
		p = p[size:]
	}
	return nil, nil
}

// put sends bytes that are no row.
func (s *rowStream) put(b []byte) error {
	s.count(len(b))
	_, err := s.w.Write(b)
	return err
}

// closeTuples ends the stream, which must have come to its trailer.
func (s *rowStream) closeTuples() error {
	if s.rw == nil {
		// Relayed as it came. A NULL ends alike, but a stream that was cut there the
		// target refuses, or counts fewer rows.
		if s.last != [copyfmt.BinaryTrailer]byte{0xff, 0xff} {
			return errCut
		}
	} else {
		if !s.ended {
			return errCut
		}
		if err := s.put(copyfmt.AppendBinaryTrailer(s.mark[:0])); err != nil {
			return err
		}
	}
	s.tell()
	return s.w.Close()
}

// relayTuples relays a message and remembers how the stream ends.
func (s *rowStream) relayTuples(p []byte) (int, error) {
	n, err := s.w.Write(p)
	for _, c := range p[max(0, n-len(s.last)):n] {
		s.last = [2]byte{s.last[1], c}
	}
	if n > copyfmt.BinaryTrailer { // else the trailer by itself
		s.rows++
	}
	s.count(n)
	return n, err
}
