package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
)

// Files is where the files of a snapshot go. Several may be written at once, each
// by one goroutine at a time. A file is there to stay when its Close has returned
// nil; cancelling ctx, or an error of Write, gives it up.
type Files interface {
	Create(ctx context.Context, name string) (io.WriteCloser, error)
	Open(ctx context.Context, name string) (io.ReadCloser, error)
}

// CopyFiles runs all jobs as Copy does, into data files of an archive: each goes
// to the file that its File names, which several jobs may share, in the format of
// COPY text, compressed. Each chunk is compressed by itself, outside of the
// goroutine that masks, and added to its file when it is whole, so that one whose
// connection broke can be read again. An error of Files ends the copy.
func CopyFiles(ctx context.Context, src SourceConns, files Files, compression pgarchive.Compression, jobs []Job, opts CopyOptions) ([]JobResult, error) {
	o := &fileOut{files: files, compression: compression, byName: map[string]*dataFile{}}
	var err error
	if o.tail, err = pgarchive.AppendEnd(nil, compression); err != nil {
		return nil, err
	}
	for i := range jobs {
		j := &jobs[i]
		if j.Binary || j.Whole || j.File == "" {
			return nil, fmt.Errorf("copy %s: a data file has a name, its rows are text, and each chunk stays by itself", j.Name)
		}
		if o.byName[j.File] == nil {
			o.byName[j.File] = &dataFile{name: j.File}
		}
		o.byName[j.File].left += len(j.Chunks)
	}
	defer o.abandon()
	for _, f := range o.byName {
		if f.left == 0 {
			if err := o.add(ctx, f, nil); err != nil {
				return nil, err
			}
		}
	}
	c := newCopier(src, jobs)
	c.open = func() end { return &fileEnd{out: o} }
	return c.run(ctx, opts)
}

// fileOut is what the workers of CopyFiles share.
type fileOut struct {
	files       Files
	compression pgarchive.Compression
	tail        []byte // what ends each file
	byName      map[string]*dataFile
}

// dataFile is a file that is made of chunks.
type dataFile struct {
	name string

	mu   sync.Mutex
	w    io.WriteCloser // nil: not begun, or closed
	left int            // chunks that are still to come
}

// add writes a chunk to a file, and what ends it behind the last one. Without a
// chunk the file is one without rows.
func (o *fileOut) add(ctx context.Context, f *dataFile, chunk *spool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.w == nil {
		w, err := o.files.Create(ctx, f.name)
		if err != nil {
			return err
		}
		f.w = w
	}
	if chunk != nil {
		if _, err := chunk.WriteTo(f.w); err != nil {
			return err
		}
		f.left--
	}
	if f.left > 0 {
		return nil
	}
	if _, err := f.w.Write(o.tail); err != nil {
		return err
	}
	w := f.w
	f.w = nil
	return w.Close()
}

// abandon closes the files that were not ended. Then there was an error, of theirs
// or of the context, so that they are given up.
func (o *fileOut) abandon() {
	for _, f := range o.byName {
		if f.w != nil {
			_ = f.w.Close()
			f.w = nil
		}
	}
}

// fileEnd compresses one chunk at a time.
type fileEnd struct {
	out   *fileOut
	part  *pgarchive.PartWriter // nil: to be made
	chunk spool
	buf   []byte
}

func (e *fileEnd) begin(context.Context, *Job) (err error) {
	if e.part == nil {
		if e.part, err = pgarchive.NewPartWriter(e.out.compression); err != nil {
			return err
		}
		e.buf = make([]byte, blockBytes)
	}
	e.chunk.reset()
	e.part.Reset(&e.chunk)
	return nil
}

func (e *fileEnd) take(_ context.Context, _ *Job, rows io.Reader) (n int64, err error) {
	for {
		k, readErr := rows.Read(e.buf)
		n += int64(bytes.Count(e.buf[:k], newline))
		if _, err := e.part.Write(e.buf[:k]); err != nil {
			return n, fmt.Errorf("temporary file: %w", err)
		}
		switch {
		case readErr == io.EOF:
			return n, e.part.Close()
		case readErr != nil:
			return n, readErr
		}
	}
}

var newline = []byte{'\n'}

func (e *fileEnd) keep(ctx context.Context, job *Job) error {
	return e.out.add(ctx, e.out.byName[job.File], &e.chunk)
}

func (e *fileEnd) drop(context.Context) {}

func (e *fileEnd) kept(context.Context) (bool, error) { return false, nil }

func (e *fileEnd) close(context.Context) { e.chunk.close() }
