package subset_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// gauge is a source that looks at what is alive while rows come.
type gauge struct {
	subset.Source
	rows, most atomic.Int64
}

func (g *gauge) Query(ctx context.Context, sql string, fn func([][]byte) error) error {
	g.look()
	return g.Source.Query(ctx, sql, func(fields [][]byte) error {
		if g.rows.Add(1)%50_000 == 0 {
			g.look()
		}
		return fn(fields)
	})
}

func (g *gauge) look() { g.most.Store(max(g.most.Load(), alive())) }

func alive() int64 {
	runtime.GC()
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	return int64(ms.HeapAlloc)
}

// TestBoundedMemory: with a small limit, what a walk over half a million rows takes
// stays small, in whatever sets the rows are, and its result is the same.
func TestBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("half a million rows")
	}
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `
		create table team (id uuid primary key);
		create table note (name text primary key);
		create table person (id bigint primary key, team_id uuid not null references team, boss_id bigint references person, note text references note,
			friend_id bigint references person);
		create table job (a int, b bigint references person, primary key (a, b));
		insert into team select md5(i::text)::uuid from generate_series(1, 100000) i;
		insert into note select 'the note of number ' || i from generate_series(1, 100000) i;
		insert into person select hashint8extended(i, 7), md5((i / 2 + 1)::text)::uuid, hashint8extended(i / 3, 7), 'the note of number ' || i / 2 + 1,
			hashint8extended(199999 - i, 7) from generate_series(0, 199999) i;
		insert into job select i % 5, hashint8extended(i, 7) from generate_series(0, 199999) i;
		analyze`)
	src := open(t, dsn)
	sch := read(t, src)
	config := func() *subset.Config {
		cfg := &subset.Config{Unreached: subset.UnreachedNone, Roots: []subset.Root{{Table: sch.Table(name("person")), Sample: subset.Sample{Rows: 150_000}}}}
		for _, k := range sch.ForeignKeys {
			r := &subset.Reference{Key: k, Child: k.Child, Columns: k.Columns, Parent: k.Parent, ParentColumns: k.ParentColumns}
			switch column := k.Child.Columns[k.Columns[0]].Name; column {
			case "boss_id":
				r.Limit = 2
			case "friend_id":
				r.Down, r.Up = subset.DownOff, subset.UpNullify
			case "note":
				r.Up = subset.UpPrune
			}
			cfg.References = append(cfg.References, r)
		}
		return cfg
	}
	measure := func(limit int64) (most int64, rows []int64) {
		p, err := subset.NewPlan(sch, config())
		if err != nil {
			t.Fatal(err)
		}
		before := alive()
		g := &gauge{Source: src}
		sel, err := p.Walk(t.Context(), subset.Options{Secret: secret(t), Memory: limit, TempDir: t.TempDir()}, subset.Sequential(g))
		if err != nil {
			t.Fatal(err)
		}
		defer sel.Close()
		g.look()
		for _, r := range sel.Report.Tables {
			rows = append(rows, r.Rows)
		}
		for _, r := range sel.Report.References {
			rows = append(rows, r.Cut, r.LeftOut)
		}
		for _, l := range sel.Leaves {
			for _, c := range sel.Chunks(l, []subset.Column{{Name: l.Table.Columns[0].Name}}, 1<<20) {
				if text(t, c) == "" {
					t.Fatal("a chunk without a query")
				}
				g.look()
			}
		}
		return g.most.Load() - before, rows
	}
	most, rows := measure(2 << 20)
	free, all := measure(0)
	t.Logf("%d bytes with a limit of 2 MiB, %d without: rows %v", most, free, rows)
	if most > 8<<20 || free < 4*most {
		t.Errorf("%d bytes with a limit of 2 MiB, %d without", most, free)
	}
	for i := range rows {
		if rows[i] != all[i] {
			t.Errorf("rows are %v with a limit, %v without", rows, all)
			break
		}
	}
}

func name(table string) schema.Name { return schema.Name{Schema: "public", Name: table} }
