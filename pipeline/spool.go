package pipeline

import (
	"io"
	"os"
)

// spoolMemory is how much of a chunk a spool keeps in memory, in blocks of
// spoolBlock bytes.
const spoolMemory, spoolBlock = 8 << 20, 256 << 10

// spool holds what will be written elsewhere once it is whole: in memory, and what
// is beyond that in a file without a name.
type spool struct {
	blocks [][]byte // kept by reset; all are full but the last of those in use
	used   int      // bytes in blocks
	file   *os.File // nil: not needed yet
	size   int64    // in the file
}

// reset forgets what it holds.
func (s *spool) reset() { s.used, s.size = 0, 0 }

// Write implements io.Writer.
func (s *spool) Write(p []byte) (int, error) {
	if s.size == 0 && s.used+len(p) <= spoolMemory {
		for rest := p; len(rest) > 0; {
			at := s.used / spoolBlock
			if at == len(s.blocks) {
				s.blocks = append(s.blocks, make([]byte, spoolBlock))
			}
			n := copy(s.blocks[at][s.used%spoolBlock:], rest)
			s.used, rest = s.used+n, rest[n:]
		}
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
	total := int64(0)
	for at := 0; at < s.used; at += spoolBlock {
		n, err := w.Write(s.blocks[at/spoolBlock][:min(spoolBlock, s.used-at)])
		if total += int64(n); err != nil {
			return total, err
		}
	}
	if s.size == 0 {
		return total, nil
	}
	n, err := io.Copy(w, io.NewSectionReader(s.file, 0, s.size))
	return total + n, err
}

// close removes the file.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		_ = os.Remove(s.file.Name())
		s.file = nil
	}
	s.blocks, s.used, s.size = nil, 0, 0
}
