package catalog

import (
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
)

// Labels of PostgreSQL Anonymizer come with the columns and tables that they
// speak of. The extension need not be there: the test writes what it would.
func TestMaskLabels(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `
		create table people (gone int, name text, note text);
		alter table people drop column gone;
		set allow_system_table_mods = on;
		insert into pg_seclabel (objoid, classoid, objsubid, provider, label) values
			('people'::regclass, 'pg_class'::regclass, 2, 'anon', 'MASKED WITH FUNCTION anon.fake_last_name()'),
			('people'::regclass, 'pg_class'::regclass, 3, 'selinux', 'system_u:object_r:sepgsql_table_t:s0'),
			('people'::regclass, 'pg_class'::regclass, 0, 'anon', 'TABLESAMPLE BERNOULLI(10)');`)
	s := read(t, dsn)
	p := s.Table(schema.Name{Schema: "public", Name: "people"})
	if got := p.Columns[0].MaskLabel; got != "MASKED WITH FUNCTION anon.fake_last_name()" {
		t.Errorf("label of name: %q", got)
	}
	if got := p.Columns[1].MaskLabel; got != "" {
		t.Errorf("label of note: %q", got)
	}
	if got := p.MaskLabel; got != "TABLESAMPLE BERNOULLI(10)" {
		t.Errorf("label of the table: %q", got)
	}
}
