package subset_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

const shop = `
	create table users (id int primary key, email text, referrer_id int references users);
	create table orders (id int primary key, user_id int not null references users, w int);
	create table notes (id int primary key, order_id int references orders on delete cascade, body text check (body <> ''));
	create table logs (at int);
	insert into users select i, 'u' || i, nullif(i / 2, 0) from generate_series(1, 20) i;
	insert into orders select i, 1 + i % 20, i from generate_series(1, 60) i;
	insert into notes select i, i % 60 + 1, 'x' from generate_series(1, 90) i;
	insert into logs select generate_series(1, 10)`

func loadShop(t *testing.T) (*source, *schema.Schema, func(string) *schema.Table) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, shop)
	src := open(t, dsn)
	sch := read(t, src)
	return src, sch, func(name string) *schema.Table { return sch.Table(schema.Name{Schema: "public", Name: name}) }
}

// TestProblems: everything that the rules should say otherwise is said at once,
// with its remedy.
func TestProblems(t *testing.T) {
	_, sch, table := loadShop(t)
	key := func(child string) *schema.ForeignKey {
		i := slices.IndexFunc(sch.ForeignKeys, func(k *schema.ForeignKey) bool { return k.Child == table(child) })
		return sch.ForeignKeys[i]
	}
	declared := func(child string) *subset.Reference {
		k := key(child)
		return &subset.Reference{Key: k, Child: k.Child, Columns: k.Columns, Parent: k.Parent, ParentColumns: k.ParentColumns}
	}
	root := []subset.Root{{Table: table("users")}}
	impossible := declared("orders")
	impossible.Up, impossible.UpGiven, impossible.Line = subset.UpNullify, true, 7
	array := declared("orders")
	array.Key, array.Array = nil, true
	loose := &subset.Reference{Child: table("logs"), Columns: []int{0}, Parent: table("orders"), ParentColumns: []int{1}, Line: 3}
	for _, c := range []struct {
		name string
		cfg  subset.Config
		want []string
	}{
		{"unreached", subset.Config{Roots: root}, []string{"public.logs", "unreached: all or none"}},
		{"nullify", subset.Config{Roots: root, Unreached: subset.UnreachedAll, References: []*subset.Reference{impossible}}, []string{"line 7", "up: nullify is not possible"}},
		{"array", subset.Config{Roots: root, Unreached: subset.UnreachedAll, References: []*subset.Reference{array}}, []string{"that is an array"}},
		{"no key", subset.Config{Unreached: subset.UnreachedAll, References: []*subset.Reference{loose, impossible}}, []string{"line 3", "no primary key", "line 7"}},
		{"sample", subset.Config{Roots: []subset.Root{{Table: table("users"), Sample: subset.Sample{Share: 1.5}}}}, []string{"at most 100%"}},
		{"none", subset.Config{Roots: root, Restrict: map[*schema.Table]subset.Restriction{table("users"): {Rows: subset.NoRows}}}, []string{"rows: none"}},
		{"budget", subset.Config{Roots: root, Unreached: subset.UnreachedAll, Budget: subset.Budget{Rows: 1}}, []string{"cannot be met"}},
	} {
		_, err := subset.NewPlan(sch, &c.cfg)
		var probs subset.Problems
		if !errors.As(err, &probs) {
			t.Errorf("%s: %v is not Problems", c.name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", c.name, err, want)
			}
		}
	}
}

// TestBarren: a root that selects nothing fails the walk, with its line.
func TestBarren(t *testing.T) {
	src, sch, table := loadShop(t)
	p, err := subset.NewPlan(sch, &subset.Config{Roots: []subset.Root{{Table: table("users"), Where: "id < 0", Line: 4}}, Unreached: subset.UnreachedAll})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Walk(context.Background(), subset.Options{}, subset.Sequential(src))
	var probs subset.Problems
	if !errors.As(err, &probs) || probs[0].Line != 4 || !strings.Contains(err.Error(), "public.users selects no row") {
		t.Errorf("got %v", err)
	}
}

