//go:build !unix

package main

import "io/fs"

// othersMay are the permissions that nobody but us may have of a private file.
func othersMay(fs.FileInfo) fs.FileMode { return 0o077 }
