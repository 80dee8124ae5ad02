package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// localPath refuses a URL where a flag takes a path: as a path it would be a folder
// called s3: and the like, on a disk that may be gone with the process.
func localPath(flag, path string) error {
	if strings.Contains(path, "://") {
		return usageError(fmt.Errorf("--%s: that is a URL; name a path on this machine, and copy it from there", flag))
	}
	return nil
}

// readPrivate reads a file that nobody else may read.
func readPrivate(what, name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, usageError(fmt.Errorf("%s: %w", what, err))
	}
	if info.IsDir() {
		return nil, usageError(fmt.Errorf("%s %s: it is a folder; name the file in it", what, name))
	}
	if info.Mode().Perm()&othersMay(info) != 0 {
		return nil, usageError(fmt.Errorf("%s %s: others can read it (mode %04o); run: chmod 600 %s", what, name, info.Mode().Perm(), name))
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, usageError(fmt.Errorf("%s: %w", what, err))
	}
	return text, nil
}

// replaceFile writes a file beside the named one and renames it, so that
// whatever happens the name stands for one of the two, whole. What a run that
// died left of it is replaced too. Of a link it is what that leads to; a device or a
// pipe is written to.
func replaceFile(name string, text []byte) (err error) {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		if mode = info.Mode().Perm(); !info.Mode().IsRegular() {
			return os.WriteFile(name, text, mode)
		}
	}
	dir, base := filepath.Split(name)
	part := filepath.Join(dir, "."+base+".part")
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}()
	_, err = w.Write(text)
	if err == nil {
		err = w.Sync()
	}
	if closeErr := w.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(part, name)
}