// TestFastPath: what nothing restricts is copied whole without a query, and a
// restriction alone goes into the SELECT.
func TestFastPath(t *testing.T) {
	src, sch, table := loadShop(t)
	p, err := subset.NewPlan(sch, &subset.Config{Restrict: map[*schema.Table]subset.Restriction{
		table("logs"): {Rows: subset.WhereRows, Where: "at <= 7"}}})
	if err != nil {
		t.Fatal(err)
	}
	queries := 0
	sel, err := p.Walk(context.Background(), subset.Options{}, func(ctx context.Context, steps []subset.Step) error {
		for _, s := range steps {
			if s.Name != "check expressions" {
				queries++
			}
		}
		return subset.Sequential(src)(ctx, steps)
	})
	if err != nil || queries != 0 {
		t.Fatalf("%d queries, %v", queries, err)
	}
	if l := sel.Leaf(table("logs")); l.How != subset.Predicate || l.Exact() {
		t.Errorf("logs: %v", l.How)
	}
	if l := sel.Leaf(table("users")); l.How != subset.Whole {
		t.Errorf("users: %v", l.How)
	}
}

// TestNested: a sample is the same on every walk, and a larger one holds it.
func TestNested(t *testing.T) {
	src, sch, table := loadShop(t)
	ids := func(s subset.Sample) []string {
		sel := walk(t, src, sch, &subset.Config{Roots: []subset.Root{{Table: table("orders"), Sample: s}}, Unreached: subset.UnreachedAll})
		var out []string
		for _, c := range sel.Chunks(sel.Leaf(table("orders")), []subset.Column{{Name: "id"}}, 0) {
			if err := src.Query(context.Background(), text(t, c), func(f [][]byte) error { out = append(out, string(f[0])); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	var before []string
	for _, s := range []subset.Sample{{Share: 0.1}, {Share: 0.1}, {Share: 0.3}, {Share: 0.9}, {Share: 1}} {
		now := ids(s)
		for _, id := range before {
			if !slices.Contains(now, id) {
				t.Errorf("%g lost row %s", s.Share, id)
			}
		}
		before = now
	}
	if len(before) != 60 {
		t.Errorf("100%% are %d rows", len(before))
	}
	if n := len(ids(subset.Sample{Rows: 17})); n != 17 {
		t.Errorf("17 rows are %d", n)
	}
}

// TestCutThroughExpression: a column that is masked by SQL is cut all the same.
func TestCutThroughExpression(t *testing.T) {
	src, sch, table := loadShop(t)
	sel := walk(t, src, sch, &subset.Config{Restrict: map[*schema.Table]subset.Restriction{
		table("orders"): {Rows: subset.WhereRows, Where: "orders.w <= 30"}}})
	var ids, nulls, other int
	for _, c := range sel.Chunks(sel.Leaf(table("notes")), []subset.Column{{Name: "id"}, {Name: "order_id", Expr: `"notes".order_id + 1000`}}, 0) {
		err := src.Query(context.Background(), text(t, c), func(f [][]byte) error {
			switch ids++; {
			case f[1] == nil:
				nulls++
			case len(f[1]) != 4:
				other++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if ids != 90 || nulls == 0 || nulls == 90 || other != 0 {
		t.Errorf("%d rows, %d cut, %d not by the expression", ids, nulls, other)
	}
	for _, r := range sel.Report.References {
		if r.Name == "public.notes notes_order_id_fkey" && r.Cut != int64(nulls) {
			t.Errorf("the report says %d cut", r.Cut)
		}
	}
	if got := fmt.Sprint(sel.Leaf(table("orders")).How == subset.Predicate); got != "true" {
		t.Errorf("orders are not read by their condition alone")
	}
}

// TestBudget: the plan picks a percent by estimate, says it, and walks by it.
func TestBudget(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, shop+"; insert into orders select i, 1 + i % 20, i from generate_series(61, 20000) i; analyze")
	src := open(t, dsn)
	sch := read(t, src)
	orders := sch.Table(schema.Name{Schema: "public", Name: "orders"})
	cfg := &subset.Config{Roots: []subset.Root{{Table: orders}}, Unreached: subset.UnreachedNone, Budget: subset.Budget{Rows: 2000}}
	p, err := subset.NewPlan(sch, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if p.Picked() < 0.05 || p.Picked() > 0.15 {
		t.Errorf("picked %g", p.Picked())
	}
	var planned int64
	for _, x := range p.Tables() {
		planned += x.Rows
	}
	sel := walk(t, src, sch, cfg)
	var got int64
	for _, l := range sel.Leaves {
		got += l.Rows
	}
	if planned > 2000 || got < 1000 || got > 3000 {
		t.Errorf("planned %d rows, chose %d", planned, got)
	}
	if cfg.Roots[0].Sample.Share != 0 {
		t.Error("the Config has changed")
	}
}
