package trial_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/internal/trial"
	"github.com/pgstandin/pgstandin/rules"
)

// TestTrial: a server refuses what it could not compute or keep, by a code and without the
// text, and the functions that it names as reading only do not write.
func TestTrial(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `create domain plate as text check (value ~ '^[A-Z]+$');
		create table t (d date, n varchar(3), p plate, amount int check (amount > 0))`)
	conn := pgtest.Connect(t, dsn)
	s, err := catalog.Read(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	env := trial.With(t.Context(), conn, trial.Env(t.Context(), conn, time.Now()))
	for sql, want := range map[string]string{
		"select 1":                        "",
		"select * from canary":            "SQLSTATE 42P01",
		"select lower(amount) from t":     "no function or operator takes these types; write a cast",
		"select amount = 'canary' from t": "a text is no value of the type that it is used as",
	} {
		said(t, sql, env.Try(sql), want)
	}
	table := s.Tables[0]
	for _, c := range []struct {
		column, text, want string
	}{
		{"d", "2020-02-29", ""}, {"d", "2021-02-29", "dates are read as 2020-02-29"},
		{"n", "abc", ""}, {"n", "canary", "SQLSTATE 22001"},
		{"p", "AB", ""}, {"p", "canary", "SQLSTATE 23514"},
		{"amount", "1", ""}, {"amount", "0", `constraint "t_amount_check"`},
	} {
		i := table.Column(c.column)
		v := rules.Value{Type: &table.Columns[i].Type, Column: c.column, Text: c.text}
		for k := range table.Checks {
			if table.Checks[k].Columns[0] == i {
				v.Checks = append(v.Checks, table.Checks[k])
			}
		}
		said(t, c.column+" "+c.text, env.Holds(v), c.want)
	}
	known, err := env.Functions([]string{"lower", "nextval", "sum"})
	if err != nil || !known["lower"].Stable || known["nextval"].Stable || !known["sum"].Aggregate {
		t.Errorf("%v, %v", known, err)
	}
}

func said(t *testing.T, what string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary")):
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}
