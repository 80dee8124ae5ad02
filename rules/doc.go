// Package rules reads a rules file and binds it to a schema: text becomes the
// configuration of a subset and the masks of every column, or one list of all
// that is wrong with it, each with its place in the file.
//
// Parse needs no database; Bind resolves names, expressions and decisions
// against a schema.Schema; Compile turns masks into programs. What it returns
// is immutable and may be shared between goroutines.
package rules
