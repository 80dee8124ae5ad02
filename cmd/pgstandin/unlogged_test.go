package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// A hot standby has no rows of unlogged tables: that is said before a row is read,
// by table and place, and without their rows everything works.
func TestUnloggedOnStandby(t *testing.T) {
	t.Parallel()
	p := newPair(t, 5, nil)
	pgtest.Exec(t, p.primary.DSN("postgres"), "create database few")
	pgtest.Exec(t, p.primary.DSN("few"), `
create table users (id int primary key, email text not null);
create unlogged table sessions (id int primary key, user_id int not null, token text not null);
create table events (id int not null, at date not null, note text) partition by range (at);
create unlogged table events_1 partition of events for values from ('2020-01-01') to ('2021-01-01');
insert into users select i, 'anna' || i || '@mail.example' from generate_series(1, 50) i;
insert into sessions select i, i, 'token ' || i from generate_series(1, 50) i`)
	p.caughtUp(t)
	s := newStaging(t)
	s.source = p.standby.DSN("few")
	const rules = `version: 1
targets: ["*_staging"]
tables:
  users:
    columns: { email: email }
  sessions:
    columns: { user_id: keep, token: text }
  events: { columns: { id: keep, at: keep, note: keep } }
`
	s.write(rules)
	profile := filepath.Join(t.TempDir(), "profile.json")
	commands := map[string][]string{
		"check": {"--source", s.source}, "plan": {"--source", s.source}, "refresh": {"--source", s.source, "--target", s.target},
		"verify": {"--source", s.source, "--target", s.target}, "profile": {"--source", s.source, "-o", profile},
	}
	for name, args := range commands {
		status, _, errOut := s.command(keyA, append([]string{name, "--rules", s.rules}, args...)...)
		for _, want := range []string{
			":6: public.sessions is unlogged, and a standby does not have its rows; write rows: none for it, or read from the primary",
			":8: public.events_1 is unlogged, and a standby does not have its rows; write rows: none for public.events, or read from the primary",
		} {
			if status != exitUsage || !strings.Contains(errOut, want) {
				t.Errorf("%s: status %d: %s", name, status, errOut)
			}
		}
	}
	s.write(`version: 1
targets: ["*_staging"]
tables:
  users: { columns: { email: email } }
  sessions: { rows: none }
  events: { rows: none }
`)
	for _, name := range []string{"check", "plan", "refresh", "verify", "profile"} {
		if status, out, errOut := s.command(keyA, append([]string{name, "--rules", s.rules}, commands[name]...)...); status != 0 {
			t.Errorf("%s without their rows: status %d: %s%s", name, status, out, errOut)
		} else if name == "verify" && !strings.Contains(errOut, "note: no values of public.sessions are looked for in the target") {
			t.Errorf("verify does not say what it leaves out: %s", errOut)
		}
	}
	status, out, errOut := s.command("", "profile", "--source", s.source, "-o", profile)
	if status != 0 || !strings.Contains(errOut, "note: no rows of public.sessions: it is unlogged, and a standby does not have them") {
		t.Errorf("profile: status %d: %s%s", status, out, errOut)
	}
	status, out, errOut = s.command("", "init", "--source", s.source, "-o", filepath.Join(t.TempDir(), "pgstandin.yaml"))
	if status != 0 {
		t.Errorf("init: status %d: %s%s", status, out, errOut)
	}
}

// TestInvalidIndex: an index that the source could not finish is not made, and not missed.
func TestInvalidIndex(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
create table t (id int primary key, a int);
create index ux on t (a); comment on index ux is 'half';
update pg_index set indisvalid = false where indexrelid = 'ux'::regclass;
create table p (id int) partition by range (id);
create table p_1 partition of p for values from (0) to (10);
create index p_only on only p (id)`)
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  t: { columns: { a: keep } }\n  p: { columns: { id: keep } }\n")
	s.must(keyA)
	if got := pgtest.Query(t, s.target, "select string_agg(relname, ' ' order by relname) from pg_class where relname in ('ux', 'p_only')")[0][0]; got != "p_only" {
		t.Errorf("indexes: %s", got)
	}
}
