package pgarchive

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestDataWriter(t *testing.T) {
	for _, c := range []Compression{{}, {Gzip, DefaultLevel}, {Gzip, 1}, {Gzip, 9}} {
		for _, rows := range []string{"", "1\t\\N\n", strings.Repeat("42\ttext\n", 10000)} {
			var b bytes.Buffer
			d, err := NewDataWriter(&b, c)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range [][]byte{[]byte(rows[:len(rows)/2]), nil, []byte(rows[len(rows)/2:])} {
				if n, err := d.Write(p); n != len(p) || err != nil {
					t.Fatalf("%d, %v", n, err)
				}
			}
			if err := errors.Join(d.Close(), d.Close()); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Write([]byte("x")); err == nil {
				t.Error("written after its end")
			}
			var r io.Reader = &b
			if c.Algorithm == Gzip {
				if r, err = gzip.NewReader(&b); err != nil {
					t.Fatal(err)
				}
			}
			got, err := io.ReadAll(r)
			if want := rows + "\\.\n\n\n"; err != nil || string(got) != want {
				t.Errorf("%v: %q, %v; want %q", c, got, err, want)
			}
		}
	}
}

func TestDataWriterRefuses(t *testing.T) {
	for _, c := range []Compression{{LZ4, 1}, {Zstd, DefaultLevel}, {Gzip, 0}, {Gzip, 10}, {None, 1}} {
		if _, err := NewDataWriter(io.Discard, c); err == nil {
			t.Errorf("%v is taken", c)
		}
	}
	d, _ := NewDataWriter(io.Discard, Compression{})
	d.Write([]byte("1\t2"))
	if err := errors.Join(d.Close()); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("half a row: %v", err)
	}
	full := errors.New("disk full")
	for _, c := range []Compression{{}, {Gzip, 1}} {
		d, _ := NewDataWriter(errWriter{full}, c)
		_, first := d.Write(bytes.Repeat([]byte("row\n"), 1<<18))
		_, second := d.Write([]byte("row\n"))
		if err := d.Close(); !errors.Is(err, full) || !errors.Is(first, full) || !errors.Is(second, full) {
			t.Errorf("%v: %v, %v, %v", c, first, second, err)
		}
	}
}

type errWriter struct{ err error }

func (w errWriter) Write([]byte) (int, error) { return 0, w.err }

func TestDataWriterAllocates(t *testing.T) {
	row := []byte("1\tsome text\n")
	for _, c := range []Compression{{}, {Gzip, 1}} {
		d, err := NewDataWriter(io.Discard, c)
		if err != nil {
			t.Fatal(err)
		}
		d.Write(row) // the compressor is made by the first one
		if n := testing.AllocsPerRun(1000, func() { d.Write(row) }); n != 0 {
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
