package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// applyGrants runs what the command prints, as psql would, and returns it.
func applyGrants(t *testing.T, admin string, args ...string) string {
	t.Helper()
	s := &staging{t: t}
	status, out, errOut := s.command("", append([]string{"grants"}, args...)...)
	if status != 0 {
		t.Fatalf("grants: status %d: %s", status, errOut)
	}
	for _, part := range strings.Split(out, "\\connect ")[1:] {
		database, script, _ := strings.Cut(part, "\n")
		pgtest.Exec(t, admin+" dbname="+strings.Trim(database, `"`), script)
	}
	return out
}

// roles makes names for two roles that are dropped, with what they own, after
// the databases.
func roles(t *testing.T, admin, prefix string, names ...string) []string {
	t.Helper()
	stamp := fmt.Sprint(time.Now().UnixNano())
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = prefix + n + "_" + stamp
	}
	t.Cleanup(func() {
		for _, r := range out {
			if len(pgtest.Query(t, admin, "select from pg_roles where rolname = '"+r+"'")) > 0 {
				pgtest.Exec(t, admin, "drop owned by "+r+"; drop role "+r)
			}
		}
	})
	return out
}

const guardedShop = `
create schema kinds; create schema hidden; create schema empty;
create type kinds.mood as enum ('sad', 'ok');
create domain kinds.email as text check (value like '%@%');
create table hidden.users (id serial primary key, email kinds.email unique not null, m kinds.mood default 'ok');
create table orders (id bigint generated always as identity primary key, user_id int not null references hidden.users, total numeric(10,2));
create sequence hidden.tickets;
create table hidden.secrets (id int primary key, v text);
alter table hidden.secrets enable row level security;
create view empty.v as select count(*) from orders;
create materialized view mv as select count(*) as n from orders;
create function kinds.big(numeric) returns boolean immutable language sql as 'select $1 > 10';
revoke execute on function kinds.big(numeric) from public;
insert into hidden.users (email) select 'anna' || i || '@mail.example' from generate_series(1, 50) i;
insert into orders (user_id, total) select 1 + i % 50, i from generate_series(1, 100) i;
insert into hidden.secrets values (1, 'x');
revoke all on schema public from public;
`

const guardedRules = `version: 1
targets: ["*_staging"]
functions: [kinds.big]
tables:
  hidden.users:
    columns: { email: email }
  orders:
    where: "kinds.big(total)"
    columns: { total: keep }
  hidden.secrets: { rows: none }
`

// TestGrants refreshes with roles that have exactly what the command prints, a
// target that other roles own and use among it, and then takes away one
// statement after the other: none is superfluous.
func TestGrants(t *testing.T) {
	t.Parallel()
	testGrants(t, pgtest.Server(t), pgtest.Server(t))
}

func TestGrantsOnEachVersion(t *testing.T) {
	t.Parallel()
	pgtest.EachVersion(t, func(t *testing.T, server *pgserver.Server) {
		target := server.DSN("postgres")
		source := target
		if !pgtest.Dumps(t, target) {
			source = pgtest.Server(t)
		}
		testGrants(t, source, target)
	})
}

