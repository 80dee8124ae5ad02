//go:build unix

package ownedfolder

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

const text = "a test's folder\n"

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func there(t *testing.T, dir string) bool {
	t.Helper()
	_, err := os.Lstat(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// What is swept: a mark of ours, whole or cut off, that nobody holds. All else stays.
func TestSweep(t *testing.T) {
	for name, c := range map[string]struct {
		mark  string
		swept bool
	}{
		"dead":        {text, true},
		"dying":       {text[:5], true},
		"newborn":     {"", true},
		"longer":      {text + "x", false},
		"other":       {"b", false},
		"no mark":     {"-", false},
		"links to it": {"->", false},
	} {
		dir := filepath.Join(t.TempDir(), "f")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, dir, "rows", "x")
		switch c.mark {
		case "-":
		case "->":
			write(t, dir, "real", text)
			if err := os.Symlink("real", filepath.Join(dir, MarkFile)); err != nil {
				t.Fatal(err)
			}
		default:
			write(t, dir, MarkFile, c.mark)
		}
		alive, _, err := Look(dir, text)
		if alive || (err == nil) != c.swept {
			t.Errorf("%s: alive %v, %v", name, alive, err)
		}
		if got := Sweep(dir, text); got != c.swept || there(t, dir) == c.swept {
			t.Errorf("%s: swept %v, there %v", name, got, there(t, dir))
		}
	}
}

// A folder that is claimed is swept by nobody, under its new name either, until it
// is given up.
func TestClaim(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	f, err := MakeTemp("x-", text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Claim(f.Dir(), text); err == nil {
		t.Error("claimed twice")
	}
	write(t, f.Dir(), "rows", "x")
	for range 2 {
		if alive, since, err := Look(f.Dir(), text); !alive || since.IsZero() || err != nil {
			t.Errorf("alive %v since %s: %v", alive, since, err)
		}
		if Sweep(f.Dir(), text) || !errors.Is(Unmark(f.Dir(), text), ErrAlive) {
			t.Error("taken away from its process")
		}
		if err := f.Rename(f.Dir() + "y"); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Disown(); err != nil {
		t.Error(err)
	}
	if err := f.Remove(); err != nil || !there(t, filepath.Join(f.Dir(), "rows")) { // no longer ours to remove
		t.Errorf("the folder is gone: %v", err)
	}
	g, err := Claim(f.Dir(), text)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Remove(); err != nil || there(t, f.Dir()) {
		t.Errorf("the folder is still there: %v", err)
	}
	// A dead process's mark goes, nobody else's.
	dir := t.TempDir()
	write(t, dir, MarkFile, text)
	if err := Unmark(dir, text); err != nil || there(t, filepath.Join(dir, MarkFile)) {
		t.Errorf("a dead mark stays: %v", err)
	}
	write(t, dir, MarkFile, "somebody else's")
	if err := Unmark(dir, text); err != nil || !there(t, filepath.Join(dir, MarkFile)) {
		t.Errorf("a foreign mark: %v", err)
	}
}

// However fast others sweep, whoever has claimed a folder keeps it.
func TestSweepWhileClaiming(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var claimers, sweepers sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		sweepers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				dirs, err := filepath.Glob(filepath.Join(os.TempDir(), "x-*"))
				if err != nil {
					t.Error(err)
				}
				for _, dir := range dirs {
					Sweep(dir, text)
				}
			}
		})
	}
	for range 4 {
		claimers.Go(func() {
			for range 200 {
				f, err := MakeTemp("x-", text)
				if err != nil {
					t.Error(err)
					return
				}
				if err := os.WriteFile(filepath.Join(f.Dir(), "rows"), nil, 0o600); err != nil {
					t.Error(err)
				}
				if err := f.Remove(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	claimers.Wait()
	close(done)
	sweepers.Wait()
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
