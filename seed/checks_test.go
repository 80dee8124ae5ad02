package seed_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/seed"
)

// TestChecks fills tables whose checks say of one column what another holds, order
// the columns of a key, or compare columns of citext or of a domain.
func TestChecks(t *testing.T) {
	const made = "create extension citext; create domain grade as int check (value > 0); create domain at as timestamptz; create domain word as citext; "
	for _, c := range []struct{ sql, want string }{
		// A column's values are in checks with other columns.
		{"create table t (id int primary key, method text not null, card text, check ((method = 'card' and card is not null) or (method = 'iban' and card is null)))", "select count(distinct method) = 2 from t"},
		{"create table t (id int primary key, k text, a text, check (k = 'card' or (k = 'iban' and a is null)))", "select count(distinct k) = 2 from t"},
		{"create table t (id int primary key, k varchar(9) not null, a int not null, check (k = 'low' and a between 1 and 9 or k = 'high' and a between 100000 and 100009 or k in ('other', 'none') and a = 5))", "select count(distinct k) = 4 from t"},
		{"create table t (id int primary key, k text not null, n int, check (k = 'a' and n is null or k = 'b' and n is not null or k like 'c%' and n > 3))", ""},
		{"create table t (id int primary key, k text, b text, c text, check (k is null and b = 'one' or k = 'two' and b is null and c = 'three'))", "select count(*) filter (where k is null) > 0 and count(k) > 0 from t"},
		{"create table t (id int primary key, k text not null, b text, check (not (k = 'x' and b is null) and (k = 'x' or k = 'y')))", "select count(distinct k) = 2 from t"},
		// Columns of one key in order.
		{"create table t (a int, b int, primary key (a, b), check (a < b))", "select count(distinct a) > 20 from t"},
		{"create table t (a int, b int, primary key (b, a), check (b > a))", "select count(distinct a) > 20 from t"},
		{"create table t (a bigint, b bigint, c int, primary key (a, b), check (a < b and c > 1))", ""},
		{"create table p (id int primary key); create table t (a int references p, b int references p, primary key (a, b), check (a < b))", "select count(distinct a) > 5 from t"},
		{"create table t (a date, b date, primary key (a, b), check (a <= b))", ""},
		// A key's columns of which one is written in a second pass, and a check that many rows need a second attempt for.
		{"create table p (id int primary key); create table t (id int primary key, a int references p, b int, unique (a, b), x int not null, y int not null, check (x + y > 1200)); create table u (id int primary key, t int not null references t); alter table t add foreign key (b) references u", "select count(b) > 5 from t"},
		{"create table t (a int check (a between 1 and 20), b int check (b between 1 and 20), primary key (a, b), check (a < b))", ""},
		// A key with a column for the kind of row, which a check of the child fixes.
		{"create table p (id int primary key, kind varchar(20) not null, body text, unique (kind, id)); create table t (id int primary key, p int not null, kind text not null default 'Grant' check (kind = 'Grant'), foreign key (kind, p) references p (kind, id)); create table u (id int primary key, p int not null, kind varchar(20) not null check (kind in ('Session', 'Token')), foreign key (p, kind) references p (id, kind))", "select count(distinct kind) = 3 and (select count(*) > 0 from t) and (select count(distinct kind) = 2 from u) from p"},
		{"create table p (tenant int, kind int, id int, primary key (tenant, kind, id)); create table t (tenant int, kind int check (kind = 7), p int, primary key (tenant, kind, p), foreign key (tenant, kind, p) references p)", "select count(*) > 0 from t"},
		// citext, whose operators the catalog spells with their schema.
		{"create table t (id int primary key, k citext not null check (k in ('Card', 'iban')))", "select count(distinct k) = 2 from t"},
		{"create table t (id int primary key, k citext not null check (k = 'Card' or k = 'iban'))", "select count(distinct k) = 2 from t"},
		{"create table t (id int primary key, k citext not null check (k ~ '^[A-Z]{3}-[0-9]{4}$'))", ""},
		{"create table t (id int primary key, k citext not null check (k like 'A%'))", ""},
		{"create table t (id int primary key, k citext not null check (k <> '' and k <> 'X' and k in ('x', 'Y')))", "select count(distinct k) = 1 from t"},
		{"create table t (id int primary key, k word not null check (k in ('a', 'b')))", ""},
		{"create table t (id int primary key, k citext not null check (k = '17'), e citext not null check (length(e) < 9 and e ~~ 'B_%'))", ""},
		// Domains, which the catalog casts to what they are over.
		{"create table t (id int primary key, g grade not null check (g between 3 and 7))", "select count(distinct g) = 5 from t"},
		{"create table t (id int primary key, g grade not null, h grade not null, check (g < h and h < 1000))", ""},
		{"create table t (id int primary key, a at not null check (a > '2020-01-01 00:00:00+00'), b at, check (b >= a))", ""},
	} {
		dsn := pgtest.DB(t)
		pgtest.Exec(t, dsn, made+c.sql)
		s := read(t, dsn)
		p, err := seed.New(s, seed.Config{Base: 60})
		if err != nil {
			t.Errorf("%s\n%v", c.sql, err)
			continue
		}
		for _, u := range p.Untested {
			t.Errorf("%s\n%s is not understood", c.sql, u.Name)
		}
		if err := fill(t, dsn, s, p); err != nil {
			t.Errorf("%s\n%v", c.sql, err)
			continue
		}
		if n := pgtest.Query(t, dsn, "select count(*) >= 40 from t")[0][0]; n != "t" {
			t.Errorf("%s\nfew rows", c.sql)
		}
		if c.want != "" {
			if got := pgtest.Query(t, dsn, c.want)[0][0]; got != "t" {
				t.Errorf("%s\nnot so: %s\n%v", c.sql, c.want, strings.Join(pgtest.Query(t, dsn, "select string_agg(t::text, ' ' order by t) from t")[0], ""))
			}
		}
	}
}

