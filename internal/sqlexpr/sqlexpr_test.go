package sqlexpr

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var moment = time.Date(2026, 3, 4, 5, 6, 7, 891234000, time.UTC)

// What is read is written back with the same meaning.
func TestRewrite(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a = 1", "a = 1"},
		{"email like '%@ourcompany.example'", "email LIKE '%@ourcompany.example'"},
		{"created_at <= now() - interval '7 days'", "created_at <= ('2026-03-04 05:06:07.891234+00'::timestamp with time zone - '7 days'::interval)"},
		{"d < current_date", "d < '2026-03-04'::pg_catalog.date"},
		{"d < current_timestamp(2)", "d < '2026-03-04 05:06:07.89+00'::timestamp with time zone"},
		{"d < localtimestamp(0)", "d < '2026-03-04 05:06:08'::timestamp"},
		{"d < localtime or e < current_time", "d < '05:06:07.891234'::time OR e < '05:06:07.891234+00'::time with time zone"},
		{"age(birth) > '18 years'", "age('2026-03-04 00:00:00+00'::timestamp with time zone, birth) > '18 years'"},
		{"pg_catalog.transaction_timestamp() > x", "'2026-03-04 05:06:07.891234+00'::timestamp with time zone > x"},
		{"a -- comment\n = 1", "a = 1"},
		{"(a or b) and not c", "(a OR b) AND NOT c"},
		{"a in (1, 2, 3) and b not in ('x')", ""},
		{"a between 1 and 2 and b not between symmetric 3 and 4", ""},
		{"a is distinct from b or c is not distinct from d", ""},
		{"a is null and b is not null and c is true and d is not unknown", ""},
		{"a ilike 'x!_%' escape '!' and b not like 'c' and c similar to 'd'", ""},
		{"case when a then 1 when b then 2 else 3 end = 2", ""},
		{"case x when 1 then true end", ""},
		{"extract(year from x) = 2020 and x at time zone 'Europe/Berlin' > y", ""},
		{"substring(a from 1 for 2) = 'x' and trim(both ' ' from b) = '' and position('a' in b) > 0 and overlay(a placing b from 1) = c", ""},
		{"a[1] = 2 and b[1:2] = array[1,2] and (c).d = 3 and e = any(array['x','y']::text[])", ""},
		{"nullif(a, b) is null and greatest(a, 1) = coalesce(b, 2)", ""},
		{"a->>'x' = 'y' and (a->'b'->>'c')::int = 3 and a @> '{\"x\":1}'::jsonb and a ? 'k'", ""},
		{"a::numeric(10,2) = 1.50 and b::varchar(3) = 'x' and c::int[] = '{1}' and d::timestamp(3) = e and f::bit(3) = B'101' and g::interval day to second = h", ""},
		{"a operator(public.=) b collate \"C\"", ""},
		{"-a = - 1 and +b = 1 and a - -1 = 2", ""},
		{"\"Order Id\" = 1 and \"select\" = 2 and \"a\"\"b\" = 3", ""},
		{"a = E'x\\\\y\\n' and b = 'it''s' and c = U&'\\0041' and d = $$x$$", ""},
		{"row(a, b) = row(1, 2) and (a, b) < (3, 4) and (a, b) in ((1,2),(3,4))", ""},
		{"exists (select 1 from t where t.x = a) and a in (select y from u) and a > all (select z from v) and (select count(*) from w) > 1 and array(select 1) = b", ""},
		{"exists (select 1 from a join b using (x) left join c on c.y = b.y cross join lateral (select 1) d natural join e)", ""},
		{"exists (with q as (select 1 as n), r(m) as (values (1),(2)) select from q, r where n = m)", ""},
		{"exists (with recursive q as (select 1 as n union all select n + 1 from q where n < 5) select * from q order by n limit 1 offset 2)", ""},
		{"(select sum(x) filter (where x > 0) over (partition by y order by z rows between 1 preceding and current row) from t limit 1) > 1", ""},
		{"a in (select g from generate_series(1, 10) g) or exists (select 1 from unnest(b) with ordinality as u(v, n) where v = 'x')", ""},
		{"(select string_agg(distinct x, ',' order by x) from t group by y having count(*) > 1) = 'a'", ""},
		{"a and b = (c = d) and not (e and f) and (g is null) = h", ""},
		{"1 + 2 * 3 = (1 + 2) * 3 and 2 ^ 3 ^ 4 = a % 5 and a || b || c = d", ""},
		{"format(variadic array['a']) = make_interval(days => 3)::text", ""},
		{"'x'::text = 'now'::text", ""},
	} {
		x, err := Parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		out, err := x.Rewrite(Rewriting{Now: moment})
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if c.want != "" && out != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, out, c.want)
		}
		// What was written back is read and written the same.
		y, err := Parse(out)
		if err != nil {
			t.Errorf("%s -> %s: %v", c.in, out, err)
			continue
		}
		if again, err := y.Rewrite(Rewriting{Now: moment}); err != nil || again != out {
			t.Errorf("%s -> %s -> %s (%v)", c.in, out, again, err)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		in     string
		offset int
		want   string
	}{
		{"", 0, "empty"},
		{"  \n", 0, "empty"},
		{"-- nothing", 0, "only a comment"},
		{"a = 1; drop table x", 5, "a semicolon"},
		{"a) or (b", 1, "a closing bracket without an opening one"},
		{"a = 1) --", 5, "a closing bracket"},
		{"(a = 1", 6, "a bracket is not closed"},
		{"a = 1 /*", 6, "unterminated /* comment"},
		{"a = 'x", 4, "unterminated quoted string"},
		{"a, b", 0, "2 expressions separated by commas"},
		{"a as b", 2, "syntax error"},
		{"a from t", 2, "syntax error"},
		{"a union select 1", 2, "syntax error"},
		{"select 1", 0, "syntax error"},
		{"a = 'é' b", 9, "syntax error"},
		{"a = ", 4, "syntax error at the end"},
		{"a = $1", 4, "a parameter"},
		{"a = \x00", 4, "a zero byte"},
		{"a = \xff", 0, "not valid UTF-8"},
		{"a = default", 4, "DEFAULT"},
		{"exists (select 1 from t for update)", 0, "lock rows"},
		{"exists (with d as (delete from t returning 1) select 1)", 0, "DELETE writes"},
		{"exists (select 1 into x)", 0, "writes a table"},
		{"exists (select 1 from t tablesample system (1))", 0, "TABLESAMPLE"},
		{"xmlelement(name x) is null", 0, "XML"},
		{"x = current_user", 4, "who is connected"},
		{"x = session_user or current_schema = 'a'", 4, "who is connected"},
		{"x < 'now'::timestamptz", 4, "depends on when it is read"},
		{"x < timestamp 'today 10:00'", 14, "depends on when it is read"},
		{"x < date('yesterday')", 9, "depends on when it is read"},
		{"a.b.c.d.e = 1", 0, "four parts"},
		{"exists (select 1 from x.y.z)", 22, "another database"},
	} {
		_, err := Parse(c.in)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: %v, want an error", c.in, err)
			continue
		}
		if !strings.Contains(e.Message, c.want) || c.offset > 0 && e.Offset != c.offset {
			t.Errorf("%q: %d: %s, want %d: %s", c.in, e.Offset, e.Message, c.offset, c.want)
		}
	}
}

