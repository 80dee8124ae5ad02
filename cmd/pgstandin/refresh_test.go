package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

const (
	keyA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	keyB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// staging is a source and what replaces it in tests.
type staging struct {
	t              testing.TB
	source, target string // connection strings
	host, name     string // of the target database
	rules          string // file
}

// newStaging makes an empty source and names a target beside it.
func newStaging(t testing.TB) *staging {
	t.Helper()
	source := pgtest.DB(t)
	cfg, err := pgconn.ParseConfig(source)
	if err != nil {
		t.Fatal(err)
	}
	name := cfg.Database + "_staging"
	return &staging{t: t, source: source, target: source + " dbname=" + name, host: cfg.Host, name: name}
}

func (s *staging) write(rules string) {
	s.t.Helper()
	s.rules = filepath.Join(s.t.TempDir(), "pgstandin.yaml")
	if err := os.WriteFile(s.rules, []byte(rules), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// refresh runs the command and returns its status and what it printed.
func (s *staging) refresh(key string, more ...string) (status int, out, errOut string) {
	s.t.Helper()
	return s.command(key, append([]string{"refresh", "--source", s.source, "--target", s.target, "--rules", s.rules, "--workers", "2"}, more...)...)
}

func (s *staging) command(key string, args ...string) (status int, out, errOut string) {
	s.t.Helper()
	return runKeyed(s.t, key, "", args...)
}

func (s *staging) must(key string, more ...string) string {
	s.t.Helper()
	status, out, errOut := s.refresh(key, more...)
	if status != 0 {
		s.t.Fatalf("refresh: status %d\n%s%s", status, out, errOut)
	}
	return out
}

// rowsOf returns a table's rows in a fixed order.
func (s *staging) rowsOf(table string) string {
	return fmt.Sprint(pgtest.Query(s.t, s.target, "select t::text from "+table+" t order by 1"))
}

// everyRow returns the rows of all tables.
func (s *staging) everyRow() string {
	var b strings.Builder
	for _, t := range pgtest.Query(s.t, s.target, "select oid::regclass from pg_class where relkind = 'r' and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) order by 1") {
		b.WriteString(t[0] + s.rowsOf(t[0]))
	}
	return b.String()
}

// dump returns a plain pg_dump of a database.
func dump(t testing.TB, dsn string) []byte {
	t.Helper()
	bin, _, err := pgserver.Find()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd := exec.Command(filepath.Join(bin, "pg_dump"), "-d", dsn)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v: %s", err, errs.String())
	}
	return out
}

// TestCases refreshes databases that this project did not write and looks at
// the result as its users would.
func TestCases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		root    string
		masked  []string // queries for values that must be gone
		some    string   // a masked table
		minimum int      // characters of a value to look for: shorter ones occur by chance
	}{
		{"pagila", "customer", []string{
			"select email from customer",
			// Credits are kept, and one customer is named like an actor.
			"select first_name || E'\\t' || last_name from customer where (first_name, last_name) not in (select first_name, last_name from actor)", "select phone from address where phone <> ''", "select address from address", "select email from staff",
		}, "customer", 8},
		{"northwind", "customers", []string{
			"select contact_name from customers", "select phone from customers", "select address from customers", "select customer_id from customers", "select company_name from customers",
			"select ship_address from orders", "select notes from employees", "select home_phone from employees", "select contact_name from suppliers",
		}, "customers", 5},
		{"chinook", "customer", []string{
			"select email from customer", "select phone from customer", "select address from customer", "select email from employee", "select billing_address from invoice",
		}, "customer", 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStaging(t)
			pgtest.LoadCase(t, s.source, c.name)
			s.rules = filepath.Join("..", "..", "testdata", "rules", c.name+".yaml")
			s.must(keyA)

			count := func(dsn, sql string) string { return pgtest.Query(t, dsn, sql)[0][0] }
			const keys = "select count(*) from pg_constraint where contype = 'f' and convalidated"
			if a, b := count(s.source, keys), count(s.target, keys); a != b {
				t.Errorf("%s valid foreign keys, want %s", b, a)
			}
			all, some := count(s.source, "select count(*) from "+c.root), count(s.target, "select count(*) from "+c.root)
			if some == "0" || some == all {
				t.Errorf("%s of %s rows of %s", some, all, c.root)
			}
			text := dump(t, s.target)
			for _, q := range c.masked {
				found := 0
				for _, row := range pgtest.Query(t, s.source, q) {
					if v := row[0]; len(v) >= c.minimum && v != `\N` && bytes.Contains(text, []byte(v)) {
						found++
					}
				}
				if found > 0 {
					t.Errorf("%d values are still there: %s", found, q)
				}
			}
			first, all1 := s.rowsOf(c.some), s.everyRow()
			s.must(keyA, "--copy-format", "text")
			if s.rowsOf(c.some) != first || s.everyRow() != all1 {
				t.Errorf("a second run with the same key, in text, gives other rows")
			}
			s.must(keyB)
			if s.rowsOf(c.some) == first {
				t.Errorf("another key gives the same rows")
			}
		})
	}
}

