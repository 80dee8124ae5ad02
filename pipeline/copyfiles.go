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
func CopyFiles(ctx context.Context, src Sessions, files Files, compression pgarchive.Compression, jobs []Job, opts CopyOptions) ([]JobResult, error) {
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
	c.open = func() sink { return &fileSink{out: o} }
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

// fileSink compresses one chunk at a time.
type fileSink struct {
	out   *fileOut
	part  *pgarchive.PartWriter // nil: to be made
	chunk spool
	buf   []byte
}

func (s *fileSink) begin(context.Context, *Job) (err error) {
	if s.part == nil {
		if s.part, err = pgarchive.NewPartWriter(s.out.compression); err != nil {
			return err
		}
		s.buf = make([]byte, blockBytes)
	}
	s.chunk.reset()
	s.part.Reset(&s.chunk)
	return nil
}

func (s *fileSink) write(_ context.Context, _ *Job, rows io.Reader) (n int64, err error) {
	for {
		k, readErr := rows.Read(s.buf)
		n += int64(bytes.Count(s.buf[:k], newline))
		if _, err := s.part.Write(s.buf[:k]); err != nil {
			return n, fmt.Errorf("temporary file: %w", err)
		}
		switch {
		case readErr == io.EOF:
			return n, s.part.Close()
		case readErr != nil:
			return n, readErr
		}
	}
}

var newline = []byte{'\n'}

func (s *fileSink) commit(ctx context.Context, job *Job) error {
	return s.out.add(ctx, s.out.byName[job.File], &s.chunk)
}

func (s *fileSink) rollback(context.Context) {}

func (s *fileSink) committed(context.Context) (bool, error) { return false, nil }

func (s *fileSink) close(context.Context) { s.chunk.close() }
