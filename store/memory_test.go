package store

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob/memblob"
)

// A bucket is used in no other way than every kind of it allows: here one that is
// neither S3 nor anything like it.
func TestAnyBucket(t *testing.T) {
	ctx := context.Background()
	b := &bucket{b: memblob.OpenBucket(nil), shown: "mem://", prefix: "p/", stale: time.Hour, beat: time.Hour, part: partSize}
	s := &Store{b}
	defer s.Close()
	id := newKey(t)
	put(t, s, "a", Metadata{Created: time.Unix(1, 0)}, id.Recipient().String())
	put(t, s, "b", Metadata{Created: time.Unix(2, 0)})
	same(t, s, "a", id)
	same(t, s, "b")
	if _, err := s.Begin(ctx, "a", UploadOptions{}); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	u, err := s.Begin(ctx, "c", UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	putFiles(t, u)
	if _, err := s.Begin(ctx, "c", UploadOptions{}); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
	die(u)
	if err := s.Remove(ctx, "a"); err != nil {
		t.Error(err)
	}
	if got := states(t, s); got != "b complete, c writing" {
		t.Error(got)
	}
	b.stale = 0
	if swept, err := s.Sweep(ctx); err != nil || strings.Join(swept, " ") != "c" {
		t.Errorf("swept %q, %v", swept, err)
	}
	if got := states(t, s); got != "b complete" {
		t.Error(got)
	}
}

// A file that the storage loses is noticed before the snapshot is published.
func TestStorageLosesAFile(t *testing.T) {
	ctx := context.Background()
	b := &bucket{b: memblob.OpenBucket(nil), shown: "mem://", stale: time.Hour, beat: time.Hour, part: partSize}
	s := &Store{b}
	u, err := s.Begin(ctx, "x", UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	putFiles(t, u)
	if err := b.b.Delete(ctx, b.key("x", "3.dat.gz")); err != nil {
		t.Fatal(err)
	}
	if err := u.Publish(ctx, Metadata{}); err == nil || !strings.Contains(err.Error(), "3.dat.gz: the storage does not hold") {
		t.Error(err)
	}
	if err := u.Abort(ctx); err != nil {
		t.Error(err)
	}
	if got := states(t, s); got != "" {
		t.Error(got)
	}
}

// A manifest that can be read is one that makes sense.
func FuzzManifest(f *testing.F) {
	m := Manifest{Metadata: Metadata{Run: "r"}, Files: []File{{"toc.dat", 3, strings.Repeat("0a", 32)}}}
	text, err := m.text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"snapshot": "pgstandin snapshot 1", "files": null}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := readManifest(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, file := range m.Files {
			if checkFile(file.Name) != nil || file.Size < 0 || strings.ContainsAny(file.Name, "/\\") {
				t.Errorf("%+v", file)
			}
		}
		again, err := m.text()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readManifest(strings.NewReader(string(again))); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}
