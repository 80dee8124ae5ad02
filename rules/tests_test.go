package rules

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
)

// testedRules are the masks that the tests of tests.txtar try.
const testedRules = `version: 1
tables:
  users:
    entity: id
    columns:
      email: email
      name: person.name
      phone: phone
      address: { mask: constant, value: "123 Test St" }
      settings: { mask: json, paths: { $.contact.email: email }, other: keep }
      nick: { mask: sql, expr: "upper(nick::text)" }
      bio: { mask: sql, expr: "(select min(name) from countries)" }
  messages: { entity: user_id -> users, columns: { body: scrub } }
  clients: { columns: { email: email } }
  things:
    columns:
      id: uuid
      mails: email
      home: { mask: composite, fields: { street: { mask: constant, value: "Elm St" }, city: address.city } }
      born: { mask: date, truncate: month }
  payment_methods: { rows: none }
columns: [{ match: "public.*.*", mask: keep }, { match: "*.*.*", mask: keep }]
`

const testedTables = `create type app.place as (street text, city text);
	alter table clients add email varchar(60);
	create table things (id uuid primary key, mails text[], tags text[], home app.place, born timestamptz, code char(5));
	create table parts (id int primary key, thing uuid references things)`

// serverEvaluate computes on the test server as a run does.
func serverEvaluate(t *testing.T, dsn string) Evaluate {
	conn, err := pgconn.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	if err := conn.Exec(t.Context(), "set search_path = ''; set timezone = 'UTC'; set datestyle = 'ISO, MDY'").Close(); err != nil {
		t.Fatal(err)
	}
	return func(sql string, args [][]byte) ([][]byte, error) {
		res := conn.ExecParams(t.Context(), sql, args, nil, nil, nil).Read()
		if res.Err != nil {
			return nil, pipeline.SafeError(res.Err)
		}
		return res.Rows[0], nil
	}
}

func TestRulesTests(t *testing.T) {
	dsn := pgtest.DB(t)
	sql, err := os.ReadFile("testdata/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, dsn, string(sql))
	pgtest.Exec(t, dsn, testedTables)
	s, evaluate := readSchema(t, dsn), serverEvaluate(t, dsn)
	a, err := txtar.ParseFile("testdata/tests.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(a.Files); i += 2 {
		in, want := a.Files[i], &a.Files[i+1]
		t.Run(in.Name, func(t *testing.T) {
			got := ""
			// The tests come first, so that their lines are those of the txtar file.
			f, err := Parse("r.yaml", []byte(string(in.Data)+testedRules), nil)
			if err == nil {
				var b *Bound
				if b, err = f.Bind(s, Env{Now: noon}); err == nil {
					if b.Tests() == 0 {
						t.Error("no tests")
					}
					err = b.RunTests(evaluate)
				}
			}
			if err != nil {
				got = err.Error() + "\n"
			}
			var undecided *UndecidedError
			if errors.As(err, &undecided) {
				t.Fatal(err)
			}
			if *update {
				want.Data = []byte(got)
			} else if got != string(want.Data) {
				t.Errorf("got:\n%swant:\n%s", got, want.Data)
			}
		})
	}
	if *update {
		if err := os.WriteFile("testdata/tests.txtar", txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Results do not depend on the secret of a run, and a mask of kind sql is not
// passed over where no server is asked.
func TestRulesTestsWithoutServer(t *testing.T) {
	s := testSchema(t)
	const text = "version: 1\ncolumns: [{ match: '*.*.*', mask: keep }]\ntables: { users: { columns: { email: email, nick: { mask: sql, expr: 'upper(name)' } } } }\ntests:\n" +
		"  - { column: users.email, given: anna@corp.example, expect: X }\n"
	first := bind(t, s, text).RunTests(nil)
	if first == nil || !strings.HasPrefix(first.Error(), "r.yaml:5:") {
		t.Fatal(first)
	}
	if again := bind(t, s, text).RunTests(nil); again.Error() != first.Error() {
		t.Errorf("%v, then %v", first, again)
	}
	_, fake, _ := strings.Cut(first.Error(), `got "`)
	fake, _, _ = strings.Cut(fake, `"`)
	if err := bind(t, s, strings.Replace(text, "X }", fake+" }", 1)).RunTests(nil); err != nil {
		t.Error(err)
	}
	err := bind(t, s, text+"  - { column: users.nick, given: a, expect: { changed: true } }\n").RunTests(nil)
	if err == nil || !strings.Contains(err.Error(), "r.yaml:6:") || !strings.Contains(err.Error(), "not tested") {
		t.Error(err)
	}
}

// What a shuffled column gets depends on a source, which tests do not have; the
// table's other columns are tested as ever.
func TestRulesTestsShuffle(t *testing.T) {
	s := testSchema(t)
	const text = "version: 1\ncolumns: [{ match: '*.*.*', mask: keep }]\ntables: { users: { columns: { email: email, name: shuffle } } }\ntests:\n" +
		"  - { column: users.email, given: anna@corp.example, expect: { changed: true } }\n"
	if err := bind(t, s, text).RunTests(nil); err != nil {
		t.Error(err)
	}
	err := bind(t, s, text+"  - { column: users.name, given: Anna, expect: { changed: true } }\n").RunTests(nil)
	if err == nil || !strings.Contains(err.Error(), "r.yaml:6:") || !strings.Contains(err.Error(), "shuffle draws from the rows of a source") {
		t.Error(err)
	}
}
