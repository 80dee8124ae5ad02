package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// restorable is what of an archive is restored, each part in the archive's order.
type restorable struct {
	like       pipeline.Info // the database that was dumped
	encoding   string        // in which its rows and statements are; "" is like's
	extensions []string
	pre        []*pgarchive.Entry
	data       []*pgarchive.Entry // rows of tables
	blobs      []*pgarchive.Entry // bytes of large objects
	sets       []*pgarchive.Entry // values of sequences
	post       []pipeline.Part
	views      []*pgarchive.Entry // fillings of materialized views
}

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

// readContents sorts what is in an archive. tables and schemas choose tables; none
// of both stands for all.
func readContents(a *pgarchive.Archive, tables, schemas []string) (*restorable, error) {
	c := &restorable{}
	var err error
	if c.like, c.encoding, err = databaseOf(a); err != nil {
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
			c.data = append(c.data, e)
		case e.Desc == "BLOBS":
			c.blobs = append(c.blobs, e)
		case e.Desc == "SEQUENCE SET":
			c.sets = append(c.sets, e)
		case e.Desc == "MATERIALIZED VIEW DATA":
			c.views = append(c.views, e)
		case e.HadDumper:
			return nil, fmt.Errorf("%s: data of a kind that is not known here; restore the snapshot with pg_restore", entryName(e))
		case section == pgarchive.SectionPostData:
			c.post = append(c.post, partOf(a, e))
		default:
			c.pre = append(c.pre, e)
			if e.Desc == "EXTENSION" && e.Tag != "plpgsql" {
				c.extensions = append(c.extensions, e.Tag)
			}
		}
	}
	return c, nil
}

// nameOf is the name of a relation.
func nameOf(e *pgarchive.Entry) schema.Name {
	return schema.Name{Schema: e.Namespace.String, Name: e.Tag}
}

// entryName names an entry in messages.
func entryName(e *pgarchive.Entry) string {
	name := strings.ToLower(e.Desc) + " "
	if e.Namespace.String != "" {
		name += e.Namespace.String + "."
	}
	return name + e.Tag
}

// partOf says of an entry that comes after the data which tables it is about.
func partOf(a *pgarchive.Archive, e *pgarchive.Entry) pipeline.Part {
	p := pipeline.Part{ID: int(e.DumpID), Kind: e.Desc, Name: entryName(e), SQL: strings.TrimSpace(e.Defn.String)}
	for _, d := range e.Deps {
		p.Needs = append(p.Needs, int(d))
	}
	seen := map[schema.Name]bool{}
	add := func(table *pgarchive.Entry) {
		if table != nil && table.Desc == "TABLE" && !seen[nameOf(table)] {
			seen[nameOf(table)] = true
			p.Tables = append(p.Tables, nameOf(table))
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
		case known && nameOf(t) == on:
			return t
		case !known && t.Namespace == e.Namespace && strings.HasPrefix(e.Tag, t.Tag+" ") && (own == nil || len(t.Tag) > len(own.Tag)):
			own = t
		}
	}
	return own
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
			return nil, usageError(needError(a.Entry(id), why, partitionsOf(a)))
		}
	}
	return out, nil
}

// needError says of a chosen table which one it cannot do without. why is what each
// entry needs that is left out.
func needError(e *pgarchive.Entry, why map[int32]*pgarchive.Entry, parent map[int32]int32) error {
	need := why[e.DumpID]
	if parent[e.DumpID] == need.DumpID {
		return fmt.Errorf("%s is a partition of %s, and comes with it alone; write --table %s", entryName(e), entryName(need), nameOf(need))
	}
	text := entryName(e) + " needs " + entryName(need)
	for table := why[need.DumpID]; table != nil; table = why[need.DumpID] {
		need = table
		text += ", which needs " + entryName(need)
	}
	return fmt.Errorf("%s, which is not chosen; name both: --table %s --table %s", text, nameOf(e), nameOf(need))
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
			if t == e.Tag || t == e.Namespace.String+"."+e.Tag || t == nameOf(e).String() || t == nameOf(e).SQL() {
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
		return nil, usageError(errors.New(strings.Join(missing, "\n")))
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
			case nameOf(d) == nameOf(e):
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

var (
	databaseSetting = regexp.MustCompile(`\b(ENCODING|LOCALE_PROVIDER|LOCALE|LC_COLLATE|LC_CTYPE|ICU_LOCALE|BUILTIN_LOCALE|ICU_RULES) = ('(?:[^']|'')*'|\w+)`)
	encodingSetting = regexp.MustCompile(`client_encoding = '([^']*)'`)
	leadingNumber   = regexp.MustCompile(`^(\d+)(?:\.(\d+))?`)
)

// databaseOf reads from an archive what the database was that it is of, and in which
// encoding it is written.
func databaseOf(a *pgarchive.Archive) (info pipeline.Info, encoding string, err error) {
	info.Database = a.Database
	if m := leadingNumber.FindStringSubmatch(a.ServerVersion); m != nil {
		major, _ := strconv.Atoi(m[1])
		info.Version = major * 10000
	}
	for _, e := range a.Entries {
		switch e.Desc {
		case "ENCODING":
			if m := encodingSetting.FindStringSubmatch(e.Defn.String); m != nil {
				encoding = m[1]
			}
		case "STDSTRINGS":
			if !strings.Contains(e.Defn.String, "'on'") {
				return info, "", errors.New("the archive was made with standard_conforming_strings off; restore it with pg_restore")
			}
		case "DATABASE":
			_, settings, _ := strings.Cut(e.Defn.String, " TEMPLATE = template0")
			databaseSettings(&info, settings)
		}
	}
	if info.Encoding == "" {
		info.Encoding = encoding
	}
	return info, encoding, nil
}

// databaseSettings reads the options of a CREATE DATABASE.
func databaseSettings(info *pipeline.Info, text string) {
	set := map[string]string{}
	for _, m := range databaseSetting.FindAllStringSubmatch(text, -1) {
		v := m[2]
		if strings.HasPrefix(v, "'") {
			v = strings.ReplaceAll(v[1:len(v)-1], "''", "'")
		}
		set[m[1]] = v
	}
	info.Encoding = set["ENCODING"]
	or := func(names ...string) string {
		for _, n := range names {
			if set[n] != "" {
				return set[n]
			}
		}
		return ""
	}
	info.Provider = strings.ToLower(or("LOCALE_PROVIDER"))
	if info.Provider == "" {
		info.Provider = "libc"
	}
	info.Collate, info.Ctype = or("LC_COLLATE", "LOCALE"), or("LC_CTYPE", "LOCALE")
	info.Locale = or(strings.ToUpper(info.Provider)+"_LOCALE", "LOCALE")
	info.ICURules = or("ICU_RULES")
}
