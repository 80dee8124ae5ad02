package rules

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
)

// What only the server can tell of an expression is said of its place.
func TestTry(t *testing.T) {
	dsn := pgtest.DB(t)
	sql, err := os.ReadFile("testdata/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, dsn, string(sql))
	pgtest.Exec(t, dsn, `create domain app.code as text not null check (value <> '');
		create table odd ("a b" app.code, "Über" int[], r int4range, c app.plan[], q "char", p app.code not null);
		create table hollow ();
		create function app.strictly(text) returns boolean immutable language plpgsql as
		$$ begin if $1 is null then raise 'null'; end if; return true; end $$;
		create view public.seen as select 1 as x`)
	s, conn := readSchema(t, dsn), pgtest.Connect(t, dsn)
	if err := conn.Exec(t.Context(), "set search_path = ''").Close(); err != nil {
		t.Fatal(err)
	}
	asked := 0
	env := Env{Now: noon, Try: func(sql string) error {
		asked++
		return pipeline.SafeError(conn.ExecParams(t.Context(), "explain "+sql, nil, nil, nil, nil).Read().Err)
	}}
	const keep = "\ncolumns: [{ match: '*.*.*', mask: keep }, { match: '*.*', mask: keep }]\n"
	for _, c := range []struct{ text, want string }{
		{`tables: { users: { where: "id = 'abc'" } }`, "2:28: where: the server refuses it: invalid text representation (SQLSTATE 22P02)"},
		{`tables: { users: { where: "plan = 'gold'" } }`, "2:28: where: the server refuses it: invalid text representation (SQLSTATE 22P02)"},
		{`tables: { users: { where: "id = 'x'::text" } }`, "2:28: where: the server refuses it: undefined function (SQLSTATE 42883)"},
		{`tables: { users: { where: "created_at > '2024-13-45'" } }`, "2:28: where: the server refuses it: datetime field overflow (SQLSTATE 22008)"},
		{`tables: { users: { where: "id > 1 / 0" } }`, "2:28: where: the server refuses it: division by zero (SQLSTATE 22012)"},
		{`tables: { users: { where: "generate_series(1, 2) > 1" } }`, "2:28: where: the server refuses it: feature not supported (SQLSTATE 0A000)"},
		{`tables: { users: { where: "case when active then 'a' else 'b' end" } }`, "2:28: where: the server refuses it: datatype mismatch (SQLSTATE 42804)"},
		{`tables: { users: { columns: { active: { mask: sql, expr: "now()" } } } }`, "2:59: expr: the server refuses it: cannot coerce (SQLSTATE 42846)"},
		{`subset: { roots: [{ table: users, where: "lower(id) = 'x'" }], unreached: all }`, "2:43: where: the server refuses it: undefined function (SQLSTATE 42883)"},
		{`subset: { references: [{ from: messages(user_id), limit: 1, order: "payload->'a' + 1" }], unreached: all }`, "2:69: order: the server refuses it: invalid text representation (SQLSTATE 22P02)"},
		{`subset: { references: [{ from: "messages(payload->>'a')", to: posts(id) }], unreached: all }`, "2:42: from: to compare it with public.posts.id of type bigint: the server refuses it: undefined function (SQLSTATE 42883)"},
		{`subset: { references: [{ from: comments(commentable_id), to: posts(id), when: "commentable_type > 1" }], unreached: all }`, "2:80: when: the server refuses it: undefined function (SQLSTATE 42883)"},
		{`checks: ["select 'x' > 1"]`, "2:11: check: the server refuses it: invalid text representation (SQLSTATE 22P02)"},
		// These are right, NULL being no argument that a run would have.
		{`tables: { odd: { where: "\"a b\" = 'x' and 1 = any (\"Über\") and r @> 3 and 'paid' = any (c) and app.strictly(p)" } }` + "\nfunctions: [app.strictly]", ""},
		{`tables: { hollow: { where: "exists (select from users)" } }`, ""},
		{`checks: ["select x = 1 from public.seen"]`, ""},
		{strings.TrimPrefix(strings.ReplaceAll(example, "columns:\n  - {", "columns:\n  - { match: 'odd.*', mask: keep }\n  - {"), "version: 1\n"), ""},
	} {
		text := "version: 1\n" + c.text
		if !strings.Contains(text, "columns:\n") {
			text += keep
		}
		f, err := Parse("r.yaml", []byte(text), nil)
		if err != nil {
			t.Errorf("%s\n%v", c.text, err)
			continue
		}
		before := asked
		_, err = f.Bind(s, env)
		if asked == before {
			t.Errorf("%s\nnothing was asked", c.text)
		}
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s\n%v", c.text, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "r.yaml:"+c.want)):
			t.Errorf("%s\n%v, want %s", c.text, err, c.want)
		}
	}
	gone := errors.New("connection gone")
	env.Try = func(string) error { return gone }
	f, err := Parse("r.yaml", []byte("version: 1\ntables: { users: { where: 'id = 1' } }"+keep), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Bind(s, env); !errors.Is(err, gone) {
		t.Errorf("%v, want %v", err, gone)
	}
}
