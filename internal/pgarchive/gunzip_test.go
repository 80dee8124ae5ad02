package pgarchive

import (
	"bytes"
	stdgzip "compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
)

// gunzipSamples are texts that make different blocks: of COPY rows, of few and of
// many different bytes, with long and short matches, stored ones, and none.
func gunzipSamples() map[string][]byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	var rows []byte
	for i := range 30_000 {
		rows = fmt.Appendf(rows, "%d\t%x\tsomebody%d@example.com\t\\N\t2024-%02d-%02d\n", i, rnd.Uint64(), rnd.IntN(5000), 1+rnd.IntN(12), 1+rnd.IntN(28))
	}
	var skewed []byte // codes of all lengths
	for c := range 24 {
		skewed = append(skewed, bytes.Repeat([]byte{byte('a' + c)}, 1<<min(c, 16))...)
	}
	rnd.Shuffle(len(skewed), func(i, k int) { skewed[i], skewed[k] = skewed[k], skewed[i] })
	return map[string][]byte{
		"nothing": nil, "one byte": {'x'}, "noise": noise, "rows": rows, "skewed": skewed,
		"one letter": bytes.Repeat([]byte{'a'}, 1_000_000), "seven letters": bytes.Repeat([]byte("abcdefg"), 100_000),
		"mixed": append(append(append([]byte{}, rows[:100_000]...), noise...), rows...),
	}
}

func gzipped(t testing.TB, data []byte, level int) []byte {
	var b bytes.Buffer
	w, err := stdgzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Name, w.Comment, w.Extra = "12.dat", "a comment", []byte("extra")
	if level == 1 {
		w.Header = stdgzip.Header{}
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGunzip reads what two libraries write at all levels, one stream and three
// behind each other, in pieces of any size.
func TestGunzip(t *testing.T) {
	for name, data := range gunzipSamples() {
		t.Run(name, func(t *testing.T) {
			for level := gzip.StatelessCompression; level <= 9; level++ {
				var files [][]byte
				var b bytes.Buffer
				w, err := gzip.NewWriterLevel(&b, level)
				if err != nil {
					t.Fatal(err)
				}
				_, err = w.Write(data)
				if err := errors.Join(err, w.Close()); err != nil {
					t.Fatal(err)
				}
				if files = append(files, b.Bytes()); level >= stdgzip.HuffmanOnly {
					files = append(files, gzipped(t, data, level))
				}
				for _, file := range files {
					for _, times := range []int{1, 3} {
						want, in := bytes.Repeat(data, times), bytes.Repeat(file, times)
						for _, r := range []io.Reader{bytes.NewReader(in), iotest.HalfReader(bytes.NewReader(in)), iotest.DataErrReader(bytes.NewReader(in))} {
							if got, err := io.ReadAll(newGunzip(r)); err != nil || !bytes.Equal(got, want) {
								t.Fatalf("level %d, %d times: %d bytes instead of %d, %v", level, times, len(got), len(want), err)
							}
						}
						var got bytes.Buffer
						if n, err := newGunzip(bytes.NewReader(in)).WriteTo(&got); err != nil || n != int64(len(want)) || !bytes.Equal(got.Bytes(), want) {
							t.Fatalf("level %d, %d times: WriteTo: %d bytes instead of %d, %v", level, times, n, len(want), err)
						}
					}
				}
			}
		})
	}
}

// TestGunzipDamage cuts a file at every byte and turns each bit: what is read
// without an error is what was written.
func TestGunzipDamage(t *testing.T) {
	data := []byte("1\tAda Lovelace\tada@example.com\n2\tCharles Babbage\tcharles@example.com\n\\.\n\n\n")
	file := gzipped(t, data, 1)
	for n := range file {
		if got, err := io.ReadAll(newGunzip(bytes.NewReader(file[:n]))); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: %q, %v", n, len(file), got, err)
		}
	}
	for bit := range len(file) * 8 {
		bad := bytes.Clone(file)
		bad[bit/8] ^= 1 << (bit % 8)
		if got, err := io.ReadAll(newGunzip(bytes.NewReader(bad))); err == nil && !bytes.Equal(got, data) {
			t.Errorf("bit %d of byte %d: no error", bit%8, bit/8)
		}
	}
	for name, bad := range map[string][]byte{"zeros behind it": append(bytes.Clone(file), 0, 0), "no gzip": []byte("PGDMP\x01\x0e\x00 and so on"), "half a header behind it": append(bytes.Clone(file), file[:5]...)} {
		if _, err := io.ReadAll(newGunzip(bytes.NewReader(bad))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	broken := errors.New("the connection broke")
	if _, err := io.ReadAll(newGunzip(io.MultiReader(bytes.NewReader(file[:30]), iotest.ErrReader(broken)))); !errors.Is(err, broken) {
		t.Errorf("an error of the input: %v", err)
	}
}

// FuzzGunzip compares with the standard library.
func FuzzGunzip(f *testing.F) {
	for _, data := range gunzipSamples() {
		for level := stdgzip.HuffmanOnly; level <= 9; level += 3 {
			f.Add(gzipped(f, data[:min(len(data), 3000)], level))
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		var want []byte
		r, wantErr := stdgzip.NewReader(bytes.NewReader(file))
		if wantErr == nil {
			want, wantErr = io.ReadAll(io.LimitReader(r, 4<<20))
		}
		got, err := io.ReadAll(io.LimitReader(newGunzip(bytes.NewReader(file)), 4<<20))
		switch {
		case (err == nil) != (wantErr == nil):
			t.Fatalf("%v, but the library says %v", err, wantErr)
		case err == nil && !bytes.Equal(got, want):
			t.Fatalf("%d bytes differ from the library's %d", len(got), len(want))
		}
	})
}

// FuzzGunzipDeflate reads a stream whose blocks are the fuzzer's, for which it need
// not find out the checksum: what is decoded before the end is compared.
func FuzzGunzipDeflate(f *testing.F) {
	head := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
	for _, data := range gunzipSamples() {
		for level := stdgzip.HuffmanOnly; level <= 9; level += 3 {
			var b bytes.Buffer
			w, _ := stdgzip.NewWriterLevel(&b, level)
			_, _ = w.Write(data[:min(len(data), 3000)])
			_ = w.Close()
			f.Add(b.Bytes()[len(head):])
		}
	}
	f.Fuzz(func(t *testing.T, blocks []byte) {
		file := append(bytes.Clone(head), blocks...)
		r, err := stdgzip.NewReader(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		want, wantErr := io.ReadAll(io.LimitReader(r, 4<<20))
		got, err := io.ReadAll(io.LimitReader(newGunzip(bytes.NewReader(file)), 4<<20))
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%v, but the library says %v", err, wantErr)
		}
		if n := min(len(got), len(want)); !bytes.Equal(got[:n], want[:n]) {
			t.Fatal("what was decoded differs from the library's")
		}
	})
}

func BenchmarkGunzip(b *testing.B) {
	data := gunzipSamples()["rows"]
	file := gzipped(b, data, 6)
	b.Run("gunzip", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := io.Copy(io.Discard, newGunzip(bytes.NewReader(file))); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			r, err := gzip.NewReader(bytes.NewReader(file))
			if err == nil {
				_, err = io.Copy(io.Discard, r)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
