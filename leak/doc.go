// Package leak looks for original values of personal columns in what must not
// hold any. While rows are masked, a Collector puts keyed fingerprints of the
// originals into a Filter; afterwards a Scanner looks for each sequence of one to
// six words of a text in it. What it finds are suspects; reading the originals
// once more confirms each exactly, so that no chance of a hash is ever reported.
//
// Values and texts are folded first (see words), so that case, accents, width
// and marks between words do not matter. docs/leaks.md says what counts as a
// value.
//
// The package starts no goroutines. A Filter may be filled by several at once,
// each with a Collector of its own, and then read by several, each with a Scanner
// of its own; not both at the same time.
package leak
