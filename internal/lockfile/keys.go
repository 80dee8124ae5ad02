package lockfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// Key is a key of a table as the lock file holds it: "unique (email)", behind
// the name that the table has in SQL.
type Key struct {
	Table string // as schema.Name.SQL spells it
	Key   string // what ALTER TABLE adds, or "unique index using …"
}

// keyMark begins the lines of keys. They are comments for whatever compares
// columns, so that programs that know nothing of them take the file too.
const keyMark = "# key\t"

// KeysOf are the keys of a schema, and the references: keys first, each by table. In
// this order they can be made, but for keys of partitioned tables, which make those of
// their partitions.
func KeysOf(s *schema.Schema) []Key {
	var keys, references []Key
	for _, t := range s.Tables {
		for _, k := range t.Keys {
			word := "unique"
			if k.NullsNotDistinct {
				word = "unique nulls not distinct"
			}
			if k.Primary {
				word = "primary key"
			}
			keys = append(keys, Key{t.Name.SQL(), word + " (" + columnList(t, k.Columns) + ")"})
		}
		for _, x := range t.Indexes {
			if !x.Unique || x.Constraint || t.Partition != nil && t.Root() != t && indexOfRoot(t, x) {
				continue
			}
			if _, how, ok := strings.Cut(x.Definition, " USING "); ok {
				keys = append(keys, Key{t.Name.SQL(), "unique index using " + how})
			}
		}
	}
	for _, f := range s.ForeignKeys {
		references = append(references, Key{f.Child.Name.SQL(), fmt.Sprintf("foreign key (%s) references %s (%s)",
			columnList(f.Child, f.Columns), f.Parent.Name.SQL(), columnList(f.Parent, f.ParentColumns))})
	}
	compare := func(a, b Key) int {
		if c := strings.Compare(a.Table, b.Table); c != 0 {
			return c
		}
		return strings.Compare(a.Key, b.Key)
	}
	slices.SortFunc(keys, compare)
	slices.SortFunc(references, compare)
	return append(slices.Compact(keys), slices.Compact(references)...)
}

// indexOfRoot reports whether the topmost table has an index over the same: then
// it is a part of that.
func indexOfRoot(t *schema.Table, x schema.Index) bool {
	_, how, _ := strings.Cut(x.Definition, " USING ")
	return slices.ContainsFunc(t.Root().Indexes, func(y schema.Index) bool {
		_, other, _ := strings.Cut(y.Definition, " USING ")
		return y.Unique && how == other
	})
}

func columnList(t *schema.Table, columns []int) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = schema.QuoteIdent(t.Columns[c].Name)
	}
	return strings.Join(names, ", ")
}

// keysHead begins what a lock file says of keys.
const keysHead = "# keys and references, which pgstandin mask needs"

func formatKeys(b *strings.Builder, keys []Key) {
	b.WriteString(keysHead + "\n")
	for _, k := range keys {
		b.WriteString(keyMark + escape.Replace(k.Table) + "\t" + escape.Replace(k.Key) + "\n")
	}
}

// parseKeys returns the keys that a lock file holds; nil if it says nothing of
// keys.
func parseKeys(text string) []Key {
	var keys []Key
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == keysHead && keys == nil {
			keys = []Key{}
		}
		rest, ok := strings.CutPrefix(line, keyMark)
		if table, key, two := strings.Cut(rest, "\t"); ok && two {
			keys = append(keys, Key{unescape.Replace(table), unescape.Replace(key)})
		}
	}
	return keys
}
