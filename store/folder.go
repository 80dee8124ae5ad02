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
	"syscall"

	"github.com/pgstandin/pgstandin/internal/ownedfolder"
)

const (
	partialSuffix = ".partial"
	ownerFile     = ownedfolder.MarkFile
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
		if l.live, l.since, err = ownedfolder.Look(dir, ownerText); err != nil {
			continue // not ours
		}
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

func (f *folder) open(_ context.Context, name, file string) (io.ReadCloser, error) {
	return openFile(filepath.Join(f.dir, name, file))
}

// sizedFile is a file that knows its length.
type sizedFile struct {
	*os.File
	size int64
}

func (f sizedFile) Size() int64 { return f.size }

// errNoFile is for what is there under the name of a file, and is none.
var errNoFile = errors.New("not a file")

func openFile(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, plainError(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNoFile
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
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w; name a folder", err)
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
	dir := final + partialSuffix
	d := &folderDraft{final: final, parent: f.dir}
	// Between making the folder and locking the mark a sweep may take it away.
	for range 100 {
		err := os.Mkdir(dir, 0o700)
		if errors.Is(err, fs.ErrExist) {
			if sweepOne(dir) {
				continue
			}
			return nil, ErrBusy
		}
		if err != nil {
			return nil, plainError(err)
		}
		if d.own, err = ownedfolder.Claim(dir, ownerText); err == nil {
			return d, nil
		}
		if !errors.Is(err, ownedfolder.ErrLost) {
			return nil, errors.Join(plainError(err), os.Remove(dir))
		}
	}
	return nil, ErrBusy
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
		if e.IsDir() && partial && CheckName(name) == nil && sweepOne(filepath.Join(f.dir, e.Name())) {
			swept = append(swept, name)
		}
	}
	return swept, nil
}

// sweepOne removes the folder of a partial snapshot if its run is gone; an empty one
// is of a run that died before it made its mark.
func sweepOne(dir string) bool {
	return ownedfolder.Sweep(dir, ownerText) || os.Remove(dir) == nil
}

func (f *folder) remove(_ context.Context, name string, _ []File) error {
	final := filepath.Join(f.dir, name)
	// A run may have died right after it had published.
	switch err := ownedfolder.Unmark(final, ownerText); {
	case errors.Is(err, ownedfolder.ErrAlive):
		return ErrBusy
	case err != nil:
		return plainError(err)
	}
	own, err := ownedfolder.Claim(final, ownerText)
	if err != nil {
		return plainError(err)
	}
	if err := own.Rename(final + partialSuffix); err != nil {
		return errors.Join(plainError(err), plainError(own.Disown()))
	}
	return plainError(own.Remove())
}

// folderDraft is a partial snapshot in a folder of its own.
type folderDraft struct {
	own           *ownedfolder.Folder
	final, parent string
}

func (d *folderDraft) create(_ context.Context, file string) (writer, error) {
	f, err := os.OpenFile(filepath.Join(d.own.Dir(), file), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, plainError(err)
	}
	return &folderFile{f}, nil
}

func (d *folderDraft) open(_ context.Context, file string) (io.ReadCloser, error) {
	return openFile(filepath.Join(d.own.Dir(), file))
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
	if err := syncDir(d.own.Dir()); err != nil {
		return plainError(err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// A folder that somebody made meanwhile is not replaced, unless it is empty.
	if err := d.own.Rename(d.final); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%w; choose another name", ErrExists)
		}
		return plainError(err)
	}
	if err := syncDir(d.parent); err != nil {
		return errors.Join(plainError(err), plainError(d.own.Rename(d.final+partialSuffix)))
	}
	_ = d.own.Disown()
	return nil
}

func (d *folderDraft) abort(context.Context) error {
	if err := d.own.Remove(); !errors.Is(err, fs.ErrNotExist) {
		return plainError(err)
	}
	return nil
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
