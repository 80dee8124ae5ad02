package pipeline

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/pgstandin/pgstandin/internal/blockpipe"
	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// starred puts a star before each field.
type starred struct{}

func (starred) AppendRow(dst, row []byte) ([]byte, error) {
	for last := false; !last; {
		var field []byte
		field, row, last = copyfmt.Cut(row)
		dst = append(append(dst, '*'), field...)
		if !last {
			dst = append(dst, '\t')
		}
	}
	return dst, nil
}

// doubled writes each field of a tuple twice.
type doubled struct{}

func (doubled) AppendRow(dst, row []byte) ([]byte, error) {
	n, fields, err := copyfmt.BinaryFields(row)
	if err != nil {
		return dst, err
	}
	return append(append(copyfmt.AppendBinaryCount(dst, 2*n), fields...), fields...), nil
}

// through sends data through a rowStream, in pieces of random length up to most.
func through(t *testing.T, rw Rewriter, binary bool, data []byte, most int, r *rand.Rand) ([]byte, *rowStream) {
	t.Helper()
	got, s, err := send(rw, binary, data, most, r)
	if err != nil {
		t.Fatal(err)
	}
	return got, s
}

func send(rw Rewriter, binary bool, data []byte, most int, r *rand.Rand) ([]byte, *rowStream, error) {
	out, in := blockpipe.New(2, 512).Open()
	s := &rowStream{w: in, rw: rw, binary: binary, total: &counter{}}
	var g sync.WaitGroup
	g.Go(func() {
		piece := make([]byte, most)
		for rest := data; len(rest) > 0; {
			n := copy(piece[:1+r.IntN(most)], rest)
			if _, err := s.Write(piece[:n]); err != nil {
				in.CloseWithError(err)
				return
			}
			clear(piece) // the slice dies with the call
			rest = rest[n:]
		}
		if err := s.close(); err != nil {
			in.CloseWithError(err)
		}
	})
	got, err := io.ReadAll(out)
	g.Wait()
	return got, s, err
}

// Wherever the stream is split, the same comes out.
func TestSplittingChangesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var data, want []byte
		rows := r.IntN(40)
		for range rows {
			row := make([]byte, r.IntN(60))
			if r.IntN(20) == 0 {
				row = make([]byte, r.IntN(3000))
			}
			for i := range row {
				row[i] = "\tab\\N"[r.IntN(5)]
			}
			data = append(append(data, row...), '\n')
			want, _ = starred{}.AppendRow(want, row)
			want = append(want, '\n')
		}
		for _, most := range []int{1, 2, 7, 100, 5000, len(data) + 1} {
			got, s := through(t, starred{}, false, data, most, r)
			if !bytes.Equal(got, want) || s.rows != int64(rows) || s.bytes != int64(len(want)) || s.counted != s.moved || s.total.bytes.Load() != s.bytes {
				t.Fatalf("pieces up to %d: %q became %q, want %q; %+v", most, data, got, want, s.moved)
			}
			got, s = through(t, nil, false, data, most, r)
			if !bytes.Equal(got, data) || s.bytes != int64(len(data)) {
				t.Fatalf("relayed in pieces up to %d: %q became %q", most, data, got)
			}
		}
	}
}

// tuples makes a binary stream, and what doubled makes of it.
func tuples(r *rand.Rand, rows int) (data, want []byte) {
	data, want = copyfmt.AppendBinaryHeader(nil), copyfmt.AppendBinaryHeader(nil)
	if r.IntN(3) == 0 {
		data[len(data)-1] = 5 // an extension of the header, which is not passed on
		data = append(data, "extra"...)
	}
	for range rows {
		n := r.IntN(6)
		row := copyfmt.AppendBinaryCount(nil, n)
		for range n {
			switch r.IntN(4) {
			case 0:
				row = copyfmt.AppendBinaryNull(row)
			case 1:
				row = copyfmt.AppendBinaryField(row, make([]byte, r.IntN(2000)))
			default:
				row = copyfmt.AppendBinaryField(row, []byte("\xff\xff\n\x00\x01")[:r.IntN(6)])
			}
		}
		data = append(data, row...)
		want, _ = doubled{}.AppendRow(want, row)
	}
	return copyfmt.AppendBinaryTrailer(data), copyfmt.AppendBinaryTrailer(want)
}

// Wherever a stream of tuples is split, the same comes out.
func TestSplittingTuplesChangesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 100 {
		rows := r.IntN(30)
		data, want := tuples(r, rows)
		for _, most := range []int{1, 2, 7, 100, 5000, len(data)} {
			got, s := through(t, doubled{}, true, data, most, r)
			if !bytes.Equal(got, want) || s.rows != int64(rows) || s.bytes != int64(len(want)) || s.counted != s.moved || s.total.bytes.Load() != s.bytes {
				t.Fatalf("pieces up to %d: %q became %q, want %q; %+v", most, data, got, want, s.moved)
			}
			got, s = through(t, nil, true, data, most, r)
			if !bytes.Equal(got, data) || s.bytes != int64(len(data)) {
				t.Fatalf("relayed in pieces up to %d: %q became %q", most, data, got)
			}
		}
	}
}

