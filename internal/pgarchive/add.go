package pgarchive

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// AddTableData adds the TABLE DATA of a table that is an entry of the archive,
// as pg_dump would have, after all data that is there, and returns it. The
// columns are those of the file in their order, by their names as the catalog has
// them; none stands for all of them. The file must be there, too, when the
// archive is restored; see [PartWriter].
func (a *Archive) AddTableData(table *Entry, columns []string) (*Entry, error) {
	if table.Desc != "TABLE" {
		return nil, fmt.Errorf("%q: a %s has no rows in an archive", table.Tag, table.Desc)
	}
	e, err := a.addFor(table, "TABLE DATA", SectionData)
	if err != nil {
		return nil, err
	}
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = identifier(c)
	}
	sql := "COPY " + table.spelled()
	if len(list) > 0 {
		sql += " (" + strings.Join(list, ", ") + ")"
	}
	e.HadDumper, e.OID, e.CopyStmt, e.Filename = true, table.OID, T(sql+" FROM stdin;\n"), strconv.Itoa(int(e.DumpID))+".dat"
	return e, nil
}

// ViaRoot marks TABLE DATA of a partitioned table: its rows find their partition
// when they are restored, as with pg_dump --load-via-partition-root. partitions
// are the entries of the table's partitions, which have no TABLE DATA of their own;
// indexes and keys of theirs are made to wait for the rows.
func (a *Archive) ViaRoot(data *Entry, partitions []*Entry) error {
	if data.Desc != "TABLE DATA" || len(data.Deps) == 0 {
		return fmt.Errorf("%s %q: not the rows of a table", data.Desc, data.Tag)
	}
	// pg_restore knows by this text not to truncate the table first.
	data.Defn = T("-- load via partition root " + data.name())
	tables := map[int32]bool{data.Deps[0]: true}
	for _, p := range partitions {
		tables[p.DumpID] = true
	}
	for _, e := range a.Entries {
		if e.Section == SectionPostData && slices.ContainsFunc(e.Deps, func(id int32) bool { return tables[id] }) && !slices.Contains(e.Deps, data.DumpID) {
			e.Deps = append(e.Deps, data.DumpID)
		}
	}
	return nil
}

// AddSequenceSet adds the SEQUENCE SET of a sequence that is an entry of the
// archive, after all data that is there, and returns it. The numbers are those
// of setval: the last value, and whether it was handed out.
func (a *Archive) AddSequenceSet(sequence *Entry, last int64, called bool) (*Entry, error) {
	if sequence.Desc != "SEQUENCE" {
		return nil, fmt.Errorf("%q: a %s has no last value", sequence.Tag, sequence.Desc)
	}
	e, err := a.addFor(sequence, "SEQUENCE SET", SectionData)
	if err != nil {
		return nil, err
	}
	e.Defn = T(fmt.Sprintf("SELECT pg_catalog.setval(%s, %d, %t);\n", literal(sequence.name()), last, called))
	return e, nil
}

// AddRefresh adds the MATERIALIZED VIEW DATA of a view that is an entry of the
// archive, at its end, and returns it: the view is filled when all else is
// restored. Add those of the views that a view reads before its own, which is
// the order of their entries.
func (a *Archive) AddRefresh(view *Entry) (*Entry, error) {
	if view.Desc != "MATERIALIZED VIEW" {
		return nil, fmt.Errorf("%q: a %s cannot be refreshed", view.Tag, view.Desc)
	}
	e, err := a.addFor(view, "MATERIALIZED VIEW DATA", SectionPostData)
	if err != nil {
		return nil, err
	}
	e.OID, e.Defn = view.OID, T("REFRESH MATERIALIZED VIEW "+view.name()+";\n")
	e.Deps = append(e.Deps, a.refreshed(view)...)
	return e, nil
}

