package subset_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

type source struct{ conn *pgconn.PgConn }

const settings = `set search_path = ''; set TimeZone = 'UTC'; set DateStyle = 'ISO'; set IntervalStyle = 'postgres';
	set extra_float_digits = 1; set bytea_output = 'hex'; set row_security = off; set plan_cache_mode = force_custom_plan`

func open(t testing.TB, dsn string) *source {
	s := &source{pgtest.Connect(t, dsn)}
	if _, err := s.conn.Exec(context.Background(), settings).ReadAll(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *source) Query(ctx context.Context, sql string, fn func([][]byte) error) error {
	rr := s.conn.ExecParams(ctx, sql, nil, nil, nil, nil)
	var fnErr error
	for rr.NextRow() {
		if fnErr == nil {
			fnErr = fn(rr.Values())
		}
	}
	if _, err := rr.Close(); err != nil {
		return err
	}
	return fnErr
}

func secret(t testing.TB) *keyed.Secret {
	s, err := keyed.ParseSecret([]byte(strings.Repeat("5a", 32)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t testing.TB, s *source) *schema.Schema {
	sch, err := catalog.Read(context.Background(), s.conn)
	if err != nil {
		t.Fatal(err)
	}
	return sch
}

func walk(t testing.TB, src *source, sch *schema.Schema, cfg *subset.Config) *subset.Selection {
	t.Helper()
	p, err := subset.NewPlan(sch, cfg)
	if err != nil {
		t.Fatal(err)
	}
	sel, err := p.Walk(context.Background(), subset.Options{Secret: secret(t)}, subset.Sequential(src))
	if err != nil {
		t.Fatal(err)
	}
	return sel
}

// materialize copies the chosen rows into a schema beside the original ones.
// text is the chunk's query.
func text(t testing.TB, c subset.Chunk) string {
	t.Helper()
	sql, err := c.Select()
	if err != nil {
		t.Fatal(err)
	}
	return sql
}

func materialize(t testing.TB, src *source, sch *schema.Schema, sel *subset.Selection) func(*schema.Table) string {
	run := func(sql string) {
		if _, err := src.conn.Exec(context.Background(), sql).ReadAll(); err != nil {
			t.Fatalf("%v in %s", err, sql)
		}
	}
	run("drop schema if exists chosen cascade; create schema chosen")
	name := func(tb *schema.Table) string { return `chosen.` + schema.QuoteIdent(tb.Name.String()) }
	for _, tb := range sch.Tables {
		if tb.Partition == nil {
			run(fmt.Sprintf("create table %s as select * from %s limit 0", name(tb), tb.Name.SQL()))
		}
	}
	for _, ls := range sel.Leaves {
		var cols []subset.Column
		var list []string
		for i := range ls.Root.Columns {
			cols = append(cols, subset.Column{Name: ls.Root.Columns[i].Name})
			list = append(list, schema.QuoteIdent(ls.Root.Columns[i].Name))
		}
		for _, c := range sel.Chunks(ls, cols, 100_000) {
			run(fmt.Sprintf("insert into %s (%s) %s", name(ls.Root), strings.Join(list, ", "), text(t, c)))
		}
	}
	return func(tb *schema.Table) string { return name(tb.Root()) }
}

// TestCases takes subsets of real schemas and lets the server say whether
// every reference within them is satisfied.
func TestCases(t *testing.T) {
	for _, c := range []struct{ name, root, none string }{
		{"pagila", "customer", ""}, {"pagila", "rental", ""}, {"pagila", "film", "actor"},
		{"northwind", "customers", ""}, {"northwind", "employees", "customers"}, {"northwind", "orders", "shippers"},
		{"chinook", "customer", ""}, {"chinook", "artist", "media_type"}, {"chinook", "employee", ""},
		{"pagila", "", "language"}, {"northwind", "", "customers"}, {"chinook", "", "employee"},
	} {
		t.Run(c.name+"/"+c.root+"/"+c.none, func(t *testing.T) {
			dsn := pgtest.DB(t)
			pgtest.LoadCase(t, dsn, c.name)
			src := open(t, dsn)
			sch := read(t, src)
			cfg := &subset.Config{Unreached: subset.UnreachedAll, Restrict: map[*schema.Table]subset.Restriction{}}
			for _, tb := range sch.Roots() {
				if tb.Name.Name == c.root {
					cfg.Roots = append(cfg.Roots, subset.Root{Table: tb, Sample: subset.Sample{Share: 0.2}})
				}
				if tb.Name.Name == c.none {
					cfg.Restrict[tb] = subset.Restriction{Rows: subset.NoRows}
				}
			}
			if c.root != "" && len(cfg.Roots) == 0 {
				t.Fatal("no such root")
			}
			sel := walk(t, src, sch, cfg)
			at := materialize(t, src, sch, sel)
			check(t, dsn, sch, at)
			for _, r := range sel.Report.Tables {
				if r.Exact {
					got := pgtest.Query(t, dsn, "select count(*) from "+at(r.Table))
					if got[0][0] != fmt.Sprint(r.Rows) {
						t.Errorf("%s: %s rows instead of %d", r.Table.Name, got[0][0], r.Rows)
					}
				}
				t.Logf("%-30s %8d %v %s", r.Table.Name, r.Rows, r.Exact, r.Why)
			}
			for _, r := range sel.Report.References {
				t.Logf("%s: cut %d, left out %d, orphans %d", r.Name, r.Cut, r.LeftOut, r.Orphans)
			}
		})
	}
}

// check fails for every reference that does not hold among the chosen rows.
func check(t testing.TB, dsn string, sch *schema.Schema, at func(*schema.Table) string) {
	t.Helper()
	for _, k := range sch.ForeignKeys {
		if k.Child.Partition != nil || k.Parent.Partition != nil {
			continue
		}
		var on, some []string
		for i := range k.Columns {
			c := "c." + schema.QuoteIdent(k.Child.Columns[k.Columns[i]].Name)
			on = append(on, fmt.Sprintf("p.%s = %s", schema.QuoteIdent(k.Parent.Columns[k.ParentColumns[i]].Name), c))
			some = append(some, c+" is not null")
		}
		n := pgtest.Query(t, dsn, fmt.Sprintf("select count(*) from %s c where %s and not exists (select from %s p where %s)",
			at(k.Child), strings.Join(some, " and "), at(k.Parent), strings.Join(on, " and ")))
		if n[0][0] != "0" {
			t.Errorf("%s %s: %s rows without their parent", k.Child.Name, k.Name, n[0][0])
		}
	}
}
