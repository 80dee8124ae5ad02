package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestWholeTables: tables that are a worker's share at most come in one transaction
// each, partitions too, and hold the same rows as where several workers fill a table;
// not so a partitioned table whose rows change their partition.
func TestWholeTables(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, referrer_id int references users, email text unique, bio text);
		create table events (id int, user_id int references users, kind text, body text, primary key (id, kind)) partition by list (kind);
		create table events_a partition of events for values in ('a');
		create table events_b partition of events for values in ('b');
		create table moving (id int, zip text not null, body text) partition by list (zip);
		create table moving_all partition of moving default;
		create table logs (id int primary key, user_id int references users, body text);
		insert into users select u, nullif(u / 2, 0), 'u' || u || '@mail.example', repeat(md5(u::text), 12) from generate_series(1, 12000) u;
		insert into events select u, u, case when u % 2 = 0 then 'a' else 'b' end, repeat(md5(u::text), 26) from generate_series(1, 12000) u;
		insert into moving select u, 10000 + u, repeat(md5(u::text), 13) from generate_series(1, 12000) u;
		insert into logs select u, u, repeat(md5('log' || u), 12) from generate_series(1, 12000) u;
		analyze`)
	s.write(`version: 1
targets: ["*_staging"]
tables:
  users: { columns: { email: email, bio: keep } }
  events: { columns: { kind: keep, body: keep } }
  moving: { columns: { id: keep, zip: address.zip, body: keep } }
  logs: { columns: { body: text } }
`)
	emptied := func() string {
		return pgtest.Query(t, s.target, `select coalesce(string_agg(relname, ' ' order by relname), '') from pg_class
			where relkind = 'r' and relnamespace = 'public'::regnamespace and relfilenode <> oid`)[0][0]
	}
	var first string
	for _, c := range []struct{ flags, emptied string }{
		{"--workers 1", "events_a events_b logs users"},
		{"--workers 8", ""},
		{"--workers 1 --copy-format text", "events_a events_b logs users"},
		{"--workers 1 --in-place", "events_a events_b logs users"},
	} {
		s.must(keyA, strings.Fields(c.flags)...)
		if got := emptied(); got != c.emptied {
			t.Errorf("%s: one transaction for %q, want %q", c.flags, got, c.emptied)
		}
		all := ""
		for _, table := range []string{"users", "events", "moving", "logs"} {
			all += s.rowsOf(table)
		}
		if first == "" {
			first = all
		}
		if all != first || strings.Contains(all, "@mail.example") {
			t.Errorf("%s: other rows, or unmasked ones", c.flags)
		}
		if got := pgtest.Query(t, s.target, "select count(*) from only users, pg_constraint where conrelid = 'users'::regclass and convalidated and contype = 'f' and conname = 'users_referrer_id_fkey'")[0][0]; got != "12000" {
			t.Errorf("%s: %s rows behind their key", c.flags, got)
		}
	}
}
