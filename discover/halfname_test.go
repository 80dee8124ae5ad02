package discover

import (
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// A name beside half of one is the other half, unless its values are whole names.
func TestNameBesideHalf(t *testing.T) {
	dsn := pgtest.DB(t)
	const whole, half = "'{Anna Berg,Otto Lang,Zdenek Vomacka,Xiadani Qwel}'", "'{Berg,Lang,Vomacka,van Dyk,Qwel,Silva}'"
	for table, c := range map[string]struct{ beside, values, want string }{
		"users": {"first_name", whole, "person.name"}, "customers": {"first_name", half, "person.last"},
		"clients": {"last_name", whole, "person.name"}, "members": {"last_name", "'{Anna,Otto,Zdenek,Eva Maria,Xiadani}'", "person.first"},
		"people": {"first_name", "'{}'", "person.last"},
	} {
		pgtest.Exec(t, dsn, "create table "+table+" (id int primary key, "+c.beside+" text, name text); insert into "+table+
			" select row_number() over (), 'x', v from unnest("+c.values+"::text[]) v, generate_series(1, 9)")
		s, samples := readCase(t, dsn)
		r, err := Look(s, samples, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Findings {
			if f.Table.Name.Name == table && f.Table.Columns[f.Column].Name == "name" && f.Mask.Kind != c.want {
				t.Errorf("%s: %s, not %s: %s", table, f.Mask.Kind, c.want, f.Evidence)
			}
		}
		pgtest.Exec(t, dsn, "drop table "+table)
	}
}