// A stream of tuples that ends early, or goes on behind its end, is an error.
func TestBrokenTuplesAreAnError(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	data := append(copyfmt.AppendBinaryHeader(nil), "\x00\x02\x00\x00\x00\x01a\xff\xff\xff\xff\xff\xff"...)
	for n := range len(data) {
		if _, _, err := send(doubled{}, true, data[:n], 5, r); !errors.Is(err, errCut) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	for _, n := range []int{0, 1, 19, 24, 26} {
		if _, _, err := send(nil, true, data[:n], 5, r); !errors.Is(err, errCut) {
			t.Errorf("%d bytes relayed: %v", n, err)
		}
	}
	for _, bad := range []string{string(data) + "x", "1\tx\n", string(data[:19]) + "\xff\xfe", string(data[:19]) + "\x00\x01\xff\xff\xff\xfe"} {
		if _, s, err := send(doubled{}, true, []byte(bad), 5, r); !errors.Is(err, copyfmt.ErrBinary) || s.err == nil {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestCutStreamIsAnError(t *testing.T) {
	for _, rw := range []Rewriter{nil, starred{}} {
		_, in := blockpipe.New(2, 512).Open()
		s := &rowStream{w: in, rw: rw, total: &counter{}}
		s.Write([]byte("a\tb\nc"))
		if err := s.close(); !errors.Is(err, errCut) {
			t.Errorf("got %v", err)
		}
	}
}

// An outsized row leaves no large buffer behind, whole or in pieces.
func TestOutsizedRowIsNotKept(t *testing.T) {
	big := append(bytes.Repeat([]byte("x"), 8<<20), '\n')
	for _, most := range []int{len(big) + 1, 1 << 20} {
		_, s := through(t, starred{}, false, big, most, rand.New(rand.NewPCG(1, 1)))
		if cap(s.tail) > outsized {
			t.Errorf("%d bytes are kept", cap(s.tail))
		}
		tuple := copyfmt.AppendBinaryField(append(copyfmt.AppendBinaryHeader(nil), 0, 1), big)
		_, s = through(t, doubled{}, true, copyfmt.AppendBinaryTrailer(tuple), most, rand.New(rand.NewPCG(1, 1)))
		if cap(s.tail) > outsized {
			t.Errorf("%d bytes of a tuple are kept", cap(s.tail))
		}
	}
}

func TestRowsNeedNoAllocation(t *testing.T) {
	message := []byte("1234567\tsomeone@example.com\t\\N\tplain text of some length\t2024-01-02 03:04:05.678\n")
	tuple := copyfmt.AppendBinaryField(append(copyfmt.AppendBinaryCount(nil, 3), "\xff\xff\xff\xff\x00\x00\x00\x01x"...), []byte("plain text of some length"))
	for _, c := range []struct {
		rw      Rewriter
		binary  bool
		message []byte
	}{{nil, false, message}, {starred{}, false, message}, {nil, true, tuple}, {doubled{}, true, tuple}} {
		rw, message := c.rw, c.message
		out, in := blockpipe.New(4, blockBytes).Open()
		s := &rowStream{w: in, rw: rw, binary: c.binary, total: &counter{}, begun: true}
		buf := make([]byte, 2*blockBytes)
		n := testing.AllocsPerRun(200, func() {
			before := s.bytes
			for range 1000 {
				s.Write(message)
				s.Write(message[:20]) // a row in two messages
				s.Write(message[20:])
			}
			in.Flush()
			for read := int64(0); read < s.bytes-before; {
				n, _ := out.Read(buf)
				read += int64(n)
			}
		})
		if n != 0 {
			t.Errorf("rewriter %v: %v allocations in 2000 rows", rw, n)
		}
	}
}

func TestColumnIn(t *testing.T) {
	columns := []string{"a", "a b", `q"`, "a: b"}
	for where, want := range map[string]string{
		`COPY t, line 12, column a: "x, line 1, column a b"`: "a",
		`COPY t, line 1, column a b: null input`:             "a b",
		`COPY t, line 1, column a: b: "secret"`:              "a: b",
		`COPY t, line 1, column q"`:                          `q"`,
		"COPY t, line 1, column a\nSQL statement":            "a",
		`COPY t, line 1: "x, column a: "`:                    "",
		`COPY t, line 1, column secret: "a"`:                 "",
		`COPY t, line x, column a: "a"`:                      "",
		`COPY t, Zeile 1, Spalte a: »a«`:                     "",
		`PL/pgSQL function, line 1, column a: `:              "",
		``:                                                   "",
		`COPY `:                                              "",
	} {
		if got := columnIn(where, columns); got != want {
			t.Errorf("%s: got %q", where, got)
		}
	}
}

// However a stream is cut, the rewriter sees the same rows.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("a\tb\n\\N\t\\\\\n\n"), uint64(1), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64, most uint8) {
		data = append(data, '\n')
		var want []byte
		for _, row := range bytes.Split(data[:len(data)-1], []byte("\n")) {
			want, _ = starred{}.AppendRow(want, row)
			want = append(want, '\n')
		}
		got, s := through(t, starred{}, false, data, int(most)+1, rand.New(rand.NewPCG(seed, 0)))
		if !bytes.Equal(got, want) || s.rows != int64(bytes.Count(data, []byte("\n"))) {
			t.Fatalf("%q became %q, want %q", data, got, want)
		}
	})
}
