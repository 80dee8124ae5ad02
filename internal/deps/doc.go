// Package deps holds the rules of this module's shape as a test: which package
// may import which, where goroutines start, and what no package has.
//
// To change a rule, change the table in deps_test.go in a commit of its own
// that gives the reason.
package deps
