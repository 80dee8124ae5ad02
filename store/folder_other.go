//go:build !unix

package store

func syncDir(string) error { return nil }

func noSpace(error) bool { return false }
