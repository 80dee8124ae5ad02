package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pgstandin/pgstandin/internal/ownedfolder"
)

// A run keeps files in a folder of its own, of mode 0700, in the system's folder
// for temporary files.
const (
	folderPrefix = "pgstandin-"
	folderMark   = "pgstandin run folder\n"
)

func newFolder() (*ownedfolder.Folder, error) {
	f, err := ownedfolder.MakeTemp(folderPrefix, folderMark)
	switch {
	case errors.Is(err, syscall.ENOSPC):
		err = fmt.Errorf("%w; make room there, or set TMPDIR to another folder", err)
	case err != nil:
		err = fmt.Errorf("%w; set TMPDIR to a folder that is there and can be written", err)
	}
	return f, err
}

// sweepFolders removes the folders of runs that died, and returns their names.
// What it cannot look at is not ours.
func sweepFolders() []string {
	parent := os.TempDir()
	entries, err := os.ReadDir(parent)
	if err != nil {
		return nil
	}
	var swept []string
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), folderPrefix) {
			continue
		}
		dir := filepath.Join(parent, e.Name())
		info, err := os.Lstat(dir)
		if err == nil && info.Mode().Perm() == 0o700 && ownedfolder.Sweep(dir, folderMark) {
			swept = append(swept, dir)
		}
	}
	return swept
}
