package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// withoutEffect looks for entries of columns that decide no column. One that names what
// is not there is wrong. One with wildcards or a type may be meant for other databases,
// or for columns to come: that is a note.
func (d *decider) withoutEffect() {
	var none, behind []string
	for i := range d.f.columns {
		r := &d.f.columns[i]
		matched, before := d.effect(r)
		switch {
		case matched && before == 0, !matched && d.misnamed(r):
		case matched:
			behind = append(behind, fmt.Sprintf("%s, behind line %d", r, before))
		default:
			none = append(none, r.String()+d.meant(r))
		}
	}
	note := func(list []string, one, many string) {
		switch len(list) {
		case 0:
			return
		case 1:
			many = "a pattern of columns " + one
		default:
			many = fmt.Sprintf("%d patterns of columns ", len(list)) + many
		}
		d.out.Notes = append(d.out.Notes, many+": "+strings.Join(list, ", "))
	}
	note(none, "matches no column", "match no column")
	note(behind, "decides nothing, since one above it comes first", "decide nothing, since others above them come first")
}

// effect reports whether an entry of columns matches a column, and, where it decides
// none of them, the line of an entry above it that does; 0 where it decides one, or
// where the entries of tables decide all.
func (d *decider) effect(r *matchRule) (matched bool, before int) {
	for _, t := range d.s.Roots() {
		for c := range t.Columns {
			if !r.matches(t, &t.Columns[c]) {
				continue
			}
			matched = true
			x := d.chosen[columnKey{t, c}]
			switch {
			case x.mask == r.mask:
				return true, 0
			case x.source == FromMatch && before == 0:
				before = x.line
			}
		}
	}
	return matched, before
}

// misnamed adds what is wrong with an entry that names, without wildcards, a table that
// is not there, or a column that its table does not have.
func (d *decider) misnamed(r *matchRule) bool {
	n := len(r.match) - 1
	if n < 1 || slices.ContainsFunc(r.match[:n], wild) {
		return false
	}
	at := slices.IndexFunc(d.s.Roots(), func(t *schema.Table) bool { return r.match[:n].match(t.Name.Schema, t.Name.Name) })
	if at < 0 {
		return d.tableOf(r.named.at, r.match[:n]) == nil
	}
	if t := d.s.Roots()[at]; !wild(r.match[n]) && t.Column(r.match[n]) < 0 {
		d.addMissing(r.named.at, "", t, r.match[n])
		return true
	}
	return false
}

// meant is the end of a message: the column or type that an entry without a match
// may mean.
func (d *decider) meant(r *matchRule) string {
	var columns, types []string
	for _, t := range d.s.Roots() {
		for c := range t.Columns {
			columns, types = append(columns, t.Columns[c].Name), append(types, t.Columns[c].Type.Base)
		}
	}
	near := ""
	switch {
	case r.match == nil:
		near = nearest(r.typ, types)
	case !wild(r.match[len(r.match)-1]) && !slices.Contains(columns, r.match[len(r.match)-1]):
		near = nearest(r.match[len(r.match)-1], columns)
	}
	if near == "" {
		return ""
	}
	return " (did you mean " + near + "?)"
}

// String is what an entry of columns matches, as written, and its line.
func (r *matchRule) String() string {
	var what []string
	if r.match != nil {
		name := r.named.text
		if slices.ContainsFunc(r.match, wild) {
			name = `"` + name + `"`
		}
		what = append(what, name)
	}
	if r.typ != "" {
		what = append(what, "type "+r.typ)
	}
	return fmt.Sprintf("%s on line %d", strings.Join(what, " of "), r.at.line)
}
