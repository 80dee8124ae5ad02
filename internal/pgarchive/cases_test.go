package pgarchive_test

import (
	"context"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// tables lists the tables that have rows of their own, with their columns that
// are not generated.
const tables = `
select c.oid::regclass, n.nspname, c.relname, coalesce(string_agg(attname, ',' order by attnum), ''),
	coalesce(string_agg(quote_ident(attname), ',' order by attnum), '')
from pg_class c
join pg_namespace n on n.oid = relnamespace
left join pg_attribute a on attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''
where relkind = 'r' and nspname !~ '^pg_|^information_schema$'
group by c.oid, n.nspname, c.relname`

// archive makes an archive of a whole database out of its schema, its rows and
// the state of its sequences.
func archive(t *testing.T, dsn string, c pgarchive.Compression) string {
	t.Helper()
	_, toc := dump(t, dsn, "--schema-only")
	a := read(t, toc)
	a.Compression = c
	a.Version = a.LowestVersion()
	copies := map[*pgarchive.Entry]string{}
	for _, table := range pgtest.Query(t, dsn, tables) {
		e, err := a.AddTableData(a.Table(table[1], table[2]), strings.Split(table[3], ","))
		if err != nil {
			t.Fatal(err)
		}
		copies[e] = "COPY " + table[0] + " (" + table[4] + ") TO STDOUT"
	}
	for _, e := range append([]*pgarchive.Entry(nil), a.Entries...) {
		var err error
		switch e.Desc {
		case "SEQUENCE":
			name := "format('%I.%I', '" + e.Namespace.String + "', '" + e.Tag + "')::regclass"
			state := pgtest.Query(t, dsn, "select coalesce(pg_sequence_last_value("+name+"), seqstart), pg_sequence_last_value("+name+") is not null from pg_sequence where seqrelid = "+name)[0]
			last, _ := strconv.ParseInt(state[0], 10, 64)
			_, err = a.AddSequenceSet(e, last, state[1] == "t")
		case "MATERIALIZED VIEW":
			_, err = a.AddRefresh(e)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := write(t, a)
	conn := pgtest.Connect(t, dsn)
	for e, sql := range copies {
		fillFrom(t, dir, c, e, func(w io.Writer) error {
			_, err := conn.CopyTo(context.Background(), w, sql)
			return err
		})
	}
	return dir
}

// A database that pg_restore makes of an archive of ours is the one that the
// archive is of: the whole of pg_dump's script is the same.
func TestSnapshotOfCases(t *testing.T) {
	restrict := regexp.MustCompile(`(?m)^\\(un)?restrict .*$`) // has a random word
	for name, c := range map[string]pgarchive.Compression{
		"chinook":   {Algorithm: pgarchive.Gzip, Level: 1},
		"northwind": {},
		"pagila":    {Algorithm: pgarchive.Gzip, Level: pgarchive.DefaultLevel},
		"gitlab11":  {Algorithm: pgarchive.Gzip, Level: 1},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name == "gitlab11" {
				t.Skip("hundreds of tables take long")
			}
			source, target := pgtest.DB(t), pgtest.DB(t)
			pgtest.LoadCase(t, source, name)
			args := []string{"-j2", "-e", "-d", target}
			run(t, "pg_restore", append(args, archive(t, source, c))...)

			var scripts [2]string
			for i, dsn := range []string{source, target} {
				scripts[i] = restrict.ReplaceAllString(run(t, "pg_dump", "-d", dsn), "")
			}
			if len(scripts[0]) < 10000 {
				t.Errorf("a script of %d bytes", len(scripts[0]))
			}
			if at := firstDifference(scripts[0], scripts[1]); at >= 0 {
				t.Errorf("source and target differ:\n%.300q\n%.300q", scripts[0][max(0, at-100):], scripts[1][max(0, at-100):])
			}
		})
	}
}

// firstDifference returns where two texts begin to differ, -1 if they are equal.
func firstDifference(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}
