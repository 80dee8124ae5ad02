package store

import (
	"errors"
	"fmt"
)

// Errors that callers may want to tell from others, by errors.Is.
var (
	// ErrExists: there is a snapshot of that name.
	ErrExists = errors.New("already exists")
	// ErrNotFound: there is no snapshot of that name.
	ErrNotFound = errors.New("no such snapshot")
	// ErrIncomplete: what is there of the snapshot is not all of it.
	ErrIncomplete = errors.New("incomplete: the run that wrote it did not finish")
	// ErrBusy: another run is writing the snapshot.
	ErrBusy = errors.New("another run is writing it")
	// ErrIdentity: the snapshot is encrypted, and not to the keys at hand.
	ErrIdentity = errors.New("encrypted")
)

// DamagedError says that a snapshot is not what was written.
type DamagedError struct {
	Snapshot string
	File     string
	Reason   string // "is missing", "has another SHA-256 than the manifest says"
}

// Error says what of the snapshot is wrong.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("snapshot %s is damaged: %s %s; use another snapshot", e.Snapshot, e.File, e.Reason)
}
