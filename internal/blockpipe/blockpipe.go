// Package blockpipe is a pipe between one writer and one reader that moves whole
// blocks: the writer fills one while the reader drains another, so neither waits
// for the other at every small write.
package blockpipe

import (
	"io"
	"sync"
)

// New returns both ends of a pipe with n blocks (at least 2) of size bytes. A
// single write larger than a block passes through in pieces.
func New(n, size int) (*Reader, *Writer) {
	p := &pipe{free: make(chan []byte, n), full: make(chan []byte, n), done: make(chan struct{})}
	for range n {
		p.free <- make([]byte, 0, size)
	}
	return &Reader{p: p}, &Writer{p: p}
}

type pipe struct {
	free, full chan []byte
	done       chan struct{} // closed when either end ends with an error
	mu         sync.Mutex
	err        error
}

// fail ends both ends with err; the first one wins.
func (p *pipe) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
		close(p.done)
	}
}

func (p *pipe) error() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Writer is the writing end; not safe for concurrent use, but for
// CloseWithError.
type Writer struct {
	p   *pipe
	cur []byte
	eof bool
}

// Block returns the block being filled, to append to, waiting for a free one if
// need be. What Commit is given replaces it.
func (w *Writer) Block() ([]byte, error) {
	if w.cur == nil {
		select {
		case w.cur = <-w.p.free:
		case <-w.p.done:
			return nil, w.p.error()
		}
	}
	return w.cur, nil
}

// Commit takes back the block that Block gave, with what was appended, and hands
// it to the reader if it is at least three quarters full. The block may have
// been reallocated by appending.
func (w *Writer) Commit(b []byte) error {
	w.cur = b
	if len(b) < cap(b)-cap(b)/4 {
		return nil
	}
	return w.Flush()
}

// Write copies p into blocks.
func (w *Writer) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		b, err := w.Block()
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
	case w.p.full <- w.cur:
		w.cur = nil
		return nil
	case <-w.p.done:
		return w.p.error()
	}
}

// Close flushes and ends the stream: the reader gets io.EOF behind the last
// block.
func (w *Writer) Close() error {
	if w.eof {
		return nil
	}
	if err := w.Flush(); err != nil {
		return err
	}
	w.eof = true
	close(w.p.full)
	return nil
}

// CloseWithError ends both ends at once: a waiting or later Read returns err.
// It may be called from any goroutine.
func (w *Writer) CloseWithError(err error) { w.p.fail(err) }

// Reader is the reading end; not safe for concurrent use, but for
// CloseWithError.
type Reader struct {
	p    *pipe
	cur  []byte
	left []byte
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.left) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

func (r *Reader) next() error {
	const outsized = 4 << 20
	if r.cur != nil {
		b := r.cur[:0]
		if cap(b) > outsized { // an outsized row went through; do not keep its memory
			b = make([]byte, 0, 64<<10)
		}
		r.p.free <- b // never blocks: there are as many places as blocks
		r.cur = nil
	}
	select {
	case <-r.p.done: // an error overtakes data
		return r.p.error()
	default:
	}
	select {
	case b, ok := <-r.p.full:
		if !ok {
			return io.EOF
		}
		r.cur, r.left = b, b
		return nil
	case <-r.p.done:
		return r.p.error()
	}
}

// CloseWithError ends both ends at once: a waiting or later Write returns err.
// It may be called from any goroutine.
func (r *Reader) CloseWithError(err error) { r.p.fail(err) }
