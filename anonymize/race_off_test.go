//go:build !race

package anonymize

const raceDetector = false
