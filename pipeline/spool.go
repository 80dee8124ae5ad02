package pipeline

import (
	"io"
	"os"
)

// spoolMemory is how much of a chunk a spool keeps in memory.
const spoolMemory = 8 << 20

// spool holds what will be written elsewhere once it is whole: in memory, and what
// is beyond that in a file without a name.
type spool struct {
	mem  []byte
	file *os.File // nil: not needed yet
	size int64    // in the file
}

// reset forgets what it holds.
func (s *spool) reset() { s.mem, s.size = s.mem[:0], 0 }

// Write implements io.Writer.
func (s *spool) Write(p []byte) (int, error) {
	if s.size == 0 && len(s.mem)+len(p) <= spoolMemory {
		s.mem = append(s.mem, p...)
		return len(p), nil
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "pgstandin-spool-")
		if err != nil {
			return 0, err
		}
		s.file = f
		// Where an open file cannot be removed, close does it.
		_ = os.Remove(f.Name())
	}
	n, err := s.file.WriteAt(p, s.size)
	s.size += int64(n)
	return n, err
}

// WriteTo writes all that it holds.
func (s *spool) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(s.mem)
	if err != nil || s.size == 0 {
		return int64(n), err
	}
	more, err := io.Copy(w, io.NewSectionReader(s.file, 0, s.size))
	return int64(n) + more, err
}

// close removes the file.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		_ = os.Remove(s.file.Name())
		s.file = nil
	}
	s.mem, s.size = nil, 0
}