// TestPartialIndexes: rows are in a partial index and out of it, also where another
// key has its columns.
func TestPartialIndexes(t *testing.T) {
	for _, c := range []struct {
		cols, index, in string
		least           int
	}{
		{"p int not null references p", "(p) where main", "main", 15},
		{"p int not null references p, line int not null, unique (p, line)", "(p) where main", "main", 15},
		{"p int not null references p, line int not null, unique (p, line)", "(p) where not main", "not main", 15},
		{"p int not null references p, line int not null, unique (p, line)", "(p) where gone is null", "gone is null", 3},
		{"p int not null references p, line int not null, unique (p, line)", "(p, line) where gone is null", "gone is null", 10},
		{"p int not null references p, line int not null, kind text not null check (kind in ('a', 'b', 'c')), unique (p, line)", "(p) where kind = 'a'", "kind = 'a'", 8},
		{"p int not null references p, line int not null, kind text not null check (kind in ('a', 'b', 'c')), unique (p, line)", "(p, kind) where kind <> 'a'", "kind <> 'a'", 20},
		{"p int references p, line int, maybe boolean, unique (p, line)", "(p) where maybe", "maybe", 15},
		{"p int references p, q int references q, unique (p, q)", "(p) where main", "main", 15},
		{"p int not null references p, q int not null references q, unique (p, q)", "(p) where main", "main", 15},
		{"p int not null references p, q int not null references q, unique (p, q)", "(q) where main", "main", 15},
		{"p int not null references p, q int not null references q, x int not null, unique (p, q), check (n + x > 900)", "(q) where main", "main", 8},
		{"p int not null references p, q int not null references q, unique (p, q)", "(p) where main; create unique index on t (q) where main", "main", 10},
		{"p int not null references p", "(p) where main; create unique index on t (p, main) where main", "main", 15},
		{"p int not null references p, a uuid not null, b uuid not null, unique (p, a, b)", "(p, b) where main", "main", 15},
		{"p int not null references p", "(main) where main", "main", 1},
		{"p int not null references p, email text not null, unique (p, email)", "(email) where gone is not null", "gone is not null", 120},
		{"p int not null references p, self int references t", "(self) where main", "main", 15},
	} {
		dsn := pgtest.DB(t)
		pgtest.Exec(t, dsn, "create table p (id int primary key); create table q (id int primary key); create table t (id int primary key, main boolean not null, gone timestamptz, n int not null, "+c.cols+"); create unique index on t "+c.index)
		s := read(t, dsn)
		p, err := seed.New(s, seed.Config{Base: 60})
		if err == nil {
			err = fill(t, dsn, s, p)
		}
		if err != nil {
			t.Errorf("%s; %s\n%v", c.cols, c.index, err)
			continue
		}
		rows := pgtest.Query(t, dsn, "select count(*), count(*) filter (where "+c.in+") from t")[0]
		all, _ := strconv.Atoi(rows[0])
		in, _ := strconv.Atoi(rows[1])
		if all != 180 || in < c.least || in > all-10 {
			t.Errorf("%s; %s\nof %d rows %d are in the index", c.cols, c.index, all, in)
		}
	}
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table p (id int primary key); create table t (id int primary key, p int not null references p, main boolean not null); create unique index on t (p) where main")
	s := read(t, dsn)
	p, err := seed.New(s, seed.Config{Base: 60, Shares: []seed.Share{{Key: s.ForeignKeys[0], Low: 1, High: 4}}})
	if err == nil {
		err = fill(t, dsn, s, p)
	}
	if err != nil {
		t.Fatal(err)
	}
	if rows := pgtest.Query(t, dsn, "select count(*) filter (where main) >= 15, count(distinct p) = 60 from t")[0]; rows[0] != "t" || rows[1] != "t" {
		t.Error("chosen numbers of children: few rows are in the index, or a parent has no child")
	}
}
