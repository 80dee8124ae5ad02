package seed_test

import (
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/seed"
)

// TestGroups: the columns of a row speak of one person and of one place.
func TestGroups(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `
create table people (id int primary key, first_name text not null, last_name text not null, email text not null, username varchar(40) not null unique,
  city text not null, state char(2), zip text not null, country text not null, latitude numeric(8,5) not null, longitude float8 not null);
create unique index on people (lower(email));
create table deals (id int primary key, contact_name varchar(60) not null, contact_email text, seller_name text not null, seller_email text not null,
  address_city varchar(30) not null, address_country_code char(2) not null);
create table states (code char(2) primary key, name text not null unique, currency char(3) not null);
create table countries (code char(2) primary key, name text not null unique, currency char(3) not null);
create table articles (id int primary key, title text not null, slug varchar(80) not null unique);
create table short (id int primary key, name varchar(5) not null, email varchar(12) not null unique)`)
	s := read(t, dsn)
	p, err := seed.New(s, seed.Config{Seed: 3, Each: 20_000, Rows: map[*schema.Table]int64{s.Table(schema.Name{Schema: "public", Name: "countries"}): 40, s.Table(schema.Name{Schema: "public", Name: "states"}): 100}})
	if err != nil {
		t.Fatal(err)
	}
	if err := fill(t, dsn, s, p); err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{
		`select bool_and(email ~ ('^' || lower(first_name || '.' || last_name) || '[0-9]*@example[.]com$')) from people`,
		`select bool_and(username ~ ('^' || lower(first_name || '_' || last_name) || '[0-9]*$')) from people`,
		`select count(distinct lower(email)) = 20000 and count(*) filter (where email ~ '[0-9]') < 15000 from people`,
		`select bool_and(lower(replace(contact_name, ' ', '.')) = split_part(contact_email, '@', 1)) and count(contact_email) between 17000 and 19000 from deals`,
		`select bool_and(lower(replace(seller_name, ' ', '.')) = split_part(seller_email, '@', 1)) and count(*) filter (where seller_name = contact_name) < 100 from deals`,
		`select count(distinct (city, state, country)) between 40 and 100 and count(distinct (city, country)) < 60 from people`,
		`select bool_and(latitude between 39.6 and 39.9 and longitude between -105.1 and -104.9 and zip ~ '^802[0-9]{2}$' and country = 'United States' and coalesce(state, 'CO') = 'CO') and count(*) > 100 from people where city = 'Denver'`,
		`select count(distinct (address_city, address_country_code)) < 60 and bool_and(address_country_code ~ '^[A-Z]{2}$') from deals`,
		`select count(*) = 20000 from short`,
		`select bool_and(currency = 'EUR') and count(*) > 0 from countries where code in ('FR', 'DE', 'ES', 'IT', 'AT')`,
		`select coalesce(bool_and(code = 'FR'), true) from countries where name = 'France'`,
		`select bool_and(slug ~ ('^' || lower(replace(title, ' ', '-')) || '(-[0-9]+)?$')) from articles`,
	} {
		if got := pgtest.Query(t, dsn, c)[0][0]; got != "t" {
			t.Errorf("not so: %s", c)
		}
	}
	if t.Failed() {
		for _, r := range pgtest.Query(t, dsn, "select x::text from people x limit 5") {
			t.Log(r)
		}
		for _, r := range pgtest.Query(t, dsn, "select x::text from deals x limit 5") {
			t.Log(r)
		}
	}
}
