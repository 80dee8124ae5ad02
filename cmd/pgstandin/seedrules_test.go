package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// The schema and the rules of docs/seed.md.
func classic(t testing.TB) (ddl, rules string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/seed.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind, with string) string {
		for _, b := range strings.Split(string(text), "```"+kind+"\n")[1:] {
			if b, _, _ = strings.Cut(b, "```"); strings.Contains(b, with) {
				return b
			}
		}
		t.Fatalf("no block of %s with %s in docs/seed.md", kind, with)
		return ""
	}
	return block("sql", "create table order_items"), block("yaml", "pending")
}

// A hundred users, five hundred orders of one to five items each, by the example
// of the document.
func TestSeedClassic(t *testing.T) {
	t.Parallel()
	ddl, rules := classic(t)
	if n := strings.Count(strings.TrimSpace(rules), "\n") + 1; n > 11 {
		t.Errorf("the rules have %d lines", n)
	}
	file := filepath.Join(t.TempDir(), "seed.yaml")
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, plain := range []bool{false, true} {
		dsn := pgtest.DB(t)
		pgtest.Exec(t, dsn, ddl)
		target := dsn
		if plain {
			target = plainRole(t, dsn)
			pgtest.Exec(t, dsn, "grant all on all tables in schema public to public; grant all on all sequences in schema public to public")
		}
		seeded(t, 0, "--target", target, "--rules", file, "--quiet")
		for _, c := range []string{
			"select count(*) = 100 and count(distinct email) = 100 and count(distinct name) > 90 and count(company) > 80 from users",
			"select bool_and(name ~ '^[A-Z][a-z]+ [A-Z]' and email ~ '^[a-z0-9._]+@[a-z.]+$') from users",
			"select count(*) = 500 and min(total) >= 10 and max(total) <= 5000 and count(user_id) = 500 from orders",
			"select count(distinct status) = 3 and bool_and(status in ('pending', 'completed', 'cancelled')) from orders",
			"select min(n) = 1 and max(n) = 5 and count(*) = 500 from (select count(i) as n from orders o left join order_items i on i.order_id = o.id group by o.id) x",
		} {
			if pgtest.Query(t, dsn, c)[0][0] != "t" {
				t.Errorf("not so: %s", c)
			}
		}
	}
}

// What rules say wins over names and types, flags over rules; computed columns
// see the rows of other tables.
func TestSeedRules(t *testing.T) {
	t.Parallel()
	ddl, _ := classic(t)
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, ddl)
	file := filepath.Join(t.TempDir(), "seed.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	write(`version: 1
targets: ["nobody_staging"]
seed: { rows: 50 }
`)
	if _, said := seeded(t, 1, "--target", dsn, "--rules", file); !strings.Contains(said, "the rules do not allow to fill") {
		t.Error(said)
	}
	write(fmt.Sprintf(`version: 1
targets: [%q]
vars: { fee: 3 }
seed:
  seed: 9
  scale: 2
  tables:
    users:
      rows: 50
      columns: { company: { null: 50%% }, email: { template: "user{row:4}@example.org" } }
    orders:
      per: { users: zipf }
      columns:
        total: { sql: "${fee} + (select coalesce(sum(i.quantity * i.price), 0) from order_items i where i.order_id = orders.id)" }
        status: { choice: { pending: 80%%, completed: 20%% } }
    order_items: { per: { order_id: 2 } }
`, cfg.Database))
	out, _ := seeded(t, 0, "--target", dsn, "--rules", file, "--rows", "orders=400", "--json")
	if !strings.Contains(out, `"seed":9`) {
		t.Error(out)
	}
	for _, c := range []string{
		"select count(*) = 100 and count(company) between 30 and 70 and min(email) = 'user0001@example.org' from users",
		"select count(*) = 400 and count(*) filter (where status = 'pending') between 280 and 360 from orders",
		"select max(n) > 30 from (select count(*) as n from orders group by user_id) x",
		"select bool_and(total = 3 + (select sum(quantity * price) from order_items i where i.order_id = o.id)) from orders o",
		"select count(*) = 800 from order_items",
	} {
		if pgtest.Query(t, dsn, c)[0][0] != "t" {
			t.Errorf("not so: %s", c)
		}
	}
}

// Errors say where in the file they are.
func TestSeedRulesErrors(t *testing.T) {
	t.Parallel()
	ddl, _ := classic(t)
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, ddl)
	file := filepath.Join(t.TempDir(), "seed.yaml")
	for _, c := range []struct{ rules, want string }{
		{"seed: { tables: { usrs: { rows: 1 } } }", ":2:19: there is no table usrs; did you mean users?"},
		{"seed: { tables: { users: { columns: { naem: company } } } }", ":2:39: table public.users has no column naem; did you mean name?"},
		{"seed: { tables: { users: { columns: { name: persn.name } } } }", ":2:45: there is no kind persn.name; did you mean person.name?"},
		{"seed: { tables: { orders: { columns: { total: { sql: quantty } } } } }", ":2:54: sql: table public.orders has no column quantty"},
		{"seed: { tables: { orders: { columns: { total: { sql: created_at - 1 } } } } }", ":2:54: sql: the server refuses it"},
		{"seed: { tables: { orders: { per: { users: 5..1 } } } }", ":2:43: per: "},
		{"seed: { tables: { orders: { per: { order_items: 1..5 } } } }", ":2:36: per: table public.orders has no foreign key"},
		{"seed: { tables: { orders: { rows: 5, per: { users: 1..5 } } } }", ":2:45: per: the number of rows"},
		{"seed: { tables: { orders: { columns: { total: { range: [5] } } } } }", ":2:56: range: "},
		{"seed: { tables: { orders: { columns: { total: { choice: [] } } } } }", "choice is empty; write at least one value"},
		{"seed: { tables: { orders: { columns: { total: { range: [1, 2], choice: [1] } } } } }", "choice and range of one column"},
		{"seed: { tables: { users: { columns: { name: { range: [1, 2] } } } } }", ":2:39: table public.users, column name: "},
		{"seed: { tables: { users: { columns: { name: { null: 20% } } } } }", ":2:39: table public.users, column name: it is not null"},
		{"seed: { sede: 1 }", ":2:9: unknown key sede in seed; did you mean seed?"},
	} {
		if err := os.WriteFile(file, []byte("version: 1\n"+c.rules+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, said := seeded(t, 2, "--target", dsn, "--rules", file); !strings.Contains(said, c.want) {
			t.Errorf("%s\nsays %s\nwant %s", c.rules, said, c.want)
		}
	}
}
