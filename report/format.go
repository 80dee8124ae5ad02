package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Count writes n with commas: 1,234,567.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int, what string) string { return Plural(int64(n), what) }

// Plural writes a number of things: 1 row, 1,234 rows.
func Plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return Count(n) + " " + what + "s"
}

// Size writes a number of bytes in units of 1000: 1.2 MB.
func Size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/1000, 0
	for f >= 999.95 && unit < 4 {
		f, unit = f/1000, unit+1
	}
	return fmt.Sprintf("%.1f %cB", f, "kMGTP"[unit])
}

// Span writes a number of seconds for people: 0.42 s, 12.3 s, 3 min 04 s.
func Span(s float64) string {
	switch {
	case s < 10:
		return fmt.Sprintf("%.2f s", s)
	case s < 100:
		return fmt.Sprintf("%.1f s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %02d s", int(s)/60, int(s)%60)
	}
	return fmt.Sprintf("%d h %02d min", int(s)/3600, int(s)%3600/60)
}

// percent writes a share: 4.2 %, 37 %. What is not all is never 100 %.
func percent(share float64) string {
	p := 100 * share
	switch {
	case p >= 100:
		return "100 %"
	case p >= 99.5:
		return "99 %"
	case p >= 9.95:
		return fmt.Sprintf("%.0f %%", p)
	case p > 0 && p < 0.05:
		return "< 0.1 %"
	case p == 0:
		return "0 %"
	}
	return fmt.Sprintf("%.1f %%", p)
}

// rough rounds an estimate to three digits.
func rough(n int64) int64 {
	if n < 1000 {
		return n
	}
	unit := math.Pow(10, math.Floor(math.Log10(float64(n)))-2)
	return int64(math.Round(float64(n)/unit) * unit)
}

func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") }

// Shorten cuts s in the middle to n characters; for n below 3 it is left as it is.
func Shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n || n < 3 {
		return s
	}
	head := (n - 1) / 2
	return string(r[:head]) + "…" + string(r[len(r)-(n-1-head):])
}

// bare drops a schema that goes without saying.
func bare(name string) string { return strings.TrimPrefix(name, "public.") }
