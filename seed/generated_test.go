package seed_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/seed"
)

// TestGenerated: constraints of generated columns hold for what these are computed
// from, or are named as not understood.
func TestGenerated(t *testing.T) {
	const odd = "create function odd(int) returns int immutable language sql as 'select $1 / 2'; create domain above as int check (value > 500); create extension btree_gist; "
	for _, c := range []struct{ sql, untested, want string }{
		// Keys of one column.
		{"create table t (id int generated always as identity primary key, g int generated always as (id * 2) stored unique)", "", ""},
		{"create table t (id int generated always as (a * 2) stored primary key, a int)", "", ""},
		{"create table t (id int primary key, a int, g numeric(10,2) generated always as (a - 7) stored unique)", "", "select count(*) > count(g) from t"},
		{"create table t (id int primary key, a numeric(6,2) not null, g int generated always as (a * 2) stored unique)", "t_g_key", ""},
		{"create table t (id int primary key, a int not null, g int generated always as (a * 0.5) stored unique)", "t_g_key", ""},
		{"create table t (id int primary key, a text not null, g varchar(2) generated always as (a::varchar(2)) stored unique)", "t_g_key", ""},
		{"create table t (id int primary key, a int not null, g int generated always as (odd(a)) stored unique)", "t_g_key", ""},
		{"create table t (id int primary key, a int not null, g int generated always as (a * 0) stored unique)", "t_g_key", ""},
		{"create table t (id int primary key, email text not null, g text generated always as (md5(lower(email))) stored unique)", "", ""},
		{"create table t (id int primary key, g text generated always as ('N-' || id::text) stored unique)", "", ""},
		{"create table t (id int primary key, first text not null, last text not null); create table u (id int primary key, first text not null, g text generated always as (upper(first)) stored); create unique index on u (g)", "", "select count(*) >= 40 from u"},
		{"create table t (id int primary key, first text, g text generated always as (coalesce(first, '')) stored); create unique index on t (lower(g))", "", ""},
		// Of several.
		{"create table t (id int primary key, v boolean, a int, g int generated always as (a + 1) stored, unique (v, g))", "", "select count(distinct v) = 2 from t"},
		{"create table t (a int, v smallint, g int generated always as (a * 2) stored, primary key (v, g))", "", ""},
		{"create table t (a int, g int generated always as (a * 2) stored, unique (a, g), id int primary key)", "", ""},
		{"create table p (id int primary key); create table t (id int primary key, p int not null references p, line int not null, g text generated always as (p::text || '-' || line::text) stored unique)", "", "select count(distinct p) > 20 from t"},
		{"create table t (id int primary key, a text not null, b text not null, g text generated always as (a || '-' || b) stored unique)", "t_g_key", ""},
		{"create table t (id int primary key, a int not null, b int not null, g text generated always as (a::text || b::text) stored unique)", "t_g_key", ""},
		// Partial ones, and predicates.
		{"create table t (id int primary key, v int not null, gone timestamptz, live boolean generated always as (gone is null) stored); create unique index on t (v) where live", "", "select count(*) filter (where live) > 0 from t"},
		{"create table t (id int primary key, gone timestamptz, a text, g text generated always as (lower(a)) stored); create unique index on t (g) where gone is null", "", ""},
		{"create table t (id int primary key, n int not null, a int, g int generated always as (odd(a)) stored); create unique index on t (n) where g > 3", "", ""},
		// Checks, domains and NOT NULL.
		{"create table t (id int primary key, a int, g int generated always as (a * 2) stored constraint big check (g > 900))", "", "select count(g) > 20 from t"},
		{"create table t (id int primary key, a numeric, g int generated always as (a * 2) stored constraint big check (g > 900))", "big", ""},
		{"create table t (id int primary key, a int, g above generated always as (a * 2) stored)", "", "select count(g) > 20 from t"},
		{"create table t (id int primary key, a int, b int, g int generated always as (a + b) stored not null)", "", ""},
		{"create table t (id int primary key, a int, g int generated always as (coalesce(a, 0)) stored not null)", "", "select count(*) > count(a) from t"},
		{"create table t (id int primary key, a int, g int generated always as (odd(a)) stored not null)", "not null of column g", ""},
		// Exclusion.
		{"create table t (id int primary key, room int not null, a timestamp not null, b timestamp not null, during tsrange generated always as (tsrange(a, b)) stored, exclude using gist (room with =, during with &&))", "", ""},
		{"create table t (id int primary key, a int not null, g int generated always as (a + 1) stored, exclude using gist (g with =))", "", ""},
		{"create table t (id int primary key, a int not null, g int4range generated always as (int4range(a, a + 5)) stored, constraint apart exclude using gist (g with &&))", "apart", ""},
	} {
		dsn := pgtest.DB(t)
		pgtest.Exec(t, dsn, odd+c.sql)
		s := read(t, dsn)
		p, err := seed.New(s, seed.Config{Base: 60})
		if err != nil {
			t.Errorf("%s\n%v", c.sql, err)
			continue
		}
		var untested []string
		for _, u := range p.Untested {
			untested = append(untested, u.Name)
		}
		if strings.Join(untested, ",") != c.untested {
			t.Errorf("%s\nnot understood: %q, want %q", c.sql, untested, c.untested)
		}
		err = fill(t, dsn, s, p)
		switch {
		case c.untested != "": // only the server can tell
			continue
		case err != nil:
			t.Errorf("%s\n%v", c.sql, err)
			continue
		}
		if n := pgtest.Query(t, dsn, "select count(*) >= 40 from t")[0][0]; n != "t" {
			t.Errorf("%s\nfew rows", c.sql)
		}
		if c.want != "" {
			if got := pgtest.Query(t, dsn, c.want)[0][0]; got != "t" {
				t.Errorf("%s\nnot so: %s", c.sql, c.want)
			}
		}
	}
}

// TestGeneratedKeys: a foreign key to a generated column, or from one, is an error
// that says so.
func TestGeneratedKeys(t *testing.T) {
	for sql, want := range map[string]string{
		"create table p (id int primary key, g int generated always as (id * 2) stored unique); create table t (id int primary key, p int not null constraint to_g references p (g))": "constraint to_g: foreign keys to generated columns are not supported",
		"create table p (id int primary key); create table t (id int primary key, a int, g int generated always as (a * 2) stored constraint of_g references p)":                      "constraint of_g: foreign keys from generated columns are not supported",
	} {
		dsn := pgtest.DB(t)
		pgtest.Exec(t, dsn, sql)
		_, err := seed.New(read(t, dsn), seed.Config{})
		var e *seed.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", sql, err, want)
		}
	}
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table t (id int primary key, a boolean not null, g text generated always as (a::text) stored constraint one_each unique)")
	s := read(t, dsn)
	_, err := seed.New(s, seed.Config{Rows: map[*schema.Table]int64{s.Tables[0]: 3}})
	if err == nil || !strings.Contains(err.Error(), "constraint one_each: 3 rows are wanted, it allows no more than 2") {
		t.Error(err)
	}
}
