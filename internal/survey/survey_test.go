package survey

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
)

// What may not be read, or not in time, is left out with a note, and the transaction
// goes on.
func TestSampler(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `create table seen (id int primary key, name text, tags text[], doc jsonb, big text, at interval);
		alter table seen alter big set storage external;
		insert into seen select i, case when i > 2 then 'name ' || i end, array['a' || i, null, ''], '{"a": 1}', repeat(md5(i::text), 4000), '1 day' from generate_series(1, 5) i;
		create view slow as select pg_catalog.pg_sleep(3600)::text as t;
		create table hidden (name text)`)
	conn := pgtest.Connect(t, dsn)
	sch, err := catalog.Read(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	table := func(name string) *schema.Table {
		i := slices.IndexFunc(sch.Tables, func(x *schema.Table) bool { return x.Name.Name == name })
		return sch.Tables[i]
	}
	s := NewSampler(conn, 4)
	if err := s.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.exec(t.Context(), "set local statement_timeout = '100ms'"); err != nil {
		t.Fatal(err)
	}
	seen := table("seen")
	got, err := s.Sample(t.Context(), seen)
	if err != nil {
		t.Fatal(err)
	}
	values := func(column string) string {
		x := got[seen.Column(column)]
		var list []string
		for _, v := range x.Values {
			list = append(list, string(v))
		}
		return strings.Join(list, ",")
	}
	for column, want := range map[string]string{"id": "", "name": "name 3,name 4", "tags": "a1,a2,a3,a4", "doc": strings.TrimSuffix(strings.Repeat(`{"a": 1},`, 4), ","), "big": "", "at": ""} {
		if values(column) != want {
			t.Errorf("%s: %.80q, want %q", column, values(column), want)
		}
	}
	if n := got[seen.Column("name")].Nulls; n != 2 {
		t.Errorf("%d names are NULL", n)
	}
	gone := table("hidden")
	gone.Name.Name = "gone"
	slow := &schema.Table{Name: schema.Name{Schema: "public", Name: "slow"}, Columns: []schema.Column{{Name: "t", Type: schema.Type{Base: "text"}}}}
	for _, x := range []*schema.Table{gone, slow} {
		if got, err := s.Sample(t.Context(), x); got != nil || err != nil {
			t.Errorf("%s: %v, %v", x.Name, got, err)
		}
	}
	if notes := s.Notes(); len(notes) != 2 || !strings.HasPrefix(notes[0], "no rows of public.gone: undefined table") || !strings.HasPrefix(notes[1], "no rows of public.slow: query canceled") {
		t.Errorf("notes %q", notes)
	}
	for _, c := range []struct {
		table      *schema.Table
		most, want int
	}{{seen, 3, 3}, {seen, 50, 5}, {gone, 50, -1}} {
		if n, err := s.Count(t.Context(), c.table, c.most); n != c.want || err != nil {
			t.Errorf("%s: %d rows, want %d; %v", c.table.Name, n, c.want, err)
		}
	}
}

// Bounds of a histogram ascend, hold all cuts between them, and are no more of values
// than a round number near them.
func TestRoundBounds(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		scale := []float64{1e-3, 1, 1e3, 1e9}[r.IntN(4)]
		cuts := make([]float64, 2+r.IntN(20))
		for i := range cuts {
			cuts[i] = (r.Float64() - 0.3) * scale
		}
		slices.Sort(cuts)
		whole, times := r.IntN(2) == 0, r.IntN(3) == 0
		got := roundBounds(cuts, whole, times)
		tiny := scale * 1e-9
		switch {
		case len(got) < 2, !slices.IsSorted(got), len(slices.Compact(slices.Clone(got))) != len(got):
			t.Errorf("seed %d: bounds %v", seed, got)
		case got[0] > cuts[0]+tiny, got[len(got)-1] < cuts[len(cuts)-1]-tiny:
			t.Errorf("seed %d: bounds %v do not hold %v", seed, got, cuts)
		case len(got) > len(cuts):
			t.Errorf("seed %d: %d bounds of %d cuts", seed, len(got), len(cuts))
		}
	}
}