// A text that would overflow the parser's stack is refused before it gets there.
func TestNesting(t *testing.T) {
	const n = 100_000
	for _, s := range []string{
		"a" + strings.Repeat("+a", n), strings.Repeat("not ", n) + "a", strings.Repeat("(", n) + "a" + strings.Repeat(")", n),
		"a" + strings.Repeat("::int", n), strings.Repeat("f(", n), strings.Repeat("(select ", n), "a" + strings.Repeat(" and a", n),
		strings.Repeat("case when ", n), "a" + strings.Repeat("[1]", n), strings.Repeat("a.", n) + "b", strings.Repeat("- ", n) + "a",
	} {
		if _, err := Parse(s); err == nil {
			t.Errorf("%.20s… is accepted", s)
		}
		if _, err := Parse(s[:1500]); err != nil && strings.Contains(err.Error(), "too long") {
			t.Errorf("%.20s…: %v", s, err)
		}
	}
	if _, err := Parse("a in (1" + strings.Repeat(",1", n) + ")"); err != nil {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	x, err := Parse(`lower(t.email) = 'x' and exists (select 1 from s.orders o, (select 2) q where o.id = "Id" and f(q.n) and status = 'today')`)
	if err != nil {
		t.Fatal(err)
	}
	if x.Truth != Boolean || x.Bare != -1 || x.Clock {
		t.Errorf("%+v", x)
	}
	if len(x.Columns) != 5 || x.Columns[0].Parts[1] != "email" || x.Columns[0].Scope != 0 || x.Columns[0].Offset != 6 {
		t.Errorf("columns %+v", x.Columns)
	}
	if len(x.Relations) != 1 || x.Relations[0].Name != (Name{"s", "orders"}) || x.Relations[0].Alias != "o" {
		t.Errorf("relations %+v", x.Relations)
	}
	if len(x.Functions) != 2 || x.Functions[0].Name != (Name{"", "lower"}) || x.Functions[1].Name.Name != "f" {
		t.Errorf("functions %+v", x.Functions)
	}
	if len(x.Words) != 1 || len(x.Words[0].Columns) != 1 {
		t.Errorf("words %+v", x.Words)
	}
	out, err := x.Rewrite(Rewriting{
		Relations: []Name{{"s", "orders"}},
		Columns:   [][]string{{"users", "email"}},
		Functions: []Name{{}, {"app", "f"}},
	})
	if err != nil || !strings.Contains(out, "users.email") || !strings.Contains(out, "app.f(q.n)") {
		t.Errorf("%s, %v", out, err)
	}
}

func TestOrder(t *testing.T) {
	x, err := ParseOrder("created_at desc nulls last, lower(name)")
	if err != nil {
		t.Fatal(err)
	}
	out, err := x.Rewrite(Rewriting{Columns: [][]string{{"m", "created_at"}}})
	if err != nil || out != "m.created_at DESC NULLS LAST, lower(name)" {
		t.Errorf("%s, %v", out, err)
	}
	for _, s := range []string{"a limit 1", "a for update", "a; b", "1", "a) x", "", "a union select 1", "a offset 2", "a desc asc", "a into x"} {
		if _, err := ParseOrder(s); err == nil {
			t.Errorf("%s is accepted", s)
		}
	}
}

func TestQuery(t *testing.T) {
	x, err := ParseQuery("select count(*) > 0 from users where created < now()")
	if err != nil {
		t.Fatal(err)
	}
	out, err := x.Rewrite(Rewriting{Now: moment, Relations: []Name{{"public", "users"}}})
	if err != nil || out != "SELECT count(*) > 0 FROM public.users WHERE created < '2026-03-04 05:06:07.891234+00'::timestamp with time zone" {
		t.Errorf("%s, %v", out, err)
	}
	for _, s := range []string{"delete from x", "select 1; select 2", "select 1 into x", "select 1 for update", "with x as (insert into y values (1) returning 1) select 1", "copy x to stdout", "explain select 1", "true", "table x; drop table x"} {
		if _, err := ParseQuery(s); err == nil {
			t.Errorf("%s is accepted", s)
		}
	}
}

// Whatever the text is, nothing panics, and what is accepted is written back
// with the same meaning or not at all.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a = 1", "now() > x", "exists (select 1 from t)", "a in (1,2)", "a) or (b", "x::int[] = '{1}'", "case when a then b end", "a like 'x' escape 'y'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, parse := range []func(string) (*Expr, error){Parse, ParseOrder, ParseQuery} {
			x, err := parse(s)
			if err != nil {
				continue
			}
			for _, c := range x.Columns {
				if c.Offset < 0 || c.Offset > len(s) {
					t.Fatalf("offset %d", c.Offset)
				}
			}
			out, err := x.Rewrite(Rewriting{Now: moment})
			if err != nil {
				continue
			}
			y, err := parse(out)
			if err != nil {
				t.Fatalf("%q -> %q: %v", s, out, err)
			}
			if again, err := y.Rewrite(Rewriting{Now: moment}); err != nil || again != out {
				t.Fatalf("%q -> %q -> %q: %v", s, out, again, err)
			}
		}
	})
}
