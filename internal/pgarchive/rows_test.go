package pgarchive

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// Rows come as they are in the file, in whatever pieces it is read, without what
// ends them; a file that is cut off, or goes on, is an error.
func FuzzRowsReader(f *testing.F) {
	f.Add([]byte("1\ta\n2\tb\n"), true)
	f.Add([]byte(""), false)
	f.Add([]byte("\\.\n\n\n\\.\n\n"), true)
	f.Add([]byte(strings.Repeat("x", 300<<10)), false)
	f.Fuzz(func(t *testing.T, rows []byte, byByte bool) {
		if len(rows) > 1<<16 && byByte {
			return
		}
		pieces := func(text string) io.Reader {
			var r io.Reader = strings.NewReader(text)
			if byByte {
				r = iotest.OneByteReader(r)
			}
			return iotest.DataErrReader(r)
		}
		got, err := io.ReadAll(NewRowsReader(pieces(string(rows) + tail)))
		if err != nil || string(got) != string(rows) {
			t.Fatalf("%d bytes of %d, %v", len(got), len(rows), err)
		}
		cut := string(rows) + tail[:len(tail)-1]
		if _, err := io.ReadAll(NewRowsReader(pieces(cut))); (err == nil) != strings.HasSuffix(cut, tail) {
			t.Fatalf("cut off: %v", err)
		}
		broken := errors.New("broken")
		r := NewRowsReader(io.MultiReader(pieces(string(rows)), iotest.ErrReader(broken)))
		if _, err := io.ReadAll(r); !errors.Is(err, broken) || !errors.Is(r.Err(), broken) {
			t.Fatalf("broken: %v", err)
		}
	})
}
