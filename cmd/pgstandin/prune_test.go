package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/store"
)

// weekOfSnapshots puts small snapshots into a store, one a day, the last one called
// d0.
func weekOfSnapshots(t *testing.T, dest string, days int) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "toc.dat"), []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	last := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC) // a Sunday
	for i := range days {
		putFolder(t, dir, dest, fmt.Sprintf("d%d", i), store.Metadata{Created: last.AddDate(0, 0, -i), RulesHash: strings.Repeat("c0ffee", 8), LSN: "0/1A2B"}, nil)
	}
}

func (s *staging) says(want int, args ...string) string {
	s.t.Helper()
	status, out, errOut := s.command("", args...)
	if status != want {
		s.t.Fatalf("%q: status %d\n%s%s", args, status, out, errOut)
	}
	return out + errOut
}

func TestSnapshotsAndPrune(t *testing.T) {
	t.Parallel()
	s := &staging{t: t}
	for _, dest := range []string{filepath.Join(t.TempDir(), "new"), s3Server(t)} {
		weekOfSnapshots(t, dest, 10)
		list := strings.Split(strings.TrimSpace(s.says(0, "snapshots", dest)), "\n")
		if len(list) != 11 || strings.Join(strings.Fields(list[10]), " ") != "d0 2026-03-01T03:00:00Z 4 B c0ffeec0 0/1A2B complete" {
			t.Errorf("%q", list)
		}
		var listed []listedSnapshot
		if err := json.Unmarshal([]byte(s.says(0, "snapshots", dest, "--json")), &listed); err != nil || len(listed) != 10 || listed[9].Name != "d0" || listed[9].Size != 4 || listed[9].State != "complete" {
			t.Errorf("%v: %+v", err, listed)
		}
		// The last three, and the Sunday before.
		dry := s.says(0, "prune", dest, "--keep", "3", "--keep-weekly", "2", "--dry-run")
		for _, want := range []string{"kept: last 1, weekly 1\n", "kept: last 3\n", "kept: weekly 2\n", "d3    2026-02-26T03:00:00Z   4 B  would be removed\n", "6 snapshots would be removed, 24 B\n"} {
			if !strings.Contains(dry, want) {
				t.Errorf("lacks %q:\n%s", want, dry)
			}
		}
		if n := strings.Count(s.says(0, "snapshots", dest), "complete"); n != 10 {
			t.Errorf("a dry run left %d", n)
		}
		var done pruneResult
		if err := json.Unmarshal([]byte(s.says(0, "prune", dest, "--keep", "3", "--keep-weekly", "2", "--json")), &done); err != nil || done.Freed != 24 || len(done.Snapshots) != 10 || len(done.Snapshots[9].KeptBy) != 0 {
			t.Errorf("%v: %+v", err, done)
		}
		if out := s.says(0, "prune", dest, "--keep", "3", "--keep-weekly", "2"); !strings.Contains(out, "0 snapshots removed, 0 B") {
			t.Error(out)
		}
		if got := s.says(0, "snapshots", dest); strings.Count(got, "complete") != 4 || !strings.Contains(got, "d7 ") {
			t.Error(got)
		}
	}
	dest := t.TempDir()
	for _, c := range [][]string{{"prune", dest}, {"prune", dest, "--keep", "-1"}, {"prune", "--keep", "1"}, {"snapshots"}, {"snapshots", "ftp://x"}, {"prune", "s3:///x", "--keep", "1"}} {
		s.says(exitUsage, c...)
	}
	if out := s.says(0, "snapshots", dest); out != "no snapshots\n" {
		t.Error(out)
	}
	if out := s.says(exitFailed, "snapshots", filepath.Join(dest, "nothere")); !strings.Contains(out, "no such file or directory") {
		t.Error(out)
	}
}

// What is not complete is shown with --all only, and stays when others are pruned.
func TestSnapshotsThatAreNotComplete(t *testing.T) {
	t.Parallel()
	s := &staging{t: t}
	dest := t.TempDir()
	weekOfSnapshots(t, dest, 3)
	ctx := t.Context()
	st, err := store.Open(ctx, dest)
	if err != nil {
		t.Fatal(err)
	}
	up, err := st.Begin(ctx, "running", store.UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer up.Abort(ctx)
	cut := filepath.Join(dest, "cut.partial")
	if err := os.Mkdir(cut, 0o700); err != nil {
		t.Fatal(err)
	}
	mark, err := os.ReadFile(filepath.Join(dest, "running.partial", "owner"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{filepath.Join(cut, "owner"): string(mark), filepath.Join(dest, "d1", "manifest.json"): "{", filepath.Join(dest, "d2", "toc.dat"): "nope"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out := s.says(0, "snapshots", dest); strings.Contains(out, "running") || strings.Contains(out, "cut") || strings.Contains(out, "d1") {
		t.Error(out)
	}
	out := s.says(exitVerify, "snapshots", dest, "--all")
	for _, want := range []string{"running", "writing", "cut", "incomplete", "damaged", "snapshot d1 is damaged: manifest.json is not a manifest"} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
	if out := s.says(exitVerify, "snapshots", dest, "--check"); !strings.Contains(out, "snapshot d2 is damaged: toc.dat has another SHA-256") {
		t.Error(out)
	}
	// d2 is the newest of those that have a manifest, and d3 is older.
	out = s.says(exitVerify, "prune", dest, "--keep", "1", "--check", "--dry-run")
	for _, want := range []string{"snapshot d1 is damaged: manifest.json is not a manifest", "snapshot d2 is damaged: toc.dat has another SHA-256", "would be swept: cut,", "left alone running: writing", "left alone d1: damaged", "left alone d2: damaged", "0 snapshots would be removed"} {
		if !strings.Contains(out, want) || strings.Contains(out, "left alone cut") {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
	out = s.says(0, "prune", dest, "--keep", "1")
	for _, want := range []string{"swept cut", "left alone running: writing", "left alone d1: damaged", "1 snapshot removed"} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
}

// TestSnapshotSaysItsSize: the size that a run prints is the one that is listed.
func TestSnapshotSaysItsSize(t *testing.T) {
	t.Parallel()
	s := newShop(t, 50)
	dest := t.TempDir()
	_, out, _ := s.trySnapshot(keyA, dest)
	var listed []listedSnapshot
	if err := json.Unmarshal([]byte(s.says(0, "snapshots", dest, "--json")), &listed); err != nil || len(listed) != 1 {
		t.Fatalf("%v: %+v", err, listed)
	}
	if want := fmt.Sprintf("%d files, %s,", listed[0].Files, size(listed[0].Size)); !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
}
