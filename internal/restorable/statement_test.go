package restorable

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
)

func TestInTwoSteps(t *testing.T) { inTwoStepsOn(t, pgtest.DB(t)) }

func TestInTwoStepsOfVersions(t *testing.T) {
	pgtest.EachVersion(t, func(t *testing.T, server *pgserver.Server) { inTwoStepsOn(t, server.DSN("postgres")) })
}

// inTwoStepsOn makes keys in one statement and in two, and compares what is there then:
// constraints, their indexes, and what is valid.
func inTwoStepsOn(t *testing.T, dsn string) {
	const tables = `
create schema "my ""app";
create table "my ""app"."a b" (id int not null, "Two" int not null, c int, d int, unique (c));
insert into "my ""app"."a b" select i, i, i, i from generate_series(1, 10) i;
`
	keys := []string{
		`ADD CONSTRAINT "a b_pkey" PRIMARY KEY (id, "Two")`,
		`ADD CONSTRAINT u UNIQUE (d)`,
		`ADD CONSTRAINT "u; ""2" UNIQUE (d, "Two") INCLUDE (c)`,
		`ADD CONSTRAINT late UNIQUE (d) DEFERRABLE INITIALLY DEFERRED`,
		`ADD CONSTRAINT maybe UNIQUE (d) DEFERRABLE`,
		`ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES "my ""app"."a b"(c)`,
		`ADD CONSTRAINT "f; ""2" FOREIGN KEY (id) REFERENCES "my ""app"."a b"(c) MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED`,
	}
	if version := pgtest.Query(t, dsn, "show server_version_num")[0][0]; version >= "150000" {
		keys = append(keys, `ADD CONSTRAINT nulls UNIQUE NULLS NOT DISTINCT (d)`)
	}
	const found = `
select k.conname, k.contype, k.convalidated, k.condeferrable, k.condeferred, pg_get_constraintdef(k.oid),
       (select pg_get_indexdef(i.indexrelid) || i.indisprimary || i.indisunique || i.indimmediate || i.indisvalid from pg_index i
        where i.indexrelid = k.conindid and k.contype <> 'f')
from pg_constraint k where k.conrelid = '"my ""app"."a b"'::regclass order by 1`
	for _, key := range keys {
		whole := `ALTER TABLE ONLY "my ""app"."a b"` + "\n    " + key + ";"
		for _, rest := range []string{"", "\n\nALTER TABLE \"my \"\"app\".\"a b\" SET (fillfactor = 90);"} {
			on, split := readStatement(whole + rest)
			if (on != schema.Name{Schema: `my "app`, Name: "a b"}) {
				t.Errorf("%s is about %s", whole, on)
			}
			if split == nil || strings.Contains(split.First+split.Then, "fillfactor") {
				t.Errorf("%s becomes %v", whole+rest, split)
				continue
			}
			var got []string
			for _, script := range []string{whole, split.First + ";" + split.Then} {
				pgtest.Exec(t, dsn, tables+script)
				got = append(got, fmt.Sprint(pgtest.Query(t, dsn, found)))
				pgtest.Exec(t, dsn, `drop schema "my ""app" cascade`)
			}
			if !strings.Contains(got[1], split.Key) {
				t.Errorf("%s makes %q", whole, split.Key)
			}
			if got[0] != got[1] {
				t.Errorf("%s makes\n%s\nin two steps\n%s", whole, got[0], got[1])
			}
		}
	}
	for _, sql := range []string{
		"", "select 1", "no SQL",
		"ALTER TABLE ONLY public.t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES public.u(id) NOT VALID;",
		"ALTER TABLE ONLY public.t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES public.u(id) NOT ENFORCED;",
		"ALTER TABLE ONLY public.t ADD CONSTRAINT u UNIQUE (a, b WITHOUT OVERLAPS);",
		"ALTER TABLE ONLY public.t ADD CONSTRAINT u UNIQUE (a) WITH (fillfactor='70');",
		"ALTER TABLE ONLY public.t ADD CONSTRAINT c CHECK ((a > 0));",
		"ALTER TABLE ONLY public.t ADD CONSTRAINT x EXCLUDE USING gist (a WITH &&);",
		"ALTER TABLE ONLY public.t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES public.u(id), DROP COLUMN b;",
		"ALTER TABLE ONLY public.t CLUSTER ON i;",
	} {
		if _, split := readStatement(sql); split != nil {
			t.Errorf("%s becomes %v", sql, *split)
		}
	}
}
