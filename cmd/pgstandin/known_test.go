package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
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
	s.must(keyA)
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

// TestTextsQuoteAnyTable: a text may quote any row about its entity: of a table without
// texts, of tables with texts and a row for each entity, of a row of its own table that
// comes later. However rows are read, none is quoted in the copy, with any number of
// workers the same.
func TestTextsQuoteAnyTable(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, name text, bio text);
		create table profiles (user_id int primary key references users, nick text, about text);
		create table addresses (id int primary key, user_id int references users, recipient text);
		create table orders (id int primary key, user_id int references users, recipient text, note text);
		create table messages (id int primary key, user_id int references users, body text);
		create function word(text, int) returns text language sql as $$ select $1 || translate($2::text, '0123456789', 'abcdefghij') $$;
		create function quote(u int) returns text language sql as $$ select concat_ws(', ', word('Jorunn', u), word('Nickolas', u), word('Ragnhild', u), word('Torbjorn', u), word('Sigurd', u)) || ' met.' $$;
		insert into users select u, word('Jorunn', u) || ' Berg', quote(u) from generate_series(1, 400) u;
		insert into profiles select u, word('Nickolas', u), quote(u) from generate_series(1, 400) u;
		insert into addresses select u, u, word('Ragnhild', u) || ' Berg' from generate_series(1, 400) u;
		insert into orders select u, u, word('Torbjorn', u) || ' Berg', quote(u) from generate_series(1, 400) u;
		insert into orders select 1000 - u, u, word('Sigurd', u) || ' Berg', quote(u) from generate_series(1, 400) u;
		insert into messages select u, u, quote(u) from generate_series(1, 400) u;
		drop function quote(int); drop function word(text, int)`)
	s.write(`version: 1
targets: ["*_staging"]
tables:
  users: { entity: id, columns: { name: person.name, bio: scrub } }
  profiles: { entity: user_id -> users, columns: { nick: person.user, about: scrub } }
  addresses: { entity: user_id -> users, columns: { recipient: person.name } }
  orders: { entity: user_id -> users, columns: { recipient: person.name, note: scrub } }
  messages: { entity: user_id -> users, columns: { body: scrub } }
`)
	tables := map[string]string{"users": "bio", "profiles": "about", "orders": "note", "messages": "body"}
	var first string
	for _, workers := range []string{"1", "2", "5"} {
		if _, _, errOut := s.refresh(keyA, "--workers", workers); !strings.Contains(errOut, "learn from them") {
			t.Errorf("nothing is read before:\n%s", errOut)
		}
		all := ""
		for table, column := range tables {
			if got := pgtest.Query(t, s.target, "select count(*), count(*) filter (where "+column+" ~ '(Jorunn|Nickolas|Ragnhild|Torbjorn|Sigurd)[a-j]') from "+table)[0]; got[0] == "0" || got[1] != "0" {
				t.Errorf("%s workers: of %s texts of %s %s quote an original", workers, got[0], table, got[1])
			}
		}
		for _, table := range []string{"users", "profiles", "addresses", "orders", "messages"} {
			all += s.rowsOf(table)
		}
		if first == "" {
			first = all
		} else if all != first {
			t.Errorf("%s workers make other rows", workers)
		}
	}
}

// TestTextsOfInvalidKey: an index that could not be made unique does not say that there
// is one row of each entity: a text may quote another, which comes later.
func TestTextsOfInvalidKey(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, name text);
		create table profiles (user_id int not null references users, nick text, about text);
		insert into users select u, 'Jorunn Berg' from generate_series(1, 100) u;
		insert into profiles select u, 'Nickolas Holm', 'met Sigurd today' from generate_series(1, 100) u;
		insert into profiles select u, 'Sigurd Dahl', 'met Nickolas today' from generate_series(1, 100) u`)
	if err := pgtest.Connect(t, s.source).Exec(t.Context(), "create unique index concurrently on profiles (user_id)").Close(); err == nil {
		t.Fatal("the index is valid")
	}
	s.write(`version: 1
targets: ["*_staging"]
tables:
  users: { entity: id, columns: { name: person.name } }
  profiles: { entity: user_id -> users, columns: { nick: person.name, about: scrub } }
`)
	dir := s.snapshot(keyA, "--format", "plain", "--compress", "none")
	n := 0
	for _, name := range published(t, dir) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "met Sigurd") || strings.Contains(string(text), "met Nickolas") {
			t.Errorf("%s holds an original", name)
		}
		n += strings.Count(string(text), "\tmet ")
	}
	if n != 200 {
		t.Errorf("%d texts", n)
	}
}

