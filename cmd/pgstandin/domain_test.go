package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestOneFakeInAllPlaces: a value gets the same in every column of its mask's domain,
// in documents, in composite values and in texts, whichever of them is narrow or
// unique, and whatever is estimated of the tables.
func TestOneFakeInAllPlaces(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create type contact as (mail text, login varchar(50));
		create table users (id int primary key, email varchar(36) not null unique, login text unique, work varchar(42) not null unique);
		create table orders (id int primary key, mail text, clerk varchar(90), doc jsonb, home contact, homes contact[], work text);
		create table notes (id int primary key, note text);
		insert into users select n, 'anna' || n || '@b.example', 'aberg' || n, 'work' || n || case n % 2 when 0 then '@subsidiary.corporate.example' else '@b.example' end from generate_series(1, 40) n;
		insert into orders select id, email, login, jsonb_build_object('mail', email, 'login', login, 'mails', jsonb_build_array(email)),
				row(email, login::varchar(50))::contact, array[row(email, login::varchar(50))::contact], work from users;
		insert into notes select id, 'from ' || email || ', thanks' from users`)
	s.write(`version: 1
targets: ["*_staging"]
tables:
  users: { columns: { email: email, login: person.user, work: { mask: email, domain: keep } } }
  orders:
    columns:
      mail: email
      clerk: person.user
      doc: { mask: json, paths: { $.mail: email, $.login: person.user, $.mails: email }, other: deny }
      home: { mask: composite, fields: { mail: email, login: person.user } }
      homes: { mask: composite, fields: { mail: email, login: person.user } }
      work: { mask: email, domain: keep }
  notes: { columns: { note: scrub } }
`)
	run := func() []string {
		t.Helper()
		if status, _, errOut := s.refresh(keyA); status != 0 {
			t.Fatalf("status %d: %s", status, errOut)
		}
		var first []string
		for _, r := range pgtest.Query(t, s.target, `select u.email, mail, doc->>'mail', doc->'mails'->>0, (home).mail, homes[1].mail, substr(note, 6, length(note) - 13),
			u.login, clerk, doc->>'login', (home).login, homes[1].login, u.work, o.work from users u join orders o using (id) join notes using (id) order by id`) {
			for i, v := range r {
				if same := map[bool]int{i < 7: 0, i >= 7 && i < 12: 7, i >= 12: 12}[true]; v != r[same] {
					t.Errorf("place %d has %s, place %d %s", i, v, same, r[same])
				}
			}
			if len(r[0]) > 36 || len(r[12]) > 42 {
				t.Errorf("%q is too long", r)
			}
			first = append(first, strings.Join(r, " "))
		}
		return first
	}
	before := run()
	pgtest.Exec(t, s.source, "analyze")
	if after := run(); fmt.Sprint(before) != fmt.Sprint(after) || len(before) != 40 {
		t.Errorf("analyzed, %d rows are\n%q\nand were\n%q", len(after), after[:2], before[:2])
	}
}
