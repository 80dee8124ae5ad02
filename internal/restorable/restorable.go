// Package restorable sorts what is in an archive of pg_dump by what a restore makes of it,
// and chooses tables, with what they cannot do without.
package restorable

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// Contents is what of an archive is restored, each part in the archive's order. The
// entries are the archive's.
type Contents struct {
	Like     pipeline.Info // the database that was dumped
	Encoding string        // in which its rows and statements are; "" is Like's

	Extensions []string // that the target's server must have
	Pre        []*pgarchive.Entry
	Data       []*pgarchive.Entry // rows of tables
	Tables     int                // that Data is of: a table with its partitions is one
	Blobs      []*pgarchive.Entry // bytes of large objects
	Sets       []*pgarchive.Entry // values of sequences
	Post       []pipeline.Part    // what comes after the data
	Views      []*pgarchive.Entry // fillings of materialized views
}

// ChoiceError says that what was chosen is not there, or needs what was not chosen; a
// problem a line, in the words of the flags --table and --schema.
type ChoiceError struct{ text string }

// Error has a problem a line.
func (e *ChoiceError) Error() string { return e.text }

// neverRestored are the kinds of objects that refresh does not make either: what
// reaches production or holds its credentials, and what the target's own stand for.
var neverRestored = map[string]bool{
	"ENCODING": true, "STDSTRINGS": true, "SEARCHPATH": true, "DATABASE": true, "DATABASE PROPERTIES": true,
	"ACL": true, "DEFAULT ACL": true, "SECURITY LABEL": true, "USER MAPPING": true, "EVENT TRIGGER": true,
	"SUBSCRIPTION": true, "SUBSCRIPTION TABLE": true,
	"PUBLICATION": true, "PUBLICATION TABLE": true, "PUBLICATION TABLES IN SCHEMA": true,
	"STATISTICS DATA": true, // every table is analyzed
}

// noCommentOn begin the tags of comments on those.
var noCommentOn = []string{"EXTENSION ", "SCHEMA public", "EVENT TRIGGER ", "USER MAPPING ", "PUBLICATION ", "SUBSCRIPTION ", "DATABASE "}

func wantedEntry(e *pgarchive.Entry) bool {
	if e.Desc == "COMMENT" {
		for _, begin := range noCommentOn {
			if strings.HasPrefix(e.Tag, begin) && (begin != "SCHEMA public" || e.Tag == begin) {
				return false
			}
		}
	}
	return !neverRestored[e.Desc] && (e.Desc != "SCHEMA" || e.Tag != "public")
}

// Of sorts what is in an archive, and reads of which database it is. tables and schemas choose tables, as flags of the command
// line name them; none of both stands for all. Its error is a *ChoiceError where these are
// wrong.
func Of(a *pgarchive.Archive, tables, schemas []string) (*Contents, error) {
	c := &Contents{}
	var err error
	if c.Like, c.Encoding, err = databaseOf(a); err != nil {
		return nil, err
	}
	out, err := leftOut(a, tables, schemas)
	if err != nil {
		return nil, err
	}
	section := pgarchive.SectionPreData
	for _, e := range a.Entries {
		if e.Section != pgarchive.SectionNone {
			section = e.Section // what has none goes with what it is of
		}
		if !wantedEntry(e) || out[e.DumpID] {
			continue
		}
		switch {
		case e.Desc == "TABLE DATA":
			c.Data = append(c.Data, e)
		case e.Desc == "BLOBS":
			c.Blobs = append(c.Blobs, e)
		case e.Desc == "SEQUENCE SET":
			c.Sets = append(c.Sets, e)
		case e.Desc == "MATERIALIZED VIEW DATA":
			c.Views = append(c.Views, e)
		case e.HadDumper:
			return nil, fmt.Errorf("%s: data of a kind that is not known here; restore the snapshot with pg_restore", Label(e))
		case section == pgarchive.SectionPostData:
			c.Post = append(c.Post, partOf(a, e))
		default:
			c.Pre = append(c.Pre, e)
			if e.Desc == "EXTENSION" && e.Tag != "plpgsql" {
				c.Extensions = append(c.Extensions, e.Tag)
			}
		}
	}
	c.Tables = countTables(a, c.Data)
	return c, nil
}

// Name is the name of the relation that an entry makes or fills.
func Name(e *pgarchive.Entry) schema.Name {
	return schema.Name{Schema: e.Namespace.String, Name: e.Tag}
}

// Label names an entry in messages.
func Label(e *pgarchive.Entry) string {
	name := strings.ToLower(e.Desc) + " "
	if e.Namespace.String != "" {
		name += e.Namespace.String + "."
	}
	return name + e.Tag
}

