package main

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// profiled runs profile and returns what it wrote.
func profiled(t testing.TB, args ...string) string {
	t.Helper()
	var o, e bytes.Buffer
	if got := run(append([]string{"profile", "-o", "-"}, args...), strings.NewReader(""), &o, &e); got != 0 {
		t.Fatalf("profile %s: status %d\n%s%s", strings.Join(args, " "), got, o.String(), e.String())
	}
	return o.String()
}

// TestProfileFile: a file that was there, or that a link leads to, is replaced, whole, and
// never written into.
func TestProfileFile(t *testing.T) {
	t.Parallel()
	dsn, file := pgtest.DB(t), filepath.Join(t.TempDir(), "profile.json")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	old, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{link, os.DevNull} {
		if status, _, errOut := runKeyed(t, "", "", "profile", "--source", dsn, "-o", name); status != 0 {
			t.Fatalf("%s: status %d: %s", name, status, errOut)
		}
	}
	was, _ := io.ReadAll(old)
	now, _ := os.ReadFile(file)
	if to, err := os.Readlink(link); to != file {
		t.Errorf("the link leads to %q; %v", to, err)
	}
	if info, err := os.Stat(os.DevNull); string(was) != "old" || !strings.HasPrefix(string(now), "{") || err != nil || info.Mode().IsRegular() {
		t.Errorf("the old file holds %q, the new one %q; %v", was, now, err)
	}
}

const profileSchema = `
create type state as enum ('new', 'paid', 'canaryenum');
create table users (
  id int primary key generated always as identity, name text not null, email text not null unique, phone varchar(40), born date,
  company text, bio text, tags text[], extra jsonb, raw bytea, ip inet, token uuid, nick text, notes xml,
  points int, country char(2));
create table orders (
  id int primary key generated always as identity, user_id int not null references users, status text not null, state state not null,
  total numeric(10,2) not null, quantity int not null, placed_at timestamptz not null, shipped_on date, discount float8, comment text, code text not null);
create table order_items (order_id int not null references orders, line int not null, product text, price numeric(8,2), primary key (order_id, line));
`

// profileRows has 3000 users; half of them have no order, others 1 to 4, one has
// 600. Values that are called canary, and 987654321, are of few rows, or of
// personal columns.
const profileRows = `
insert into users (name, email, phone, born, company, bio, tags, extra, raw, ip, token, nick, notes, points, country)
select case when i % 3 = 0 then 'Canary Name' else 'Person ' || i end, 'canary' || i || '@example.com', '+1 555 canary', date '1951-02-03' + i,
  'Canary Inc', 'canary bio', array['canarytag' || i], '{"canarykey": "canaryvalue"}', 'canaryraw'::bytea, '203.0.113.77', '0ca0a000-0000-4000-8000-000000000000',
  'canarynick', '<a>canaryxml</a>', case when i % 4 = 0 then null when i = 7 then 987654321 else i % 1000 end, 'de'
from generate_series(1, 3000) i;
insert into orders (user_id, status, state, total, quantity, placed_at, shipped_on, discount, comment, code)
select u, case when u = 1 then 'canarymany' when n % 50 = 49 and u % 97 = 0 then 'canaryrare' when u % 10 < 7 then 'paid' else 'open' end,
  case when u = 1 then 'canaryenum' when u % 2 = 0 then 'new' else 'paid' end::state,
  case when u = 5 then 987654.32 else 10 + (u * 7919 % 9000) / 100.0 end, 1 + u % 5, timestamptz '2024-01-01' + u * interval '2 hours',
  case when u % 5 = 0 then null else date '2024-01-02' + u % 300 end, case when u = 3 then 98765.4321 else u % 20 / 100.0 end, 'canarycomment ' || u || n, 'AB-' || 1000 + u
from generate_series(1, 1500) u, generate_series(1, case when u = 1 then 600 else 1 + u % 4 end) n;
insert into order_items select o.id, l, 'canaryproduct ' || o.id, 10 + l from orders o, generate_series(1, 1 + o.id % 3) l;
analyze`

