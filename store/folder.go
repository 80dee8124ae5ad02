package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	partialSuffix = ".partial"
	ownerFile     = "owner"
	ownerText     = "pgstandin: a run is writing this snapshot\n"
)

// folder is a place in the file system.
type folder struct{ dir string }

func newFolder(dir string) *folder { return &folder{filepath.Clean(dir)} }

func (f *folder) String() string { return f.dir }
func (f *folder) close() error   { return nil }

func (f *folder) found(context.Context) ([]found, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, plainError(err)
	}
	var out []found
	for _, e := range entries {
		name, partial := strings.CutSuffix(e.Name(), partialSuffix)
		if !e.IsDir() || CheckName(name) != nil {
			continue
		}
		dir := filepath.Join(f.dir, e.Name())
		if !partial {
			if _, err := os.Lstat(filepath.Join(dir, ManifestFile)); err == nil {
				out = append(out, found{name: name})
			}
			continue
		}
		l := found{name: name, partial: true}
		owner, err := openOwner(dir)
		if err != nil {
			continue // not ours
		}
		l.live = lockFile(owner) != nil
		if info, err := owner.Stat(); err == nil {
			l.since = info.ModTime()
		}
		owner.Close()
		l.size = folderSize(dir)
		out = append(out, l)
	}
	return out, nil
}

func folderSize(dir string) int64 {
	var n int64
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.Name() != ownerFile {
			n += info.Size()
		}
	}
	return n
}

// openOwner opens the mark in a partial snapshot's folder, if it is one of ours.
func openOwner(dir string) (*os.File, error) {
	name := filepath.Join(dir, ownerFile)
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	// A run that dies while it writes the mark leaves the beginning of it.
	if !info.Mode().IsRegular() || info.Size() > int64(len(ownerText)) {
		return nil, errors.New("not a mark")
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(f)
	if err != nil || !strings.HasPrefix(ownerText, string(text)) {
		f.Close()
		return nil, errors.New("not a mark")
	}
	return f, nil
}

func (f *folder) open(_ context.Context, name, file string) (io.ReadCloser, error) {
	return openFile(filepath.Join(f.dir, name, file))
}

// sizedFile is a file that knows its length.
type sizedFile struct {
	*os.File
	size int64
}

func (f sizedFile) Size() int64 { return f.size }

func openFile(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, plainError(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a file")
	}
	if err != nil {
		f.Close()
		return nil, plainError(err)
	}
	return sizedFile{f, info.Size()}, nil
}

// plainError takes the path out of an error: the caller says which it is.
func plainError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		err = l.Err
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; run as a user that may write there, or choose another folder", err)
	case noSpace(err):
		return fmt.Errorf("%w; make room, prune old snapshots, or choose another folder", err)
	}
	return err
}

func (f *folder) begin(_ context.Context, name string) (draft, error) {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, plainError(err)
	}
	final := filepath.Join(f.dir, name)
	if _, err := os.Lstat(final); err == nil {
		return nil, fmt.Errorf("%w; choose another name", ErrExists)
	}
	d := &folderDraft{dir: final + partialSuffix, final: final, parent: f.dir}
	// Between making the folder and locking the mark a sweep may take it away.
	for range 100 {
		err := os.Mkdir(d.dir, 0o700)
		if errors.Is(err, fs.ErrExist) {
			if f.sweepOne(d.dir) {
				continue
			}
			return nil, ErrBusy
		}
		if err != nil {
			return nil, plainError(err)
		}
		if d.owner, err = claim(d.dir); err == nil {
			return d, nil
		}
		if !errors.Is(err, errLost) {
			return nil, errors.Join(plainError(err), os.Remove(d.dir))
		}
	}
	return nil, ErrBusy
}

var errLost = errors.New("swept meanwhile")

// claim puts a locked mark into a folder. errLost says that a sweep was faster.
func claim(dir string) (*os.File, error) {
	name := filepath.Join(dir, ownerFile)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errLost
	}
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		f.Close()
		return nil, errLost
	}
	_, err = f.WriteString(ownerText)
	if err == nil && !sameFile(f, name) {
		err = errLost
	}
	if err != nil {
		if !errors.Is(err, errLost) {
			os.Remove(name)
		}
		f.Close()
		return nil, err
	}
	return f, nil
}

