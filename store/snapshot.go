package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"filippo.io/age"
)

// Snapshot is a whole snapshot. Its methods may be called from several
// goroutines.
type Snapshot struct {
	Name     string
	Manifest *Manifest
	place    place
}

// Snapshot reads the manifest of a snapshot. That there is none of the name is
// ErrNotFound, that it was cut off ErrIncomplete, and one whose manifest is not
// one a *DamagedError.
func (s *Store) Snapshot(ctx context.Context, name string) (*Snapshot, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	r, err := s.place.open(ctx, name, ManifestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.missing(ctx, name)
	}
	if errors.Is(err, errNoFile) {
		return nil, &DamagedError{name, ManifestFile, "is no file"}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: snapshot %s: %w", s, name, err)
	}
	tried := &readError{r: r}
	m, err := readManifest(tried)
	r.Close()
	switch {
	case tried.err != nil:
		return nil, fmt.Errorf("%s: snapshot %s: %w", s, name, tried.err)
	case err != nil:
		return nil, &DamagedError{name, ManifestFile, "is " + err.Error()}
	}
	return &Snapshot{name, m, s.place}, nil
}

// readError notes an error of reading.
type readError struct {
	r   io.Reader
	err error
}

func (r *readError) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// missing says why there is no manifest.
func (s *Store) missing(ctx context.Context, name string) error {
	all, err := s.place.found(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	for _, f := range all {
		if f.name == name && f.partial {
			if f.live {
				return fmt.Errorf("%s: snapshot %s: %w", s, name, ErrBusy)
			}
			return fmt.Errorf("%s: snapshot %s: %w", s, name, ErrIncomplete)
		}
	}
	return fmt.Errorf("%s: snapshot %s: %w; \"pgstandin snapshots\" lists what there is", s, name, ErrNotFound)
}

// Open opens a file of the snapshot and decrypts it as it is read, if it is
// encrypted; without an identity that fits that is ErrIdentity. That the file is
// missing, or not as long as the manifest says, is a *DamagedError at once; another
// SHA-256 is one in place of io.EOF: what was read until then is not to be used.
func (s *Snapshot) Open(ctx context.Context, file string, ids ...age.Identity) (io.ReadCloser, error) {
	f, ok := s.Manifest.File(file)
	if !ok {
		return nil, &DamagedError{s.Name, file, "is not in the manifest"}
	}
	if s.Manifest.Encrypted && len(ids) == 0 {
		return nil, fmt.Errorf("snapshot %s: %w; give --identity FILE with a secret key for one of its recipients", s.Name, ErrIdentity)
	}
	if !s.Manifest.Encrypted {
		ids = nil
	}
	return openChecked(s.Name, f, ids, s.place.String(), func() (io.ReadCloser, error) { return s.place.open(ctx, s.Name, file) })
}

// IsSnapshot reports whether the store is not what holds snapshots, but one itself: a
// name in place of the folder that it is in.
func (s *Store) IsSnapshot(ctx context.Context) bool {
	r, err := s.place.open(ctx, "", ManifestFile)
	if err != nil {
		return false
	}
	r.Close()
	return true
}

// Verify reads every file and compares it with the manifest. It needs no key.
func (s *Snapshot) Verify(ctx context.Context) error {
	var all []error
	for _, f := range s.Manifest.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err := openChecked(s.Name, f, nil, s.place.String(), func() (io.ReadCloser, error) { return s.place.open(ctx, s.Name, f.Name) })
		if err == nil {
			_, err = io.Copy(io.Discard, r)
			r.Close()
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// sized is what knows its length.
type sized interface{ Size() int64 }

// openChecked opens a stored file, checks it while it is read, and decrypts it if
// there are identities.
func openChecked(snapshot string, f File, ids []age.Identity, where string, open func() (io.ReadCloser, error)) (io.ReadCloser, error) {
	r, err := open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &DamagedError{snapshot, f.Name, "is missing"}
	}
	if errors.Is(err, errNoFile) {
		return nil, &DamagedError{snapshot, f.Name, "is no file"}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: snapshot %s: %s: %w", where, snapshot, f.Name, err)
	}
	c := &checked{r: r, file: f, snapshot: snapshot, where: where, hash: sha256.New()}
	if s, ok := r.(sized); ok && s.Size() != f.Size {
		r.Close()
		return nil, c.damaged(fmt.Sprintf("has %d bytes, not %d", s.Size(), f.Size))
	}
	if ids == nil {
		return c, nil
	}
	plain, err := age.Decrypt(c, ids...)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none):
		r.Close()
		return nil, fmt.Errorf("snapshot %s: %w to other keys than those given; give --identity FILE with a secret key for one of its recipients", snapshot, ErrIdentity)
	case err != nil:
		err = c.blame(err)
		r.Close()
		return nil, err
	}
	return &decrypted{plain, c}, nil
}

// checked compares what is read with the manifest.
type checked struct {
	r               io.ReadCloser
	file            File
	snapshot, where string
	hash            hash.Hash
	n               int64
	err             error // what ended it
}

func (c *checked) damaged(reason string) error {
	return &DamagedError{c.snapshot, c.file.Name, reason}
}

func (c *checked) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.r.Read(p)
	c.hash.Write(p[:n])
	c.n += int64(n)
	switch {
	case c.n > c.file.Size, errors.Is(err, io.EOF) && c.n < c.file.Size:
		c.err = c.damaged(fmt.Sprintf("does not have %d bytes", c.file.Size))
		return 0, c.err
	case errors.Is(err, io.EOF) && hex.EncodeToString(c.hash.Sum(nil)) != c.file.SHA256:
		c.err = c.damaged("has another SHA-256 than the manifest says")
		return 0, c.err
	case err != nil && !errors.Is(err, io.EOF):
		c.err = fmt.Errorf("%s: snapshot %s: %s: %w", c.where, c.snapshot, c.file.Name, err)
	default:
		c.err = err
	}
	return n, c.err
}

func (c *checked) Close() error { return c.r.Close() }

// blame finds out what an error of decrypting means: it reads to the end, for the
// file is damaged if it is not what the manifest says.
func (c *checked) blame(err error) error {
	if _, rest := io.Copy(io.Discard, c); rest != nil {
		return rest
	}
	return c.damaged("is what the manifest says, but cannot be decrypted: " + err.Error())
}

// decrypted is the plain text of a checked file.
type decrypted struct {
	plain io.Reader
	c     *checked
}

func (d *decrypted) Read(p []byte) (int, error) {
	n, err := d.plain.Read(p)
	if errors.Is(err, io.EOF) {
		if _, rest := io.Copy(io.Discard, d.c); rest != nil {
			err = rest
		}
		return n, err
	}
	if err != nil {
		err = d.c.blame(err)
	}
	return n, err
}

func (d *decrypted) Close() error { return d.c.Close() }
