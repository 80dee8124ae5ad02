package subset_test

import (
	"context"
	"slices"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// TestFilterCycle: restrictions of tables that need each other in a circle, of
// which one even asks about the other's rows, have one answer, with roots and
// without.
func TestFilterCycle(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `create table a (id int primary key, b_id int not null);
		create table b (id int primary key, a_id int not null);
		insert into a select i, i % 12 + 1 from generate_series(1, 12) i;
		insert into b select i, case when i % 4 = 0 then i - 3 else i + 1 end from generate_series(1, 12) i;
		alter table a add foreign key (b_id) references b;
		alter table b add foreign key (a_id) references a`)
	src := open(t, dsn)
	sch := read(t, src)
	a, b := sch.Table(schema.Name{Schema: "public", Name: "a"}), sch.Table(schema.Name{Schema: "public", Name: "b"})
	// next is where a row leads; a row is eligible if nothing that it leads to,
	// round and round, is restricted.
	next := func(table string, id int) (string, int) {
		switch {
		case table == "a":
			return "b", id%12 + 1
		case id%4 == 0:
			return "a", id - 3
		}
		return "a", id + 1
	}
	passes := func(table string, id int) bool { return table == "a" && id != 11 || table == "b" && id != 6 }
	var want []string
	for id := 1; id <= 12; id++ {
		ok := true
		for table, n, i := "a", id, 0; ok && i < 24; i++ {
			ok = passes(table, n)
			table, n = next(table, n)
		}
		if ok {
			want = append(want, string(rune('A'+id)))
		}
	}
	cfg := subset.Config{Unreached: subset.UnreachedAll, Restrict: map[*schema.Table]subset.Restriction{
		a: {Rows: subset.WhereRows, Where: "exists (select from public.b where b.id = a.b_id and a.id <> 11)"},
		b: {Rows: subset.WhereRows, Where: "b.id <> 6"},
	}}
	for _, roots := range [][]subset.Root{nil, {{Table: a}}} {
		cfg.Roots = roots
		sel := walk(t, src, sch, &cfg)
		var got []string
		for _, c := range sel.Chunks(sel.Leaf(a), []subset.Column{{Name: "id", Expr: "chr(64 + a.id + 1)"}}, 0) {
			if err := src.Query(context.Background(), text(t, c), func(f [][]byte) error { got = append(got, string(f[0])); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) || len(want) == 0 || len(want) == 12 {
			t.Errorf("with %d roots: %v instead of %v", len(roots), got, want)
		}
	}
}