// sameFile reports whether the open file still has that name.
func sameFile(f *os.File, name string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Lstat(name)
	return err == nil && os.SameFile(a, b)
}

func (f *folder) sweep(context.Context) ([]string, error) {
	entries, err := os.ReadDir(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // Begin makes it
	}
	if err != nil {
		return nil, plainError(err)
	}
	var swept []string
	for _, e := range entries {
		name, partial := strings.CutSuffix(e.Name(), partialSuffix)
		if e.IsDir() && partial && CheckName(name) == nil && f.sweepOne(filepath.Join(f.dir, e.Name())) {
			swept = append(swept, name)
		}
	}
	return swept, nil
}

// sweepOne removes the folder of a partial snapshot if its run is gone.
func (f *folder) sweepOne(dir string) bool {
	owner, err := openOwner(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return os.Remove(dir) == nil // a run died before it made its mark: the folder is empty
	}
	if err != nil {
		return false
	}
	defer owner.Close()
	if lockFile(owner) != nil || !sameFile(owner, filepath.Join(dir, ownerFile)) {
		return false
	}
	return removeMarked(dir) == nil
}

// removeMarked removes a folder, the mark last: a removal that is cut off leaves
// what can be swept.
func removeMarked(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return plainError(err)
	}
	for _, e := range entries {
		if e.Name() != ownerFile {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return plainError(err)
			}
		}
	}
	return plainError(os.RemoveAll(dir))
}

func (f *folder) remove(_ context.Context, name string, _ []File) error {
	final := filepath.Join(f.dir, name)
	if old, err := openOwner(final); err == nil { // of a run that died right after it had published
		err := lockFile(old)
		if err == nil {
			err = os.Remove(old.Name())
		}
		old.Close()
		if err != nil {
			return ErrBusy
		}
	}
	owner, err := claim(final)
	if err != nil {
		return plainError(err)
	}
	defer owner.Close()
	dir := final + partialSuffix
	if err := os.Rename(final, dir); err != nil {
		return errors.Join(plainError(err), plainError(os.Remove(owner.Name())))
	}
	return removeMarked(dir)
}

// folderDraft is a partial snapshot in a folder of its own.
type folderDraft struct {
	dir, final, parent string
	owner              *os.File // holds the lock
}

func (d *folderDraft) create(_ context.Context, file string) (writer, error) {
	f, err := os.OpenFile(filepath.Join(d.dir, file), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, plainError(err)
	}
	return &folderFile{f}, nil
}

func (d *folderDraft) open(_ context.Context, file string) (io.ReadCloser, error) {
	return openFile(filepath.Join(d.dir, file))
}

// publish renames the folder. The mark goes afterwards: it must be there as long
// as the folder may be taken for a partial one.
func (d *folderDraft) publish(ctx context.Context, manifest []byte, _ []File) error {
	w, err := d.create(ctx, ManifestFile)
	if err != nil {
		return err
	}
	if _, err := w.Write(manifest); err != nil {
		w.abort()
		return err
	}
	if err := w.commit(); err != nil {
		return err
	}
	if err := syncDir(d.dir); err != nil {
		return plainError(err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// A folder that somebody made meanwhile is not replaced, unless it is empty.
	if err := os.Rename(d.dir, d.final); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%w; choose another name", ErrExists)
		}
		return plainError(err)
	}
	if err := syncDir(d.parent); err != nil {
		return errors.Join(plainError(err), plainError(os.Rename(d.final, d.dir)))
	}
	d.dir = d.final
	os.Remove(filepath.Join(d.final, ownerFile))
	d.owner.Close()
	return nil
}

func (d *folderDraft) abort(context.Context) error {
	if d.owner == nil {
		return nil
	}
	err := removeMarked(d.dir)
	d.owner.Close()
	d.owner = nil
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// folderFile is a file in a partial snapshot.
type folderFile struct{ f *os.File }

func (f *folderFile) Write(p []byte) (int, error) {
	n, err := f.f.Write(p)
	return n, plainError(err)
}

func (f *folderFile) commit() error {
	err := f.f.Sync()
	if cerr := f.f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(f.f.Name())
	}
	return plainError(err)
}

func (f *folderFile) abort() {
	f.f.Close()
	os.Remove(f.f.Name())
}
