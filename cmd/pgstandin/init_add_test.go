package main

import (
	"os"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

const addSchema = `
create table users (id int primary key, email text unique not null, name text, "Odd, name" text);
create table orders (id int primary key, user_id int references users, total numeric, note text);
create table visits (id int primary key, ip inet, agent_text text);
create schema other;
create table other."Big.Table" (id int primary key, phone text);
`

// Adding to a file changes nothing that is in it, decides what it leaves open,
// and then has nothing more to add.
func TestInitAdds(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]string{
		"nothing but a version": "version: 1\n",
		"no end of line":        "version: 1\ntargets: [\"*_staging\"]",
		"blocks": `version: 1
# what we decided
tables:
  users:        # people
    columns:
      email: email   # sure

  orders:
    where: "total > 0"
# the end
checks:
  - "select true"
`,
		"flow": `version: 1
tables:
  users: { columns: { email: email } }   # ünïcode → here
  orders: { rows: all }
  'other."Big.Table"': { columns: {} }
`,
		"flow of tables": `version: 1
tables: { users: { columns: { email: email, name: keep } }, orders: { rows: all } }
subset: { unreached: all }
`,
		"several lines of flow": `version: 1
tables:
  users:
    columns: {
      email: email,
      name: keep
    }
  visits: { columns: { ip: ip,
      agent_text: keep } }
`,
		"rows none": `version: 1
tables:
  users: { rows: all }
  orders:
    rows: none
  visits:
    rows: none
`,
		"deep":     "version: 1\ntables:\n      users:\n              columns:\n                      email: email\n",
		"patterns": "version: 1\ncolumns:\n  - { match: \"*.email\", mask: email }\n  - { type: inet, mask: ip }\n",
		"text block": `version: 1
tables:
  orders:
    columns:
      note:
        mask: constant
        value: |
          some text

          of lines
`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newStaging(t)
			pgtest.Exec(t, s.source, addSchema)
			s.write(old)
			once := s.adds()
			if !contains(strings.Split(strings.TrimSpace(once), ""), strings.Split(strings.TrimSpace(old), "")) {
				t.Errorf("what was there is not there in its order:\n%s\n-- before:\n%s", once, old)
			}
			for _, line := range strings.Split(old, "\n") {
				if !strings.ContainsAny(line, "{}") && !strings.Contains(once, line) {
					t.Errorf("line %q changed:\n%s", line, once)
				}
			}
			if status, out, errOut := s.command(keyA, "check", "--source", s.source, "--rules", s.rules); status != 0 {
				t.Fatalf("check: status %d\n%s%s\n%s", status, out, errOut, once)
			}
			if again := s.adds(); again != once {
				t.Errorf("a second time added more:\n%s", again)
			}
		})
	}
}

// adds runs init on the file that is there.
func (s *staging) adds() string {
	s.t.Helper()
	status, out, errOut := s.command(keyA, "init", "--source", s.source, "-o", s.rules)
	if status != 0 {
		s.t.Fatalf("init: status %d\n%s%s", status, out, errOut)
	}
	text, err := os.ReadFile(s.rules)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// contains reports whether all of part is in whole, in its order.
func contains(whole, part []string) bool {
	for _, x := range whole {
		if len(part) > 0 && x == part[0] {
			part = part[1:]
		}
	}
	return len(part) == 0
}

// A file with mistakes is not touched.
func TestInitLeavesMistakes(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, addSchema)
	for _, old := range []string{"version: 1\ntables: { usres: { rows: all } }\n", "version: 2\n", "a: [", "version: 1\ntables:\n  users: { columns: { email: phonee } }\n"} {
		s.write(old)
		status, _, errOut := s.command(keyA, "init", "--source", s.source, "-o", s.rules)
		if status != exitUsage || errOut == "" {
			t.Errorf("%q: status %d, %s", old, status, errOut)
		}
		if text, err := os.ReadFile(s.rules); err != nil || string(text) != old {
			t.Errorf("%q became %q", old, text)
		}
	}
}

// A file that exists is told of a root and of references that look missing, in
// lines that it takes as they are; then there is nothing more to say.
func TestInitProposes(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
		create table users (id int primary key, email text);
		create table orders (id int primary key, user_id int references users, note text);
		create table visits (id int primary key, user_id int, order_id int);
		create table refunds (id int primary key, order_id int);
		insert into users select n, 'u' || n || '@post.test' from generate_series(1, 50) n;
		insert into orders select n, n % 50 + 1 from generate_series(1, 50) n;
		insert into visits select n, n % 50 + 1, n % 50 + 1 from generate_series(1, 50) n;
		insert into refunds select n, n + 1000 from generate_series(1, 50) n;
		analyze`)
	const rules = "version: 1\ntargets: [\"*_staging\"]\nsubset:\n  references:\n    - { from: visits(user_id), to: users(id) }\n"
	s.write(rules)
	status, _, errOut := s.command(keyA, "init", "--source", s.source, "-o", s.rules)
	if status != 0 || !strings.Contains(errOut, "has no roots") || !strings.Contains(errOut, "    - { table: users, sample: 10% }") ||
		!strings.Contains(errOut, "    - { from: 'visits(order_id)', to: 'orders(id)' }") || strings.Contains(errOut, "from: 'visits(user_id)'") ||
		strings.Contains(errOut, "orders(user_id)") || strings.Contains(errOut, "refunds") {
		t.Fatalf("status %d:\n%s", status, errOut)
	}
	var roots, references string
	for _, line := range strings.Split(errOut, "\n") {
		switch {
		case strings.HasPrefix(line, "    - { table:"):
			roots = "  roots:\n" + line + "\n"
		case strings.HasPrefix(line, "  unreached: all"):
			roots += line + "\n"
		case strings.HasPrefix(line, "    - { from:"):
			references += line + "\n"
		}
	}
	text, err := os.ReadFile(s.rules)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "order_id") && strings.Contains(string(text), "to: 'orders") {
		t.Errorf("a reference was added:\n%s", text)
	}
	s.write(strings.Replace(string(text), "subset:\n  references:\n", "subset:\n"+roots+"  references:\n"+references, 1))
	status, _, errOut = s.command(keyA, "init", "--source", s.source, "-o", s.rules)
	if status != 0 || strings.Contains(errOut, "roots") || strings.Contains(errOut, "references") {
		t.Errorf("status %d:\n%s", status, errOut)
	}
	s.must(keyA)
}
