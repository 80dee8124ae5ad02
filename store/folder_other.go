//go:build !unix

package store

import (
	"errors"
	"os"
)

// lockFile has no lock to take: a partial snapshot is never known to be dead, and
// stays until somebody removes it.
func lockFile(*os.File) error { return errors.ErrUnsupported }

func syncDir(string) error { return nil }

func noSpace(error) bool { return false }
