package main

import (
	"os"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// An expression that does not keep a unique column unique stops a run before it writes,
// with its place; one that does passes.
func TestSQLOnUniqueColumns(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
create table users (id int primary key, email text unique, nick text, login text, team int not null, gone bool not null, unique (team, nick));
create unique index on users (lower(login)) where not gone;
alter table users add here boolean generated always as (not gone) stored;
create unique index on users (email) where here;
insert into users select i, 'user' || i || '@corp.example', 'Nick' || i, 'Login' || i, i % 2, i > 8 from generate_series(1, 10) i`)
	const keep = ", team: keep } }\n"
	for _, c := range []struct{ name, columns, want string }{
		{"a short one", `email: { mask: sql, expr: "left(email, 4)" }, nick: keep, login: keep`, ":4:38: public.users.email: mask sql gives several rows, copied or not, the same value, which unique index users_email_key refuses"},
		{"with the key in it", `email: { mask: sql, expr: "'user' || id" }, nick: keep, login: keep`, ""},
		{"null", `email: { mask: sql, expr: "nullif(email, email)" }, nick: keep, login: keep`, ""},
		{"of two columns", `email: keep, nick: { mask: sql, expr: "left(nick, 4) || id / 2" }, login: keep`, ""},
		{"of two columns, not apart", `email: keep, nick: { mask: sql, expr: "'x' || id / 4" }, login: keep`, "users_team_nick_key"},
		{"in one case", `email: keep, nick: keep, login: { mask: sql, expr: "case when id % 2 < 1 then 'n' else 'N' end || id / 2" }`, "users_lower_idx"},
		{"beside the index", `email: keep, nick: keep, login: { mask: sql, expr: "case when gone then 'n' else 'n' || id end" }`, ""},
	} {
		s.write("version: 1\ntargets: ['*_staging']\ntables:\n  users: { columns: { " + c.columns + keep)
		status, out, errOut := s.command(keyA, "check", "--source", s.source, "--rules", s.rules)
		if status != 0 || !strings.Contains(out, "is computed by mask sql: a run tries on the source's rows, before it writes, whether its values differ") {
			t.Errorf("%s: check: status %d\n%s%s", c.name, status, out, errOut)
		}
		status, _, errOut = s.refresh(keyA)
		switch {
		case c.want == "" && status != 0:
			t.Errorf("%s: status %d\n%s", c.name, status, errOut)
		case c.want != "" && (status != exitUsage || !strings.Contains(errOut, c.want) || strings.Contains(errOut, "create the schema")):
			t.Errorf("%s: status %d\n%s", c.name, status, errOut)
		}
		if c.want == "" {
			continue
		}
		dir := t.TempDir()
		status, _, errOut = s.command(keyA, "snapshot", "--source", s.source, "--rules", s.rules, "--out", dir)
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 || status != exitUsage || !strings.Contains(errOut, c.want) {
			t.Errorf("%s: snapshot: status %d, %d files\n%s", c.name, status, len(left), errOut)
		}
	}
}
