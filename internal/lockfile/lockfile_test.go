package lockfile

import (
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/schema"
)

func TestText(t *testing.T) {
	t.Parallel()
	want := []entry{{"a", "b\t\\n\n", "text", "", "", "table"}, {"a", "c", "int", "constant {value: …}", "0a1b2c3d4e5f", "pattern"}, {table: "b"}}
	keys := []Key{{"a", "unique (\"b\t\\n\n\")"}, {"a", "foreign key (c) references b (c)"}}
	got, err := Parse("x", (&File{entries: want, keys: keys}).String())
	if err != nil || !slices.Equal(got.entries, want) || !slices.Equal(got.Keys(), keys) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if _, err := Parse("x", head+"\na\tb\ttext\tkeep\ttype\n"); err == nil || !strings.HasPrefix(err.Error(), "x:2: ") {
		t.Errorf("five fields: %v", err)
	}
	column := "public.users\tphone\ttext\tkeep\t\ttable\n"
	for text, wants := range map[string]string{
		"":                      "x:1: the file is empty",
		"\n":                    "x:1: the file is empty",
		"pgstandin lock 2\n":    "x:1: a lock file of another version",
		"version: 1\n":          "x:1: not a lock file",
		"<<<<<<< HEAD\n" + head: "x:1: a merge left both sides of a conflict",
		head + "\n" + column + "=======\n" + column:                    "x:3: a merge left both sides of a conflict",
		head + "\n" + column + "public.users\tname\t\t\t\t\n" + column: "x:4: public.users.phone is in line 2 already",
	} {
		if _, err := Parse("x", text); err == nil || !strings.HasPrefix(err.Error(), wants) || !strings.HasSuffix(err.Error(), "; write the file again by check --write-lock") {
			t.Errorf("%q: %v, want %s", text, err, wants)
		}
	}
}

// PostgreSQL puts a new column last, so one elsewhere was renamed.
func TestRenamed(t *testing.T) {
	t.Parallel()
	column := func(name string) entry { return entry{"public.t", name, "text", "keep", "", "match"} }
	masked := func(name string) entry { return entry{"public.t", name, "text", "email", "", "match"} }
	for _, c := range []struct {
		now         string // columns in their order
		gone, added []entry
		want        []int
	}{
		{"a x c", []entry{column("b")}, []entry{column("x")}, []int{0}},
		{"a c y x", []entry{column("b")}, []entry{column("x"), column("y")}, []int{0}},
		{"a x c y", []entry{column("b")}, []entry{column("x"), column("y")}, []int{0}},
		{"a y c x", []entry{column("b")}, []entry{column("x"), column("y")}, []int{1}},
		{"a y x c", []entry{masked("b"), column("d")}, []entry{column("x"), masked("y")}, []int{1, 0}},
		{"a c x", []entry{column("b"), column("d")}, []entry{column("x")}, []int{0, -1}},
		{"a x c", []entry{{"public.t", "b", "int", "keep", "", "match"}}, []entry{column("x")}, []int{-1}},
		{"a x c", []entry{{"public.u", "b", "text", "keep", "", "match"}}, []entry{column("x")}, []int{-1}},
	} {
		table := &schema.Table{Name: schema.Name{Schema: "public", Name: "t"}}
		for _, name := range strings.Fields(c.now) {
			table.Columns = append(table.Columns, schema.Column{Name: name})
		}
		if got := renames(c.gone, c.added, &schema.Schema{Tables: []*schema.Table{table}}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.now, got, c.want)
		}
	}
}

// Whatever names a database has, its lock file reads back as it was written.
func FuzzText(f *testing.F) {
	f.Add("public", "# t", "a\tb", "text", "constant {value: …}")
	f.Add("# p", "t\r\n", `\t`, "\\", "")
	f.Fuzz(func(t *testing.T, namespace, table, column, typ, mask string) {
		want := []entry{{schema.Name{Schema: namespace, Name: table}.String(), column, typ, mask, "", "type"}}
		keys := []Key{{table, mask}}
		got, err := Parse("x", (&File{entries: want, keys: keys}).String())
		if err != nil || !slices.Equal(got.entries, want) || !slices.Equal(got.Keys(), keys) {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	})
}
