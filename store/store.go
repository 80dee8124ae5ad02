package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
)

// Store is a place where snapshots are kept. Its methods may be called from
// several goroutines.
type Store struct {
	place place
}

// place is a folder or a bucket. Names are checked by the caller.
type place interface {
	String() string
	// found lists what is there, in no order. The manifests are not read.
	found(ctx context.Context) ([]found, error)
	// begin starts a snapshot. That there is one of the name is ErrExists or ErrBusy.
	begin(ctx context.Context, name string) (draft, error)
	// open opens a file of a whole snapshot; fs.ErrNotExist if there is none.
	open(ctx context.Context, name, file string) (io.ReadCloser, error)
	// remove removes a whole snapshot: at once, as far as others can see.
	remove(ctx context.Context, name string, files []File) error
	// sweep removes what dead runs left, and returns the names of it.
	sweep(ctx context.Context) ([]string, error)
	close() error
}

// draft is a snapshot that is being written.
type draft interface {
	create(ctx context.Context, file string) (writer, error)
	open(ctx context.Context, file string) (io.ReadCloser, error)
	publish(ctx context.Context, manifest []byte, files []File) error
	abort(ctx context.Context) error
}

// writer writes a file. One of commit and abort is called, once.
type writer interface {
	io.Writer
	commit() error
	abort()
}

// found is a snapshot, or a partial one.
type found struct {
	name    string
	partial bool
	live    bool      // a run is writing it
	since   time.Time // of a partial one
	size    int64     // likewise
}

// Open opens a store. dest is the path of a folder, which Begin makes if it is not
// there, or a URL: s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, azblob://CONTAINER/PREFIX,
// file:///PATH. Nothing is written, and of a bucket nothing is asked. The caller
// closes the store.
func Open(ctx context.Context, dest string) (*Store, error) {
	scheme, rest, isURL := strings.Cut(dest, "://")
	switch {
	case dest == "":
		return nil, errors.New("no destination: give a folder, or a URL such as s3://bucket/prefix")
	case !isURL:
		return &Store{newFolder(dest)}, nil
	case scheme == "file":
		if !strings.HasPrefix(rest, "/") {
			return nil, errors.New("destination: write file:///path")
		}
		return &Store{newFolder(rest)}, nil
	case scheme == "s3", scheme == "gs", scheme == "azblob":
		b, err := openBucket(ctx, dest)
		if err != nil {
			return nil, err
		}
		return &Store{b}, nil
	}
	return nil, fmt.Errorf("destination: scheme %s is not known; use a folder, s3://, gs:// or azblob://", scheme)
}

// String returns the destination as it may be shown: without what a URL has of
// secrets.
func (s *Store) String() string { return s.place.String() }

// Close ends what the store holds open.
func (s *Store) Close() error { return s.place.close() }

// State is what became of a snapshot.
type State string

// The states.
const (
	Complete   State = "complete"
	Incomplete State = "incomplete" // cut off: the next Begin sweeps it
	Writing    State = "writing"    // by a run that is alive
	Damaged    State = "damaged"    // its manifest cannot be read
)

// Listed is a snapshot in a list.
type Listed struct {
	Name  string
	State State
	// Manifest is nil unless the snapshot is complete.
	Manifest *Manifest
	// Since and Size are when a partial snapshot was begun, and how much of it is
	// stored; zero if that is not known.
	Since time.Time
	Size  int64
	Err   error // why it is damaged
}

// List returns what is in the store: complete snapshots by their time, the oldest
// first, then all others. Files are not looked at, only manifests.
func (s *Store) List(ctx context.Context) ([]Listed, error) {
	all, err := s.place.found(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	var out []Listed
	for _, f := range all {
		l := Listed{Name: f.name, State: Complete, Since: f.since, Size: f.size}
		switch {
		case f.partial && f.live:
			l.State = Writing
		case f.partial:
			l.State = Incomplete
		default:
			var snap *Snapshot
			snap, err := s.Snapshot(ctx, f.name)
			var damaged *DamagedError
			switch {
			case errors.As(err, &damaged):
				l.State, l.Err = Damaged, err
			case errors.Is(err, ErrNotFound):
				continue // removed meanwhile
			case err != nil:
				return nil, err
			default:
				l.Manifest = snap.Manifest
			}
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b Listed) int {
		if (a.Manifest != nil) != (b.Manifest != nil) {
			if a.Manifest != nil {
				return -1
			}
			return 1
		}
		if a.Manifest != nil {
			if c := a.Manifest.Created.Compare(b.Manifest.Created); c != 0 {
				return c
			}
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out, nil
}

// Sweep removes what dead runs left, and returns the names of those snapshots.
func (s *Store) Sweep(ctx context.Context) ([]string, error) {
	swept, err := s.place.sweep(ctx)
	if err != nil {
		return swept, fmt.Errorf("%s: sweep: %w", s, err)
	}
	return swept, nil
}

// Remove removes a snapshot. From the first moment it is not offered any more;
// what is left of it when the removal is cut off is swept by the next Begin.
func (s *Store) Remove(ctx context.Context, name string) error {
	snap, err := s.Snapshot(ctx, name)
	var damaged *DamagedError
	var files []File
	switch {
	case err == nil:
		files = snap.Manifest.Files
	case !errors.As(err, &damaged):
		return err
	}
	if err := s.place.remove(ctx, name, files); err != nil {
		return fmt.Errorf("%s: remove snapshot %s: %w", s, name, err)
	}
	return nil
}

// ParseRecipients reads public keys of age, one a string: age1….
func ParseRecipients(keys []string) ([]age.Recipient, error) {
	var out []age.Recipient
	for _, k := range keys {
		r, err := age.ParseRecipients(strings.NewReader(strings.TrimSpace(k)))
		if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(k)), "AGE-SECRET-KEY-") {
			return nil, errors.New("recipient: that is a secret key; give the public one, age1…, which age-keygen -y prints")
		}
		if err != nil || len(r) != 1 {
			return nil, fmt.Errorf("recipient %q: not a public key of age; write age1…, as age-keygen prints it", k)
		}
		out = append(out, r[0])
	}
	return out, nil
}

// ParseIdentities reads a file of secret keys, as age-keygen writes it. Errors
// hold nothing of it.
func ParseIdentities(r io.Reader) ([]age.Identity, error) {
	ids, err := age.ParseIdentities(io.LimitReader(r, 1<<20))
	if err != nil {
		return nil, errors.New("not a file of age's secret keys; it has lines AGE-SECRET-KEY-1…, as age-keygen writes them (a file that is itself encrypted is to be decrypted first)")
	}
	return ids, nil
}
