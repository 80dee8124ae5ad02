package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

const whyShop = smallShop + `
create table products (id int primary key, name text);
create table order_lines (order_id int references orders, line int, product_id int not null references products, primary key (order_id, line));
create table notes (body text);
insert into products select i, 'Product ' || i from generate_series(1, 50) i;
insert into order_lines select o, l, 1 + (o * l) % 50 from generate_series(1, 500) o, generate_series(1, 2) l;
`

const whyRules = `version: 1
targets: ["*_staging"]
subset:
  roots:
    - { table: users, where: "id in (7, 9)" }
  references:
    - { from: users(referrer_id), down: off }
    - { from: orders(user_id), limit: 3, order: id }
  unreached: none
tables:
  payment_methods: { rows: none }
  audit_logs: { where: "created_at <= now() - interval '7 days'", columns: { action: keep, created_at: keep } }
  users: { columns: { email: email, name: person.name, phone: phone } }
  orders: { columns: { total: keep } }
  products: { columns: { name: keep } }
  order_lines: { columns: { line: keep } }
  notes: { columns: { body: keep } }
`

// TestWhy asks about rows of the small shop.
func TestWhy(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, whyShop)
	s.write(whyRules)
	for _, c := range []struct {
		args string
		want []string
	}{
		{"users 7", []string{"public.users id=7 is copied:", "root, where: users.id IN (7, 9) (", ":5)"}},
		{"order_lines 6 2", []string{"public.order_lines order_id=6, line=2 is copied:", "public.users id=7", "public.orders id=6",
			"references the row above by public.orders orders_user_id_fkey (down)"}},
		{"products 7", []string{"is copied:", "public.order_lines order_id=", "is referenced from above by public.order_lines", "order_lines_product_id_fkey (up)"}},
		{"users 1", []string{"is copied", "users_referrer_id_fkey (up)"}},
		{"public.users 50", []string{"is not copied: no reference leads to it", "users_referrer_id_fkey", "down: off"}},
		{"orders 306", []string{"is not copied: no reference leads to it", "public.users id=7: the row is beyond the limit of 3"}},
		{"payment_methods 3", []string{"and no other row of its table: rows: none"}},
		{"audit_logs 5", []string{"its table's entry leaves it out", "where: audit_logs.created_at"}},
		{"users 5000", []string{"public.users id=5000 is not in the source."}},
	} {
		args := append(append([]string{"why"}, strings.Fields(c.args)...), "--source", s.source, "--rules", s.rules)
		status, out, errOut := s.command(keyA, args...)
		if status != 0 {
			t.Fatalf("%s: status %d\n%s%s", c.args, status, out, errOut)
		}
		flat := strings.Join(strings.Fields(out), " ")
		for _, w := range c.want {
			if !strings.Contains(flat, w) {
				t.Errorf("%s: the answer lacks %q:\n%s", c.args, w, out)
			}
		}
		for _, line := range strings.Split(out, "\n") {
			if len([]rune(line)) > 80 {
				t.Errorf("a line is wider than 80: %s", line)
			}
		}
		if strings.Contains(out+errOut, "anna") || strings.Contains(out+errOut, "Product") {
			t.Errorf("a value of a row is printed:\n%s%s", out, errOut)
		}
		if testing.Verbose() {
			t.Logf("%s\n%s", c.args, out)
		}
	}
}

