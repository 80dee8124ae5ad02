package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"sync"

	"filippo.io/age"
)

// Upload is a snapshot that is being written. Files may be written and read back
// by several goroutines; Publish or Abort ends it.
type Upload struct {
	name       string
	place      place
	draft      draft
	swept      []string
	recipients []age.Recipient
	public     []string
	identity   age.Identity // ephemeral

	mu    sync.Mutex
	files map[string]*File // nil while it is being written
	lost  map[string]error // files that were begun and could not be stored
	ended bool
	there bool // published
}

// UploadOptions say how a snapshot is written.
type UploadOptions struct {
	// Recipients are public keys of age that every file is encrypted to; none
	// writes the files as they are. A key pair that lives as long as the Upload is
	// added, by which it reads the files back.
	Recipients []string
}

// Begin starts a snapshot, after it has swept what dead runs left. That there is
// one of the name is ErrExists, that a run is writing it ErrBusy.
func (s *Store) Begin(ctx context.Context, name string, opts UploadOptions) (*Upload, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	u := &Upload{name: name, place: s.place, files: map[string]*File{}, lost: map[string]error{}, public: opts.Recipients}
	if err := u.encryptTo(opts.Recipients); err != nil {
		return nil, err
	}
	var err error
	if u.swept, err = s.Sweep(ctx); err != nil {
		return nil, err
	}
	if u.draft, err = s.place.begin(ctx, name); err != nil {
		return nil, fmt.Errorf("%s: snapshot %s: %w", s, name, err)
	}
	return u, nil
}

// encryptTo makes the ephemeral key pair, of the kind of the recipients: age does
// not mix them.
func (u *Upload) encryptTo(keys []string) (err error) {
	if len(keys) == 0 {
		return nil
	}
	if u.recipients, err = ParseRecipients(keys); err != nil {
		return err
	}
	if _, quantum := u.recipients[0].(*age.HybridRecipient); quantum {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			return err
		}
		u.identity, u.recipients = id, append(u.recipients, id.Recipient())
	} else {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			return err
		}
		u.identity, u.recipients = id, append(u.recipients, id.Recipient())
	}
	if _, err := age.Encrypt(io.Discard, u.recipients...); err != nil {
		return errors.New("recipients: keys age1… and age1pq1… cannot be used together")
	}
	return nil
}

// Swept returns the names of the partial snapshots that Begin removed.
func (u *Upload) Swept() []string { return slices.Clone(u.swept) }

// Encrypted reports whether the files are encrypted.
func (u *Upload) Encrypted() bool { return u.identity != nil }

// errorf says of which snapshot, and where, an error is.
func (u *Upload) errorf(file string, err error) error {
	if file != "" {
		file = " " + file + ":"
	}
	return fmt.Errorf("%s: snapshot %s:%s %w", u.place, u.name, file, err)
}

// Create starts a file, whose name is one that pg_dump gives, such as 12.dat.gz.
// A file that is stored is not created again. Its Close stores what was written: nil
// means that it is there to stay. Cancelling ctx, and an error of Write, drop the file;
// Close must be called all the same. A file belongs to one goroutine.
func (u *Upload) Create(ctx context.Context, file string) (io.WriteCloser, error) {
	if err := checkFile(file); err != nil {
		return nil, u.errorf("", err)
	}
	u.mu.Lock()
	_, twice := u.files[file]
	ended := u.ended
	if !twice && !ended {
		u.files[file] = nil
		delete(u.lost, file)
	}
	u.mu.Unlock()
	if ended {
		return nil, u.errorf(file, errors.New("created after the end"))
	}
	if twice {
		return nil, u.errorf(file, errors.New("created a second time"))
	}
	w, err := u.draft.create(ctx, file)
	if err != nil {
		return nil, u.lose(file, err)
	}
	f := &upFile{ctx: ctx, up: u, name: file, to: w, hash: sha256.New()}
	f.out = bufio.NewWriterSize(counted{f}, 256<<10)
	f.in = f.out
	if u.identity != nil {
		if f.sealed, err = age.Encrypt(f.out, u.recipients...); err != nil {
			w.abort()
			return nil, u.lose(file, err)
		}
		f.in = f.sealed
	}
	return f, nil
}

