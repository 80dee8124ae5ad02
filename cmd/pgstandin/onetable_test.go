package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// BenchmarkOneTable copies a single large table, without keys, by one worker and
// by two, and by psql for comparison: by one pipe, and by two with half of the rows
// each. What psql gains by the second pipe is what the servers allow.
func BenchmarkOneTable(b *testing.B) {
	r := newRace(b)
	r.shop("shop", benchUsers(b))
	pgtest.Exec(b, r.source.DSN("postgres"), "create database alone template shop")
	for _, t := range pgtest.Query(b, r.source.DSN("alone"), "select oid::regclass::text from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and relname <> 'order_items'") {
		pgtest.Exec(b, r.source.DSN("alone"), "drop table if exists "+t[0]+" cascade")
	}
	r.dropKeys("alone")
	blocks := pgtest.Query(b, r.source.DSN("alone"), "select pg_relation_size('order_items') / 8192")[0][0]
	run := r.refresher("alone", "alone", unmasked())
	contestants := []contestant{
		{name: "one worker", run: func(r *race) (lap, error) { return run(r, "--workers", "1") }},
		{name: "two workers", run: func(r *race) (lap, error) { return run(r, "--workers", "2") }},
		{name: "psql once", run: func(r *race) (lap, error) { return r.pipes("true") }},
		{name: "psql twice", run: func(r *race) (lap, error) {
			return r.pipes(fmt.Sprintf("ctid < '(%s,0)'", half(blocks)), fmt.Sprintf("ctid >= '(%s,0)'", half(blocks)))
		}},
	}
	for b.Loop() {
		for range 3 {
			for i := range contestants {
				c := &contestants[i]
				r.prepare()
				l, err := c.run(r)
				if err != nil {
					b.Fatalf("%s: %v", c.name, err)
				}
				c.laps = append(c.laps, l)
			}
		}
	}
	for _, c := range contestants {
		b.Logf("%-12s rows %5.2f s, client %5.1f s CPU, servers %5.1f s CPU", c.name, median(c.laps, func(l lap) float64 { return l.data }),
			median(c.laps, func(l lap) float64 { return l.client }), median(c.laps, func(l lap) float64 { return l.servers }))
	}
}

// dropKeys leaves rows alone in a database of the source: no key, no index.
func (r *race) dropKeys(database string) {
	dsn := r.source.DSN(database)
	for _, c := range pgtest.Query(r.b, dsn, `
select conrelid::regclass, quote_ident(conname) from pg_constraint
where connamespace = 'public'::regnamespace and contype in ('f', 'p', 'u', 'x') order by contype <> 'f'`) {
		pgtest.Exec(r.b, dsn, "alter table "+c[0]+" drop constraint "+c[1])
	}
	for _, i := range pgtest.Query(r.b, dsn, "select indexrelid::regclass from pg_index where indrelid >= 16384 and indexrelid::regclass::text !~ '^pg_toast'") {
		pgtest.Exec(r.b, dsn, "drop index "+i[0])
	}
}

func half(blocks string) string {
	var n int64
	fmt.Sscan(blocks, &n)
	return fmt.Sprint(n / 2)
}

// pipes copies the rows of order_items that match conditions, from psql to psql,
// all at a time, into a table that is made before.
func (r *race) pipes(conditions ...string) (lap, error) {
	dump := filepath.Join(r.dir, "alone.dump")
	if _, _, err := r.measure(
		r.tool("pg_dump", "-Fc", "--section=pre-data", "-f", dump, "-d", r.source.DSN("alone")),
		r.tool("pg_restore", "-d", r.target.DSN("copied"), dump)); err != nil {
		return lap{}, err
	}
	columns := pgtest.Query(r.b, r.source.DSN("alone"), `
select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
where attrelid = 'order_items'::regclass and attnum > 0 and attgenerated = '' and not attisdropped`)[0][0]
	var script strings.Builder
	script.WriteString("set -eo pipefail\n")
	psql := r.tool("psql").Path
	for _, c := range conditions {
		fmt.Fprintf(&script, "'%s' -qXd '%s' -c \"copy (select %s from order_items where %s) to stdout (format binary)\" | '%s' -qXd '%s' -c 'copy order_items (%s) from stdin (format binary)' &\npids+=($!)\n",
			psql, r.source.DSN("alone"), columns, c, psql, r.target.DSN("copied"), columns)
	}
	script.WriteString("for pid in \"${pids[@]}\"; do wait \"$pid\"; done\n")
	l, _, err := r.measure(exec.Command("bash", "-c", script.String()))
	l.data = l.wall
	return l, err
}