// TestTextsOfStrangers: where the row of an entity is not copied, and a reference to it
// becomes NULL, nobody knows what it says: a run tells of the texts that may quote it,
// and how to leave them out.
func TestTextsOfStrangers(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, name text, active boolean);
		create table orders (id int primary key, user_id int references users, "Adviser" int references users, note text);
		insert into users values (1, 'Wilhelmina Zebrowski', true), (2, 'Roderick Quistgaard', false);
		insert into orders values (1, 1, 2, 'Wilhelmina called'), (2, 2, 1, 'Roderick called');
		create table tenants (tenant int, id int unique not null, name text, active boolean, primary key (tenant, id));
		create table visits (day int, note text, tenant int, tenant_id int) partition by list (day);
		create table visits1 (tenant_id int, tenant int, note text, day int, foreign key (tenant, tenant_id) references tenants);
		alter table visits attach partition visits1 for values in (1);
		insert into tenants values (1, 1, 'Wilhelmina Zebrowski', true), (1, 2, 'Roderick Quistgaard', false);
		insert into visits values (1, 'Roderick called', 1, 2)`)
	const rules = `version: 1
targets: ["*_staging"]
%s
tables:
  users: { where: active, entity: id, columns: { name: person.name } }
  orders: { entity: user_id -> users, columns: { note: scrub } }
  tenants: { where: active, entity: id, columns: { name: person.name } }
  visits: { entity: tenant_id -> tenants, columns: { note: scrub } }
