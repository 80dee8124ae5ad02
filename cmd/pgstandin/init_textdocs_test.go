package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// Documents in a column of texts are masked by path: names and passwords in them too,
// which have no form. What stays in one is looked at with its escapes undone.
func TestDocumentsInTexts(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
create table users (id int primary key, name text not null, email text not null);
create table admin_events (id int primary key, at timestamptz default now(), representation text, headers varchar(120));
insert into users select i, 'Zoë Quistborg' || chr(97 + i % 26) || chr(97 + i / 26), 'zoe.q' || i || '@mail.example' from generate_series(1, 60) i;
insert into admin_events select id, now(), json_build_object('email', email, 'firstName', 'Zoë', 'lastName', split_part(name, ' ', 2), 'enabled', true, 'password', 'hunter' || id + 1000, 'n', id),
	json_build_object('to', email, 'x', 'from ' || email || repeat(' x', 25)) from users;
analyze`)
	text := s.initRules()
	if strings.Count(text, "mask: json") != 2 || strings.Count(text, "$: scrub") != 2 {
		t.Fatalf("init:\n%s", text)
	}
	// What was not among the sampled ones, a text alone, is masked too.
	pgtest.Exec(t, s.source, `insert into admin_events select 1000 + i, now(), '"by zoe.q' || i || '@mail.example"', 'zoe.q' || i from generate_series(1, 20) i`)
	s.must(keyA)
	got := dump(t, s.target)
	for _, v := range []string{"Quistborg", "zoe.q", "hunter1"} {
		if strings.Contains(string(got), v) {
			t.Errorf("%s is in the target", v)
		}
	}
	if bad := pgtest.Query(t, s.target, `select count(*) from admin_events where id < 1000 and (representation::json->>'enabled' is distinct from 'true' or (representation::json->>'n')::int is distinct from id or headers::json is null)`)[0][0]; bad != "0" {
		t.Errorf("%s documents are none any more, or lost what is nobody's", bad)
	}
	// An escape does not hide a name.
	pgtest.Exec(t, s.source, `delete from admin_events where id > 1000; update admin_events set representation = '{"email": "a@mail.example", "nick": "Zo\u00eb Quistborg' || chr(97 + id % 26) || chr(97 + id / 26) || '"}'`)
	s.write(`version: 1
targets: ["*_staging"]
tables:
  users: { columns: { name: person.name, email: email } }
  admin_events: { columns: { at: keep, representation: { mask: json, paths: { $.email: email }, other: keep }, headers: { mask: json, paths: { $.to: email, $: scrub }, other: keep } } }
`)
	if status, _, errOut := s.refresh(keyA); status != exitVerify || !strings.Contains(errOut, "leak: public.admin_events.representation: 60 values") {
		t.Errorf("status %d: %s", status, errOut)
	}
}
