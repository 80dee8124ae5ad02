package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

const staying = `
create table users (id int primary key, name text, email text, home text, note text);
insert into users select i, 'Anna' || i || ' Berg' || i, 'anna' || i || '@corp.example', 'mail.of.anna' || i || '.example', 'nothing' from generate_series(1, 300) i;
create table tickets (id int primary key, note text, head text, tok text, mail text, pick text, doc jsonb, body text);
insert into tickets select i, 'ticket ' || i || ' of somebody who has a problem with what he bought at the shop',
	'letter ' || i || ' to somebody who has a problem with what he bought at the shop, and more', 'customer_' || lpad(i::text, 4, '0'), 'anna' || i || '@corp.example', 'one of some topics ' || i % 3,
	jsonb_build_object('who', 'ticket ' || i || ' of somebody who has a problem', 'tok', 'customer_' || lpad(i::text, 4, '0')), 'of customer_' || lpad(i::text, 4, '0') from generate_series(1, 300) i;
`

const stayingRules = `version: 1
targets: ["*_staging"]
tables:
  users: { columns: { name: person.name, email: email, home: domain, note: { mask: regexp, match: " [0-9]+", replace: "" } } }
  tickets:
    columns:
      note: { mask: regexp, match: "[0-9]+", replace: "0" }
      head: { mask: redact, first: 60 }
      tok: token
      mail: { mask: email, domain: keep }
      pick: shuffle
      doc: { mask: json, paths: { $.who: { mask: regexp, match: " [0-9]+", replace: "" }, $.tok: token }, other: keep }
      body: scrub
`

// TestLeakOfWhatStays: a mask that lets parts of a value stay hides no original in
// them, neither where it masks nor elsewhere. What it says that it keeps, and fakes
// that happen to be what another row had, are no alarm.
func TestLeakOfWhatStays(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, staying)
	s.write(stayingRules)
	s.must(keyA)
	pgtest.Exec(t, s.source, `
		update users set name = 'Otto Kuhn' where id = 1;
		update users set note = 'Anna8 Berg8 4711' where id = 2;
		update tickets set note = 'ticket 4711 of Otto Kuhn, please' where id = 1;
		update tickets set head = 'to anna2@corp.example, with many thanks for a reply as soon as possible, please' where id = 1;
		update tickets set tok = 'anna3_berg3_9f8a7c6b5d4e3f2a' where id = 1;
		update tickets set mail = 'x@mail.of.anna4.example' where id = 1;
		update tickets set pick = 'about Anna5 Berg5' where id < 100;
		update tickets set doc = '{"who": "Anna6 Berg6 4711"}' where id = 1;
		update tickets set doc = '{"tok": "anna7_berg7_9f8a7c6b5d4e3f2a"}' where id = 2;
		alter table tickets add seen text; update tickets set seen = 'Anna8 Berg8' where id = 1`)
	s.write(stayingRules + "      seen: keep\n")
	status, _, errOut := s.refresh(keyA)
	for _, place := range []string{"users.note: 1 value", "tickets.note: 1 value", "tickets.head: 1 value", "tickets.tok: 1 value", "tickets.mail: 1 value", "tickets.pick: ", "tickets.doc: 2 values", "tickets.seen: 1 value"} {
		if status != exitVerify || !strings.Contains(errOut, "leak: public."+place) {
			t.Errorf("%s not found, status %d\n%s", place, status, errOut)
		}
	}
}
