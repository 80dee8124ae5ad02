package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// output is standard output. It keeps the first error of a write and gives it for
// every later one; run asks for it at the end, so what prints need not ask after
// each line. It is for one goroutine at a time.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		o.err = fmt.Errorf("standard output: %w", err)
	}
	return n, o.err
}

// join adds what a write failed with to how a command ended, unless that says it.
func (o *output) join(err error) error {
	if o.err == nil || errors.Is(err, o.err) {
		return err
	}
	return errors.Join(err, o.err)
}

// shared is a writer for several goroutines: whole writes follow each other.
type shared struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}
