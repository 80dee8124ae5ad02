package pipeline

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/schema"
)

// TestAnyPlanEnds builds random schemas without a server, with references to
// oneself, partitions, keys in one and in two statements, tables that are not loaded
// and tables without statistics: every statement is executed once, a foreign key
// behind the statistics of its tables, and if it may be validated by indexes, behind
// VACUUM; and that while rows come behind whatever was at work when the last row of its
// table came.
func TestAnyPlanEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		n := 2 + rng.IntN(5)
		l := &layout{trees: map[schema.Name]schema.Name{}, plain: map[schema.Name]bool{}}
		var names []schema.Name
		for i := range n {
			name := schema.Name{Schema: "s", Name: fmt.Sprint("t", i)}
			names = append(names, name)
			if rng.IntN(6) > 0 {
				l.tables = append(l.tables, name)
			}
			l.plain[name] = rng.IntN(2) == 0
			l.trees[schema.Name{Schema: "s", Name: fmt.Sprint("t", i, "p")}] = name
		}
		var parts []Part
		add := func(kind, sql string, table, ref schema.Name, needs ...int) int {
			id := len(parts) + 1
			p := Part{ID: id, Kind: kind, Name: fmt.Sprint(kind, id), SQL: fmt.Sprint(id, sql), Tables: []schema.Name{table}, Needs: needs}
			if ref != (schema.Name{}) {
				p.Tables = append(p.Tables, ref)
			}
			if kind != "INDEX" && rng.IntN(2) == 0 {
				p.Split = &Split{Key: "k", First: fmt.Sprint(id, " split"), Then: fmt.Sprint(id, " then"), NoIndex: rng.IntN(2) == 0}
			}
			parts = append(parts, p)
			return id
		}
		keys := map[schema.Name]int{}
		for _, x := range names {
			keys[x] = add("CONSTRAINT", " key", x, schema.Name{})
			add("INDEX", " CREATE INDEX i USING btree (a)", x, schema.Name{})
		}
		behind := map[string][]schema.Name{} // what validates a key → its tables
		for range 8 {
			from, to := names[rng.IntN(n)], names[rng.IntN(n)]
			id := add("FK CONSTRAINT", " ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES s.t(a)", from, to, keys[to], 9999)
			last := parts[id-1].SQL
			if split := parts[id-1].Split; split != nil {
				last = split.Then
			}
			behind[last] = []schema.Name{from, to}
			if rng.IntN(3) == 0 {
				parts = append(parts, Part{ID: len(parts) + 1, Kind: "COMMENT", Name: "c", SQL: "comment", Needs: []int{id}})
			}
		}
		cfg := BuildConfig{Beside: 1 + rng.IntN(2), Jobs: 1 + rng.IntN(4)}
		for i, x := range names {
			for _, name := range []string{x.Name, x.Name + "p"} {
				if rng.IntN(4) > 0 {
					cfg.Loads = append(cfg.Loads, Load{schema.Name{Schema: "s", Name: name}, int64(i), rng.IntN(2) == 0})
				}
			}
		}
		for i := range rng.IntN(4) {
			cfg.Views = append(cfg.Views, schema.Name{Schema: "s", Name: fmt.Sprint("v", i)})
		}
		b := newSchedule(cfg, l, parts)
		few := len(l.tables) // views wait for no VACUUM, foreign key, or comment on one
		for _, p := range parts {
			if p.Kind == "FK CONSTRAINT" || p.Kind == "COMMENT" {
				few += 2
			}
		}
		all := len(b.all)
		var mu sync.Mutex
		done := map[*node]bool{}
		views, loading := 0, true
		cleaned := map[schema.Name]bool{}
		analyzed := map[string]bool{}
		running := map[*node]bool{}
		older := map[schema.Name]map[*node]bool{} // than the last row of a table
		b.exec = func(_ context.Context, s *node, _ bool) error {
			mu.Lock()
			for o := range older[s.vacuum] {
				if loading && running[o] && !b.frozen[s.vacuum] {
					t.Errorf("round %d: %s while %s %s still runs", round, s.name, o.name, o.sql)
				}
			}
			running[s] = true
			mu.Unlock()
			time.Sleep(time.Duration(len(s.sql)%7) * 20 * time.Microsecond)
			mu.Lock()
			defer mu.Unlock()
			delete(running, s)
			if done[s] {
				t.Errorf("round %d: %s twice", round, s.sql)
			}
			if i := slices.IndexFunc(cfg.Views, func(v schema.Name) bool { return s.name == "materialized view "+v.String() }); i >= 0 {
				views++
				if others := all - len(cfg.Views); i != views-1 || len(done) < others-few || loading {
					t.Errorf("round %d: view %d after %d views, %d of %d statements, loading %v", round, i, views-1, len(done), others, loading)
				}
			}
			done[s] = true
			cleaned[s.vacuum], analyzed[s.sql] = true, true
			for _, table := range behind[s.sql] {
				if slices.Contains(l.tables, table) && (!analyzed["analyze "+table.SQL()] || s.validates.name != "" && !cleaned[table] && !b.frozen[table]) {
					t.Errorf("round %d: %s before the statistics or marks of %s", round, s.sql, table)
				}
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err := b.run(ctx, func(_ context.Context, ready func(schema.Name)) error {
			for _, i := range rng.Perm(len(cfg.Loads)) {
				mu.Lock()
				older[l.top(cfg.Loads[i].Table)] = maps.Clone(running)
				mu.Unlock()
				ready(cfg.Loads[i].Table)
			}
			mu.Lock()
			defer mu.Unlock()
			loading = false
			return nil
		})
		cancel()
		if err != nil || len(done) != all {
			t.Fatalf("round %d: %v, %d of %d statements", round, err, len(done), all)
		}
	}
}

