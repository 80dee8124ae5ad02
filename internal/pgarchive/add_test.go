package pgarchive_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// everything has an object of each kind whose data is an entry of its own.
const everything = `
create schema "s'1\";
create sequence "s'1\"."Q""x";
select setval('"s''1\"."Q""x"', 41);
create sequence fresh start 7;
create table t (id int primary key, v text);
insert into t values (1, 'a'), (2, null);
create materialized view zz_first as select id from t;
create view through as select * from zz_first;
create materialized view aa_second as select count(*) from through;
`

// pg_dump's own entries are those that the Add methods make for its schema,
// but for their dump IDs, the spelling of names and the boundary between
// sections, an entry that is in no archive.
func TestAddLikePgDump(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, everything)
	_, toc := dump(t, dsn, "-Z0")
	theirs := read(t, toc)
	kinds := []string{"TABLE DATA", "SEQUENCE SET", "MATERIALIZED VIEW DATA"}

	ours := read(t, toc)
	ours.Entries = slices.DeleteFunc(ours.Entries, func(e *pgarchive.Entry) bool { return slices.Contains(kinds, e.Desc) })
	var err error
	for _, e := range slices.Clone(ours.Entries) {
		switch e.Desc {
		case "TABLE":
			_, err = ours.AddTableData(e, []string{"id", "v"})
		case "SEQUENCE":
			_, err = ours.AddSequenceSet(e, map[string]int64{`Q"x`: 41, "fresh": 7}[e.Tag], e.Tag != "fresh")
		case "MATERIALIZED VIEW":
			_, err = ours.AddRefresh(e)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// said tells what an entry says, in which dump IDs are names.
	said := func(a *pgarchive.Archive, e *pgarchive.Entry) string {
		c := *e
		var deps []string
		for _, dep := range c.Deps {
			if d := a.Entry(dep); d != nil {
				deps = append(deps, d.Desc+" "+d.Tag)
			}
		}
		c.DumpID, c.Deps = 0, nil
		if c.Desc == "TABLE DATA" {
			c.Filename = "N.dat"
			c.CopyStmt.String = strings.ReplaceAll(c.CopyStmt.String, `"`, "")
		}
		if c.Desc == "SEQUENCE SET" || c.Desc == "MATERIALIZED VIEW DATA" {
			c.Defn = pgarchive.Text{}
		}
		return fmt.Sprintf("%+v needs %q", c, deps)
	}
	for _, kind := range kinds {
		var got, want []string
		for _, e := range ours.Entries {
			if e.Desc == kind {
				got = append(got, said(ours, e))
			}
		}
		for _, e := range theirs.Entries {
			if e.Desc == kind {
				want = append(want, said(theirs, e))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", kind, got, want)
		}
	}
	sections := func(a *pgarchive.Archive) (order []pgarchive.Section) {
		for _, e := range a.Entries {
			if e.Section != pgarchive.SectionNone {
				order = append(order, e.Section)
			}
		}
		return order
	}
	if !slices.IsSorted(sections(ours)) || len(ours.Entries) != len(theirs.Entries) {
		t.Errorf("%d entries, want %d; sections %v", len(ours.Entries), len(theirs.Entries), sections(ours))
	}
}

// What the Add methods added to a schema is restored, in parallel and in parts.
func TestRestoreAdded(t *testing.T) {
	source := pgtest.DB(t)
	pgtest.Exec(t, source, everything)
	_, toc := dump(t, source, "--schema-only")
	a := read(t, toc)
	a.Compression = pgarchive.Compression{Algorithm: pgarchive.Gzip, Level: 1}
	a.Version = a.LowestVersion()
	var rows *pgarchive.Entry
	for _, e := range slices.Clone(a.Entries) {
		var err error
		switch e.Desc {
		case "TABLE":
			rows, err = a.AddTableData(e, []string{"v", "id"})
		case "SEQUENCE":
			_, err = a.AddSequenceSet(e, 99, true)
		case "MATERIALIZED VIEW":
			_, err = a.AddRefresh(e)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := write(t, a)
	fill(t, dir, a.Compression, rows, "x\t1\ny\t2\nz\t3\n")
	check := func(dsn string) {
		t.Helper()
		compare(t, dsn, `select string_agg(v, '' order by id) from t`, "xyz")
		compare(t, dsn, `select nextval('"s''1\"."Q""x"') || ' ' || nextval('fresh')`, "100 100")
	}
	whole := pgtest.DB(t)
	run(t, "pg_restore", "-j2", "-e", "-d", whole, dir)
	check(whole)
	compare(t, whole, "select count from aa_second", "3")

	parts := pgtest.DB(t)
	run(t, "pg_restore", "-e", "--section", "pre-data", "-d", parts, dir)
	run(t, "pg_restore", "-e", "--section", "data", "-d", parts, dir)
	check(parts)

	plain := pgtest.DB(t)
	script := filepath.Join(t.TempDir(), "script.sql")
	run(t, "pg_restore", "-f", script, dir)
	run(t, "psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", script, "-d", plain)
	check(plain)
}

func TestAddRefuses(t *testing.T) {
	view := &pgarchive.Entry{DumpID: 1, Desc: "VIEW", Section: pgarchive.SectionPreData}
	last := &pgarchive.Entry{DumpID: 1<<31 - 1, Desc: "TABLE", Section: pgarchive.SectionPreData}
	a := &pgarchive.Archive{Entries: []*pgarchive.Entry{view, last}}
	add := map[string]func() error{
		"rows of a view":                  func() error { _, err := a.AddTableData(view, nil); return err },
		"rows of another archive's table": func() error { _, err := a.AddTableData(&pgarchive.Entry{Desc: "TABLE"}, nil); return err },
		"no dump ID":                      func() error { _, err := a.AddTableData(last, nil); return err },
		"last value of a view":            func() error { _, err := a.AddSequenceSet(view, 1, true); return err },
		"refresh of a view":               func() error { _, err := a.AddRefresh(view); return err },
	}
	for what, f := range add {
		if f() == nil {
			t.Error(what)
		}
	}
	if len(a.Entries) != 2 {
		t.Errorf("%d entries after nothing was added", len(a.Entries))
	}
}
