package main

import (
	"os"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// A failing test of the rules ends check with status 2 and names its place; no
// secret is asked for, and none is used.
func TestCheckRunsTests(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id uuid primary key, email text, joined date, name text, shout text)`)
	rules := `version: 1
targets: ["*_staging"]
tables:
  users:
    columns: { id: uuid, email: email, joined: keep, name: person.name, shout: { mask: sql, expr: "upper(name)" } }
tests:
  - name: fake
    table: users
    given: { id: 4F5E2D3C000040008000000000000000, email: anna@corp.example, joined: "1 feb 2024", name: Anna }
    expect: { id: { changed: true, length: 36 }, email: { without: anna }, joined: 2024-02-01, shout: ANNA }
`
	s.write("")
	check := func(key, text string) (int, string, string) {
		if err := os.WriteFile(s.rules, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return s.command(key, "check", "--source", s.source, "--rules", s.rules)
	}
	status, out, errOut := check("", rules)
	if status != 0 || !strings.Contains(out, "1 test passed") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	wrong := strings.Replace(rules, "without: anna", "match: anna", 1)
	status, _, first := check("", wrong)
	want := s.rules + `:10:66: test "fake": public.users.email: given "anna@corp.example", got "`
	if status != 2 || !strings.Contains(first, want) || !strings.Contains(first, `want a match of "anna"`) {
		t.Errorf("status %d\n%s\nwant %s", status, first, want)
	}
	if _, _, again := check(keyA, wrong); again != first {
		t.Errorf("the secret matters:\n%s\n%s", first, again)
	}
	status, _, errOut = check("", strings.Replace(rules, "1 feb 2024", "someday", 1))
	if status != 2 || !strings.Contains(errOut, ":9:86: ") || !strings.Contains(errOut, "type date") {
		t.Errorf("status %d\n%s", status, errOut)
	}
}
