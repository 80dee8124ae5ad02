//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// othersMay are the permissions that nobody but us may have of a private file. One of root's
// may be read by its group where we are not root, as libpq has it for keys: that is how
// Kubernetes gives a Secret to a pod with fsGroup.
func othersMay(info fs.FileInfo) fs.FileMode {
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid == 0 && os.Geteuid() != 0 {
		return 0o037
	}
	return 0o077
}
