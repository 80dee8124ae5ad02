// Package blockpipe is a pipe between one writer and one reader that moves whole
// blocks: the writer fills one while the reader drains another, so neither waits
// for the other at every small write. It has no goroutine of its own, and copies
// what is appended to a block once, into the reader's hands.
package blockpipe

import (
	"io"
	"slices"
	"sync"
)

// Pipe holds the blocks that one stream after another goes through. It is for
// one user at a time; what Open returns is for two.
type Pipe struct {
	n, size int
	last    *stream
}

// New returns a pipe with n blocks, at least 2, of size bytes. Blocks are made
// when they are first needed.
func New(n, size int) *Pipe { return &Pipe{n: max(2, n), size: size} }

// Open begins a stream and returns its ends. The stream before must be over at
// both. If it was read to io.EOF, its blocks serve again; after an error they are
// left alone, for a reader that does not know of it yet may still look at one.
func (p *Pipe) Open() (*Reader, *Writer) {
	s := &stream{size: p.size, full: make(chan []byte, p.n), done: make(chan struct{})}
	if p.last != nil && p.last.drained() {
		s.free = p.last.free
	} else {
		s.free = make(chan []byte, p.n)
		for range p.n {
			s.free <- nil
		}
	}
	p.last = s
	return &Reader{s: s}, &Writer{s: s}
}

// stream is what both ends share. free and full have room for all blocks, so
// that sending to free never waits.
type stream struct {
	size       int
	free, full chan []byte   // of free, nil is a block still to be made
	done       chan struct{} // closed when either end ends with an error

	mu  sync.Mutex
	err error
	eof bool // the reader has seen the end
}

// fail ends both ends with err; the first one wins.
func (s *stream) fail(err error) {
	if err == nil {
		err = io.ErrClosedPipe
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
		close(s.done)
	}
}

func (s *stream) error() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *stream) drained() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.eof && s.err == nil
}

// Writer is the writing end; not safe for concurrent use, but for
// CloseWithError.
type Writer struct {
	s      *stream
	cur    []byte // nil: no block in hand
	closed bool
}

// Reserve returns the block being filled, to append to, with room for n bytes:
// the next block if this one has not enough, a larger one if none has. It waits
// for a free block if need be. What is appended counts once Commit is given the
// result.
func (w *Writer) Reserve(n int) ([]byte, error) {
	if w.cur != nil && cap(w.cur)-len(w.cur) >= n {
		return w.cur, nil
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	if w.cur == nil {
		if w.closed {
			return nil, io.ErrClosedPipe
		}
		select {
		case w.cur = <-w.s.free:
		case <-w.s.done:
			return nil, w.s.error()
		}
		if w.cur == nil {
			w.cur = make([]byte, 0, max(n, w.s.size))
		}
	}
	w.cur = slices.Grow(w.cur, n)
	return w.cur, nil
}

// Commit takes back the block that Reserve gave, with what was appended, and
// hands it to the reader if it is at least three quarters full. Appending may
// have moved the block elsewhere.
func (w *Writer) Commit(b []byte) error {
	w.cur = b
	if len(b) < w.s.size-w.s.size/4 {
		return nil
	}
	return w.Flush()
}

// Write copies p into blocks; one larger than a block goes through in pieces.
func (w *Writer) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		b, err := w.Reserve(1)
		if err != nil {
			return n, err
		}
		room := min(cap(b)-len(b), len(p)-n)
		w.cur = append(b, p[n:n+room]...)
		n += room
		if len(w.cur) == cap(w.cur) {
			if err := w.Flush(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// Flush hands what was written so far to the reader.
func (w *Writer) Flush() error {
	if len(w.cur) == 0 {
		return nil
	}
	select {
	case <-w.s.done:
		return w.s.error()
	default:
	}
	w.s.full <- w.cur // never waits: there is room for all blocks
	w.cur = nil
	return nil
}

// Close flushes and ends the stream: the reader gets io.EOF behind the last
// byte. It returns the error that either end ended with before.
func (w *Writer) Close() error {
	if w.closed {
		return w.s.error()
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if w.cur != nil {
		w.s.free <- w.cur
		w.cur = nil
	}
	w.closed = true
	close(w.s.full)
	return w.s.error()
}

// CloseWithError ends both ends at once: a waiting or later Read returns err
// (nil means io.ErrClosedPipe), and what is on its way is lost. It may be called
// from any goroutine, more than once; the first error stays.
func (w *Writer) CloseWithError(err error) { w.s.fail(err) }

// Reader is the reading end; not safe for concurrent use, but for
// CloseWithError.
type Reader struct {
	s    *stream
	cur  []byte // the block in hand
	left []byte // of cur, what was not read yet
}

// Read fills p from as many blocks as are there, and waits only for the first.
func (r *Reader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(r.left) == 0 {
			more, err := r.next(n == 0)
			if err != nil {
				return n, err
			}
			if !more {
				break
			}
		}
		k := copy(p[n:], r.left)
		r.left = r.left[k:]
		n += k
	}
	return n, nil
}

// next takes the next block into hand; without wait, only if it is there.
func (r *Reader) next(wait bool) (more bool, err error) {
	r.giveBack()
	select {
	case <-r.s.done: // an error overtakes data
		return false, r.s.error()
	default:
	}
	var ok bool
	if wait {
		select {
		case r.cur, ok = <-r.s.full:
		case <-r.s.done:
			return false, r.s.error()
		}
	} else {
		select {
		case r.cur, ok = <-r.s.full:
		default:
			return false, nil
		}
	}
	if !ok {
		r.s.mu.Lock()
		defer r.s.mu.Unlock()
		r.s.eof = true
		return false, io.EOF
	}
	r.left = r.cur
	return true, nil
}

func (r *Reader) giveBack() {
	if r.cur == nil {
		return
	}
	b := r.cur[:0]
	if cap(b) > 4*r.s.size { // something outsized went through; do not keep its memory
		b = nil
	}
	r.s.free <- b
	r.cur, r.left = nil, nil
}

// CloseWithError ends both ends at once: a waiting or later Write returns err
// (nil means io.ErrClosedPipe). It may be called from any goroutine, more than
// once; the first error stays.
func (r *Reader) CloseWithError(err error) { r.s.fail(err) }