columns: [{ match: "*.day", mask: keep }]
`
	s.write(fmt.Sprintf(rules, ""))
	status, _, errOut := s.refresh(keyA)
	for _, table := range []string{"orders", "visits"} {
		if want := "texts of up to 1 row in public." + table + " may quote whom the rows were about"; status != 0 || strings.Count(errOut, want) != 1 {
			t.Errorf("status %d: no %q:\n%s", status, want, errOut)
		}
	}
	s.write(fmt.Sprintf(rules, "subset: { roots: [{ table: users, where: \"true\" }], references: [{ from: orders(user_id), up: prune }], unreached: all }"))
	status, _, errOut = s.refresh(keyA)
	if got := pgtest.Query(t, s.target, "select id, note from orders"); status != 0 || strings.Contains(errOut, "in public.orders may quote") || len(got) != 1 || strings.Contains(got[0][1], "Wilhelmina") {
		t.Errorf("status %d: %q\n%s", status, got, errOut)
	}
}

// TestTextsOfUnknown: a run tells of the texts whose entity is named and not copied, also
// where no reference says so, and of no others.
func TestTextsOfUnknown(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, name text, mail text);
		create table messages (id int primary key, user_id int not null, body text, topic text);
		create table calls (id int primary key, user_id int references users, body text);
		insert into users values (1, 'Anna Berg', 'anna@corp.example'), (2, 'Otto Kuhn', 'otto@corp.example'), (3, null, null);
		insert into messages values (1, 1, 'Hi, Anna Berg here'), (2, 2, 'Hi, Otto Kuhn here, yours Kuhn'), (3, 2, ''), (4, 2, null), (5, 3, 'Hi'), (6, 2, 'bye');
		insert into calls values (1, 2, 'Otto Kuhn called'), (2, 2, null), (3, null, null)`)
	const text, note = " in public.%s may quote whom the rows were about", "may quote whom"
	run := func(users string, want ...string) {
		t.Helper()
		s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  users: { " + users + ` }
  messages: { entity: user_id -> users, columns: { user_id: keep, body: scrub, topic: scrub } }
  calls: { entity: user_id -> users, columns: { body: scrub } }
`)
		status, _, errOut := s.refresh(keyA)
		if n := strings.Count(errOut, note); status != 0 || n != len(want) {
			t.Errorf("%s: status %d, %d notes:\n%s", users, status, n, errOut)
		}
		for _, w := range want {
			if !strings.Contains(errOut, w) {
				t.Errorf("%s: no %q:\n%s", users, w, errOut)
			}
		}
	}
	const names = "entity: id, columns: { name: person.name, mail: email }"
	run(names)
	run("where: id <> 2, "+names, "texts of up to 2 rows"+fmt.Sprintf(text, "messages"), "texts of up to 1 row"+fmt.Sprintf(text, "calls"))
	run("rows: none, "+names, "texts of up to 4 rows"+fmt.Sprintf(text, "messages"), "texts of up to 1 row"+fmt.Sprintf(text, "calls"))
	run("rows: none, entity: id", "texts of up to 4 rows"+fmt.Sprintf(text, "messages"), "texts of up to 1 row"+fmt.Sprintf(text, "calls"))
	// Where names are shown nobody is asked for; a reference that is cut is told of.
	run("where: id <> 2, entity: id, columns: { name: keep, mail: keep }", "texts of up to 1 row"+fmt.Sprintf(text, "calls"))
}

// TestMaskTellsOfUnknown: mask says the same of a dump, of those whose row it lacks.
func TestMaskTellsOfUnknown(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, name text);
		create table messages (id int primary key, user_id int not null, body text);
		create table calls (id int primary key, user_id int references users, body text);
		insert into users values (1, 'Anna Berg'), (2, 'Otto Kuhn');
		insert into messages values (1, 1, 'Hi, Anna Berg here'), (2, 2, 'Hi, Otto Kuhn here'), (3, 3, 'Hi, Emil Gross here'), (4, 3, null);
		insert into calls values (1, 1, 'Anna Berg called'), (2, 2, 'Otto Kuhn called'), (3, null, 'Emil called')`)
	for _, how := range [][]string{nil, {"--inserts"}, {"--column-inserts"}} {
		whole, without := s.file("dump.sql", dumpAs(t, s.source, how...)), s.file("dump.sql", dumpAs(t, s.source, append(how, "--exclude-table-data=users")...))
		for _, c := range []struct {
			dump, users string
			want        map[string]int64
		}{
			{whole, "entity: id, columns: { name: person.name }", map[string]int64{"public.messages": 1}},
			{without, "entity: id, columns: { name: person.name }", map[string]int64{"public.messages": 3, "public.calls": 2}},
			{whole, "rows: none, entity: id", map[string]int64{"public.messages": 3, "public.calls": 2}},
			{whole, "entity: id, columns: { name: keep }", map[string]int64{}},
		} {
			s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  users: { " + c.users + ` }
  messages: { entity: user_id -> users, columns: { user_id: keep, body: scrub } }
  calls: { entity: user_id -> users, columns: { body: scrub } }
`)
			status, _, errOut := s.mask("", c.dump)
			got := map[string]int64{}
			for _, m := range regexp.MustCompile(`texts of up to (\d+) rows? in (\S+) may quote whom`).FindAllStringSubmatch(errOut, -1) {
				got[m[2]], _ = strconv.ParseInt(m[1], 10, 64)
			}
			if status != 0 || !maps.Equal(got, c.want) {
				t.Errorf("%v, users: %s: status %d, %v, want %v\n%s", how, c.users, status, got, c.want, errOut)
			}
		}
	}
	if status, _, errOut := s.mask("", "--one-pass", s.file("dump.sql", dumpAs(t, s.source))); status != 0 || strings.Contains(errOut, "may quote") {
		t.Errorf("--one-pass: status %d\n%s", status, errOut)
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

// TestInitOfTenants: the rules that init writes for a database that many companies share
// take the names of its people out of texts of rows that belong to both.
func TestInitOfTenants(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
create table tenants (id int primary key, name text not null);
create table users (id int primary key, tenant_id int not null references tenants, full_name text not null, email text not null);
create table orders (id int primary key, tenant_id int not null references tenants, user_id int not null references users, notes text);
create table profiles (user_id int primary key references users, phone text, bio text);
create table calls (id int primary key, profile_id int not null references profiles, notes text);
insert into tenants select n, 'Tenant ' || n from generate_series(1, 5) n;
insert into users select n, 1 + n % 5, (array['Annabel', 'Bertram', 'Clothilde'])[1 + n % 3] || ' Wintersleben', 'u' || n || '@mail.example' from generate_series(1, 100) n;
insert into orders select n, u.tenant_id, u.id, 'Please ring ' || split_part(u.full_name, ' ', 1) || ' before delivery, the gate is locked.' from generate_series(1, 300) n join users u on u.id = 1 + n % 100;
insert into profiles select id, null, 'My name is ' || split_part(full_name, ' ', 1) || ', and I collect stamps.' from users;
insert into calls select n, 1 + n % 100, 'Talked to ' || split_part(u.full_name, ' ', 1) || ' about the broken gate.' from generate_series(1, 200) n join users u on u.id = 1 + n % 100;
analyze`)
	s.initRules()
	s.must(keyA)
	for _, texts := range []string{"select user_id, notes from orders", "select user_id, bio from profiles", "select profile_id, notes from calls"} {
		r := pgtest.Query(t, s.target, `select count(*), count(*) filter (where x.note ~ 'Annabel|Bertram|Clothilde'),
			count(*) filter (where x.note not like '%' || split_part(u.full_name, ' ', 1) || '%') from (`+texts+`) x (id, note) join users u using (id)`)[0]
		if r[0] == "0" || r[1] != "0" || r[2] != "0" {
			t.Errorf("%s: all, with the old names, without the new ones: %s", texts, r)
		}
	}
}
