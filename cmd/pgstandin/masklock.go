package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// lockKey is a key of a table as the lock file holds it: "unique (email)", behind
// the name that the table has in SQL.
type lockKey struct{ table, key string }

// keyMark begins the lines of keys. They are comments for whatever compares
// columns, so that programs that know nothing of them take the file too.
const keyMark = "# key\t"

// lockKeys are the keys of a schema, and the references, in the order in which
// they can be made.
func lockKeys(s *schema.Schema) []lockKey {
	var keys, references []lockKey
	for _, t := range s.Tables {
		for _, k := range t.Keys {
			word := "unique"
			if k.NullsNotDistinct {
				word = "unique nulls not distinct"
			}
			if k.Primary {
				word = "primary key"
			}
			keys = append(keys, lockKey{t.Name.SQL(), word + " (" + columnList(t, k.Columns) + ")"})
		}
		for _, x := range t.Indexes {
			if !x.Unique || x.Constraint || t.Partition != nil && t.Root() != t && indexOfRoot(t, x) {
				continue
			}
			if _, how, ok := strings.Cut(x.Definition, " USING "); ok {
				keys = append(keys, lockKey{t.Name.SQL(), "unique index using " + how})
			}
		}
	}
	for _, f := range s.ForeignKeys {
		references = append(references, lockKey{f.Child.Name.SQL(), fmt.Sprintf("foreign key (%s) references %s (%s)",
			columnList(f.Child, f.Columns), f.Parent.Name.SQL(), columnList(f.Parent, f.ParentColumns))})
	}
	compare := func(a, b lockKey) int {
		if c := strings.Compare(a.table, b.table); c != 0 {
			return c
		}
		return strings.Compare(a.key, b.key)
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

// formatLockKeys is what a lock file says of keys.
func formatLockKeys(keys []lockKey) string {
	var b strings.Builder
	b.WriteString("# keys and references, which pgstandin mask needs\n")
	for _, k := range keys {
		b.WriteString(keyMark + lockEscape.Replace(k.table) + "\t" + lockEscape.Replace(k.key) + "\n")
	}
	return b.String()
}

// parseLockKeys returns the keys that a lock file holds; nil if it says nothing of
// keys.
func parseLockKeys(text string) []lockKey {
	var keys []lockKey
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "# keys and references, which pgstandin mask needs" && keys == nil {
			keys = []lockKey{}
		}
		rest, ok := strings.CutPrefix(line, keyMark)
		if table, key, two := strings.Cut(rest, "\t"); ok && two {
			keys = append(keys, lockKey{lockUnescape.Replace(table), lockUnescape.Replace(key)})
		}
	}
	return keys
}

// addKeys makes the keys that the database does not have yet.
func (l *schemaLoader) addKeys(ctx context.Context, keys []lockKey) error {
	if err := errors.Join(l.complete(), l.ended()); err != nil {
		return err
	}
	s, err := catalog.Read(ctx, l.conn)
	if err != nil {
		return fmt.Errorf("throw-away server: %w", err)
	}
	there := map[lockKey]bool{}
	for _, k := range lockKeys(s) {
		there[k] = true
	}
	tables := map[string]*schema.Table{}
	for _, t := range s.Tables {
		tables[t.Name.SQL()] = t
	}
	partition := func(k lockKey) bool { t := tables[k.table]; return t != nil && t.Partition != nil }
	// Keys of a partitioned table make those of its partitions.
	slices.SortStableFunc(keys, func(a, b lockKey) int {
		return rankOfKey(a, partition(a)) - rankOfKey(b, partition(b))
	})
	if err := l.exec(ctx, "set check_function_bodies = off; set search_path = ''"); err != nil {
		return fmt.Errorf("throw-away server: %w", pipeline.SafeError(err))
	}
	for _, k := range keys {
		if there[k] {
			continue
		}
		sql := "alter table " + k.table + " add " + k.key
		if how, ok := strings.CutPrefix(k.key, "unique index "); ok {
			sql = "create unique index on " + k.table + " " + how
		}
		if err := l.exec(ctx, sql); err != nil && !(partition(k) && strings.HasPrefix(k.key, "primary key")) {
			return withStatus(exitUndecided, fmt.Errorf("drift from the lock file: %s of %s cannot be made with the tables that %s begins with (%w); "+
				"write the lock file again by check --write-lock, or give the schema by --schema FILE", k.key, k.table, l.file.name, pipeline.SafeError(err)))
		}
	}
	return nil
}

// rankOfKey orders keys by what they need: partitions after what they are parts
// of, references after the keys that they are of.
func rankOfKey(k lockKey, partition bool) int {
	rank := 0
	if partition {
		rank = 1
	}
	if strings.HasPrefix(k.key, "foreign key") {
		rank += 2
	}
	return rank
}
