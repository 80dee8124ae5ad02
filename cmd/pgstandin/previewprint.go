package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// previewWidth is how wide a line is at most; leastCell what a column needs to
// be of use.
const previewWidth, leastCell = 80, 8

func printPreview(out io.Writer, o *previewOptions, s *sample) error {
	names := make([]string, len(s.spec.Columns))
	for i, c := range s.spec.Columns {
		names[i] = s.spec.Table.Columns[c].Name
	}
	switch {
	case o.json:
		return s.printJSON(out, names, o.reveal)
	case len(s.rows) == 0:
		_, err := fmt.Fprintf(out, "%s: no row\n", s.spec.Table.Name)
		return err
	case len(names) == 0:
		_, err := fmt.Fprintf(out, "%s: %s without a column that is copied\n", s.spec.Table.Name, plural(len(s.rows), "row"))
		return err
	}
	if o.expanded || !s.printTable(out, names, o.reveal) {
		s.printExpanded(out, names, o.reveal)
	}
	return nil
}

// printTable prints a row a line, or two with the original; false if there are
// too many columns for that.
func (s *sample) printTable(out io.Writer, names []string, reveal bool) bool {
	heads := names
	var lines [][]string
	for i := range s.rows {
		masked := cellsOf(s.masked[i])
		if reveal {
			lines = append(lines, append([]string{"original"}, cellsOf(s.rows[i])...))
			masked = append([]string{"masked"}, masked...)
		}
		lines = append(lines, masked)
	}
	if reveal {
		heads = append([]string{""}, names...)
	}
	wide := make([]int, len(heads))
	for i, h := range heads {
		wide[i] = utf8.RuneCountInString(h)
		for _, l := range lines {
			wide[i] = max(wide[i], utf8.RuneCountInString(l[i]))
		}
	}
	if !fitWidths(wide, previewWidth-2*(len(wide)-1)) {
		return false
	}
	for _, l := range append([][]string{heads}, lines...) {
		var b strings.Builder
		for i, c := range l {
			c = shorten(c, wide[i])
			b.WriteString(c + strings.Repeat(" ", 2+wide[i]-utf8.RuneCountInString(c)))
		}
		fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
	}
	return true
}

// fitWidths narrows the widest columns until all fit; false if they cannot.
func fitWidths(wide []int, room int) bool {
	total := 0
	for _, n := range wide {
		total += n
	}
	for ; total > room; total-- {
		widest := 0
		for i, n := range wide {
			if n > wide[widest] {
				widest = i
			}
		}
		if wide[widest] <= leastCell {
			return false
		}
		wide[widest]--
	}
	return true
}

// printExpanded prints a column a line, longer values on several.
func (s *sample) printExpanded(out io.Writer, names []string, reveal bool) {
	wide := 0
	for _, n := range names {
		wide = max(wide, utf8.RuneCountInString(n))
	}
	wide = min(wide, 24)
	room := previewWidth - wide - 2
	if reveal {
		room = (room - 2) / 2
	}
	for i := range s.rows {
		fmt.Fprintf(out, "row %d\n", i+1)
		before, after := cellsOf(s.rows[i]), cellsOf(s.masked[i])
		for k, name := range names {
			left, right := broken(after[k], room), []string(nil)
			if reveal {
				left, right = broken(before[k], room), broken(after[k], room)
			}
			name = shorten(name, wide)
			for l := range max(len(left), len(right)) {
				line := name + strings.Repeat(" ", 2+wide-utf8.RuneCountInString(name))
				name = ""
				cell := ""
				if l < len(left) {
					cell = left[l]
				}
				line += cell
				if l < len(right) {
					line += strings.Repeat(" ", 2+room-utf8.RuneCountInString(cell)) + right[l]
				}
				fmt.Fprintln(out, strings.TrimRight(line, " "))
			}
		}
	}
}

// broken cuts s into lines of n characters.
func broken(s string, n int) []string {
	r := []rune(s)
	var out []string
	for len(r) > n {
		out = append(out, string(r[:n]))
		r = r[n:]
	}
	return append(out, string(r))
}

// cellsOf are the values of a row for people.
func cellsOf(row []byte) []string {
	var out []string
	for _, v := range fieldsOf(row) {
		if v == nil {
			out = append(out, "NULL")
			continue
		}
		out = append(out, printable(string(v)))
	}
	return out
}

// previewDoc are the rows of a table; its JSON is that of --json.
type previewDoc struct {
	Table     string      `json:"table"`
	Columns   []string    `json:"columns"`             // in the order of a row's values
	Rows      [][]*string `json:"rows"`                // as they would be; null is NULL
	Originals [][]*string `json:"originals,omitempty"` // with --reveal
}

// printJSON prints one document, with the columns in their order.
func (s *sample) printJSON(out io.Writer, names []string, reveal bool) error {
	doc := previewDoc{Table: s.spec.Table.Name.String(), Columns: names, Rows: textsOf(s.masked)}
	if reveal {
		doc.Originals = textsOf(s.rows)
	}
	return printJSON(out, doc)
}

func textsOf(rows [][]byte) [][]*string {
	out := [][]*string{}
	for _, row := range rows {
		var texts []*string
		for _, v := range fieldsOf(row) {
			if v == nil {
				texts = append(texts, nil)
				continue
			}
			text := string(v)
			texts = append(texts, &text)
		}
		out = append(out, texts)
	}
	return out
}
