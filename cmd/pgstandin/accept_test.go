package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// Objects that the rules accept are called as SQL calls them, and check tells of those
// that the source does not have.
func TestAcceptObjects(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table a (id int primary key, email text); insert into a values (1, 'anna.berg@corp.example');
		comment on column a.email is 'as anna.berg@corp.example'; comment on table a is 'of anna.berg@corp.example';
		comment on constraint a_pkey on a is 'for anna.berg@corp.example'`)
	const rules = "version: 1\ntargets: ['*_staging']\ntables: { a: { columns: { email: email } } }\nleaks:\n  accept:\n"
	entry := func(object string) string { return "    - { object: " + object + ", reason: a test }\n" }
	s.write(rules + entry("comment on column public.a.emial") + entry("comment on table pblic.a") + entry("setting of the database"))
	status, out, errOut := s.command(keyA, "check", "--source", s.source, "--rules", s.rules)
	for _, want := range []string{
		"note: leaks accept \"comment on column public.a.emial\" on line 6, but the source has no such text; did you mean comment on column public.a.email?\n",
		"note: leaks accept \"comment on table pblic.a\" on line 7, but the source has no such text; did you mean comment on table public.a?\n",
	} {
		if status != 0 || !strings.Contains(out, want) || strings.Contains(out, "setting of") {
			t.Errorf("status %d\n%s%s", status, out, errOut)
		}
	}
	s.write(rules + entry("comment on column public.a.email") + entry("comment on table public.a") + entry("comment on constraint a_pkey on public.a"))
	if status, out, errOut = s.command(keyA, "check", "--source", s.source, "--rules", s.rules); status != 0 || strings.Contains(out, "accept") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	s.must(keyA)
}