// leftOut is what is not restored because it is, or needs, a table that was not
// chosen.
func leftOut(a *pgarchive.Archive, tables, schemas []string) (map[int32]bool, error) {
	out := map[int32]bool{}
	if len(tables)+len(schemas) == 0 {
		return out, nil
	}
	chosen, err := chosenTables(a, tables, schemas)
	if err != nil {
		return nil, err
	}
	why := map[int32]*pgarchive.Entry{}
	for _, e := range a.Entries {
		if (e.Desc == "TABLE" || e.Desc == "FOREIGN TABLE") && !chosen[e.DumpID] || e.Desc == "BLOB" || e.Desc == "BLOB METADATA" || e.Desc == "BLOBS" {
			out[e.DumpID] = true
		}
	}
	for again := true; again; {
		again = false
		for _, e := range a.Entries {
			if out[e.DumpID] {
				continue
			}
			for _, d := range e.Deps {
				if out[d] {
					out[e.DumpID], why[e.DumpID], again = true, a.Entry(d), true
					break
				}
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(chosen)) {
		if why[id] != nil {
			return nil, needError(a.Entry(id), why, partitionsOf(a))
		}
	}
	return out, nil
}

func choiceError(format string, args ...any) error { return &ChoiceError{fmt.Sprintf(format, args...)} }

// needError says of a chosen table which one it cannot do without. why is what each
// entry needs that is left out.
func needError(e *pgarchive.Entry, why map[int32]*pgarchive.Entry, parent map[int32]int32) error {
	need := why[e.DumpID]
	if parent[e.DumpID] == need.DumpID {
		return choiceError("%s is a partition of %s, and comes with it alone; write --table %s", Label(e), Label(need), Name(need))
	}
	text := Label(e) + " needs " + Label(need)
	for table := why[need.DumpID]; table != nil; table = why[need.DumpID] {
		need = table
		text += ", which needs " + Label(need)
	}
	return choiceError("%s, which is not chosen; name both: --table %s --table %s", text, Name(e), Name(need))
}

// chosenTables are the entries of the tables that the flags name, with their
// partitions.
func chosenTables(a *pgarchive.Archive, tables, schemas []string) (map[int32]bool, error) {
	chosen := map[int32]bool{}
	found := map[string]bool{}
	for _, e := range a.Entries {
		if e.Desc != "TABLE" && e.Desc != "FOREIGN TABLE" {
			continue
		}
		for _, t := range tables {
			if t == e.Tag || t == e.Namespace.String+"."+e.Tag || t == Name(e).String() || t == Name(e).SQL() {
				found["--table "+t], chosen[e.DumpID] = true, true
			}
		}
		for _, s := range schemas {
			if s == e.Namespace.String || s == schema.QuoteIdent(e.Namespace.String) {
				found["--schema "+s], chosen[e.DumpID] = true, true
			}
		}
	}
	var missing []string
	for _, t := range tables {
		if !found["--table "+t] {
			missing = append(missing, "--table "+t+": the snapshot has no such table")
		}
	}
	for _, s := range schemas {
		if !found["--schema "+s] {
			missing = append(missing, "--schema "+s+": the snapshot has no tables in it")
		}
	}
	if len(missing) > 0 {
		return nil, &ChoiceError{strings.Join(missing, "\n")}
	}
	addPartitions(a, chosen)
	return chosen, nil
}

// addPartitions chooses the partitions of chosen tables.
func addPartitions(a *pgarchive.Archive, chosen map[int32]bool) {
	parents := partitionsOf(a)
	for again := true; again; {
		again = false
		for child, parent := range parents {
			if chosen[parent] && !chosen[child] {
				chosen[child], again = true, true
			}
		}
	}
}

// countTables counts the tables that rows are of, a table with its partitions once.
func countTables(a *pgarchive.Archive, data []*pgarchive.Entry) int {
	parents, tops := partitionsOf(a), map[int32]bool{}
	for _, e := range data {
		top := e.DumpID
		for _, id := range e.Deps {
			if d := a.Entry(id); d != nil && d.Desc == "TABLE" && Name(d) == Name(e) {
				top = id
			}
		}
		for parents[top] != 0 {
			top = parents[top]
		}
		tops[top] = true
	}
	return len(tops)
}

// partitionsOf maps each partition to its table.
func partitionsOf(a *pgarchive.Archive) map[int32]int32 {
	parents := map[int32]int32{}
	for _, e := range a.Entries {
		if e.Desc != "TABLE ATTACH" {
			continue
		}
		child, parent := int32(0), int32(0)
		for _, id := range e.Deps {
			d := a.Entry(id)
			switch {
			case d == nil:
			case Name(d) == Name(e):
				child = id
			case d.Desc == "TABLE":
				parent = id
			}
		}
		if child != 0 {
			parents[child] = parent
		}
	}
	return parents
}
