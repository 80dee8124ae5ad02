package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestTextTable: a table fits where that can be, names are cut last, numbers never.
func TestTextTable(t *testing.T) {
	t.Parallel()
	table := textTable{heads: []string{"name", "rows", "why"}, right: []bool{false, true, false}}
	table.add("public.a_table_of_a_long_name", "12,345,678", "a reason that needs many words")
	for width, want := range map[int]string{
		0:  "public.a_table_of_a_long_name  12,345,678  a reason that needs many words",
		60: "public.a_table_of_a_long_name  12,345,678  a reason…ny words",
		45: "public.a_ta…a_long_name  12,345,678  a r…ords",
		10: "publi…g_name  12,345,678  a r…ords",
	} {
		table.width = width
		var out strings.Builder
		table.print(&out)
		if _, got, _ := strings.Cut(out.String(), "\n"); strings.TrimSpace(got) != want {
			t.Errorf("%d characters: %q, want %q", width, got, want)
		}
	}
}

// TestTextTableSpare: where there is no room columns go, and the name stays whole.
func TestTextTableSpare(t *testing.T) {
	t.Parallel()
	table := textTable{heads: []string{"name", "size", "lsn", "state"}, right: []bool{false, true, false, false}, spare: []int{2, 1}}
	table.add("before-the-great-migration", "1.2 GB", "5/3A0012F8", "complete")
	for width, want := range map[int]string{
		0:  "before-the-great-migration  1.2 GB  5/3A0012F8  complete",
		50: "before-the-great-migration  1.2 GB  complete",
		40: "before-the-great-migration  complete",
		20: "before-the-great-migration  complete",
	} {
		table.width = width
		var out strings.Builder
		table.print(&out)
		if _, got, _ := strings.Cut(out.String(), "\n"); strings.TrimSpace(got) != want {
			t.Errorf("%d characters: %q, want %q", width, got, want)
		}
	}
}

// TestStepLine: a step that has ended has one line, whatever the terminal.
func TestStepLine(t *testing.T) {
	t.Parallel()
	step := &stepTime{"build indexes and constraints, set sequences, fill views", 83 * time.Second}
	for width, want := range map[int]int{0: 66, 100: 66, 66: 65, 40: 39} {
		if got := utf8.RuneCountInString(strings.TrimSuffix(stepLine(step, width), "\n")); got != want {
			t.Errorf("%d characters: a line of %d, want %d: %q", width, got, want, stepLine(step, width))
		}
	}
}

// A line of progress says its figures whole, as many as fit, and cuts only names.
func TestProgressLine(t *testing.T) {
	p := progress{Rows: 3_461_812, Bytes: 331e6, TotalBytes: 704e6, Running: "public.shipments, public.users"}
	for _, c := range []struct {
		p     progress
		width int
		want  string
	}{
		{p, 100, "47 %, 3,461,812 rows, 331.0 MB, 66.2 MB/s, 6 s left: public.shipments, public.users"},
		{p, 76, "47 %, 3,461,812 rows, 331.0 MB, 66.2 MB/s, 6 s left: public.ship…ublic.users"},
		{p, 60, "47 %, 3,461,812 rows, 331.0 MB, 66.2 MB/s, 6 s left"},
		{p, 45, "47 %, 3,461,812 rows, 331.0 MB, 6 s left"},
		{p, 39, "47 %, 3,461,812 rows, 6 s left"},
		{p, 20, "47 %, 6 s left"},
		{progress{Rows: 12, Bytes: 900, Running: "public.t"}, 76, "12 rows, 900 B, 180 B/s: public.t"},
		{progress{Rows: 12, Bytes: 900, Running: "public.t"}, 17, "12 rows, 900 B"},
		{progress{Rows: 12, Bytes: 900, Running: "public.t"}, 9, "12 rows"},
		{progress{Rows: 12, Bytes: 900, TotalBytes: 900}, 76, "100 %, 12 rows, 900 B, 180 B/s"},
	} {
		if got := c.p.line(5*time.Second, c.width); got != c.want {
			t.Errorf("width %d: %q, want %q", c.width, got, c.want)
		}
	}
}
