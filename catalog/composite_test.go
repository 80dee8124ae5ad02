package catalog

import (
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
)

func TestCompositeFields(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `create domain nr as numeric(6,2);
		create type place as (gone int, city varchar(40), "Nr" nr, tags text[]);
		alter type place drop attribute gone;
		create type person as (name text, home place);
		create table t (p person, homes place[], other int)`)
	cols := read(t, dsn).Table(schema.Name{Schema: "public", Name: "t"}).Columns
	place := func(f []schema.Field) {
		t.Helper()
		if len(f) != 3 || f[0].Name != "city" || f[0].Type.Length != 40 || f[1].Name != "Nr" || f[1].Type.Base != "numeric" || f[1].Type.Scale != 2 || f[2].Type.Elem == nil {
			t.Errorf("got %+v", f)
		}
	}
	p := cols[0].Type
	if p.Class != schema.Composite || len(p.Fields) != 2 || p.Fields[1].Type.Class != schema.Composite {
		t.Fatalf("got %+v", p)
	}
	place(p.Fields[1].Type.Fields)
	place(cols[1].Type.Elem.Fields)
	if cols[2].Type.Fields != nil {
		t.Errorf("an integer has fields")
	}
}
