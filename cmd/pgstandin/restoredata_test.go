package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/store"
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
		got, err := io.ReadAll(&rowsReader{r: pieces(string(rows) + endOfRows)})
		if err != nil || string(got) != string(rows) {
			t.Fatalf("%d bytes of %d, %v", len(got), len(rows), err)
		}
		cut := string(rows) + endOfRows[:len(endOfRows)-1]
		if _, err := io.ReadAll(&rowsReader{r: pieces(cut)}); (err == nil) != strings.HasSuffix(cut, endOfRows) {
			t.Fatalf("cut off: %v", err)
		}
		broken := errors.New("broken")
		r := &rowsReader{r: io.MultiReader(pieces(string(rows)), iotest.ErrReader(broken))}
		if _, err := io.ReadAll(r); !errors.Is(err, broken) || !errors.Is(r.fail, broken) {
			t.Fatalf("broken: %v", err)
		}
	})
}

func TestRestoreOfOtherFormats(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, "create table a (i int); insert into a values (1)")
	s.write(restoreRules)
	for _, format := range []string{"tar", "plain"} {
		dest := t.TempDir()
		putFolder(t, t.TempDir(), dest, "x", store.Metadata{Format: format}, nil)
		if status, _, errOut := s.restore(dest); status != exitFailed || !strings.Contains(errOut, "snapshot x is of format "+format) {
			t.Errorf("%s: status %d: %s", format, status, errOut)
		}
	}
	dest := t.TempDir()
	stock(t, s.source, dest, "inserts", time.Now(), nil, "--inserts")
	if status, _, errOut := s.restore(dest); status != exitFailed || !strings.Contains(errOut, "public.a: its rows are not there as COPY writes them; restore the snapshot with pg_restore") {
		t.Errorf("inserts: status %d: %s", status, errOut)
	}
}
