package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
)

// TestSchemasOfTheField fills large schemas that this project did not write,
// refreshes a part of their users, and has the server say that every key holds.
func TestSchemasOfTheField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, root string }{
		{"gitlab11", "users"}, {"gitlab11", "projects"}, {"bb_auctionmark", "useracct"}, {"bb_auctionmark", "item"},
	} {
		t.Run(c.name+"/"+c.root, func(t *testing.T) {
			t.Parallel()
			s := newStaging(t)
			pgtest.LoadCase(t, s.source, c.name)
			const each = 300
			keys := fill(t, s.source, each)
			s.write(`version: 1
targets: ["*_staging"]
subset:
  roots:
    - { table: ` + c.root + `, sample: 10% }
  unreached: none
columns:
  - { match: "*.*", mask: keep }
`)
			s.must(keyA)
			const valid = "select count(*) from pg_constraint where contype = 'f' and convalidated"
			if got := pgtest.Query(t, s.target, valid)[0][0]; got != fmt.Sprint(keys) {
				t.Errorf("%s valid foreign keys, want %d", got, keys)
			}
			const total = "select coalesce(sum((xpath('/row/n/text()', query_to_xml(format('select count(*) as n from only %s', oid::regclass), false, true, '')))[1]::text::int), 0)" +
				" from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
			rows, all := pgtest.Query(t, s.target, total)[0][0], pgtest.Query(t, s.source, total)[0][0]
			if rows == "0" || rows == all {
				t.Errorf("%s of %s rows", rows, all)
			}
			t.Logf("%s of %s rows", rows, all)
		})
	}
}

// fill gives every table of a database the rows 1 to n, without regard to order:
// what takes part in a key or a unique index is the row's number, a foreign key
// that need not be unique is half of it, so that rows form trees. It returns the
// number of foreign keys, all of which hold.
func fill(t testing.TB, dsn string, n int) int {
	t.Helper()
	s, err := catalog.Read(t.Context(), pgtest.Connect(t, dsn))
	if err != nil {
		t.Fatal(err)
	}
	type column struct {
		table *schema.Table
		at    int
	}
	unique, half := map[column]bool{}, map[column]bool{}
	for _, table := range s.Tables {
		for _, x := range table.Indexes {
			for _, at := range append(x.Columns, x.ExpressionColumns...) {
				if x.Unique && at >= 0 {
					unique[column{table, at}] = true
				}
			}
		}
	}
	for again := true; again; { // the columns of one key are of one kind
		again = false
		for _, k := range s.ForeignKeys {
			some := false
			for _, at := range k.Columns {
				half[column{k.Child, at}] = true
				some = some || unique[column{k.Child, at}]
			}
			for _, at := range k.Columns {
				if c := (column{k.Child, at}); some && !unique[c] {
					unique[c], again = true, true
				}
			}
		}
	}
	var script strings.Builder
	script.WriteString("set session_replication_role = replica;\n")
	for _, table := range s.Tables {
		compared := false
		for _, check := range table.Checks {
			keys := 0
			for _, at := range check.Columns {
				if unique[column{table, at}] || half[column{table, at}] {
					keys++
				}
			}
			compared = compared || keys > 1
		}
		if compared {
			t.Logf("%s stays empty: a check compares its keys, which are the same number here", table.Name)
			continue
		}
		var names, values []string
		for at := range table.Columns {
			c := &table.Columns[at]
			number := "i"
			if half[column{table, at}] && !unique[column{table, at}] {
				number = "(i + 1) / 2"
			}
			value := filler(c, number, unique[column{table, at}] || half[column{table, at}])
			switch {
			case c.Generated != "" || value == "" && !c.NotNull:
				continue
			case value == "":
				t.Fatalf("%s.%s: nothing to fill a %s with", table.Name, c.Name, c.Type.Name)
			}
			names, values = append(names, schema.QuoteIdent(c.Name)), append(values, value)
		}
		fmt.Fprintf(&script, "truncate %s cascade;\n", table.Name.SQL())
		fmt.Fprintf(&script, "insert into %s (%s) overriding system value select %s from generate_series(1, %d) i;\n",
			table.Name.SQL(), strings.Join(names, ", "), strings.Join(values, ", "), n)
	}
	text := script.String()
	first, rest := "", ""
	for _, line := range strings.SplitAfter(text, "\n") { // truncation cascades: all of it comes first
		if strings.HasPrefix(line, "insert") {
			rest += line
		} else {
			first += line
		}
	}
	pgtest.Exec(t, dsn, first+rest+"analyze")
	for _, k := range s.ForeignKeys {
		var set, same []string
		for i := range k.Columns {
			c := "c." + schema.QuoteIdent(k.Child.Columns[k.Columns[i]].Name)
			set = append(set, c+" is not null")
			same = append(same, c+" = p."+schema.QuoteIdent(k.Parent.Columns[k.ParentColumns[i]].Name))
		}
		q := fmt.Sprintf("select count(*) from %s c where %s and not exists (select from %s p where %s)",
			k.Child.Name.SQL(), strings.Join(set, " and "), k.Parent.Name.SQL(), strings.Join(same, " and "))
		if orphans := pgtest.Query(t, dsn, q)[0][0]; orphans != "0" {
			t.Fatalf("%s of %s: %s rows without a parent", k.Name, k.Child.Name, orphans)
		}
	}
	return len(s.ForeignKeys)
}

// filler is an expression of a column's type that holds a number, or something
// that always fits; "" if it knows none.
func filler(c *schema.Column, number string, key bool) string {
	base := strings.TrimPrefix(c.Type.Base, "pg_catalog.")
	switch {
	case c.Type.Elem != nil:
		return "'{}'"
	case base == "int2" || base == "int4" || base == "int8" || base == "numeric" || base == "float8" || base == "float4":
		if !key && strings.Contains(base, "numeric") {
			return "1"
		}
		return number
	case base == "text" || base == "varchar" || base == "bpchar":
		text := "('v' || " + number + ")"
		return text
	case base == "bool":
		return "i % 2 = 0"
	case base == "timestamp" || base == "timestamptz" || base == "date":
		return "date '2020-01-01' + i::int"
	case base == "json" || base == "jsonb":
		return "'{}'"
	case base == "inet":
		return "'10.0.0.1'"
	case base == "bytea":
		return "int4send((" + number + ")::int)"
	}
	return ""
}
