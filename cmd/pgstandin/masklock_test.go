package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/lockfile"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// The lock file gives the keys for a dump on standard input, where neither comes
// from a schema: what comes out is what a refresh makes. Without keys it refuses.
func TestMaskByLock(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create domain mail as text check (value <> '');
		create table users (code text primary key, email mail not null, nick text, boss text references users);
		create unique index on users (lower(email)); create unique index on users (nick) where nick <> '';
		create table orders (id serial primary key, user_code text not null references users, unique (id, user_code)) partition by range (id);
		create table orders_1 partition of orders for values from (0) to (50); create table orders_2 partition of orders default;
		insert into users select 'U-' || n, 'anna' || n || '@corp.example', 'nick' || n, null from generate_series(1, 60) n;
		insert into orders (user_code) select code from users`)
	rules := "version: 1\ntargets: [\"*_staging\"]\ntables:\n  users: { columns: { code: token, email: email, nick: person.user } }\n"
	s.write(rules)
	s.must(keyA)
	want := rowsByTable(t, s.target)
	dump := dumpAs(t, s.source)

	status, out, errOut := s.mask(dump)
	if status != 2 || !strings.HasPrefix(out, cutOff) || !strings.Contains(errOut, "--schema FILE") || !strings.Contains(errOut, "--write-lock") || !strings.Contains(errOut, "there is no ") {
		t.Errorf("without a lock: status %d\n%s%s", status, out, errOut)
	}
	if status, out, errOut := s.command(keyA, "check", "--source", s.source, "--rules", s.rules, "--write-lock"); status != 0 {
		t.Fatalf("status %d\n%s%s", status, out, errOut)
	}
	lock, err := os.ReadFile(lockfile.Name(s.rules))
	if err != nil {
		t.Fatal(err)
	}
	status, out, errOut = s.mask(dump, "--json")
	if status != 0 {
		t.Fatalf("status %d\n%s", status, errOut)
	}
	if status, out, errOut := s.mask(""); status != 2 || !strings.HasPrefix(out, cutOff) || !strings.Contains(errOut, "standard input:1: empty") {
		t.Errorf("an empty dump: status %d\n%s%s", status, out, errOut)
	}
	got := rowsByTable(t, loadDump(t, out))
	for table := range want {
		if got[table] != want[table] {
			t.Errorf("%s differs from refresh: %s", table, firstLine(got[table], want[table]))
		}
	}
	var res maskResult
	if err := json.Unmarshal([]byte(errOut), &res); err != nil || res.Rows != 120 || res.Written != int64(len(out)) || res.KeyID == "" {
		t.Errorf("%v: %s", err, errOut)
	}

	if err := os.WriteFile(lockfile.Name(s.rules), []byte(strings.ReplaceAll(string(lock), "# key", "# ")), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errOut := s.mask(dump); status != 2 || !strings.Contains(errOut, "says nothing of keys") {
		t.Errorf("a lock without keys: status %d\n%s", status, errOut)
	}
	if err := os.WriteFile(lockfile.Name(s.rules), lock, 0o600); err != nil {
		t.Fatal(err)
	}
	for old, new := range map[string]string{"    nick text": "    extra text, nick text", "    nick text,": ""} {
		status, out, errOut := s.mask(strings.Replace(dump, old, new, 1))
		if status != 3 || !strings.HasPrefix(out, cutOff) {
			t.Errorf("%q for %q: status %d\n%s%s", new, old, status, out[:min(len(out), 500)], errOut)
		}
	}
}

// What a stream cannot do is refused by name.
func TestMaskRefusesRules(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	const schemaSQL = "create table users (id int primary key, name text);\ncreate table notes (id int primary key, user_id int references users, body text);\n"
	for _, c := range []struct {
		rules, want string
		args        []string
	}{
		{"subset: { roots: [{ table: users, sample: 5% }], unreached: all }\ntables: { users: { columns: { name: keep } }, notes: { columns: { body: keep } } }\n", "--all-rows", nil},
		{"tables: { users: { where: \"id > 5\", columns: { name: keep } }, notes: { columns: { body: keep } } }\n", "public.users: where", nil},
		{"tables: { users: { columns: { name: { mask: sql, expr: \"'x'\" } } }, notes: { columns: { body: shuffle } } }\n", `public.users."name": sql`, []string{"--all-rows"}},
		{"tables: { users: { entity: id, columns: { name: person.name } }, notes: { entity: user_id -> users, columns: { body: scrub } } }\n", "--one-pass", nil},
	} {
		s.write("version: 1\ntargets: [\"*_staging\"]\n" + c.rules)
		status, out, errOut := s.mask("select 1;", append(c.args, "--schema", s.file("schema.sql", schemaSQL))...)
		if status != 2 || out != cutOff || !strings.Contains(errOut, c.want) {
			t.Errorf("%s: status %d\n%s%s", c.rules, status, out, errOut)
		}
	}
}

// Where the lock file has the keys, what comes after the first row is looked at as
// it passes, and what came before once the rules are bound.
func TestMaskByLockFindsCredentials(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, "create table users (id int primary key, email text)")
	rules := "version: 1\ntargets: [\"*_staging\"]\ntables:\n  users: { columns: { email: email } }\n"
	s.write(rules)
	if status, out, errOut := s.command(keyA, "check", "--source", s.source, "--rules", s.rules, "--write-lock"); status != 0 {
		t.Fatalf("status %d\n%s%s", status, out, errOut)
	}
	lock, err := os.ReadFile(lockfile.Name(s.rules))
	if err != nil {
		t.Fatal(err)
	}
	const table, secret = "create table users (id int, email text);\n", "'https://anna:canary@intra.example/';\n"
	const rows = "copy users (id, email) from stdin;\n1\tx@y.example\n\\.\nalter table only users add constraint users_pkey primary key (id);\n"
	for _, c := range []struct{ dump, object, found string }{
		{"alter database shop set x.y to " + secret + table + rows, "setting of the database", ":1: leak: setting of the database: 1 credential"},
		{table + "comment on table users is " + secret + rows, "comment on table public.users", "leak: comment on table public.users: 1 credential"},
		{table + rows + "comment on constraint users_pkey on users is " + secret, "", ":6: leak: comment on constraint users_pkey on users is: 1 credential"},
	} {
		write := func(text string) {
			s.write(text)
			if err := os.WriteFile(lockfile.Name(s.rules), lock, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(rules)
		if status, out, errOut := s.mask(c.dump); status != 4 || strings.Contains(out+errOut, "canary") || !strings.HasSuffix(out, cutOff) || !strings.Contains(errOut, c.found) {
			t.Errorf("status %d\n%s%s", status, out, errOut)
		}
		if c.object == "" {
			continue
		}
		write(rules + "leaks: { accept: [{ object: " + c.object + ", reason: \"a test\" }] }\n")
		if status, out, errOut := s.mask(c.dump); status != 0 || !strings.Contains(out, "canary") {
			t.Errorf("accepted: status %d\n%s%s", status, out, errOut)
		}
	}
}
