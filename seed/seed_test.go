package seed_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/seed"
)

func read(t testing.TB, dsn string) *schema.Schema {
	t.Helper()
	conn := pgtest.Connect(t, dsn)
	if _, err := conn.Exec(context.Background(), "set search_path = ''").ReadAll(); err != nil {
		t.Fatal(err)
	}
	s, err := catalog.Read(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rows is the COPY text of a step.
func rows(t testing.TB, p *seed.Plan, step int) []byte {
	t.Helper()
	out, err := rowsOf(p, step)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func rowsOf(p *seed.Plan, step int) (out []byte, err error) {
	w := p.Writer(step)
	for i := range p.Steps[step].Rows {
		if out, err = w.Append(out, i); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func names(t *schema.Table, cols []int) string {
	var out []string
	for _, c := range cols {
		out = append(out, schema.QuoteIdent(t.Columns[c].Name))
	}
	return strings.Join(out, ", ")
}

// fill loads the plan's rows in its order, with constraints on unless the plan
// says that one cannot hold before the end; then it looks for itself.
func fill(t testing.TB, dsn string, s *schema.Schema, p *seed.Plan) error {
	t.Helper()
	conn := pgtest.Connect(t, dsn)
	defer conn.Close(context.Background())
	run := func(sql string) error {
		if _, err := conn.Exec(context.Background(), sql).ReadAll(); err != nil {
			return fmt.Errorf("%w in %s", err, sql)
		}
		return nil
	}
	if err := run("set search_path = ''; set TimeZone = 'UTC'; begin; set constraints all deferred"); err != nil {
		return err
	}
	unchecked := false
	for _, step := range p.Steps {
		for _, l := range step.Late {
			unchecked = unchecked || l.How == seed.Unchecked
		}
	}
	if unchecked {
		if err := run("set session_replication_role = replica"); err != nil {
			return err
		}
	}
	for i, step := range p.Steps {
		into, cols := step.Table.Name.SQL(), names(step.Table, step.Columns)
		if step.Update {
			if err := run("create temp table late on commit drop as select " + cols + " from " + into + " limit 0"); err != nil {
				return err
			}
			into = "late"
		}
		data, err := rowsOf(p, i)
		if err != nil {
			return err
		}
		if _, err := conn.CopyFrom(context.Background(), bytes.NewReader(data), "copy "+into+" ("+cols+") from stdin"); err != nil {
			var pg *pgconn.PgError
			if errors.As(err, &pg) {
				return fmt.Errorf("%w: %s %s", err, pg.Detail, pg.Where)
			}
			return err
		}
		if step.Update {
			var set, where []string
			for k, c := range step.Columns {
				name := schema.QuoteIdent(step.Table.Columns[c].Name)
				if k < step.Match {
					where = append(where, "t."+name+" = l."+name)
				} else {
					set = append(set, name+" = l."+name)
				}
			}
			if err := run(fmt.Sprintf("update %s t set %s from late l where %s; drop table late", step.Table.Name.SQL(), strings.Join(set, ", "), strings.Join(where, " and "))); err != nil {
				return err
			}
		}
	}
	if err := run("commit"); err != nil {
		return err
	}
	return orphans(conn, s)
}

// orphans looks for children without a parent, whatever the server checked.
func orphans(conn *pgconn.PgConn, s *schema.Schema) error {
	for _, k := range s.ForeignKeys {
		var on, there []string
		for i := range k.Columns {
			c := "c." + schema.QuoteIdent(k.Child.Columns[k.Columns[i]].Name)
			on = append(on, c+" = p."+schema.QuoteIdent(k.Parent.Columns[k.ParentColumns[i]].Name))
			there = append(there, c+" is not null")
		}
		res, err := conn.Exec(context.Background(), fmt.Sprintf("select count(*) from %s c where %s and not exists (select from %s p where %s)",
			k.Child.Name.SQL(), strings.Join(there, " and "), k.Parent.Name.SQL(), strings.Join(on, " and "))).ReadAll()
		if err != nil {
			return err
		}
		if n := string(res[0].Rows[0][0]); n != "0" {
			return fmt.Errorf("%s rows have no parent by %s", n, k.Name)
		}
	}
	return nil
}

// load makes a database of a case's schema alone.
func load(t testing.TB, name string) string {
	dsn := pgtest.DB(t)
	if name == "shop" {
		text, err := os.ReadFile("../cmd/pgstandin/shop/schema.sql")
		if err != nil {
			t.Fatal(err)
		}
		pgtest.Exec(t, dsn, string(text))
		return dsn
	}
	pgtest.LoadCase(t, dsn, name)
	s := read(t, dsn)
	var all []string
	for _, x := range s.Roots() {
		all = append(all, x.Name.SQL())
	}
	pgtest.Exec(t, dsn, "truncate "+strings.Join(all, ", "))
	return dsn
}

// TestCases fills real schemas, and looks at the number of rows.
func TestCases(t *testing.T) {
	for _, name := range []string{"shop", "northwind", "chinook", "pagila", "bb_auctionmark", "gitlab11"} {
		t.Run(name, func(t *testing.T) {
			base := int64(100)
			if name == "gitlab11" { // many tables
				if testing.Short() {
					t.Skip("long")
				}
				base = 10
			}
			dsn := load(t, name)
			s := read(t, dsn)
			p, err := seed.New(s, seed.Config{Base: base, Seed: 7})
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range p.Untested {
				t.Errorf("%s of %s is not understood", u.Name, u.Table.Name)
			}
			if err := fill(t, dsn, s, p); err != nil {
				t.Fatal(err)
			}
			everywhere(t, dsn, s)
			for _, x := range s.Roots() {
				got := pgtest.Query(t, dsn, "select count(*) from "+x.Name.SQL())[0][0]
				if got != fmt.Sprint(p.Rows(x)) || got == "0" {
					t.Errorf("%s has %s rows, planned were %d", x.Name, got, p.Rows(x))
				}
				if testing.Verbose() {
					for _, r := range pgtest.Query(t, dsn, "select left(x::text, 250) from "+x.Name.SQL()+" x limit 2") {
						t.Log(x.Name, got, r)
					}
				}
			}
		})
	}
}

func digest(t *testing.T, s *schema.Schema, n uint64) [32]byte {
	p, err := seed.New(s, seed.Config{Seed: n})
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for i := range p.Steps {
		h.Write(rows(t, p, i))
	}
	return [32]byte(h.Sum(nil))
}

// TestSame: the same seed gives the same bytes, another one others; a writer
// may begin at any row.
func TestSame(t *testing.T) {
	s := read(t, load(t, "shop"))
	if first, again := digest(t, s, 1), digest(t, s, 1); first != again {
		t.Error("the same seed gave other rows")
	}
	if digest(t, s, 1) == digest(t, s, 2) {
		t.Error("another seed gave the same rows")
	}
	p, err := seed.New(s, seed.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range p.Steps {
		all := bytes.SplitAfter(rows(t, p, i), []byte("\n"))
		for k := step.Rows - 1; k >= 0; k-- {
			if got, err := p.Writer(i).Append(nil, k); err != nil || !bytes.Equal(got, all[k]) {
				t.Fatalf("%s: row %d alone is another one", step.Table.Name, k)
			}
		}
	}
}

// TestAllocations: no row of the shop allocates.
func TestAllocations(t *testing.T) {
	s := read(t, load(t, "shop"))
	p, err := seed.New(s, seed.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range p.Steps {
		w := p.Writer(i)
		buf := make([]byte, 0, 1<<16)
		row := int64(0)
		if n := testing.AllocsPerRun(50, func() {
			if _, err := w.Append(buf, row%step.Rows); err != nil {
				t.Fatal(err)
			}
			row++
		}); n > 0 {
			t.Errorf("%s: %v allocations a row", step.Table.Name, n)
		}
	}
}

// TestUnsatisfiable: errors name what cannot be.
func TestUnsatisfiable(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"create table t (id int primary key, a boolean not null constraint one_each unique)", "constraint one_each"},
		{"create table t (id int primary key, a int not null constraint no_way check (a > 5 and a < 3))", "column a"},
		{"create table t (id int primary key, a int not null, b int not null, constraint odd check (a + b < 0 and a > 0 and b > 0))", "constraint odd"},
		{"create table t (id int primary key constraint few check (id between 1 and 2))", "constraint t_pkey"},
		{"create table t (id int primary key, a text not null constraint two_texts unique check (a in ('x', 'y')))", "constraint two_texts"},
		{"create table t (a boolean not null, b boolean not null); alter table t add constraint one_bit unique (a), add check (not b)", "constraint one_bit"},
		{"create table t (k int not null check (k between 1 and 5)) partition by list (k); create table t7 partition of t for values in (7)", "partition bounds"},
		{"create table t (during int4range not null check (isempty(during) and false), a int not null constraint over_ten check (a > 10) constraint under_ten check (a < 10))", "column a"},
	} {
		dsn := pgtest.DB(t)
		pgtest.Exec(t, dsn, c.sql)
		s := read(t, dsn)
		p, err := seed.New(s, seed.Config{Rows: map[*schema.Table]int64{s.Tables[0]: 3}})
		if err == nil {
			_, err = p.Writer(0).Append(nil, 0)
		}
		var e *seed.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.sql, err, c.want)
		}
	}
}
