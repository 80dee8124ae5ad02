package seed

import (
	"testing"
	"time"
)

// Times are written as package time does it.
func TestPrintTimes(t *testing.T) {
	first, last := time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC).Unix(), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
	for i := range uint64(200_000) {
		v := first + int64(below(mix(i), uint64(last-first+1)))
		want := time.Unix(v, 0).UTC().Format("2006-01-02 15:04:05")
		if got := string(printTimestamp(nil, v)); got != want {
			t.Fatalf("%d: %s, want %s", v, got, want)
		}
	}
	for _, v := range []int64{first, last, 0, -1, -day, day - 1} {
		if got, want := string(printTimestamp(nil, v)), time.Unix(v, 0).UTC().Format("2006-01-02 15:04:05"); got != want {
			t.Errorf("%d: %s, want %s", v, got, want)
		}
	}
}
