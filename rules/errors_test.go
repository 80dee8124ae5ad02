package rules

import (
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
)

var update = flag.Bool("update", false, "rewrite the expected messages")

// testSchema is testdata/schema.sql, read from a server.
func testSchema(t *testing.T) *schema.Schema {
	t.Helper()
	dsn := pgtest.DB(t)
	sql, err := os.ReadFile("testdata/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, dsn, string(sql))
	return readSchema(t, dsn)
}

// Each pair of files in errors.txtar is a rules file and all that is said about
// it. Undecided columns are not: the files are short.
func TestErrors(t *testing.T) {
	s := testSchema(t)
	a, err := txtar.ParseFile("testdata/errors.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(a.Files); i += 2 {
		in, want := a.Files[i], &a.Files[i+1]
		t.Run(in.Name, func(t *testing.T) {
			f, err := Parse("r.yaml", in.Data, nil)
			if f != nil {
				_, err = f.Bind(s, Env{Now: noon})
			}
			var found Errors
			if !errors.As(err, &found) {
				t.Fatalf("nothing was found: %v", err)
			}
			if *update {
				want.Data = []byte(found.Error() + "\n")
				return
			}
			if got := found.Error() + "\n"; got != string(want.Data) {
				t.Errorf("got:\n%swant:\n%s", got, want.Data)
			}
		})
	}
	if *update {
		if err := os.WriteFile("testdata/errors.txtar", txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A column that nobody decided stops everything, and is named with its type.
func TestUndecided(t *testing.T) {
	s := testSchema(t)
	const keepRest = `version: 1
columns: [{ match: "users.bio", mask: keep }, { match: "countries.*", mask: keep }, { match: "sales.*.*", mask: keep }, { match: "app.*.*", mask: keep },
  { match: "[acmpo]*.*", mask: keep }, { match: "users.[a-ln-z]*", mask: keep }]
tables: { messages: { rows: none } }
`
	f, err := Parse("r.yaml", []byte(strings.Replace(keepRest, "[a-ln-z]", "[a-hj-mo-z]", 1)), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Bind(s, Env{})
	var u *UndecidedError
	if !errors.As(err, &u) {
		t.Fatalf("%v", err)
	}
	var names []string
	for _, c := range u.Columns {
		names = append(names, c.Table.String()+"."+c.Column+" "+c.Type)
	}
	// Not among them: keys, booleans, enums, generated columns, and the columns
	// of a table whose rows are not copied.
	if want := []string{"public.users.name text", "public.users.nick public.citext"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if !strings.Contains(u.Error(), "public.users.nick (public.citext)") || !strings.Contains(u.Error(), "keep") {
		t.Error(u.Error())
	}
}

// A misspelt table leaves its columns undecided: the mistake comes first, and the list is
// short.
func TestUndecidedBesideMistakes(t *testing.T) {
	s := testSchema(t)
	f, err := Parse("r.yaml", []byte("version: 1\ntables: { usrs: { columns: { email: email } } }\nsubset: { unreached: all }\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Bind(s, Env{Now: noon})
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 8 || lines[0] != "r.yaml:2:11: there is no table usrs; did you mean users?" || !strings.Contains(lines[1], " columns are undecided") ||
		!strings.HasSuffix(lines[7], " others; mend what is above first, it may be why") {
		t.Errorf("%s", err)
	}
}
