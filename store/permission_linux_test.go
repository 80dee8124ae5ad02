package store

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestNoPermission(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "locked"))
	put(t, s, "x", Metadata{})
	for _, name := range []string{"locked", "locked/x"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o555); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 { // this thread becomes nobody, as far as files are concerned
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setfsuid(0)
	}
	_, beginErr := s.Begin(context.Background(), "y", UploadOptions{})
	removeErr := s.Remove(context.Background(), "x")
	_, openErr := open(t, filepath.Join(dir, "locked", "new")).Begin(context.Background(), "y", UploadOptions{})
	for _, err := range []error{beginErr, removeErr, openErr} {
		if err == nil || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), s.String()) {
			t.Error(err)
		}
	}
}
