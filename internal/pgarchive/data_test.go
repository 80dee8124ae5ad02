package pgarchive

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestPartWriterRefuses(t *testing.T) {
	for _, c := range []Compression{{LZ4, 13}, {Zstd, 23}, {Zstd + 1, 1}, {Gzip, 0}, {Gzip, 10}, {None, 1}} {
		if _, err := NewPartWriter(c); err == nil {
			t.Errorf("%v is taken", c)
		}
		if _, err := AppendEnd(nil, c); err == nil {
			t.Errorf("%v ends a file", c)
		}
	}
	full := errors.New("disk full")
	for _, c := range []Compression{{}, {Gzip, 1}} {
		p, _ := NewPartWriter(c)
		p.Reset(errWriter{full})
		_, first := p.Write(bytes.Repeat([]byte("row\n"), 1<<18))
		_, second := p.Write([]byte("row\n"))
		if err := p.Close(); !errors.Is(err, full) || !errors.Is(first, full) || !errors.Is(second, full) {
			t.Errorf("%v: %v, %v, %v", c, first, second, err)
		}
	}
}

type errWriter struct{ err error }

func (w errWriter) Write([]byte) (int, error) { return 0, w.err }

func TestPartWriterAllocates(t *testing.T) {
	row := []byte("1\tsome text\n")
	for _, c := range []Compression{{}, {Gzip, 1}} {
		p, err := NewPartWriter(c)
		if err != nil {
			t.Fatal(err)
		}
		p.Reset(io.Discard)
		p.Write(row) // the compressor is made by the first one
		if n := testing.AllocsPerRun(1000, func() { p.Write(row) }); n != 0 {
			t.Errorf("%v: %v allocations a row", c, n)
		}
	}
}

func TestDataFile(t *testing.T) {
	e := &Entry{HadDumper: true, Filename: "12.dat"}
	for a, want := range map[Algorithm]string{None: "12.dat", Gzip: "12.dat.gz", LZ4: "12.dat.lz4", Zstd: "12.dat.zst"} {
		if got := e.DataFile(a); got != want {
			t.Errorf("%v: %s", a, got)
		}
	}
	if got := new(Entry).DataFile(Gzip); got != "" {
		t.Errorf("no data, in %s", got)
	}
}

// Parts, one behind the other, are one file, and a writer of them serves again.
func TestParts(t *testing.T) {
	for _, c := range []Compression{{}, {Gzip, DefaultLevel}, {Gzip, 1}, {Gzip, 9}, {LZ4, DefaultLevel}, {LZ4, 12}, {Zstd, DefaultLevel}, {Zstd, 22}} {
		p, err := NewPartWriter(c)
		if err != nil {
			t.Fatal(err)
		}
		var file, want []byte
		for i := range 5 {
			rows := []byte(strings.Repeat(strings.Repeat("x", i)+"\n", i*50000))
			var lost, part bytes.Buffer
			p.Reset(&lost) // a part that is given up leaves nothing behind
			p.Write([]byte("half a r"))
			p.Reset(&part)
			for _, piece := range [][]byte{rows[:len(rows)/2], nil, rows[len(rows)/2:]} {
				if n, err := p.Write(piece); n != len(piece) || err != nil {
					t.Fatalf("%d, %v", n, err)
				}
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			file, want = append(file, part.Bytes()...), append(want, rows...)
		}
		if file, err = AppendEnd(file, c); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(bytes.NewReader(file), c.Algorithm)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != string(want)+tail {
			t.Errorf("%v: %d bytes of %d, %v", c, len(got), len(want)+len(tail), err)
		}
		for _, cut := range []int{1, len(file) / 2, len(file) - 1} {
			r, err := NewReader(bytes.NewReader(file[:cut]), c.Algorithm)
			if err == nil {
				_, err = io.ReadAll(r)
			}
			if err == nil && c.Algorithm != None {
				t.Errorf("%v: cut at %d of %d reads as whole", c, cut, len(file))
			}
		}
		p.Reset(io.Discard)
		p.Write([]byte("half a r"))
		if err := p.Close(); err == nil || !strings.Contains(err.Error(), "cut off") {
			t.Errorf("%v: half a row is a part: %v", c, err)
		}
	}
}

func TestParseCompression(t *testing.T) {
	for _, s := range []string{"none", "gzip", "gzip:1", "gzip:9", "lz4", "lz4:12", "zstd", "zstd:22"} {
		c, err := ParseCompression(s)
		if err != nil || c.String() != s {
			t.Errorf("%s: %v, %v", s, c, err)
		}
	}
	for _, s := range []string{"", "none:1", "gzip:", "gzip:0", "gzip:10", "gzip:x", "lz4:13", "zstd:23", "zstd:-1", "bzip2", "6"} {
		if c, err := ParseCompression(s); err == nil {
			t.Errorf("%q is %v", s, c)
		}
	}
}
