package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/report"
)

// What is printed is spelled as in reports.

func count(n int64) string { return report.Count(n) }

func size(n int64) string { return report.Size(n) }

func seconds(d time.Duration) string { return report.Span(d.Seconds()) }

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