const smallShop = `
create table users (id int primary key, email text unique not null, name text, phone text, referrer_id int references users);
create table payment_methods (id int primary key, user_id int not null references users, iban text);
create table orders (id int primary key, user_id int not null references users, payment_method_id int references payment_methods, total numeric(10,2));
create table audit_logs (id int primary key, user_id int references users, action text, created_at timestamptz not null);
insert into users select i, 'anna' || i || '@mail.example', 'Anna Berg' || i, '+49 30 ' || 100000 + i, nullif(i / 2, 0) from generate_series(1, 100) i;
insert into payment_methods select i, i, 'DE89370400440532' || 100000 + i from generate_series(1, 100) i;
insert into orders select i, 1 + i % 100, 1 + i % 100, i from generate_series(1, 500) i;
insert into audit_logs select i, 1 + i % 100, 'login', now() - i * interval '1 hour' from generate_series(1, 400) i;
`

const smallRules = `version: 1
targets: ["*_staging"]
tables:
  payment_methods: { rows: none }
  audit_logs:
    where: "created_at <= now() - interval '7 days'"
    columns: { action: keep, created_at: keep }
  users:
    columns:
      email: { mask: template, value: "user_{{.id}}@example.com" }
      name: { mask: template, value: "User {{.id}}" }
      phone: { mask: template, value: "555-{{pad 7 .id}}" }
  orders:
    columns: { total: keep }
`

