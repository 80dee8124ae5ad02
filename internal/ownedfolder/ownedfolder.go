// Package ownedfolder marks folders as those of a running process, so that what a
// process leaves that died can be told from what a living one needs, and removed.
//
// The mark is a file in the folder. Its text says whose folders these are, and its
// process holds a lock on it, which the kernel takes away when the process is gone,
// however it ended. A folder with such a mark and no lock is litter. Where the system
// has no such locks all folders are taken for those of living processes.
package ownedfolder

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// MarkFile is the name of the mark.
const MarkFile = "owner"

var (
	// ErrLost says that somebody swept the folder before its mark was locked.
	ErrLost = errors.New("swept meanwhile")
	// ErrAlive says that the folder's process is there.
	ErrAlive = errors.New("in use")

	errForeign = errors.New("not a mark of ours")
)

// Folder is one that this process has claimed. It belongs to one goroutine at a time.
type Folder struct {
	dir  string
	mark *os.File // holds the lock; nil: given up
}

// MakeTemp makes a folder in that for temporary files, as os.MkdirTemp does, and
// claims it.
func MakeTemp(pattern, text string) (*Folder, error) {
	for {
		dir, err := os.MkdirTemp("", pattern)
		if err != nil {
			return nil, err
		}
		f, err := Claim(dir, text)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, ErrLost) {
			return nil, errors.Join(err, os.Remove(dir))
		}
	}
}

// Claim puts a mark into a folder that has none. The error is ErrLost, maybe wrapped,
// if a sweep was faster; what is in the folder otherwise is left alone.
func Claim(dir, text string) (*Folder, error) {
	name := filepath.Join(dir, MarkFile)
	mark, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrLost
	}
	if err != nil {
		return nil, err
	}
	if err := lock(mark); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		mark.Close()
		if isTaken(err) { // by a sweep
			return nil, ErrLost
		}
		return nil, errors.Join(err, os.Remove(name))
	}
	_, err = mark.WriteString(text)
	if err == nil && !same(mark, name) {
		err = ErrLost
	}
	if err != nil {
		if !errors.Is(err, ErrLost) {
			err = errors.Join(err, os.Remove(name))
		}
		mark.Close()
		return nil, err
	}
	return &Folder{dir, mark}, nil
}

// Dir is where the folder is.
func (f *Folder) Dir() string { return f.dir }

// Rename gives the folder, still claimed, another name.
func (f *Folder) Rename(dir string) error {
	err := os.Rename(f.dir, dir)
	if err == nil {
		f.dir = dir
	}
	return err
}

// Remove removes the folder with all that is in it. What is left if it fails can be
// swept.
func (f *Folder) Remove() error {
	if f.mark == nil {
		return nil
	}
	defer f.close()
	return remove(f.dir)
}

// Disown takes the mark away, and leaves the folder with the rest.
func (f *Folder) Disown() error {
	if f.mark == nil {
		return nil
	}
	defer f.close()
	return os.Remove(filepath.Join(f.dir, MarkFile))
}

func (f *Folder) close() {
	f.mark.Close()
	f.mark = nil
}

// Look says of a folder with a mark of that text whether its process is there, and
// since when. Any other folder is an error.
func Look(dir, text string) (alive bool, since time.Time, err error) {
	mark, err := open(dir, text)
	if err != nil {
		return false, since, err
	}
	defer mark.Close()
	if info, err := mark.Stat(); err == nil {
		since = info.ModTime()
	}
	return lock(mark) != nil, since, nil
}

// Sweep removes a folder with a mark of that text whose process is gone, and reports
// whether it did.
func Sweep(dir, text string) bool {
	mark, err := openDead(dir, text)
	if err != nil {
		return false
	}
	defer mark.Close()
	return remove(dir) == nil
}

// Unmark takes a mark of that text away whose process is gone: ErrAlive if it is there.
// A folder without such a mark stays as it is.
func Unmark(dir, text string) error {
	mark, err := openDead(dir, text)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, errForeign):
		return nil
	case err != nil:
		return err
	}
	defer mark.Close()
	return os.Remove(mark.Name())
}

// openDead opens the mark of a process that is gone, and locks it.
func openDead(dir, text string) (*os.File, error) {
	mark, err := open(dir, text)
	if err != nil {
		return nil, err
	}
	if lock(mark) != nil || !same(mark, mark.Name()) {
		mark.Close()
		return nil, ErrAlive
	}
	return mark, nil
}

// open opens the mark of that text.
func open(dir, text string) (*os.File, error) {
	name := filepath.Join(dir, MarkFile)
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	// A process that dies while it writes the mark leaves the beginning of it.
	if !info.Mode().IsRegular() || info.Size() > int64(len(text)) {
		return nil, errForeign
	}
	mark, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	there, err := io.ReadAll(mark)
	if err != nil || !strings.HasPrefix(text, string(there)) {
		mark.Close()
		return nil, errForeign
	}
	return mark, nil
}

// same reports whether the open file still has that name.
func same(f *os.File, name string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Lstat(name)
	return err == nil && os.SameFile(a, b)
}

// remove removes a folder, the mark last: a removal that is cut off leaves what can be
// swept.
func remove(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != MarkFile {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
