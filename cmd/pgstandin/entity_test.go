package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestEntityIsWhatPostgresCallsEqual: rows whose entity is spelled otherwise than
// the row that it references are about the same one: their texts hold its fakes, their
// dates move with its dates, and their names are its name, in either format of rows.
func TestEntityIsWhatPostgresCallsEqual(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	kinds := []struct{ parent, child, key, other string }{ // key and what it is spelled as in the child
		{"citext", "citext", "anna", "ANNA"},
		{"citext", "citext", "Zoë", "ZOË"},
		{"numeric", "numeric", "1", "1.00"},
		{"numeric", "numeric", "20.50", "20.5"},
		{"numeric", "int", "100.00", "100"},
		{"char(10)", "char(12)", "anna", "anna"},
		{"text", "char(12)", "anna", "anna"},
		{"char(12)", "text", "anna", "anna "},
		{"text collate ci", "text collate ci", "anna", "Anna"},
		{"float8", "float8", "0", "-0"},
		{"text collate ci", "text collate ci", "Νικος", "ΝΙΚΟΣ"},
		{"text collate ci", "text collate ci", "anna", "ａｎｎａ"},
		{"inet", "cidr", "10.0.0.1", "10.0.0.1/32"},
		{"inet", "cidr", "2001:db8::1", "2001:db8::1/128"},
	}
	rules := "version: 1\ntargets: [\"*_staging\"]\ntables:\n"
	sql := "create extension citext; create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);\n"
	for i, k := range kinds {
		sql += fmt.Sprintf(`
create table users%[1]d (k %[2]s primary key, name text, born date);
create table notes%[1]d (id int primary key, k %[3]s references users%[1]d, sender text, born date, body text);
insert into users%[1]d values ('%[4]s', 'Annabel Wintersleben', '1980-05-17');
insert into notes%[1]d values (1, '%[5]s', 'Annabel Wintersleben', '1980-05-17', 'Regards, Annabel.');
`, i, k.parent, k.child, k.key, k.other)
		rules += fmt.Sprintf(`  users%[1]d: { entity: k, columns: { k: keep, name: person.name, born: { mask: date, shift: 60d } } }
  notes%[1]d: { entity: k -> users%[1]d, columns: { k: keep, sender: person.name, born: { mask: date, shift: 60d }, body: scrub } }
`, i)
	}
	pgtest.Exec(t, s.source, sql)
	s.write(rules)
	for _, format := range []string{"auto", "text"} {
		s.must(keyA, "--copy-format", format)
		for i, k := range kinds {
			r := pgtest.Query(t, s.target, fmt.Sprintf("select u.name, n.sender, u.born, n.born, n.body from users%[1]d u, notes%[1]d n", i))[0]
			first, _, _ := strings.Cut(r[0], " ")
			if r[0] != r[1] || r[2] != r[3] || r[4] != "Regards, "+first+"." || first == "Annabel" {
				t.Errorf("%s: %s %q referenced as %s %q: %q", format, k.parent, k.key, k.child, k.other, r)
			}
		}
	}
}

// TestEntityOfAnyCollation: where a collation calls more equal than texts that differ in
// case, there is no telling whose a row of another table is.
func TestEntityOfAnyCollation(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create collation ai (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
		create table users (k text collate ai primary key, name text);
		create table notes (id int primary key, k text collate ai references users, body text)`)
	const rules = "version: 1\ntargets: [\"*_staging\"]\ntables:\n  users: { entity: k, columns: { k: keep, name: person.name } }\n  notes: { %scolumns: { k: keep, body: %s } }\n"
	s.write(fmt.Sprintf(rules, "entity: k -> users, ", "scrub"))
	if status, _, errOut := s.refresh(keyA); status != 2 || !strings.Contains(errOut, "pgstandin.yaml:5:20: entity: public.users(k) has the collation") {
		t.Errorf("status %d\n%s", status, errOut)
	}
	s.write(fmt.Sprintf(rules, "", "text"))
	s.must(keyA)
}

// TestTwoRowsOfOneEntity: rows that their own unique text tells apart, and the char(n)
// that it references does not, are of one entity: no index is damaged.
func TestTwoRowsOfOneEntity(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (k char(12) primary key, name text);
		create table profiles (k text primary key references users, nick text, body text);
		insert into users values ('anna', 'Annabel Wintersleben');
		insert into profiles values ('anna', 'Annabel Berg', 'met Bertha'), ('anna ', 'Bertha Wolf', 'met Annabel')`)
	s.write(`version: 1
targets: ["*_staging"]
tables:
  users: { entity: k, columns: { k: keep, name: person.name } }
  profiles: { entity: k -> users, columns: { k: keep, nick: person.name, body: scrub } }
`)
	s.must(keyA)
	for _, r := range pgtest.Query(t, s.target, "select body from profiles") {
		if strings.Contains(r[0], "Annabel") || strings.Contains(r[0], "Bertha") {
			t.Errorf("%q", r)
		}
	}
}
