//go:build unix

package ownedfolder

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the lock on an open file for as long as it is open here, or says at once
// that another process has it. Children do not inherit it.
func lock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// isTaken reports whether an error of lock says that another process has the lock.
func isTaken(err error) bool { return errors.Is(err, syscall.EWOULDBLOCK) }
