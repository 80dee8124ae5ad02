package main

import (
	"strings"
	"testing"
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