// No value of a personal column is in a profile, and no rare one of any other,
// also of one that one person has often.
func TestProfileHoldsNoValue(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, profileSchema+profileRows)
	text := profiled(t, "--source", dsn)
	for _, canary := range []string{"canary", "98765", "Person 1", "example.com", "203.0.113", "0ca0a000", "+1 555", "1951", "1959"} {
		if at := strings.Index(strings.ToLower(text), strings.ToLower(canary)); at >= 0 {
			t.Errorf("%s is in it: %s", canary, text[max(at-200, 0):min(at+60, len(text))])
		}
	}
	for _, want := range []string{`"paid"`, `"rows": 3000`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in it", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	// By rules: what they keep is shown, nothing else.
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	var o, e bytes.Buffer
	if got := run([]string{"init", "--source", dsn, "-o", rules}, strings.NewReader(""), &o, &e); got != 0 {
		t.Fatal(e.String())
	}
	file, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	file = regexp.MustCompile(`(?m)^( *)code: .*`).ReplaceAll(file, []byte("${1}code: keep"))
	if err := os.WriteFile(rules, file, 0o600); err != nil {
		t.Fatal(err)
	}
	text = profiled(t, "--source", dsn, "--rules", rules)
	if !strings.Contains(text, `"AA-9999"`) {
		t.Error("the pattern of a code that the rules keep is not in it\n" + string(file))
	}
	for _, canary := range []string{"canary name", "98765", "person 1", "example.com", "203.0.113", "0ca0a000", "canaryrare", "canarymany", "canarybio", "canaryenum"} {
		if strings.Contains(strings.ToLower(text), canary) {
			t.Errorf("by rules: %s is in it", canary)
		}
	}
}

// A database that follows a profile has its numbers of rows, shares of NULLs and
// values, and children per parent.
func TestSeedFollowsProfile(t *testing.T) {
	t.Parallel()
	source, target, dir := pgtest.DB(t), pgtest.DB(t), t.TempDir()
	pgtest.Exec(t, source, profileSchema+profileRows)
	pgtest.Exec(t, target, profileSchema)
	file := filepath.Join(dir, "profile.json")
	if err := os.WriteFile(file, []byte(profiled(t, "--source", source)), 0o600); err != nil {
		t.Fatal(err)
	}
	seeded(t, 0, "--target", target, "--profile", file)
	for _, c := range []struct {
		what, sql string
		within    float64
	}{
		{"users", "select count(*) from users", 0},
		{"orders", "select count(*) from orders", 0},
		{"order items", "select count(*) from order_items", 200},
		{"users without points", "select avg((points is null)::int) from users", 0.03},
		{"orders not shipped", "select avg((shipped_on is null)::int) from orders", 0.04},
		{"status paid", "select avg((status = 'paid')::int) from orders where status in ('paid', 'open')", 0.04},
		{"state new", "select avg((state = 'new')::int) from orders where state <> 'canaryenum'", 0.04},
		{"mean quantity", "select avg(quantity) from orders", 0.3},
		{"median total", "select percentile_disc(0.5) within group (order by total) from orders", 5},
		{"ninth tenth of total", "select percentile_disc(0.9) within group (order by total) from orders", 5},
		{"middle of times", "select extract(epoch from percentile_disc(0.5) within group (order by placed_at)) / 86400 from orders where user_id <> 1", 15},
		{"users without orders", "select avg((not exists (select from orders where user_id = u.id))::int) from users u", 0.05},
		{"users with one order", "select avg((n = 1)::int) from (select count(*) n from orders group by user_id) x", 0.08},
		{"users with four orders", "select avg((n = 4)::int) from (select count(*) n from orders group by user_id) x", 0.08},
		{"length of comments", "select avg((length(comment) between 17 and 32)::int) from orders", 0.03},
		{"length of biographies", "select avg((length(bio) between 9 and 16)::int) from users", 0.03},
		{"orders with three items", "select avg((n = 3)::int) from (select count(*) n from order_items group by order_id) x", 0.06},
	} {
		value := func(dsn string) float64 {
			f, err := strconv.ParseFloat(pgtest.Query(t, dsn, c.sql)[0][0], 64)
			if err != nil {
				t.Fatal(c.what, err)
			}
			return f
		}
		if a, b := value(source), value(target); math.Abs(a-b) > c.within {
			t.Errorf("%s: %v in the source, %v in the target", c.what, a, b)
		}
	}
}
