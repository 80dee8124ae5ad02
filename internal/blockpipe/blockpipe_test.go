package blockpipe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// send writes data in random pieces, by Write and by Reserve, and closes.
func send(t *testing.T, w *Writer, data []byte, r *rand.Rand) {
	for len(data) > 0 {
		n := min(1+r.IntN(3000), len(data))
		var err error
		if r.IntN(2) == 0 {
			_, err = w.Write(data[:n])
		} else {
			var b []byte
			if b, err = w.Reserve(r.IntN(2 * n)); err == nil {
				err = w.Commit(append(b, data[:n]...))
			}
		}
		if err != nil {
			t.Error(err)
			return
		}
		if data = data[n:]; r.IntN(50) == 0 {
			if err := w.Flush(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestStreamsArriveWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	p := New(3, 1024)
	for round := range 200 {
		data := make([]byte, r.IntN(20000))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		out, in := p.Open()
		var g sync.WaitGroup
		seed := rand.New(rand.NewPCG(uint64(round), 3))
		g.Go(func() { send(t, in, data, seed) })
		var src io.Reader = out
		switch round % 3 {
		case 1:
			src = iotest.OneByteReader(out)
		case 2:
			src = iotest.HalfReader(out)
		}
		got, err := io.ReadAll(src)
		g.Wait()
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("round %d: %d of %d bytes, %v", round, len(got), len(data), err)
		}
		if _, err := out.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("behind the end: %v", err)
		}
		if len(p.last.free) != 3 {
			t.Fatalf("%d blocks came back", len(p.last.free))
		}
	}
}

func TestErrorUnblocksBothEnds(t *testing.T) {
	cause := errors.New("cause")
	full := func(w *Writer) {
		for range 2 {
			w.Write(make([]byte, 64))
		}
	}
	ends := map[string]func(r *Reader, w *Writer) error{
		"read waits, writer fails": func(r *Reader, w *Writer) error {
			time.AfterFunc(time.Millisecond, func() { w.CloseWithError(cause) })
			_, err := r.Read(make([]byte, 1))
			return err
		},
		"read waits, context ends": func(r *Reader, w *Writer) error {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer context.AfterFunc(ctx, func() { r.CloseWithError(context.Cause(ctx)) })()
			time.AfterFunc(time.Millisecond, func() { cancel(cause) })
			_, err := r.Read(make([]byte, 1))
			return err
		},
		"write waits, reader fails": func(r *Reader, w *Writer) error {
			full(w)
			time.AfterFunc(time.Millisecond, func() { r.CloseWithError(cause) })
			_, err := w.Write([]byte("x"))
			return err
		},
		"later write": func(r *Reader, w *Writer) error {
			w.Write([]byte("x"))
			r.CloseWithError(cause)
			return w.Close()
		},
		"later close with nothing in hand": func(r *Reader, w *Writer) error {
			r.CloseWithError(cause)
			return w.Close()
		},
		"error overtakes data": func(r *Reader, w *Writer) error {
			full(w)
			w.CloseWithError(cause)
			w.CloseWithError(errors.New("second"))
			_, err := r.Read(make([]byte, 1))
			return err
		},
	}
	for name, f := range ends {
		t.Run(name, func(t *testing.T) {
			p := New(2, 64)
			r, w := p.Open()
			if err := f(r, w); err != cause {
				t.Fatalf("got %v", err)
			}
			// The pipe can be used again.
			r, w = p.Open()
			var g sync.WaitGroup
			g.Go(func() { send(t, w, make([]byte, 1000), rand.New(rand.NewPCG(1, 1))) })
			if got, err := io.ReadAll(r); len(got) != 1000 || err != nil {
				t.Fatalf("next stream: %d bytes, %v", len(got), err)
			}
			g.Wait()
		})
	}
	r, w := New(2, 64).Open()
	w.CloseWithError(nil)
	if _, err := r.Read(make([]byte, 1)); err != io.ErrClosedPipe {
		t.Fatalf("got %v", err)
	}
	r, w = New(2, 64).Open()
	w.Close()
	if _, err := w.Write([]byte("x")); err != io.ErrClosedPipe {
		t.Fatalf("write behind Close: %v", err)
	}
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Fatalf("empty read: %d, %v", n, err)
	}
}

func TestOutsizedBlockIsNotKept(t *testing.T) {
	p := New(2, 1024)
	for range 2 {
		r, w := p.Open()
		b, err := w.Reserve(1 << 20)
		if err != nil || cap(b) < 1<<20 {
			t.Fatalf("%d, %v", cap(b), err)
		}
		if err := w.Commit(b[:1<<20]); err != nil {
			t.Fatal(err)
		}
		w.Close()
		if n, err := io.Copy(io.Discard, struct{ io.Reader }{r}); n != 1<<20 || err != nil {
			t.Fatal(n, err)
		}
	}
	for range 2 {
		if b := <-p.last.free; cap(b) > 4096 {
			t.Fatalf("a block of %d bytes is kept", cap(b))
		}
	}
}

func TestNoAllocationPerWrite(t *testing.T) {
	r, w := New(4, 4096).Open()
	row, buf := make([]byte, 100), make([]byte, 4096)
	n := testing.AllocsPerRun(1000, func() {
		for range 10 {
			w.Write(row)
			b, _ := w.Reserve(len(row))
			w.Commit(append(b, row...))
		}
		w.Flush()
		for read := 0; read < 2000; {
			n, _ := r.Read(buf)
			read += n
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

const rowBytes = 120

func BenchmarkBlockPipe(b *testing.B) {
	r, w := New(4, 256<<10).Open()
	bench(b, r, w, w.Close)
}

func BenchmarkIOPipe(b *testing.B) {
	r, w := io.Pipe()
	bench(b, r, w, w.Close)
}

// bench writes rows and reads 64 KiB at a time, as the two ends of a copy do.
func bench(b *testing.B, r io.Reader, w io.Writer, done func() error) {
	row := make([]byte, rowBytes)
	b.SetBytes(rowBytes)
	b.ReportAllocs()
	var g sync.WaitGroup
	g.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			if _, err := r.Read(buf); err != nil {
				return
			}
		}
	})
	for b.Loop() {
		if _, err := w.Write(row); err != nil {
			b.Fatal(err)
		}
	}
	if err := done(); err != nil {
		b.Fatal(err)
	}
	g.Wait()
}
