package restorable

import (
	"strings"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// partOf says of an entry that comes after the data which tables it is about.
func partOf(a *pgarchive.Archive, e *pgarchive.Entry) pipeline.Part {
	p := pipeline.Part{ID: int(e.DumpID), Kind: e.Desc, Name: Label(e), SQL: strings.TrimSpace(e.Defn.String)}
	for _, d := range e.Deps {
		p.Needs = append(p.Needs, int(d))
	}
	seen := map[schema.Name]bool{}
	add := func(table *pgarchive.Entry) {
		if table != nil && table.Desc == "TABLE" && !seen[Name(table)] {
			seen[Name(table)] = true
			p.Tables = append(p.Tables, Name(table))
		}
	}
	on, split := readStatement(p.SQL)
	p.Split = split
	add(ownTable(a, e, on))
	for _, id := range e.Deps {
		d := a.Entry(id)
		if d == nil {
			continue
		}
		add(d)
		if d.Section == pgarchive.SectionPostData { // a foreign key needs the other table's key
			for _, id := range d.Deps {
				add(a.Entry(id))
			}
		}
	}
	return p
}

// ownTable returns the table that an entry which comes after the data is about: on, or
// where that is not known, as its tag says, which is "table name"; nil if it is none.
func ownTable(a *pgarchive.Archive, e *pgarchive.Entry, on schema.Name) (own *pgarchive.Entry) {
	known := on != schema.Name{}
	if !known && (e.Desc == "INDEX" || e.Desc == "COMMENT") { // of other tags
		return nil
	}
	for _, t := range a.Entries {
		switch {
		case t.Desc != "TABLE":
		case known && Name(t) == on:
			return t
		case !known && t.Namespace == e.Namespace && strings.HasPrefix(e.Tag, t.Tag+" ") && (own == nil || len(t.Tag) > len(own.Tag)):
			own = t
		}
	}
	return own
}