// refreshed returns the MATERIALIZED VIEW DATA of the views that a view reads,
// itself or through other views.
func (a *Archive) refreshed(view *Entry) []int32 {
	views, data := map[int32]*Entry{}, map[int32]int32{}
	for _, e := range a.Entries {
		switch e.Desc {
		case "VIEW", "MATERIALIZED VIEW":
			views[e.DumpID] = e
		case "MATERIALIZED VIEW DATA":
			if len(e.Deps) > 0 {
				data[e.Deps[0]] = e.DumpID
			}
		}
	}
	var ids []int32
	seen := map[int32]bool{view.DumpID: true}
	for todo := []*Entry{view}; len(todo) > 0; todo = todo[1:] {
		for _, dep := range todo[0].Deps {
			if views[dep] == nil || seen[dep] {
				continue
			}
			seen[dep] = true
			todo = append(todo, views[dep])
			if id, ok := data[dep]; ok {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

var errNoID = errors.New("no dump ID is left in the archive")

// addFor adds an entry of that kind for an object of the archive.
func (a *Archive) addFor(object *Entry, desc string, s Section) (*Entry, error) {
	if !slices.Contains(a.Entries, object) {
		return nil, fmt.Errorf("%s %q: not an entry of this archive", object.Desc, object.Tag)
	}
	for _, e := range a.Entries {
		if e.Desc == desc && len(e.Deps) > 0 && e.Deps[0] == object.DumpID {
			return nil, fmt.Errorf("%s %q: has %s already", object.Desc, object.Tag, desc)
		}
	}
	id := a.lastID()
	if id == math.MaxInt32 {
		return nil, errNoID
	}
	e := &Entry{
		DumpID: id + 1, Tag: object.Tag, Desc: desc, Section: s,
		Namespace: object.Namespace, Owner: object.Owner, Deps: []int32{object.DumpID},
	}
	a.insert(s, e)
	return e, nil
}

// lastID returns the highest dump ID that is in use.
func (a *Archive) lastID() int32 {
	id := int32(0)
	for _, e := range a.Entries {
		id = max(id, e.DumpID)
		for _, dep := range e.Deps {
			id = max(id, dep)
		}
	}
	return id
}

// insert puts an entry behind the last one of its section.
func (a *Archive) insert(s Section, added *Entry) {
	at := 0
	for i, e := range a.Entries {
		if e.Section != SectionNone && e.Section <= s {
			at = i + 1
		}
	}
	// What belongs to that one, its comment and privileges, is of no section and
	// stays behind it.
	for at < len(a.Entries) && a.Entries[at].Section == SectionNone {
		at++
	}
	a.Entries = slices.Insert(a.Entries, at, added)
}

// name returns the object's name as SQL, with its schema.
func (e *Entry) name() string {
	if !e.Namespace.Valid {
		return identifier(e.Tag)
	}
	return identifier(e.Namespace.String) + "." + identifier(e.Tag)
}

// spelled is name with no more quotation marks than pg_dump has: pg_restore compares
// the text of COPY to know whether rows go into the table that they are of. The
// statement that drops a table has it so.
func (e *Entry) spelled() string {
	name := strings.TrimSuffix(strings.TrimPrefix(e.DropStmt.String, "DROP "+e.Desc+" "), ";\n")
	// It says the same unless it is quoted in another way than names are.
	for _, spelling := range []string{
		e.Namespace.String + "." + e.Tag, identifier(e.Namespace.String) + "." + e.Tag, e.Namespace.String + "." + identifier(e.Tag),
	} {
		if name == spelling {
			return name
		}
	}
	return e.name()
}

func identifier(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// literal quotes a string for any setting of standard_conforming_strings.
func literal(s string) string {
	s = strings.ReplaceAll(s, "'", "''")
	if strings.Contains(s, `\`) {
		return "E'" + strings.ReplaceAll(s, `\`, `\\`) + "'"
	}
	return "'" + s + "'"
}

// KeysLast makes foreign keys wait until indexes of partitions are attached to those
// of their tables: pg_restore -j runs both at once, and they wait for each other.
// No INDEX ATTACH ever waits for a foreign key.
func (a *Archive) KeysLast() {
	var attached []int32
	partitioned := map[int32]bool{} // tables with indexes that are attached, or attached to
	byID := map[int32]*Entry{}
	for _, e := range a.Entries {
		byID[e.DumpID] = e
	}
	for _, e := range a.Entries {
		if e.Desc != "INDEX ATTACH" {
			continue
		}
		attached = append(attached, e.DumpID)
		for _, id := range e.Deps {
			if index := byID[id]; index != nil {
				for _, table := range index.Deps {
					partitioned[table] = true
				}
			}
		}
	}
	for _, e := range a.Entries {
		if e.Desc == "FK CONSTRAINT" && touches(e, byID, partitioned) {
			for _, id := range attached {
				if !slices.Contains(e.Deps, id) {
					e.Deps = append(e.Deps, id)
				}
			}
		}
	}
}

// touches reports whether a foreign key is of one of the tables, or references one
// by a key of it.
func touches(key *Entry, byID map[int32]*Entry, tables map[int32]bool) bool {
	for _, id := range key.Deps {
		if tables[id] {
			return true
		}
		if e := byID[id]; e != nil && slices.ContainsFunc(e.Deps, func(id int32) bool { return tables[id] }) {
			return true
		}
	}
	return false
}
