package pgarchive

import (
	"archive/tar"
	"fmt"
	"io"
)

// TarWriter writes an archive in tar format, which pg_restore reads without -j: the
// files of a directory that is not compressed, toc.dat first and the data in the
// order of the entries, so that it can be read from a pipe, too.
type TarWriter struct{ w *tar.Writer }

// NewTarWriter returns a writer. Closing w is up to the caller.
func NewTarWriter(w io.Writer) *TarWriter { return &TarWriter{tar.NewWriter(w)} }

// mostUSTAR is the first size that the oldest format of headers cannot hold.
const mostUSTAR = 1 << 33

// Add adds a file of so many bytes.
func (t *TarWriter) Add(name string, size int64, r io.Reader) error {
	h := &tar.Header{Name: name, Mode: 0o600, Size: size, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
	if size >= mostUSTAR {
		h.Format = tar.FormatGNU
	}
	if err := t.w.WriteHeader(h); err != nil {
		return err
	}
	n, err := io.Copy(t.w, r)
	if err == nil && n != size {
		err = fmt.Errorf("%s: %d bytes instead of %d", name, n, size)
	}
	return err
}

// Close ends the tar file.
func (t *TarWriter) Close() error { return t.w.Close() }
