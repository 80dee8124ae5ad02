//go:build !unix

package ownedfolder

import (
	"errors"
	"os"
)

// lock has no lock to take.
func lock(*os.File) error { return errors.ErrUnsupported }

func isTaken(error) bool { return false }