// lose notes that a file could not be stored.
func (u *Upload) lose(file string, err error) error {
	err = u.errorf(file, err)
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.files, file)
	u.lost[file] = err
	return err
}

// Open reads a file back that was closed without an error: what was written to it,
// decrypted. A difference in size or SHA-256 is a *DamagedError in place of the end.
func (u *Upload) Open(ctx context.Context, file string) (io.ReadCloser, error) {
	u.mu.Lock()
	f := u.files[file]
	u.mu.Unlock()
	if f == nil {
		return nil, u.errorf(file, errors.New("not a file that was written"))
	}
	var ids []age.Identity
	if u.identity != nil {
		ids = []age.Identity{u.identity}
	}
	return openChecked(u.name, *f, ids, u.place.String(), func() (io.ReadCloser, error) { return u.draft.open(ctx, file) })
}

// Files returns the files that are stored, by name.
func (u *Upload) Files() []File {
	u.mu.Lock()
	defer u.mu.Unlock()
	out := []File{}
	for _, f := range u.files {
		if f != nil {
			out = append(out, *f)
		}
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Publish writes the manifest, and with it the snapshot exists. All files must be
// closed, and stored: one that could not be is an error here too. After an error
// there is no snapshot, and Abort is still to be called.
func (u *Upload) Publish(ctx context.Context, meta Metadata) error {
	if err := u.end(); err != nil {
		return err
	}
	m := Manifest{Metadata: meta, Encrypted: u.identity != nil, Recipients: u.public, Files: u.Files()}
	text, err := m.text()
	if err == nil {
		err = u.draft.publish(ctx, text, m.Files)
	}
	if err != nil {
		return u.errorf("", err)
	}
	u.mu.Lock()
	u.there = true
	u.mu.Unlock()
	return nil
}

// end makes sure that all files are stored, and lets no more be created.
func (u *Upload) end() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return u.errorf("", errors.New("published after the end"))
	}
	for name, f := range u.files {
		if f == nil {
			return u.errorf(name, errors.New("published while the file is open"))
		}
	}
	for _, err := range u.lost {
		return err
	}
	u.ended = true
	return nil
}

// Abort removes what was stored. After Publish it does nothing. It should get a
// context that is not the run's own, which may be over.
func (u *Upload) Abort(ctx context.Context) error {
	u.mu.Lock()
	u.ended = true
	there := u.there
	u.mu.Unlock()
	if there {
		return nil
	}
	if err := u.draft.abort(ctx); err != nil {
		return u.errorf("", fmt.Errorf("clean up: %w", err))
	}
	return nil
}

// upFile is a file on its way: in → age → out → hash and count → storage.
type upFile struct {
	ctx    context.Context
	up     *Upload
	name   string
	in     io.Writer
	sealed io.WriteCloser // nil if not encrypted
	out    *bufio.Writer
	to     writer
	hash   hash.Hash
	size   int64
	err    error
	closed bool
}

// counted is the end of an upFile before storage.
type counted struct{ *upFile }

func (c counted) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.to.Write(p)
	c.hash.Write(p[:n])
	c.size += int64(n)
	return n, err
}

func (f *upFile) Write(p []byte) (int, error) {
	if f.closed {
		return 0, f.up.errorf(f.name, errors.New("written to after its end"))
	}
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.in.Write(p)
	if err != nil {
		f.err = f.up.lose(f.name, err)
	}
	return n, f.err
}

// Close stores the file, or returns the error that dropped it, however often it
// is called.
func (f *upFile) Close() error {
	if f.closed {
		return f.err
	}
	f.closed = true
	if f.err == nil {
		var err error
		if f.sealed != nil {
			err = f.sealed.Close()
		}
		if err == nil {
			err = f.out.Flush()
		}
		if err == nil {
			err = f.ctx.Err()
		}
		if err != nil {
			f.to.abort()
			f.err = f.up.lose(f.name, err)
			return f.err
		}
	} else {
		f.to.abort()
		return f.err
	}
	if err := f.to.commit(); err != nil {
		f.err = f.up.lose(f.name, err)
		return f.err
	}
	done := &File{Name: f.name, Size: f.size, SHA256: hex.EncodeToString(f.hash.Sum(nil))}
	f.up.mu.Lock()
	f.up.files[f.name] = done
	f.up.mu.Unlock()
	return nil
}