// TestKeysOfOneTableTakeTurns: foreign keys of a table, which are compared one after
// the other, begin before a larger one of a table that has no other; those that no
// index has the columns of wait for no VACUUM.
func TestKeysOfOneTableTakeTurns(t *testing.T) {
	many, large, small := schema.Name{Schema: "s", Name: "many"}, schema.Name{Schema: "s", Name: "large"}, schema.Name{Schema: "s", Name: "small"}
	l := &layout{tables: []schema.Name{many, large, small}}
	var parts []Part
	add := func(table schema.Name, name string, indexed bool) {
		id := len(parts) + 1
		parts = append(parts, Part{ID: id, Kind: "FK CONSTRAINT", Name: name, SQL: name, Tables: []schema.Name{table, small},
			Split: &Split{Key: name, First: "add " + name, Then: "validate " + name, NoIndex: !indexed}})
	}
	add(large, "one", false)
	add(many, "first", true)
	add(many, "second", false)
	b := newSchedule(BuildConfig{Beside: 1, Jobs: 1, Loads: []Load{{many, 60, false}, {large, 100, false}, {small, 1, true}}}, l, parts)
	for _, s := range b.all {
		for _, n := range s.next {
			if s.vacuum != (schema.Name{}) && n.sql != "validate first" {
				t.Errorf("%s waits for VACUUM of %s", n.sql, s.vacuum)
			}
		}
	}
	got := ranInOrder(t, b, func(s *node) bool { return s.turns != (schema.Name{}) })
	if fmt.Sprint(got) != "[validate first validate second validate one]" && fmt.Sprint(got) != "[validate second validate first validate one]" {
		t.Errorf("foreign keys were compared in the order %q", got)
	}
}

