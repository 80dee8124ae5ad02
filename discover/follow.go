package discover

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
)

// follow gives columns that references join one mask: that of the one which is
// surest to be personal. Where no mask fits all of them, all are kept.
func (l *looker) follow(findings []Finding) {
	at := map[columnKey]int{}
	for i := range findings {
		at[columnKey{findings[i].Table, findings[i].Column}] = i
	}
	for _, members := range l.joined() {
		best := -1
		for _, m := range members {
			f := &findings[at[m]]
			if f.Personal && (best < 0 || f.Confident > findings[best].Confident) {
				best = at[m]
			}
		}
		if best < 0 {
			continue
		}
		masks := commonMasks(findings, members, at, best)
		name := findings[best].Table.Name.String() + "." + findings[best].Table.Columns[findings[best].Column].Name
		for _, m := range members {
			f := &findings[at[m]]
			switch {
			case len(masks) == 0:
				f.Mask, f.Otherwise, f.Personal, f.Confident = mask("keep"), nil, false, min(f.Confident, 0.2)
				f.Evidence += "; PERSONAL, but no mask fits every column that references join: decide otherwise"
				continue
			case at[m] != best:
				f.Evidence = fmt.Sprintf("joined with %s by a reference", name)
				f.Class, f.Confident = findings[best].Class, findings[best].Confident
			}
			f.Mask, f.Otherwise, f.Personal, f.ByType = masks[0], masks[1:], true, false
		}
	}
}

// inherit gives a column that a table has from another what that one got, if it is
// personal: who reads the parent reads the rows of both.
func (l *looker) inherit(findings []Finding) {
	at := map[columnKey]int{}
	for i := range findings {
		at[columnKey{findings[i].Table, findings[i].Column}] = i
	}
	var take func(t *schema.Table, seen map[*schema.Table]bool)
	take = func(t *schema.Table, seen map[*schema.Table]bool) {
		if seen[t] {
			return
		}
		seen[t] = true
		for _, parent := range t.Inherits {
			take(parent, seen)
			for c := range t.Columns {
				mine, ok := at[columnKey{t, c}]
				theirs, also := at[columnKey{parent, parent.Column(t.Columns[c].Name)}]
				if !ok || !also || findings[mine].Personal || !findings[theirs].Personal || t.Columns[c].Generated != "" {
					continue
				}
				f, from := &findings[mine], &findings[theirs]
				masks := slices.DeleteFunc(slices.Concat([]anonymize.Mask{from.Mask}, from.Otherwise), func(m anonymize.Mask) bool { return !f.f.fits(&m) })
				if len(masks) == 0 {
					continue
				}
				f.Mask, f.Otherwise, f.Paths, f.Class = masks[0], masks[1:], from.Paths, from.Class
				f.Personal, f.ByType, f.Confident = true, false, from.Confident
				f.Evidence = fmt.Sprintf("inherited from %s", parent.Name)
			}
		}
	}
	seen := map[*schema.Table]bool{}
	for _, t := range l.s.Roots() {
		take(t, seen)
	}
}

// commonMasks lists the masks of the best member that fit all.
func commonMasks(findings []Finding, members []columnKey, at map[columnKey]int, best int) []anonymize.Mask {
	var out []anonymize.Mask
	all := append([]anonymize.Mask{findings[best].Mask}, findings[best].Otherwise...)
	base := ""
	for _, m := range members {
		f := &findings[at[m]].f
		b := f.elem().Name
		if f.kind == isTexts {
			b = "text"
		}
		if base != "" && b != base {
			return nil
		}
		base = b
	}
	for _, x := range all {
		if x.Kind == "text" || x.Kind == "scrub" {
			continue
		}
		fits := true
		for _, m := range members {
			f := findings[at[m]].f
			f.unique = true
			f.rows = max(f.rows, findings[best].f.rows)
			fits = fits && f.fits(&x)
		}
		if fits {
			out = append(out, x)
		}
	}
	return out
}

// joined lists the sets of columns that references tie together, in the order of
// the schema.
func (l *looker) joined() [][]columnKey {
	var ties schema.Ties[columnKey]
	for _, k := range l.s.ForeignKeys {
		child, parent := k.Child.Root(), k.Parent.Root()
		cols, refs := k.Child.Translate(child, k.Columns), k.Parent.Translate(parent, k.ParentColumns)
		for i := range cols {
			ties.Join(columnKey{child, cols[i]}, columnKey{parent, refs[i]})
		}
	}
	for _, r := range l.references {
		for i := range r.Columns {
			if !r.array() && r.When < 0 {
				ties.Join(columnKey{r.Child, r.Columns[i]}, columnKey{r.Parent, r.ParentColumns[i]})
			}
		}
	}
	return ties.Sets(columnKey.compare)
}

// widen parts narrow columns from the domain of unique ones: all columns of a
// domain are sized for its narrowest, and a unique one would not fit.
func widen(findings []Finding) {
	type group struct{ kind, domain string }
	needs := map[group]int{}
	for i := range findings {
		f := &findings[i]
		if f.f.unique && slices.Contains([]string{"email", "person.user", "url", "ip"}, f.Mask.Kind) {
			g := group{f.Mask.Kind, f.Mask.Domain}
			needs[g] = max(needs[g], f.f.needs(&f.Mask))
		}
	}
	for i := range findings {
		f := &findings[i]
		need := needs[group{f.Mask.Kind, f.Mask.Domain}]
		length := f.f.elem().Length
		if need == 0 || length == 0 || length >= need || f.f.unique {
			continue
		}
		if f.Mask.Kind == "email" {
			f.Mask, f.Otherwise = mask("hash"), []anonymize.Mask{mask("text")}
			f.Evidence += fmt.Sprintf("; too short for e-mail addresses that stay unique elsewhere (%d characters)", length)
			continue
		}
		f.Mask.Domain = strings.ReplaceAll(f.f.name, " ", "_")
	}
}