func testGrants(t *testing.T, sourceAdmin, admin string) {
	r := roles(t, admin, "g_", "runner", "owner", "app")
	runner, owner, app := r[0], r[1], r[2]
	reader := roles(t, sourceAdmin, "g_", "reader")[0]
	s := &staging{t: t, name: fmt.Sprintf("g%d_staging", time.Now().UnixNano())}
	prod := strings.TrimSuffix(s.name, "_staging")
	s.source, s.target = sourceAdmin+" dbname="+prod, admin+" dbname="+s.name
	t.Cleanup(func() {
		pgtest.Exec(t, sourceAdmin, "drop database if exists "+prod+" with (force)")
		for _, name := range []string{s.name, s.name + "_previous"} {
			pgtest.Exec(t, admin, "drop database if exists "+name+" with (force)")
		}
	})
	pgtest.Exec(t, sourceAdmin, "create database "+prod)
	pgtest.Exec(t, sourceAdmin, "revoke all on database "+prod+" from public")
	pgtest.Exec(t, s.source, guardedShop)
	s.write(guardedRules)
	pgtest.Exec(t, admin, "create role "+owner+"; create role "+app+" login password 'right'")
	pgtest.Exec(t, admin, "create database "+s.name+" owner "+owner)
	pgtest.Exec(t, admin, "revoke all on database "+s.name+" from public; grant connect on database "+s.name+" to "+app+
		"; alter role "+app+" in database "+s.name+" set work_mem to '5MB'")
	pgtest.Exec(t, s.target, fmt.Sprintf(`create schema hidden authorization %[1]s;
		create table hidden.users (id int); alter table hidden.users owner to %[1]s; grant select on hidden.users to %[2]s; grant usage on schema hidden to %[2]s;
		create table public.orders (); -- a superuser's
		create table gone (); set role %[1]s; alter default privileges grant select on tables to %[2]s`, owner, app))

	printed := applyGrants(t, sourceAdmin, "--source", s.source, "--rules", s.rules, "--source-role", reader)
	printed += applyGrants(t, admin, "--target", s.target, "--rules", s.rules, "--target-role", runner)
	pgtest.Exec(t, sourceAdmin, fmt.Sprintf("alter role %s password 'right'", reader))
	pgtest.Exec(t, admin, fmt.Sprintf("alter role %s password 'right'", runner))
	superSource := s.source
	s.source += " user=" + reader + " password=right"
	s.target += " user=" + runner + " password=right"
	s.must(keyA, "--adopt")
	s.must(keyA)
	if got := pgtest.Query(t, admin+" dbname="+s.name, fmt.Sprintf("select count(*), has_table_privilege('%s', 'hidden.users', 'select'), (select relowner::regrole::text from pg_class where oid = 'hidden.users'::regclass) from orders", app)); fmt.Sprint(got) != fmt.Sprintf("[[90 t %s]]", owner) {
		t.Errorf("got %s", got)
	}
	// Asked again, for roles that are there, it prints what was printed then, but
	// for what has got an owner.
	again := applyGrants(t, sourceAdmin, "--source", superSource, "--source-role", reader, "--rules", s.rules)
	if strings.Contains(again, "create role") || !strings.Contains(printed, again[strings.Index(again, "grant usage"):]) {
		t.Errorf("first:\n%s\nthen:\n%s", printed, again)
	}
	taken := 0
	for _, m := range regexp.MustCompile(`(?m)^(grant|alter role) (.*);$`).FindAllStringSubmatch(printed, -1) {
		what, on := m[2], admin
		if strings.Contains(what, reader) {
			on = superSource
		}
		switch {
		case strings.HasPrefix(what, "connect on database \"postgres\""): // everybody has it
		case m[1] == "grant":
			take := regexp.MustCompile(` to ("[a-z_0-9]+").*$`).ReplaceAllString("revoke "+what, " from $1")
			s.expectRefused(t, admin, on, take, m[0])
			taken++
		default: // alter role … createdb, createrole or bypassrls
			at := strings.LastIndexByte(what, ' ')
			s.expectRefused(t, admin, on, "alter role "+what[:at]+" no"+what[at+1:], m[0])
			taken++
		}
	}
	if taken < 12 {
		t.Errorf("%d privileges were taken away:\n%s", taken, printed)
	}
	s.must(keyA)
}

// expectRefused runs take, a refresh that must fail, and then back.
func (s *staging) expectRefused(t *testing.T, admin, on, take, back string) {
	t.Helper()
	pgtest.Exec(t, on, take)
	defer pgtest.Exec(t, on, back)
	var session string
	if strings.Contains(take, "pg_signal_backend") { // it is needed for whoever is there
		session = s.name
		conn := pgtest.Connect(t, admin+" dbname="+s.name+" password=right user="+s.app(t, admin))
		defer conn.Close(t.Context())
	}
	if status, out, errOut := s.refresh(keyA); status != exitFailed && status != exitUsage {
		t.Errorf("without %q (session on %q): status %d\n%s%s", back, session, status, out, errOut)
	}
}

// app is the role that may connect to staging beside its owners.
func (s *staging) app(t *testing.T, admin string) string {
	t.Helper()
	return pgtest.Query(t, admin, "select a.grantee::regrole from pg_database d, aclexplode(datacl) a where datname = '"+s.name+"' and a.grantee::regrole::text like 'g\\_app%'")[0][0]
}

func TestGrantsUsage(t *testing.T) {
	t.Parallel()
	s := &staging{t: t}
	if status, _, errOut := s.command("", "grants"); status != exitUsage || !strings.Contains(errOut, "no end is named") {
		t.Errorf("status %d: %s", status, errOut)
	}
	if status, _, errOut := s.command("", "grants", "--source", pgtest.DB(t), "--rules", "/nowhere.yaml"); status != exitUsage || !strings.Contains(errOut, "nowhere") {
		t.Errorf("status %d: %s", status, errOut)
	}
	status, out, errOut := s.command("", "grants", "--source", pgtest.DB(t), "--source-role", `we"ird; role`, "--json")
	var scripts []grantsDoc
	if err := json.Unmarshal([]byte(out), &scripts); status != 0 || err != nil || len(scripts) != 1 || !strings.Contains(out, `create role \"we\"\"ird; role\" login`) {
		t.Errorf("status %d, %v: %s%s", status, err, out, errOut)
	}
}
