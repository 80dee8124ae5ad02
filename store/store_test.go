package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
)

func open(t *testing.T, dest string) *Store {
	t.Helper()
	s, err := Open(context.Background(), dest)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// content is the text of a file, a function of its name: n bytes.
func content(name string, n int) []byte {
	var seed [32]byte
	copy(seed[:], name)
	out := make([]byte, n)
	rand.NewChaCha8(seed).Read(out)
	return out
}

var sizes = map[string]int{"toc.dat": 3000, "1.dat.gz": 0, "2.dat.gz": 1, "3.dat.gz": 300_000, "4.dat": 1 << 20}

// put writes a snapshot of the files of sizes, all at the same time.
func put(t *testing.T, s *Store, name string, meta Metadata, keys ...string) *Upload {
	t.Helper()
	u, err := s.Begin(context.Background(), name, UploadOptions{Recipients: keys})
	if err != nil {
		t.Fatal(err)
	}
	putFiles(t, u)
	if err := u.Publish(context.Background(), meta); err != nil {
		t.Fatal(err)
	}
	return u
}

func putFiles(t *testing.T, u *Upload) {
	t.Helper()
	var wg sync.WaitGroup
	for file, n := range sizes {
		wg.Go(func() {
			w, err := u.Create(context.Background(), file)
			if err != nil {
				t.Error(err)
				return
			}
			for rest := content(file, n); len(rest) > 0; {
				k := min(len(rest), 70_001)
				if _, err := w.Write(rest[:k]); err != nil {
					t.Error(err)
				}
				rest = rest[k:]
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func readAll(open func() (io.ReadCloser, error)) ([]byte, error) {
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// same fails the test unless the snapshot holds what put wrote.
func same(t *testing.T, s *Store, name string, ids ...age.Identity) {
	t.Helper()
	snap, err := s.Snapshot(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := snap.Verify(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(snap.Manifest.Files) != len(sizes) {
		t.Fatalf("%d files", len(snap.Manifest.Files))
	}
	for file, n := range sizes {
		got, err := readAll(func() (io.ReadCloser, error) { return snap.Open(context.Background(), file, ids...) })
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, content(file, n)) {
			t.Fatalf("%s differs", file)
		}
	}
}

func states(t *testing.T, s *Store) string {
	t.Helper()
	all, err := s.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range all {
		out = append(out, l.Name+" "+string(l.State))
	}
	return strings.Join(out, ", ")
}

func newKey(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "snapshots")
	s := open(t, dir)
	if _, err := s.List(context.Background()); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("list of nothing: %v", err)
	}
	day := time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC)
	put(t, s, "b", Metadata{Created: day})
	put(t, s, "a", Metadata{Created: day.Add(time.Hour), LSN: "0/1"})
	if got := states(t, s); got != "b complete, a complete" {
		t.Error(got)
	}
	same(t, s, "a")
	var names []string
	entries, err := os.ReadDir(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"1.dat.gz", "2.dat.gz", "3.dat.gz", "4.dat", "manifest.json", "toc.dat"}; !slices.Equal(names, want) {
		t.Errorf("files %q", names)
	}
	snap, err := s.Snapshot(context.Background(), "a")
	if err != nil || snap.Manifest.LSN != "0/1" || snap.Manifest.Encrypted || snap.Manifest.Size() != 3000+1+300_000+1<<20 {
		t.Errorf("%+v, %v", snap, err)
	}
	if _, err := s.Begin(context.Background(), "a", UploadOptions{}); !errors.Is(err, ErrExists) {
		t.Errorf("begin again: %v", err)
	}
	if err := s.Remove(context.Background(), "a"); err != nil {
		t.Error(err)
	}
	if _, err := s.Snapshot(context.Background(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed: %v", err)
	}
	if got := states(t, s); got != "b complete" {
		t.Error(got)
	}
}

func TestReadBack(t *testing.T) {
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for kind, key := range map[string][]string{"plain": nil, "age": {newKey(t).Recipient().String()}, "hybrid": {hybrid.Recipient().String()}} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			u, err := open(t, dir).Begin(context.Background(), "x", UploadOptions{Recipients: key})
			if err != nil {
				t.Fatal(err)
			}
			defer u.Abort(context.Background())
			putFiles(t, u)
			for file, n := range sizes {
				got, err := readAll(func() (io.ReadCloser, error) { return u.Open(context.Background(), file) })
				if err != nil || !bytes.Equal(got, content(file, n)) {
					t.Errorf("%s: %v", file, err)
				}
				stored, err := os.ReadFile(filepath.Join(dir, "x.partial", file))
				if err != nil {
					t.Fatal(err)
				}
				if n > 100 && bytes.Contains(stored, got[:50]) != (key == nil) {
					t.Errorf("%s: stored as it is: %v", file, key != nil)
				}
			}
			if _, err := u.Open(context.Background(), "5.dat"); err == nil {
				t.Error("a file that is not there was opened")
			}
			if _, err := u.Create(context.Background(), "toc.dat"); err == nil {
				t.Error("a file was created twice")
			}
		})
	}
}

func TestEncryption(t *testing.T) {
	s := open(t, t.TempDir())
	one, two, other := newKey(t), newKey(t), newKey(t)
	put(t, s, "x", Metadata{}, one.Recipient().String(), two.Recipient().String())
	same(t, s, "x", one)
	same(t, s, "x", two)
	same(t, s, "x", other, two)
	snap, err := s.Snapshot(context.Background(), "x")
	if err != nil {
		t.Fatal(err)
	}
	if !snap.Manifest.Encrypted || len(snap.Manifest.Recipients) != 2 {
		t.Errorf("%+v", snap.Manifest)
	}
	if err := snap.Verify(context.Background()); err != nil {
		t.Error(err)
	}
	for _, ids := range [][]age.Identity{nil, {other}} {
		if _, err := snap.Open(context.Background(), "toc.dat", ids...); !errors.Is(err, ErrIdentity) || !strings.Contains(err.Error(), "--identity") {
			t.Errorf("wrong key: %v", err)
		}
	}
	for _, keys := range [][]string{{"age1x"}, {one.String()}, {""}} {
		_, err := s.Begin(context.Background(), "y", UploadOptions{Recipients: keys})
		if err == nil || strings.Contains(err.Error(), one.String()) {
			t.Errorf("recipient: %v", err)
		}
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	mixed := UploadOptions{Recipients: []string{one.Recipient().String(), hybrid.Recipient().String()}}
	if _, err := s.Begin(context.Background(), "y", mixed); err == nil {
		t.Error("recipients of two kinds")
	}
	if ids, err := ParseIdentities(strings.NewReader("# made\n" + one.String() + "\n")); err != nil || len(ids) != 1 {
		t.Error(err)
	}
	if _, err := ParseIdentities(strings.NewReader(one.String()[:30])); err == nil || strings.Contains(err.Error(), one.String()[:30]) {
		t.Errorf("identity: %v", err)
	}
}

// Whatever happens to a file, the reader of it gets an error.
func TestDamage(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		var keys []string
		var ids []age.Identity
		if encrypted {
			id := newKey(t)
			keys, ids = []string{id.Recipient().String()}, []age.Identity{id}
		}
		damage := map[string]func(text []byte) []byte{
			"another byte":  func(b []byte) []byte { b[len(b)/2]++; return b },
			"first byte":    func(b []byte) []byte { b[0] ^= 1; return b },
			"last byte":     func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
			"cut off":       func(b []byte) []byte { return b[:len(b)-1] },
			"one byte more": func(b []byte) []byte { return append(b, 0) },
			"empty":         func([]byte) []byte { return nil },
			"gone":          nil,
		}
		for what, change := range damage {
			t.Run(fmt.Sprintf("%s %v", what, encrypted), func(t *testing.T) {
				dir := t.TempDir()
				s := open(t, dir)
				put(t, s, "x", Metadata{}, keys...)
				name := filepath.Join(dir, "x", "3.dat.gz")
				if change == nil {
					if err := os.Remove(name); err != nil {
						t.Fatal(err)
					}
				} else {
					text, err := os.ReadFile(name)
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(name, change(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				snap, err := s.Snapshot(context.Background(), "x")
				if err != nil {
					t.Fatal(err)
				}
				_, err = readAll(func() (io.ReadCloser, error) { return snap.Open(context.Background(), "3.dat.gz", ids...) })
				var damaged *DamagedError
				if !errors.As(err, &damaged) || damaged.File != "3.dat.gz" {
					t.Errorf("open: %v", err)
				}
				if err := snap.Verify(context.Background()); !errors.As(err, &damaged) || damaged.File != "3.dat.gz" {
					t.Errorf("verify: %v", err)
				}
			})
		}
	}
}

func TestDamagedManifest(t *testing.T) {
	for what, text := range map[string]string{
		"empty":   "",
		"cut off": `{"snapshot": "pgstandin snapshot 1", "files": [`,
		"other":   `{"a": 1}`,
		"more":    `{"snapshot": "pgstandin snapshot 1"} {}`,
		"version": `{"snapshot": "pgstandin snapshot 2"}`,
		"path":    `{"snapshot": "pgstandin snapshot 1", "files": [{"name": "../x", "size": 1, "sha256": "` + strings.Repeat("0", 64) + `"}]}`,
		"hash":    `{"snapshot": "pgstandin snapshot 1", "files": [{"name": "x", "size": 1, "sha256": "0"}]}`,
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			put(t, s, "x", Metadata{})
			if err := os.WriteFile(filepath.Join(dir, "x", ManifestFile), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var damaged *DamagedError
			if _, err := s.Snapshot(context.Background(), "x"); !errors.As(err, &damaged) {
				t.Errorf("%v", err)
			}
			if got := states(t, s); got != "x damaged" {
				t.Error(got)
			}
			if err := s.Remove(context.Background(), "x"); err != nil {
				t.Error(err)
			}
			if got := states(t, s); got != "" {
				t.Error(got)
			}
		})
	}
}

func TestNames(t *testing.T) {
	s := open(t, t.TempDir())
	for _, name := range []string{"", ".", "..", "a/b", "x.partial", "-x", "ä", strings.Repeat("x", 129)} {
		if _, err := s.Begin(context.Background(), name, UploadOptions{}); err == nil {
			t.Errorf("name %q", name)
		}
	}
	u, err := s.Begin(context.Background(), Name(time.Now()), UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"", "..", "a/b", ManifestFile, ownerFile} {
		if _, err := u.Create(context.Background(), file); err == nil {
			t.Errorf("file %q", file)
		}
	}
	if err := u.Abort(context.Background()); err != nil {
		t.Error(err)
	}
	if got := states(t, s); got != "" {
		t.Error(got)
	}
}
