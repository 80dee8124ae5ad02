package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestKeygenLeavesNothing: a key pair that cannot be written whole is not left in
// part.
func TestKeygenLeavesNothing(t *testing.T) {
	t.Parallel()
	half := filepath.Join(t.TempDir(), "half")
	if err := os.WriteFile(half+".pub", []byte("another's"), 0o644); err != nil {
		t.Fatal(err)
	}
	status, _, errOut := runKeyed(t, "", "", "keygen", "--sign", half)
	if _, err := os.Stat(half); status != exitFailed || !strings.Contains(errOut, half+".pub") || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the other file is there: status %d, %v\n%s", status, err, errOut)
	}
	full := filepath.Join(t.TempDir(), "full")
	cmd := exec.Command("sh", "-c", `ulimit -f 0 && trap '' XFSZ && exec "$0" keygen --sign "$1" 2>&1 | cat`, program(t), full)
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(full); !strings.Contains(string(text), "file too large") || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("where no byte can be written: %v\n%s", err, text)
	}
}
