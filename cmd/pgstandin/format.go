package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/pgstandin/pgstandin/report"
)

// What is printed is spelled as in reports.

func count(n int64) string { return report.Count(n) }

func plural(n int, what string) string { return report.Plural(int64(n), what) }

func plural64(n int64, what string) string { return report.Plural(n, what) }

func shorten(s string, n int) string { return report.Shorten(s, n) }

func size(n int64) string { return report.Size(n) }

func seconds(d time.Duration) string { return report.Span(d.Seconds()) }

// printable is text of a database for people: what would move the cursor or change
// colours is escaped.
func printable(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// printJSON prints a document, as people and programs read it.
func printJSON(out io.Writer, doc any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(doc)
}

// textTable prints rows under heads. Columns named in right are aligned to the
// right. Where a line would be wider than width, cells are cut in the middle: those of
// other columns than the first before those, and numbers never. If spare names columns,
// the first is never cut: those go, in that order, until the others have room.
type textTable struct {
	heads []string
	right []bool
	rows  [][]string
	spare []int
	width int // 0: nothing is cut
}

func (t *textTable) add(cells ...string) { t.rows = append(t.rows, cells) }

// leastName is how much of a name stays.
const leastName = 12

func (t *textTable) print(w io.Writer) {
	wide := make([]int, len(t.heads))
	for i, h := range t.heads {
		wide[i] = utf8.RuneCountInString(h)
		for _, r := range t.rows {
			wide[i] = max(wide[i], utf8.RuneCountInString(r[i]))
		}
	}
	gone := make([]bool, len(wide))
	if t.width > 0 {
		t.leave(wide, gone)
		t.fit(wide)
	}
	line := func(cells []string) {
		var b strings.Builder
		for i, c := range cells {
			if gone[i] {
				continue
			}
			if i > 0 {
				b.WriteString("  ")
			}
			c = shorten(c, wide[i])
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

// leave takes spare columns out until a line fits: of those the width is -2, as the
// space before them is gone too.
func (t *textTable) leave(wide []int, gone []bool) {
	for _, i := range t.spare {
		total := -2
		for _, n := range wide {
			total += n + 2
		}
		if total <= t.width {
			return
		}
		wide[i], gone[i] = -2, true
	}
}

// fit narrows columns until a line fits, if that can be.
func (t *textTable) fit(wide []int) {
	over := 2*(len(wide)-1) - t.width
	for _, n := range wide {
		over += n
	}
	for ; over > 0; over-- {
		widest := -1
		for i := 1; i < len(wide); i++ {
			least := max(leastCell, utf8.RuneCountInString(t.heads[i]))
			if !t.right[i] && wide[i] > least && (widest < 0 || wide[i] > wide[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		wide[widest]--
	}
	if over > 0 && t.spare == nil {
		wide[0] = min(wide[0], max(leastName, wide[0]-over))
	}
}

// terminal returns the descriptor of the terminal that w writes to, if it is one.
func terminal(w io.Writer) (fd int, ok bool) {
	switch o := w.(type) {
	case *output:
		w = o.w
	case *shared:
		w = o.w
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	return int(f.Fd()), true
}

// eraseLine removes an unfinished line from a terminal.
const eraseLine = "\r\x1b[K"

// erasable reports whether w is a terminal that knows eraseLine.
func erasable(w io.Writer) bool {
	_, ok := terminal(w)
	return ok && os.Getenv("TERM") != "dumb"
}

// clearLine is eraseLine where w is a terminal, else nothing.
func clearLine(w io.Writer) string {
	if erasable(w) {
		return eraseLine
	}
	return ""
}

// widthOf is how many characters a line of w has room for: 0, without end, but on a
// terminal.
func widthOf(w io.Writer) int {
	fd, ok := terminal(w)
	if !ok {
		return 0
	}
	n, _, err := term.GetSize(fd)
	if err != nil || n < 20 {
		return 80
	}
	return n
}