// TestWhyAgrees asks about all order lines and compares with what a refresh
// copies; every link of every chain is looked up.
func TestWhyAgrees(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, whyShop)
	s.write(whyRules)
	s.must(keyA)
	copied := map[string]bool{}
	for _, r := range pgtest.Query(t, s.target, "select order_id, line from order_lines") {
		copied[r[0]+" "+r[1]] = true
	}
	in := 0
	for _, r := range pgtest.Query(t, s.source, "select order_id, line from order_lines where order_id in (6, 7, 8, 106, 206, 306, 406)") {
		status, out, errOut := s.command(keyA, "why", "order_lines", r[0], r[1], "--json", "--source", s.source, "--rules", s.rules)
		var x struct {
			Copied bool
			Chain  []struct {
				Table string
				Key   []struct{ Column, Value string }
				Step  string
			}
		}
		if err := json.Unmarshal([]byte(out), &x); status != 0 || err != nil {
			t.Fatalf("status %d, %v\n%s%s", status, err, out, errOut)
		}
		if x.Copied != copied[r[0]+" "+r[1]] {
			t.Errorf("line %s is copied: %v, why says %v", r, !x.Copied, x.Copied)
		}
		if !x.Copied {
			continue
		}
		in++
		if len(x.Chain) != 3 || x.Chain[0].Table != "public.users" {
			t.Errorf("the chain of %s is %v", r, x.Chain)
			continue
		}
		user, order := x.Chain[0].Key[0].Value, x.Chain[1].Key[0].Value
		if n := pgtest.Query(t, s.source, fmt.Sprintf(`select count(*) from users u join orders o on o.user_id = u.id join order_lines l on l.order_id = o.id
			where u.id in (7, 9) and u.id = %s and o.id = %s and l.line = %s`, user, order, r[1]))[0][0]; n != "1" {
			t.Errorf("the chain of %s does not hold: %v", r, x.Chain)
		}
	}
	if in == 0 {
		t.Error("no line was copied")
	}
}

// TestWhyRefuses says what a question lacks.
func TestWhyRefuses(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, whyShop+"create table visits (id int, at timestamptz, primary key (id, at)); insert into visits values (5, '2022-06-01 12:05:00+02');"+
		"create table events (id int, day date, code text, primary key (id, day, code))")
	s.write(whyRules + "  visits: { columns: { at: keep } }\n  events: { columns: { day: keep, code: keep } }\n")
	for _, c := range []struct{ args, want string }{
		{"users", "why needs a table and the key of a row"},
		{"usres 7", "there is no table usres; did you mean users?"},
		{"order_lines 7", "the key of public.order_lines is (order_id, line): give 2 instead of 1 values"},
		{"users anna", "the key of public.users is (id integer): a value that was given is not of its type"},
		{"notes 1", "public.notes has no primary key and no unique key"},
		{"visits 5 31.12.2022", "is not of its type; a time is written year first and in UTC: 2022-06-01 10:05:00"},
	} {
		args := append(append([]string{"why"}, strings.Fields(c.args)...), "--source", s.source, "--rules", s.rules)
		status, out, errOut := s.command(keyA, args...)
		if status != 2 || !strings.Contains(errOut, c.want) {
			t.Errorf("%s: status %d\n%s%s", c.args, status, out, errOut)
		}
	}
	for at, want := range map[string]string{
		"2022-06-01 10:05:00":    "at=2022-06-01 10:05:00+00 is not copied",
		"01.06.2022 10:05:00":    "is not in the source.\n    a time is written year first and in UTC: 2022-06-01 10:05:00\n",
		"2022-06-01 12:05:00":    "is not in the source.\n    a time without a zone is in UTC\n",
		"2022-06-01 12:05:00+01": "at=2022-06-01 12:05:00+01 is not in the source.\n",
	} {
		status, out, errOut := s.command(keyA, "why", "visits", "5", at, "--source", s.source, "--rules", s.rules)
		if status != 0 || !strings.Contains(out, want) || strings.Contains(at, "+") && strings.Contains(out, "a time") {
			t.Errorf("%s: status %d\n%s%s", at, status, out, errOut)
		}
	}
	const absent = "public.events id=1, day=2024-01-02, code=a is not in the source.\n"
	if status, out, errOut := s.command(keyA, "why", "events", "1", "2024-01-02", "a", "--source", s.source, "--rules", s.rules); status != 0 || out != absent {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
}
