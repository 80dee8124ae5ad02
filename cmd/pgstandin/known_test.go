package main

import (
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// stagedShop is the demo's shop, with its own rules.
func stagedShop(t *testing.T, users int) *staging {
	t.Helper()
	s := newStaging(t)
	pgtest.Exec(t, s.source, shop.Schema)
	pgtest.Exec(t, s.source, shop.DataAt(users, time.Now()))
	s.write(strings.Replace(shop.Rules, "targets:", "targets: [\"*_staging\"] #", 1))
	return s
}

// TestTextsForgetTheirUser: what a message or note quotes of its user, whose
// values are in another table, is gone, and the user's fakes are in its place.
func TestTextsForgetTheirUser(t *testing.T) {
	t.Parallel()
	s := stagedShop(t, 1500)
	if status, _, errOut := s.refresh(keyA); status != 0 || !strings.Contains(errOut, "learn from them") {
		t.Errorf("status %d, and nothing was learned:\n%s", status, errOut)
	}
	originals := map[string][]string{} // by user
	for _, r := range pgtest.Query(t, s.source, "select id, name, email, phone, split_part(name, ' ', 1) from users") {
		originals[r[0]] = r[1:]
	}
	type user struct{ name, email, phone, first string }
	fakes := map[string]user{}
	for _, r := range pgtest.Query(t, s.target, "select id, name, email, phone, split_part(name, ' ', 1) from users") {
		fakes[r[0]] = user{r[1], r[2], r[3], r[4]}
	}
	texts := pgtest.Query(t, s.target, `select user_id, body, thread_id is null, coalesce(subject, '') from messages
		union all select user_id, note, false, '' from orders where note is not null`)
	if len(texts) < 100 {
		t.Fatalf("%d texts", len(texts))
	}
	named := 0
	for _, r := range texts {
		fake, before := fakes[r[0]], originals[r[0]]
		for i, v := range before {
			if v == `\N` || i == 3 && strings.Contains(r[1], fake.first) && strings.Contains(fake.name, v) {
				continue
			}
			if strings.Contains(r[1], v) {
				t.Errorf("value %d of user %s stays", i, r[0])
			}
		}
		if strings.Contains(r[1], fake.first) {
			named++
		}
		if r[2] == "t" && !(strings.Contains(r[1], "this is "+fake.name+". ") && strings.Contains(r[1], "write to "+fake.email+".") && (fake.phone == `\N` || strings.Contains(r[1], fake.phone))) {
			t.Errorf("a first message does not hold its user's fakes:\n%s\n%v", r[1], fake)
		}
	}
	if named < len(texts)*9/10 {
		t.Errorf("%d of %d texts name their user's fake", named, len(texts))
	}
	first := s.rowsOf("messages")
	if s.must(keyA, "--workers", "1"); s.rowsOf("messages") != first {
		t.Error("the number of workers changes texts")
	}
}

// TestKnownNeedsRoom: what is known must fit the memory that is given.
func TestKnownNeedsRoom(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, name text);
		create table notes (user_id int references users, body text);
		insert into users select n, 'Anna Berg' || repeat('x', 40) || n from generate_series(1, 20000) n;
		insert into notes select n, 'by Anna' from generate_series(1, 10) n`)
	const rules = "version: 1\ntargets: [\"*_staging\"]\ntables:\n" +
		"  users: { entity: id, columns: { name: person.name } }\n"
	s.write(rules + "  notes: { entity: user_id -> users, columns: { body: scrub } }\n")
	status, _, errOut := s.refresh(keyA, "--memory", "1MiB")
	if status != 1 || !strings.Contains(errOut, "raise --memory") || strings.Contains(errOut, "Anna") {
		t.Errorf("status %d: %s", status, errOut)
	}
	s.write(rules + "  notes: { entity: user_id -> users, columns: { body: text } }\n")
	if status, _, errOut := s.refresh(keyA, "--memory", "1MiB"); status != 0 || strings.Contains(errOut, "learn") {
		t.Errorf("nobody asks: status %d\n%s", status, errOut)
	}
}
