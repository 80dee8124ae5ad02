package pgarchive

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// highest is the highest level that pg_dump --compress has for each algorithm;
// the lowest is 1.
var highest = [...]int{None: 0, Gzip: 9, LZ4: 12, Zstd: 22}

// ParseCompression reads what pg_dump --compress takes: none, gzip, lz4 or zstd,
// behind the last three a colon and a level if need be.
func ParseCompression(s string) (Compression, error) {
	name, level, leveled := strings.Cut(s, ":")
	for a := None; a <= Zstd; a++ {
		switch {
		case name != a.String():
			continue
		case a == None && leveled:
			return Compression{}, fmt.Errorf("none has no level")
		case a == None:
			return Compression{}, nil
		case !leveled:
			return Compression{a, DefaultLevel}, nil
		}
		n, err := strconv.Atoi(level)
		if err != nil || n < 1 || n > highest[a] {
			return Compression{}, fmt.Errorf("%s has levels 1 to %d", a, highest[a])
		}
		return Compression{a, n}, nil
	}
	return Compression{}, fmt.Errorf("write none, gzip, lz4 or zstd, and a level behind a colon if you like")
}

// String returns the compression as ParseCompression reads it.
func (c Compression) String() string {
	if c.Algorithm == None || c.Level == DefaultLevel {
		return c.Algorithm.String()
	}
	return fmt.Sprintf("%s:%d", c.Algorithm, c.Level)
}

// check tells whether data can be compressed so.
func (c Compression) check() error {
	switch {
	case c.Algorithm > Zstd:
		return fmt.Errorf("%v: not known", c.Algorithm)
	case c.Algorithm == None && c.Level == 0:
	case c.Algorithm != None && (c.Level == DefaultLevel || c.Level >= 1 && c.Level <= highest[c.Algorithm]):
	default:
		return fmt.Errorf("%v: level %d", c.Algorithm, c.Level)
	}
	return nil
}

// gzipDefault is the level of the library that takes over for zlib's default: of
// the rows of a shop its files are 1 % larger than zlib's, for less than half of
// the work.
const gzipDefault = 3

// compressor makes compressed streams, one after another.
type compressor interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// newCompressor returns a compressor, to be Reset before it is used. None of them
// starts goroutines.
func (c Compression) newCompressor() (compressor, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	switch c.Algorithm {
	case Gzip:
		level := c.Level
		if level == DefaultLevel {
			level = gzipDefault
		}
		return gzip.NewWriterLevel(nil, level)
	case LZ4:
		w := lz4.NewWriter(nil)
		// Blocks of 64 kB, as pg_dump has them, keep a reader's memory small.
		err := w.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.CompressionLevelOption(lz4Level(c.Level)), lz4.ConcurrencyOption(1))
		return w, err
	case Zstd:
		level := zstd.SpeedDefault
		if c.Level != DefaultLevel {
			level = zstd.EncoderLevelFromZstd(c.Level)
		}
		return zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1))
	}
	return &plain{}, nil
}

// lz4Level maps the levels of lz4's own library: up to 2 it is fast, above it
// looks harder for matches.
func lz4Level(level int) lz4.CompressionLevel {
	if level <= 2 {
		return lz4.Fast
	}
	levels := [...]lz4.CompressionLevel{lz4.Level1, lz4.Level2, lz4.Level3, lz4.Level4, lz4.Level5, lz4.Level6, lz4.Level7, lz4.Level8, lz4.Level9}
	return levels[min(level, len(levels))-1]
}

// plain passes on what it is given.
type plain struct{ io.Writer }

func (p *plain) Reset(w io.Writer) { p.Writer = w }

func (p *plain) Close() error { return nil }

// NewWriter compresses what is written to it, whatever it is, for w, which the
// caller closes. After an error what is in w must not be kept.
func NewWriter(w io.Writer, c Compression) (io.WriteCloser, error) {
	z, err := c.newCompressor()
	if err != nil {
		return nil, err
	}
	z.Reset(w)
	return z, nil
}

// NewReader returns what a data file held before it was compressed, read as r is.
// A file of several compressed streams, one behind the other, reads as one. The
// caller closes both.
func NewReader(r io.Reader, a Algorithm) (io.ReadCloser, error) {
	switch a {
	case None:
		return io.NopCloser(r), nil
	case Gzip:
		return gzip.NewReader(bufio.NewReaderSize(r, 64<<10))
	case LZ4:
		return io.NopCloser(&frames{in: bufio.NewReaderSize(r, 64<<10)}), nil
	case Zstd:
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("%v: not known", a)
}

// frames reads lz4 frames, one behind the other.
type frames struct {
	in  *bufio.Reader
	cur *lz4.Reader // nil: none is begun
}

func (f *frames) Read(p []byte) (int, error) {
	for {
		if f.cur == nil {
			if _, err := f.in.Peek(1); err != nil {
				return 0, err // io.EOF between two frames is the end
			}
			f.cur = lz4.NewReader(f.in)
		}
		n, err := f.cur.Read(p)
		if err == io.EOF {
			f.cur, err = nil, nil
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}
