//go:build race

package keyed

// raceDetector: sync.Pool drops what it holds at random, so allocations say
// nothing.
const raceDetector = true
