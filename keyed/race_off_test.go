//go:build !race

package keyed

const raceDetector = false
