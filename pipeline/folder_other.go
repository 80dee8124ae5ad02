//go:build !unix

package pipeline

import (
	"errors"
	"os"
)

// lockFile has no lock to take. Folders of dead runs stay.
func lockFile(*os.File) error { return errors.ErrUnsupported }
