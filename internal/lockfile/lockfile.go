// Package lockfile is the file beside a rules file that holds what was decided of each
// column when somebody last looked, and the keys of the tables. What differs from it is
// drift, which a run refuses until somebody accepts it. The file holds names, types and
// decisions alone, no literal of the rules and no value, so every server writes the same.
package lockfile

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

const head = "pgstandin lock 1"

// Name is the lock file of a rules file, never that file itself.
func Name(rulesFile string) string {
	switch ext := filepath.Ext(rulesFile); ext {
	case ".yaml", ".yml":
		return strings.TrimSuffix(rulesFile, ext) + ".lock"
	}
	return rulesFile + ".lock"
}

// File is what a lock file holds. It does not change.
type File struct {
	entries []entry // sorted
	keys    []Key
}

// Of is what there is to lock: the decisions of a ledger, and of the schema the tables
// without columns and the keys.
func Of(ledger []rules.Decision, s *schema.Schema) *File {
	f := &File{keys: KeysOf(s)}
	for _, d := range ledger {
		f.entries = append(f.entries, entry{d.Table.Name.String(), d.Column, d.Type, d.Mask, d.Digest, d.Source})
	}
	for _, t := range s.Roots() {
		if len(t.Columns) == 0 {
			f.entries = append(f.entries, entry{table: t.Name.String()})
		}
	}
	slices.SortFunc(f.entries, compare)
	return f
}

// Keys are those of the tables, in the order of KeysOf; nil if the file says nothing of
// keys, as older ones do. The slice is the file's.
func (f *File) Keys() []Key { return f.keys }

// entry is what the file holds of one column, or of a table that has none: then all but
// table is empty.
type entry struct {
	table, column, typ, mask, digest, source string
}

func (l *entry) fields() []*string {
	return []*string{&l.table, &l.column, &l.typ, &l.mask, &l.digest, &l.source}
}

func (l entry) name() string {
	if l.column == "" {
		return l.table
	}
	return l.table + "." + l.column
}

var (
	escape   = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)
	unescape = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r")
)

func compare(a, b entry) int {
	if c := strings.Compare(a.table, b.table); c != 0 {
		return c
	}
	return strings.Compare(a.column, b.column)
}

// String is the text of the file: a head, then a line a column, sorted, of six fields
// between tabs, and then the keys as comments.
func (f *File) String() string {
	var b strings.Builder
	b.WriteString(head + "\n# table, column, type, mask, digest of its parameters, decided by; written by pgstandin check --write-lock\n")
	for _, l := range f.entries {
		for i, field := range l.fields() {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(escape.Replace(*field))
		}
		b.WriteByte('\n')
	}
	formatKeys(&b, f.keys)
	return b.String()
}

// Parse reads the text of a lock file of that name, which errors begin with.
func Parse(name, text string) (*File, error) {
	all := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	wrong := func(line int, format string, args ...any) error {
		return fmt.Errorf("%s:%d: %s; write the file again by check --write-lock", name, line, fmt.Sprintf(format, args...))
	}
	for i, l := range all {
		if isConflict(l) {
			return nil, wrong(i+1, "a merge left both sides of a conflict here")
		}
	}
	if all[0] != head {
		switch {
		case strings.TrimSpace(text) == "":
			return nil, wrong(1, "the file is empty")
		case strings.HasPrefix(all[0], head[:len(head)-1]):
			return nil, wrong(1, "a lock file of another version of pgstandin: its first line is not %q", head)
		}
		return nil, wrong(1, "not a lock file: its first line is not %q", head)
	}
	var lines []entry
	at := map[string]int{} // columns, by their lines
	for i, l := range all[1:] {
		if l == "" || strings.HasPrefix(l, "# ") {
			continue
		}
		var line entry
		fields, texts := line.fields(), strings.Split(l, "\t")
		if len(texts) != len(fields) {
			return nil, wrong(i+2, "%d fields between tabs, want %d", len(texts), len(fields))
		}
		for k, text := range texts {
			*fields[k] = unescape.Replace(text)
		}
		key := texts[0] + "\t" + texts[1]
		if first := at[key]; first > 0 {
			return nil, wrong(i+2, "%s is in line %d already, as after a merge that kept both sides", line.name(), first)
		}
		at[key] = i + 2
		lines = append(lines, line)
	}
	slices.SortFunc(lines, compare)
	return &File{entries: lines, keys: parseKeys(text)}, nil
}

// isConflict reports whether a merge writes a line so between two sides.
func isConflict(line string) bool {
	if strings.Contains(line, "\t") {
		return false // a column, of whatever name
	}
	for _, mark := range []string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"} {
		if rest, ok := strings.CutPrefix(line, mark); ok && (rest == "" || rest[0] == ' ') {
			return true
		}
	}
	return false
}
