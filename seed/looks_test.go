package seed_test

import (
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/seed"
)

// TestLooks: values are what a person expects of the column.
func TestLooks(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `create extension hstore; create extension ltree;
create table people (id int primary key, ssn char(11) not null, nino text not null, passport text not null, credit_card varchar(19) not null, cvv text not null, bic text not null,
  mac text not null, gender text not null, sex char(1) not null, ethnicity text not null, ssn_of_spouse char(11) unique);
create table t (id int primary key, took interval not null, place point not null, spot point not null, exclude using gist (spot with ~=), area box not null, h hstore not null, l ltree not null, x xml not null);
create table invoices (id int primary key, updated_at timestamptz not null, paid_at timestamptz not null, issued date not null, due_date date not null, ordered_at timestamptz not null, sent_on date not null);
create table tickets (id int primary key, closed_at timestamp not null, opened_at timestamp not null, resolved_at timestamp not null);
create table subscriptions (id int primary key, cancelled_at timestamptz not null, starts_at timestamptz not null, approved_at timestamptz not null, requested_at timestamptz not null, valid_to date not null, valid_from date not null)`)
	s := read(t, dsn)
	p, err := seed.New(s, seed.Config{Base: 200})
	if err != nil {
		t.Fatal(err)
	}
	if err := fill(t, dsn, s, p); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ from, is string }{
		{"people", `ssn ~ '^666-\d\d-\d{4}$' and coalesce(ssn_of_spouse, ssn) ~ '^666-\d\d-\d{4}$'`},
		{"people", `nino ~ '^QQ\d{6}[A-D]$'`},
		{"people", `passport ~ '^[A-Z]{2}\d{7}$'`},
		{"people", `credit_card ~ '^400000\d{10}$' and cvv ~ '^\d{3}$'`},
		{"people", `bic ~ '^[A-Z]{8}$'`},
		{"people", `mac ~ '^02(:[0-9a-f]{2}){5}$'`},
		{"people", `gender in ('female', 'male') and sex in ('f', 'm')`},
		{"people", `ethnicity not in ('Paris', 'Hamburg', 'Ashford', 'London', 'Berlin')`},
		{"t", "took > '0' and took <= '7 days'"},
		{"t", "place[0] between 0 and 1000 and place[1] between 0 and 1000 and spot[0] <= 1000"},
		{"t", "(area[0])[0] <= 1001 and length(h::text) < 25 and length(l::text) < 12 and length(x::text) < 40"},
		{"invoices", "ordered_at <= updated_at and ordered_at::date <= issued and issued <= due_date and issued <= sent_on and issued <= paid_at and paid_at <= updated_at"},
		{"tickets", "opened_at <= resolved_at and opened_at <= closed_at"},
		{"subscriptions", "requested_at <= approved_at and starts_at <= cancelled_at and valid_from <= valid_to"},
	} {
		if n := pgtest.Query(t, dsn, "select count(*) from "+want.from+" where not ("+want.is+")")[0][0]; n != "0" {
			t.Errorf("%s: %s rows are not %s: %v", want.from, n, want.is, pgtest.Query(t, dsn, "select * from "+want.from+" where not ("+want.is+") limit 1"))
		}
	}
}

// TestLengths: checks of how many elements an array has, or bytes a value, are
// followed.
func TestLengths(t *testing.T) {
	for _, check := range []string{
		"a int[] not null check (cardinality(a) = 3)",
		"a int[] check (array_length(a, 1) between 2 and 5)",
		"a text[] not null check (cardinality(a) <= 1)",
		"a text[] unique check (a is null or array_length(a, 1) > 4)",
		"a box[] not null check (cardinality(a) = 2)",
		"a int[] not null, n int not null check (n between 0 and 3), check (cardinality(a) > n)",
		"a bytea not null check (octet_length(a) = 16)",
		"a bytea not null unique check (length(a) between 20 and 70)",
		"a bytea not null check (octet_length(a) < 5)",
		"a text not null check (octet_length(a) <= 5)",
		"a text not null check (octet_length(a) >= 40)",
		"a key not null unique",
		"a three not null",
	} {
		dsn := pgtest.DB(t)
		pgtest.Exec(t, dsn, "create domain key as bytea check (octet_length(value) = 32); create domain three as float8[] check (cardinality(value) = 3); create table t (id int primary key, "+check+")")
		s := read(t, dsn)
		p, err := seed.New(s, seed.Config{})
		if err != nil {
			t.Errorf("%s: %v", check, err)
			continue
		}
		if len(p.Untested) > 0 {
			t.Errorf("%s: not understood", check)
		}
		if err := fill(t, dsn, s, p); err != nil {
			t.Errorf("%s: %v", check, err)
		}
		if n := pgtest.Query(t, dsn, "select count(distinct a::text) >= 20 from t")[0][0]; n != "t" {
			t.Errorf("%s: few values", check)
		}
	}
}