// TestKeysAreAddedFirst: to add a key takes no time, but locks that its table's and the
// other table's keys hold while they are validated: all are added before any is.
func TestKeysAreAddedFirst(t *testing.T) {
	orders, items, users := schema.Name{Schema: "s", Name: "orders"}, schema.Name{Schema: "s", Name: "items"}, schema.Name{Schema: "s", Name: "users"}
	l := &layout{tables: []schema.Name{orders, items, users}}
	var parts []Part
	for id, key := range []struct {
		table, ref schema.Name
	}{{orders, users}, {orders, users}, {items, orders}} {
		parts = append(parts, Part{ID: id + 1, Kind: "FK CONSTRAINT", Name: "key", SQL: "key", Tables: []schema.Name{key.table, key.ref},
			Split: &Split{First: "add", Then: "validate", NoIndex: true}})
	}
	b := newSchedule(BuildConfig{Beside: 1, Jobs: 1, Loads: []Load{{orders, 100, true}, {items, 1, true}, {users, 1, true}}}, l, parts)
	got := ranInOrder(t, b, func(s *node) bool { return s.key })
	if fmt.Sprint(got) != "[add add add validate validate validate]" {
		t.Errorf("%q", got)
	}
}

// ranInOrder runs a build, one statement at a time, and returns some of them.
func ranInOrder(t *testing.T, b *schedule, which func(*node) bool) (got []string) {
	t.Helper()
	b.exec = func(_ context.Context, s *node, _ bool) error {
		if which(s) {
			got = append(got, s.sql)
		}
		return nil
	}
	if err := b.run(t.Context(), func(_ context.Context, ready func(schema.Name)) error {
		for _, l := range b.cfg.Loads {
			ready(l.Table)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestSortMemory: a B-tree's sort gets little memory, never more than the server's
// setting, and all else what the server has.
func TestSortMemory(t *testing.T) {
	for _, c := range []struct {
		sql         string
		index       bool
		bytes, want int64
	}{
		{"CREATE INDEX a ON b USING btree (c)", true, 0, 2048},
		{"CREATE INDEX a ON b USING btree (c)", true, 50 << 20, 2048},
		{"CREATE INDEX a ON b USING btree (c)", true, 1 << 30, 8319},
		{"CREATE INDEX a ON b USING btree (c)", true, 10 << 40, 131072},
		{"CREATE INDEX a ON b USING gin (c)", true, 50 << 20, 131072},
		{"alter table a validate constraint b", false, 50 << 20, 131072},
	} {
		s := &node{statement: statement{sql: c.sql, sorts: c.index}, bytes: c.bytes}
		if got := s.memory(131072); got != c.want {
			t.Errorf("%s of %d bytes: %d kB, want %d", c.sql, c.bytes, got, c.want)
		}
	}
}

// BenchmarkManyPartitions takes turns of what comes after the data of a table with
// 2,000 partitions, each with a primary key and an index, without a server.
func BenchmarkManyPartitions(b *testing.B) {
	top := schema.Name{Schema: "s", Name: "top"}
	l := &layout{tables: []schema.Name{top}, trees: map[schema.Name]schema.Name{}, plain: map[schema.Name]bool{}}
	var parts []Part
	add := func(p Part) int {
		p.ID, p.Name = len(parts)+1, p.Kind
		parts = append(parts, p)
		return p.ID
	}
	var cfg BuildConfig
	for i := range 2000 {
		leaf := schema.Name{Schema: "s", Name: fmt.Sprint("leaf", i)}
		l.trees[leaf], l.plain[leaf] = top, true
		cfg.Loads = append(cfg.Loads, Load{Table: leaf, Bytes: 1})
		of := []schema.Name{leaf}
		key := add(Part{Kind: "CONSTRAINT", SQL: "add key", Tables: of, Split: &Split{First: "create unique index", Then: "add key"}})
		index := add(Part{Kind: "INDEX", SQL: "create index", Tables: of})
		add(Part{Kind: "INDEX ATTACH", SQL: "attach", Needs: []int{key}})
		add(Part{Kind: "INDEX ATTACH", SQL: "attach", Needs: []int{index}})
	}
	cfg.Beside, cfg.Jobs = 2, 4
	for b.Loop() {
		x := newSchedule(cfg, l, parts)
		x.exec = func(context.Context, *node, bool) error { return nil }
		if err := x.run(b.Context(), func(_ context.Context, ready func(schema.Name)) error {
			for _, l := range cfg.Loads {
				ready(l.Table)
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
}
