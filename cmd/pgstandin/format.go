package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// count writes n with commas: 1,234,567.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		return "-" + s
	}
	return s
}

// size writes a number of bytes in units of 1000: 1.2 MB.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/1000, 0
	for f >= 999.95 && unit < 4 {
		f, unit = f/1000, unit+1
	}
	return fmt.Sprintf("%.1f %cB", f, "kMGTP"[unit])
}

// seconds writes a duration for people: 0.42 s, 12.3 s, 3 min 04 s.
func seconds(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 10:
		return fmt.Sprintf("%.2f s", s)
	case s < 100:
		return fmt.Sprintf("%.1f s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %02d s", int(s)/60, int(s)%60)
	default:
		return fmt.Sprintf("%d h %02d min", int(s)/3600, int(s)%3600/60)
	}
}

// textTable prints rows under heads. Columns named in right are aligned to the
// right; the first column is cut in the middle so that a line fits width.
type textTable struct {
	heads []string
	right []bool
	rows  [][]string
	width int // 0: 80
}

func (t *textTable) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *textTable) print(w io.Writer) {
	width := t.width
	if width == 0 {
		width = 80
	}
	wide := make([]int, len(t.heads))
	for i, h := range t.heads {
		wide[i] = utf8.RuneCountInString(h)
		for _, r := range t.rows {
			wide[i] = max(wide[i], utf8.RuneCountInString(r[i]))
		}
	}
	total := 2 * (len(wide) - 1)
	for _, n := range wide {
		total += n
	}
	if total > width {
		wide[0] = max(12, wide[0]-(total-width))
	}
	line := func(cells []string) {
		var b strings.Builder
		for i, c := range cells {
			if i > 0 {
				b.WriteString("  ")
			}
			if i == 0 {
				c = shorten(c, wide[0])
			}
			pad := strings.Repeat(" ", max(0, wide[i]-utf8.RuneCountInString(c)))
			if t.right[i] {
				b.WriteString(pad + c)
			} else {
				b.WriteString(c + pad)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	line(t.heads)
	for _, r := range t.rows {
		line(r)
	}
}

// shorten cuts s in the middle to n characters.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n || n < 3 {
		return s
	}
	head := (n - 1) / 2
	return string(r[:head]) + "…" + string(r[len(r)-(n-1-head):])
}
