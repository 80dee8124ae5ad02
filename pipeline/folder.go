package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// A run keeps files in a folder of its own, of mode 0700, in the system's folder
// for temporary files. The file ownerFile in it says that it is ours; the run
// holds a lock on that file, which the kernel takes away when the run is gone,
// however it ended. A folder with such a file and no lock is litter.
const (
	folderPrefix = "pgstandin-"
	ownerFile    = "owner"
	ownerText    = "pgstandin run folder\n"
)

// folder is a run's folder.
type folder struct {
	dir   string
	owner *os.File // holds the lock
}

func newFolder() (*folder, error) {
	dir, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		return nil, err
	}
	f := &folder{dir: dir}
	// The file gets its name when it is locked: nobody finds it without.
	f.owner, err = os.OpenFile(filepath.Join(dir, ownerFile+".new"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		_, err = f.owner.WriteString(ownerText)
	}
	if err == nil {
		err = lockFile(f.owner)
	}
	if err == nil || errors.Is(err, errors.ErrUnsupported) {
		err = os.Rename(f.owner.Name(), filepath.Join(dir, ownerFile))
	}
	if err != nil {
		return nil, errors.Join(err, f.remove())
	}
	return f, nil
}

// remove removes the folder with all that is in it.
func (f *folder) remove() error {
	err := removeMarked(f.dir)
	if f.owner != nil {
		f.owner.Close()
	}
	return err
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
		dir := filepath.Join(parent, e.Name())
		if e.IsDir() && strings.HasPrefix(e.Name(), folderPrefix) && sweepFolder(dir) {
			swept = append(swept, dir)
		}
	}
	return swept
}

// sweepFolder removes one folder if a run made it and is gone.
func sweepFolder(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		return false
	}
	name := filepath.Join(dir, ownerFile)
	if info, err = os.Lstat(name); err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(ownerText)) {
		return false
	}
	owner, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer owner.Close()
	text := make([]byte, len(ownerText))
	if _, err := owner.ReadAt(text, 0); err != nil || string(text) != ownerText || lockFile(owner) != nil {
		return false
	}
	return removeMarked(dir) == nil
}

// removeMarked removes a folder, the file that says whose it is last: if that does
// not come to its end, a later run finishes it.
func removeMarked(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != ownerFile {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