// TestSeedOfTheIdea masks users, removes payment_methods, and removes the audit
// logs of the last seven days.
func TestSeedOfTheIdea(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	out := s.must(keyA)
	for sql, want := range map[string]string{
		"select string_agg(concat_ws('|', email, name, phone), ',') from users where id = 17": "user_17@example.com|User 17|555-0000017",
		"select count(*) from users":                                                           "100",
		"select count(*) from payment_methods":                                                 "0",
		"select count(*) from orders where payment_method_id is null":                          "500",
		"select count(*) from audit_logs":                                                      "233",
		"select count(*) from audit_logs where created_at > now() - interval '7 days'":         "0",
		"select count(*) from users where email not like 'user\\_%' or phone not like '555-%'": "0",
		"select count(*) from pg_constraint where contype = 'f' and convalidated":              "5",
	} {
		if got := pgtest.Query(t, s.target, sql)[0][0]; got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
	for _, want := range []string{"public.users", "set to null", s.name + " was made"} {
		if !strings.Contains(out, want) {
			t.Errorf("the summary lacks %q:\n%s", want, out)
		}
	}
	for _, line := range strings.Split(out, "\n") {
		if len([]rune(line)) > 80 {
			t.Errorf("a line is wider than 80: %s", line)
		}
	}
}

// TestKeyOfTheEnvironment refreshes with the key in PGSTANDIN_KEY, a wrong one, and
// with none.
func TestKeyOfTheEnvironment(t *testing.T) {
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	s.must(keyA)
	want := s.rowsOf("users")
	s.must(keyB)
	for _, c := range []struct {
		key    string
		status int
		want   string
	}{{"", exitUsage, "set PGSTANDIN_KEY"}, {"secret", exitUsage, "keygen"}, {keyA, exitDone, ""}} {
		t.Setenv("PGSTANDIN_KEY", c.key)
		status, _, errOut := s.refresh("")
		if status != c.status || !strings.Contains(errOut, c.want) || status != exitDone && !strings.Contains(errOut, "PGSTANDIN_KEY") {
			t.Errorf("key %q: status %d: %s", c.key, status, errOut)
		}
	}
	if s.rowsOf("users") != want {
		t.Error("the same key of the environment and of a file give other rows")
	}
}

// TestRefusals runs into what must stop a run, and sees that staging stays.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	s.must(keyA)
	before := s.rowsOf("users")
	change := func(old, new string) string { return strings.Replace(smallRules, old, new, 1) }
	for _, c := range []struct {
		name   string
		rules  string
		args   []string
		key    string
		status int
		want   []string
	}{
		{"undecided", change("      phone:", "      #"), nil, keyA, 3, []string{"phone"}},
		{"unknown table", change("  users:\n", "  usres:\n"), nil, keyA, 2, []string{"usres", "users", ":8:"}},
		{"unknown column", change("      email:", "      emial:"), nil, keyA, 2, []string{"emial", "email"}},
		{"duplicate key", change("  orders:", "  users:"), nil, keyA, 2, []string{"users", ":13:"}},
		{"invalid SQL", change("created_at <=", "created_at <= <="), nil, keyA, 2, []string{":6:"}},
		{"volatile", change("now() - interval '7 days'", "clock_timestamp()"), nil, keyA, 2, []string{"clock_timestamp"}},
		{"two statements", change("interval '7 days'", "interval '7 days'; drop table users"), nil, keyA, 2, []string{":6:"}},
		{"target not named", change("*_staging", "*_nothing"), nil, keyA, 1, []string{"targets"}},
		{"source is target", change("*_staging", s.host+"/*"), []string{"--target", s.source}, keyA, 1, []string{"same database"}},
		{"wrong key", smallRules, nil, "secret", 2, []string{"key file", "keygen"}},
		{"no source", smallRules, []string{"--source", "host=127.0.0.1 port=1 user=x dbname=x"}, keyA, 1, []string{"source"}},
		{"no database", smallRules, []string{"--source", s.source + " dbname=nosuchdatabase"}, keyA, 1, []string{"nosuchdatabase"}},
		{"failing check", smallRules + "checks: [\"select count(*) = 0 from users\"]\n", nil, keyA, 4, []string{"verification failed", "untouched"}},
		{"wrong flag", smallRules, []string{"--sauce", "x"}, keyA, 2, []string{"--sauce", "--help"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.write(c.rules)
			status, out, errOut := s.refresh(c.key, c.args...)
			if status != c.status {
				t.Errorf("status %d, want %d\n%s%s", status, c.status, out, errOut)
			}
			for _, w := range c.want {
				if !strings.Contains(errOut, w) {
					t.Errorf("the error lacks %q:\n%s", w, errOut)
				}
			}
			if strings.Contains(out+errOut, "anna") || strings.Contains(out+errOut, "Anna") {
				t.Errorf("a value of a row is printed:\n%s%s", out, errOut)
			}
			if s.rowsOf("users") != before {
				t.Errorf("staging has changed")
			}
			if left := pgtest.Query(t, pgtest.Server(t), "select count(*) from pg_database where datname like '"+s.name+"\\_pgstandin\\_%'")[0][0]; left != "0" {
				t.Errorf("%s databases are left behind", left)
			}
		})
	}
}
