package lockfile

import (
	"fmt"
	"strings"

	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

// DriftError says how columns differ from a lock file.
type DriftError struct {
	name    string
	lines   []string
	renamed map[string]string // by the names in the file
	gone    bool
}

// Error has one column a line, and what to do about them.
func (e *DriftError) Error() string {
	return fmt.Sprintf("drift from %s; look at each, then accept by check --write-lock:\n%s", e.name, strings.Join(e.lines, "\n"))
}

// Gone reports whether a column or a table that is in the file is not there any more.
func (e *DriftError) Gone() bool { return e.gone }

// Renamed is what a column that is gone may be called now, "" if that is not known. It
// is named as in the file, behind the name of its table.
func (e *DriftError) Renamed(column string) string { return e.renamed[column] }

// Drift returns how columns of now differ from those in f, the file of that name, as a
// *DriftError; nil if none does. A changed mask that the rules give the column by name
// is no drift. s is the schema of now, where renamed columns kept their place.
func (f *File) Drift(name string, now *File, s *schema.Schema) error {
	e := &DriftError{name: name}
	e.lines, e.renamed, e.gone = drift(f.entries, now.entries, s)
	if len(e.lines) == 0 {
		return nil
	}
	return e
}

func drift(locked, now []entry, s *schema.Schema) (out []string, renamed map[string]string, anyGone bool) {
	renamed = map[string]string{}
	var gone, added []entry
	for len(locked) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(locked) > 0 && compare(locked[0], now[0]) < 0:
			gone, locked = append(gone, locked[0]), locked[1:]
		case len(locked) == 0 || compare(locked[0], now[0]) > 0:
			added, now = append(added, now[0]), now[1:]
		default:
			out = append(out, changes(locked[0], now[0])...)
			locked, now = locked[1:], now[1:]
		}
	}
	for i, to := range renames(gone, added, s) {
		line := "- " + gone[i].name()
		if gone[i].column != "" {
			line += " " + gone[i].typ
		}
		if to >= 0 {
			line += fmt.Sprintf(" (renamed to %s?)", added[to].column)
			renamed[gone[i].name()] = added[to].column
		}
		out = append(out, line)
	}
	for _, a := range added {
		if a.column == "" {
			out = append(out, "+ "+a.name())
			continue
		}
		out = append(out, fmt.Sprintf("+ %s %s: %s", a.name(), a.typ, a.decision()))
	}
	return out, renamed, len(gone) > 0
}

func changes(was, is entry) []string {
	var out []string
	if was.typ != is.typ {
		out = append(out, fmt.Sprintf("~ %s: type %s, was %s", is.name(), is.typ, was.typ))
	}
	switch {
	case is.source == rules.FromTable: // whoever reads the rules' own change sees it
	case was.mask != is.mask:
		out = append(out, fmt.Sprintf("~ %s: %s, was %s", is.name(), is.decision(), was.decision()))
	case was.digest != is.digest:
		out = append(out, fmt.Sprintf("~ %s: %s, was the same with other parameters", is.name(), is.decision()))
	}
	return out
}

// decision is a mask and where it comes from.
func (l entry) decision() string {
	if l.mask == "" {
		return l.source
	}
	return l.mask + " (" + l.source + ")"
}

// renames pairs each column that is gone with an added one of its table and type
// that may be the same, -1 for none; no added one is used twice. PostgreSQL puts
// new columns behind all others, so one before a column that was there already
// has another one's place: those come first, and those with the decision of the
// one that is gone.
func renames(gone, added []entry, s *schema.Schema) []int {
	out := make([]int, len(gone))
	for i := range out {
		out[i] = -1
	}
	isNew := map[string]bool{}
	for _, a := range added {
		isNew[a.name()] = true
	}
	taken, moved := make([]bool, len(added)), make([]bool, len(added))
	for k, a := range added {
		moved[k] = hasOldPlace(a, isNew, s)
	}
	// Rounds of pairs that fit less and less.
	for _, fits := range []func(g, a entry, moved bool) bool{
		func(g, a entry, moved bool) bool { return moved && g.mask == a.mask },
		func(_, _ entry, moved bool) bool { return moved },
		func(g, a entry, _ bool) bool { return g.mask == a.mask },
		func(_, _ entry, _ bool) bool { return true },
	} {
		for i, g := range gone {
			if out[i] >= 0 || g.column == "" {
				continue
			}
			at := -1
			for k, a := range added {
				if !taken[k] && a.table == g.table && a.typ == g.typ && a.column != "" && fits(g, a, moved[k]) {
					at = k
					break
				}
			}
			if at >= 0 {
				out[i], taken[at] = at, true
			}
		}
	}
	return out
}

// hasOldPlace reports whether a column stands before one that is not new.
func hasOldPlace(l entry, isNew map[string]bool, s *schema.Schema) bool {
	for _, t := range s.Roots() {
		if t.Name.String() != l.table {
			continue
		}
		for c := t.Column(l.column) + 1; c > 0 && c < len(t.Columns); c++ {
			if !isNew[(entry{table: l.table, column: t.Columns[c].Name}).name()] {
				return true
			}
		}
	}
	return false
}
