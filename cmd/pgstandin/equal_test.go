package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// A key whose collation calls texts equal that differ in more than case cannot be
// masked so that its references follow; one that disregards case alone, or only
// the ways to write a letter, can.
func TestKeysOfCollations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		locale, rows, parents string
		good                  bool
	}{
		{"und-u-ks-level1", "('Änna'), ('Otto')", "('anna'), ('OTTO')", false},
		{"und-u-ks-level1-kc-true", "('Änna')", "('Anna')", false},
		{"und-u-ka-shifted", "('a-b')", "('ab')", false},
		{"@colStrength=primary", "('Änna')", "('anna')", false},
		{"und-u-ks-level2", "('Anna'), ('Änna'), ('Otto')", "('anna'), ('änna'), ('OTTO')", true},
		{"@colStrength=secondary", "('Anna')", "('ANNA')", true},
		{"de-u-co-phonebk-ks-level2", "('Anna')", "('ANNA')", true},
		{"und", "('Anna'), ('anna')", "('Anna'), ('anna')", true},
		{"und-u-ks-level3", "('Anna'), ('anna')", "('Anna'), ('anna')", true},
	} {
		s := newStaging(t)
		pgtest.Exec(t, s.source, "create collation loose (provider = icu, locale = '"+c.locale+`', deterministic = false);
			create table p (k text collate loose primary key); create table c (id int generated always as identity primary key, k text collate loose references p, note text collate loose);
			insert into p values `+c.rows+"; insert into c (k) values "+c.parents)
		s.write("version: 1\ntargets: ['*_staging']\ntables:\n  p: { columns: { k: hash } }\n  c: { columns: { note: { mask: text } } }\n")
		status, out, errOut := s.command("", "check", "--source", s.source, "--rules", s.rules)
		if c.good != (status == 0) {
			t.Errorf("%s: check: status %d\n%s%s", c.locale, status, out, errOut)
		}
		if c.good {
			s.must(keyA)
			if got := pgtest.Query(t, s.target, "select count(*), count(p.k) from c left join p using (k)"); got[0][0] != got[0][1] {
				t.Errorf("%s: %v", c.locale, got)
			}
			continue
		}
		if status != 2 || !strings.Contains(errOut, ":4:22: public.p.k: ") || !strings.Contains(errOut, "public.loose") || !strings.Contains(errOut, "keep") {
			t.Errorf("%s: status %d\n%s", c.locale, status, errOut)
		}
	}
}

// A unique column that is masked without regard to case because another of its
// mask's domain is has a note, with what parts the two.
func TestUniqueInCase(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create extension citext;
		create table users (id int primary key, email citext unique, nick citext unique);
		create table contacts (id int primary key, email text unique, nick text unique, second text);
		insert into users values (1, 'Anna@corp.example', 'Anna');
		insert into contacts values (1, 'ANNA@corp.example', 'ANNA', 'ANNA@corp.example'), (2, 'otto@corp.example', 'otto', null)`)
	rules := func(email, nick string) {
		s.write("version: 1\ntargets: ['*_staging']\ntables:\n  users: { columns: { email: email, nick: person.user } }\n" +
			"  contacts: { columns: { email: " + email + ", nick: " + nick + ", second: email } }\n")
	}
	check := func() string {
		t.Helper()
		status, out, errOut := s.command("", "check", "--source", s.source, "--rules", s.rules)
		if status != 0 {
			t.Errorf("check: status %d\n%s%s", status, out, errOut)
		}
		return out
	}
	rules("email", "person.user")
	out := check()
	for _, want := range []string{
		"note: unique column public.contacts.email is masked without regard to case, as public.users.email",
		"note: unique column public.contacts.nick is masked without regard to case, as public.users.nick",
		"another mask", "a domain of its own",
	} {
		if strings.Count(out, want) != 1 {
			t.Errorf("%q is not there once:\n%s", want, out)
		}
	}
	s.must(keyA)
	if got := pgtest.Query(t, s.target, "select u.email = c.email::citext, u.nick = c.nick::citext, c.email = c.second from users u join contacts c using (id)"); strings.Join(got[0], "") != "ttt" {
		t.Errorf("the same address has other masks: %v", got)
	}
	pgtest.Exec(t, s.source, "insert into contacts values (3, 'anna@corp.example', 'anna', null)")
	rules("hash", "{ mask: person.user, domain: contacts }")
	if out := check(); strings.Contains(out, "without regard to case") {
		t.Errorf("a note without need:\n%s", out)
	}
	s.must(keyA)
}
