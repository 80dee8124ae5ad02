package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestBadSubsets: each mistake in the rules of a subset is one error that says
// where it is and what to write, before a row is read.
func TestBadSubsets(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, whyShop+"; alter table orders add note text, add tag_ids int[]; create table labels (name text primary key); analyze")
	base := strings.Replace(whyRules, "total: keep", "total: keep, note: keep, tag_ids: keep", 1) + "  labels: { columns: { name: keep } }\n"
	const root = `    - { table: users, where: "id in (7, 9)" }` + "\n"
	const limit = "    - { from: orders(user_id), limit: 3, order: id }\n"
	for _, c := range []struct{ name, old, new, want string }{
		{"missing column", limit, "    - { from: orders(usr_id), limit: 3 }\n", ":8:15: table public.orders has no column usr_id; did you mean user_id?"},
		{"missing column of the parent", limit, "    - { from: orders(note), to: users(nickname) }\n", ":8:33: table public.users has no column nickname"},
		{"missing column in an expression", limit, "    - { from: \"orders((nota)::int)\", to: users }\n", "has no column nota; did you mean note?"},
		{"types", limit, "    - { from: orders(note), to: users(id) }\n", ":8:9: reference public.orders(note) to public.users(id): note is text, which does not compare with id of type integer"},
		{"types of elements", limit, "    - { from: orders(tag_ids), to: labels(name) }\n", "tag_ids is an element of integer[], which does not compare with name of type text"},
		{"types of an expression", limit, "    - { from: \"orders(note || '')\", to: users(id) }\n", ":8:23: from: to compare it with public.users.id of type integer: the server refuses it: undefined function (SQLSTATE 42883)"},
		{"condition that is none", "id in (7, 9)", "coalesce(id, 1)", ":5:31: where: the server refuses it: datatype mismatch (SQLSTATE 42804)"},
		{"guard that is none", limit, "    - { from: orders(note), to: labels(name), when: \"coalesce(total, 1)\" }\n", ":8:54: when: the server refuses it: datatype mismatch (SQLSTATE 42804)"},
		{"entry that is none", "created_at <= now() - interval '7 days'", "coalesce(created_at, now())", "where: the server refuses it: datatype mismatch (SQLSTATE 42804)"},
		{"no key", limit, "    - { from: orders(note), to: products(name) }\n", "public.products(name) is no primary key, unique constraint or unique index"},
		{"impossible nullify", limit, "    - { from: orders(user_id), up: nullify }\n", ":8:9: reference public.orders orders_user_id_fkey: up: nullify is not possible"},
		{"root that selects nothing", "7, 9", "-7, -9", ":5:9: root public.users selects no row: no row that may be copied satisfies its where"},
		{"root whose sample is none", `where: "id in (7, 9)"`, `where: "id = 7", sample: 0.001%`, ":5:9: root public.users selects no row: write a larger sample than 0.001 %, a number of rows (sample: 100 rows), or another where"},
		{"root whose sample is none of all", `where: "id in (7, 9)"`, `sample: 0.001%`, ":5:9: root public.users selects no row: write a larger sample than 0.001 %, or a number of rows (sample: 100 rows)"},
		{"root that is ruled out", root, "    - { table: payment_methods }\n", ":5:9: root public.payment_methods: its own entry says rows: none, so it selects nothing"},
		{"budget", "  unreached: none\n", "  unreached: all\n  budget: 10 rows\n", "subset.budget cannot be met"},
		{"budget without choice", root, "    - { table: users, sample: 5% }\n  budget: 10 rows\n", "there is no root without a sample of its own"},
		{"unreached", "  unreached: none\n", "", "no reference leads from a root to public.labels, public.notes: write subset.unreached: all or none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.write(strings.Replace(base, c.old, c.new, 1))
			status, out, errOut := s.command(keyA, "plan", "--exact", "--source", s.source, "--rules", s.rules)
			if status != 2 || strings.Count(errOut, "\n") != 1 || !strings.Contains(errOut, s.rules+":") || !strings.Contains(errOut, c.want) {
				t.Errorf("status %d\n%s%s", status, out, errOut)
			}
		})
	}
}
