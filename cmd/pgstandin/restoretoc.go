package main

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/internal/restorable"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// archived is what of an archive is restored, and the database that it is of.
type archived struct {
	*restorable.Contents
	like     pipeline.Info   // the database that was dumped
	encoding string          // in which its rows and statements are; "" is like's
	parts    []pipeline.Part // Post, for the builder
}

// readArchive sorts what is in an archive. tables and schemas choose tables; none
// of both stands for all.
func readArchive(a *pgarchive.Archive, tables, schemas []string) (*archived, error) {
	c := &archived{}
	var err error
	if c.like, c.encoding, err = databaseOf(a); err != nil {
		return nil, err
	}
	c.Contents, err = restorable.Of(a, tables, schemas)
	if wrong := (*restorable.ChoiceError)(nil); errors.As(err, &wrong) {
		return nil, usageError(err)
	}
	if err != nil {
		return nil, err
	}
	for _, e := range c.Post {
		c.parts = append(c.parts, partOf(a, e))
	}
	return c, nil
}

// partOf says of an entry that comes after the data which tables it is about.
func partOf(a *pgarchive.Archive, e *pgarchive.Entry) pipeline.Part {
	p := pipeline.Part{ID: int(e.DumpID), Kind: e.Desc, Name: restorable.Label(e), SQL: strings.TrimSpace(e.Defn.String)}
	for _, d := range e.Deps {
		p.Needs = append(p.Needs, int(d))
	}
	seen := map[schema.Name]bool{}
	add := func(table *pgarchive.Entry) {
		if table != nil && table.Desc == "TABLE" && !seen[restorable.Name(table)] {
			seen[restorable.Name(table)] = true
			p.Tables = append(p.Tables, restorable.Name(table))
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
		case known && restorable.Name(t) == on:
			return t
		case !known && t.Namespace == e.Namespace && strings.HasPrefix(e.Tag, t.Tag+" ") && (own == nil || len(t.Tag) > len(own.Tag)):
			own = t
		}
	}
	return own
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
