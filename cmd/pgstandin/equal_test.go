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
