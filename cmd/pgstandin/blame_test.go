package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// An expression of the rules that some values do not fit is to blame where it is
// computed, with its place, and no mask is.
func TestBlameExpressions(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
create table users (id int primary key, name text not null, n int);
create table orders (id int primary key, user_id int not null references users, note text);
insert into users select i, 'anna ' || i, 0 from generate_series(1, 20) i;
insert into orders select i, i, 'x' from generate_series(1, 20) i`)
	const fault = "invalid text representation (SQLSTATE 22P02); an expression of the rules does not fit the values of some rows"
	root := `subset: { roots: [ { table: users, where: "name::int > 4" } ] }`
	plain := []string{"tables:", "  users: { columns: { name: keep, n: keep } }", "  orders: { columns: { note: keep } }"}
	for _, c := range []struct {
		name  string
		lines []string
		args  []string
		want  string
	}{
		{"a root", append([]string{root}, plain...), []string{"plan", "--exact"}, "choose rows: public.users: source: query: " + fault + ": FILE:3:22 (where of a root)"},
		{"a table's where", []string{plain[0], plain[1], "  orders:", `    where: "note::int > 4"`, "    columns: { note: keep }"},
			[]string{"refresh", "--target", s.target}, "copy public.orders: source: " + fault + ": FILE:6:13 (where)"},
		{"a mask", []string{plain[0], "  users:", "    columns:", `      name: { mask: sql, expr: "(name::int)::text" }`, "      n: keep", plain[2]},
			[]string{"refresh", "--target", s.target}, "copy public.users: source: " + fault + ": FILE:6:21 (mask of name)"},
		{"one of two masks", []string{plain[0], `  users: { columns: { name: { mask: sql, expr: "(name::int)::text" }, n: { mask: sql, expr: "1 / nullif(n, 1)" } } }`, plain[2]},
			[]string{"rehearse", "--target", s.target}, "rows of public.users: source: query: "},
		{"a check", append([]string{`checks: [ "select min(name::int) > 4 from users" ]`}, plain...), []string{"refresh", "--target", s.target}, `FROM public.users": ` + fault + "\n"},
		{"the command line's", plain, []string{"preview", "users", "--where", "name::int > 3"}, "rows of public.users: source: query: " + fault + ": --where"},
	} {
		s.write("version: 1\ntargets: [\"*_staging\"]\n" + strings.Join(c.lines, "\n") + "\n")
		status, _, errOut := s.command(keyA, append([]string{c.args[0], "--rules", s.rules, "--source", s.source}, c.args[1:]...)...)
		if want := strings.ReplaceAll(c.want, "FILE", s.rules); status == 0 || !strings.Contains(errOut, want) {
			t.Errorf("%s: status %d: no %q in:\n%s", c.name, status, want, errOut)
		}
		if strings.Contains(errOut, "check the column's mask") || strings.Contains(errOut, "anna") {
			t.Errorf("%s: %s", c.name, errOut)
		}
		if c.name == "one of two masks" && !strings.Contains(errOut, "(mask of name) or ") {
			t.Errorf("%s: %s", c.name, errOut)
		}
	}
}
