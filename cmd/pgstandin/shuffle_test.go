package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestShuffledColumns draws cities, plans and days by row: they stay as frequent,
// rare ones are gone, and the rows' own are not kept.
func TestShuffledColumns(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
		create type plan as enum ('free', 'basic', 'pro', 'secret');
		create table users (id int primary key, city varchar(20), code char(4), plan plan, active bool, born date, score numeric(4,1));
		create table orders (id int primary key, user_id int references users, status text);
		insert into users select n, case when n % 10 < 6 then 'Berlin' when n % 10 < 9 then E'Paris\\\t' else 'Rome' end, case when n % 2 = 0 then 'a' else 'bb' end,
			(array['free','basic','pro']::plan[])[1 + n % 3], n % 4 = 0, date '2000-01-01' + n % 7, (n % 3) / 10.0 from generate_series(1, 3000) n;
		update users set city = 'Only Anna lives here', plan = 'secret', born = '1951-05-17' where id = 7;
		update users set city = null where id = 8;
		insert into orders select n, n % 3000 + 1, (array['paid','sent'])[1 + n % 2] from generate_series(1, 6000) n;
		update orders set user_id = 7, status = 'of one user only' where id <= 50;
		analyze`)
	const rules = `version: 1
targets: ["*_staging"]
tables:
  users:
    entity: id
    columns: { city: shuffle, code: shuffle, plan: shuffle, active: shuffle, born: shuffle, score: shuffle }
  orders:
    entity: user_id -> users
    columns: { status: shuffle }
`
	s.write(rules)
	status, _, errOut := s.refresh(keyA)
	if status != 0 || !strings.Contains(errOut, "look for values to shuffle") {
		t.Fatalf("status %d: %s", status, errOut)
	}
	for _, col := range []string{"city", "code", "plan", "active", "born", "score"} {
		const share = "select %[1]s::text, count(*) from users where %[1]s is not null group by 1 having count(*) > 5"
		want := pgtest.Query(t, s.source, fmt.Sprintf(share, col))
		got := map[string]int{}
		for _, r := range pgtest.Query(t, s.target, fmt.Sprintf(share, col)) {
			var n int
			fmt.Sscan(r[1], &n)
			got[r[0]] = n
		}
		for _, r := range want {
			var n int
			fmt.Sscan(r[1], &n)
			if got[r[0]] < n*3/4 || got[r[0]] > n*5/4 {
				t.Errorf("%s: %d rows have a value that %d had", col, got[r[0]], n)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d values, want %d", col, len(got), len(want))
		}
	}
	for sql, want := range map[string]string{
		"select count(*) from users where city like '%Anna%' or plan = 'secret' or born = '1951-05-17'": "0",
		"select count(*) from orders where status like 'of one%'":                                       "0",
		"select count(*) from users where city is null":                                                 "1",
		"select count(*) > 300 from users where (city = 'Rome') <> (id % 10 = 9)":                       "t",
		"select count(distinct (city, plan)) from users where city is not null":                         "9",
	} {
		if got := pgtest.Query(t, s.target, sql)[0][0]; got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
	before := s.rowsOf("users")
	pgtest.Exec(t, s.source, "update users set city = city, score = score where id % 2 = 0; analyze users")
	if s.must(keyA, "--workers", "1"); s.rowsOf("users") != before {
		t.Error("the same values are drawn otherwise another time")
	}
	_, out, _ := s.preview("users", "--rows", "20", "--json")
	var doc struct{ Rows [][]*string }
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Rows) != 20 {
		t.Fatalf("preview: %v\n%s", err, out)
	}
	for _, r := range doc.Rows {
		if r[1] == nil {
			continue
		}
		if got := pgtest.Query(t, s.target, "select plan, score from users where id = "+*r[0])[0]; *r[3] != got[0] || *r[6] != got[1] {
			t.Errorf("preview of row %s differs from what a refresh wrote", *r[0])
		}
	}
	if status, _, errOut := s.rehearse(); status != 0 {
		t.Errorf("rehearse: status %d: %s", status, errOut)
	}
	s.write(strings.Replace(rules, "status: shuffle", "status: { mask: shuffle, at_least: 4000 }", 1))
	status, _, errOut = s.refresh(keyA)
	if status != exitUsage || !strings.Contains(errOut, "mask shuffle needs two values that at least 4000 rows have") || strings.Contains(errOut, "paid") {
		t.Errorf("too rare: status %d: %s", status, errOut)
	}
}

// TestPoolOfALargeTable reads pages of it.
func TestPoolOfALargeTable(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table logs (level text) partition by list (level);
		create table logs_a partition of logs default;
		insert into logs select (array['info','warn'])[1 + n % 2] from generate_series(1, 20000) n; analyze logs; analyze logs_a;
		create table plain (level text); insert into plain select level from logs; analyze plain`)
	s.write("version: 1\ntargets: [\"*_staging\"]\ncolumns: [{ match: \"*.level\", mask: shuffle }]\n")
	for _, c := range []string{"logs", "plain"} {
		if got := pgtest.Query(t, s.source, "select count(*) > 1000 and count(*) < 19000 from "+c+" tablesample system (50.000000) repeatable (0)")[0][0]; got != "t" {
			t.Errorf("%s: no half of the pages", c)
		}
	}
	s.must(keyA)
	if got := pgtest.Query(t, s.target, "select count(*) from logs")[0][0]; got != "20000" {
		t.Errorf("%s rows", got)
	}
}
