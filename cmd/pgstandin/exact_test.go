package main

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// exactValues are values that other encoders of rows change.
var exactValues = []string{
	`C:\New folder`, `path\.git`, `\N`, `\\N`, `\`, `\.`, `\t`, `\x41`, `\101`, "a\tb\nc\rd\b\f\v", "\x01\x02\x1b\x1f\x7f", "\r\n", "NULL", `"'{},`,
	"\u0080", "é e\u0301", "日本語", "😀👩‍👩‍👧", "\U00010000\U0010ffff", "\ufeff", " x ", strings.Repeat(`\`, 65), strings.Repeat("x\t", 40_000),
}

// TestExactValues: values that the rules set, and values that are kept, are after
// a refresh what they were, byte for byte, in a table that COPY's binary format
// can carry and in one that it cannot.
func TestExactValues(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	var columns, insert, list strings.Builder
	for i, v := range exactValues {
		fmt.Fprintf(&columns, ", c%d text", i)
		fmt.Fprintf(&list, "      c%d: { mask: constant, value: %s }\n", i, strconv.Quote(strings.ReplaceAll(v, "${", "$${")))
		for _, table := range []string{"plain", "special"} {
			fmt.Fprintf(&insert, "insert into %s (id, kept, list) values (%d, convert_from('\\x%x', 'UTF8'), array[convert_from('\\x%x', 'UTF8'), null, '']);\n", table, i, v, v)
		}
	}
	sets := make([]string, len(exactValues))
	for i := range exactValues {
		sets[i] = fmt.Sprintf("c%d = 'x'", i)
	}
	pgtest.Exec(t, s.source, `create type mark as (a text, b int[]);
		create table plain (id int primary key, kept text, list text[]`+columns.String()+`);
		create table special (id int primary key, kept text, list text[], mark mark, marks mark[]`+columns.String()+");\n"+insert.String()+
		"update plain set "+strings.Join(sets, ", ")+"; update special set mark = (kept, '{1}'), marks = array[(kept, '{2}')::mark], "+strings.Join(sets, ", "))
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  plain:\n    columns:\n      kept: keep\n      list: keep\n" + list.String() +
		"  special:\n    columns:\n      kept: keep\n      list: keep\n      mark: keep\n      marks: keep\n" + list.String())
	s.must(keyA)
	for _, table := range []string{"plain", "special"} {
		query := "select id, encode(convert_to(kept, 'UTF8'), 'hex'), encode(convert_to(list[1], 'UTF8'), 'hex')"
		want := 3
		if table == "special" {
			query += ", encode(convert_to((mark).a, 'UTF8'), 'hex'), encode(convert_to(((marks)[1]).a, 'UTF8'), 'hex')"
			want = 5
		}
		for i := range exactValues {
			query += fmt.Sprintf(", encode(convert_to(c%d, 'UTF8'), 'hex')", i)
		}
		rows := pgtest.Query(t, s.target, query+" from "+table+" order by id")
		if len(rows) != len(exactValues) {
			t.Fatalf("%s: %d rows", table, len(rows))
		}
		for i, row := range rows {
			for k, got := range row[1:] {
				v := exactValues[i]
				if k+1 >= want {
					v = exactValues[k+1-want]
				}
				if got != hex.EncodeToString([]byte(v)) {
					t.Errorf("%s: %.40q in column %d of row %d comes as %.80s", table, v, k+1, i, got)
				}
			}
		}
	}
}

// TestDatesKeepOrder: created <= paid <= refunded holds after shifting, across
// types and tables of one user, which the target's constraints check.
func TestDatesKeepOrder(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
		create table users (id int primary key, born date, created timestamptz);
		create table orders (id int primary key, user_id int not null references users, created timestamptz, paid timestamptz, refunded timestamptz,
			on_day date, span tstzrange, check (created <= paid and paid <= refunded), check (lower(span) = created and upper(span) = refunded));
		create table refunds (id int primary key, order_id int references orders, user_id int references users, at timestamptz, note jsonb);
		insert into users select n, date '1950-01-01' + n * 37, timestamptz '2020-01-01 00:00+00' + n * interval '7 hours' from generate_series(1, 300) n;
		insert into orders select n, 1 + n % 300, c, c + (n % 5) * interval '1 hour 1 microsecond', c + (n % 5) * interval '30 hours',
			(c at time zone 'UTC')::date, tstzrange(c, c + (n % 5) * interval '30 hours', '[]')
			from (select n, timestamptz '2023-03-20 23:30+00' + n * interval '11 hours 7 minutes' as c from generate_series(1, 2000) n) x;
		insert into refunds select id, id, user_id, refunded, jsonb_build_object('at', refunded) from orders`)
	s.write(`version: 1
targets: ["*_staging"]
tables:
  users:
    entity: id
    columns:
      born: { mask: date, shift: 60d }
      created: { mask: date, shift: 60d }
  orders:
    entity: user_id -> users
    columns:
      created: { mask: date, shift: 60d }
      paid: { mask: date, shift: 60d }
      refunded: { mask: date, shift: 60d }
      on_day: { mask: date, shift: 60d }
      span: { mask: date, shift: 60d }
  refunds:
    entity: user_id -> users
    columns:
      at: { mask: date, shift: 60d }
      note: "null"
`)
	s.must(keyA)
	for _, dsn := range []string{s.source, s.target} {
		for sql, want := range map[string]string{
			"select count(*) from orders where created <= paid and paid <= refunded and lower(span) = created and upper(span) = refunded": "2000",
			"select count(*) from refunds r join orders o on o.id = order_id where at = refunded":                                         "2000",
			"select sum(extract(epoch from paid - created))::bigint || ' ' || sum(extract(epoch from refunded - paid))::bigint from orders": pgtest.Query(t, s.source,
				"select sum(extract(epoch from paid - created))::bigint || ' ' || sum(extract(epoch from refunded - paid))::bigint from orders")[0][0],
			"select count(*) from orders where (created at time zone 'UTC')::date = on_day":             "2000",
			"select count(*) from users u join orders o on u.id = user_id where u.created <= o.created": "2000",
		} {
			if got := pgtest.Query(t, dsn, sql)[0][0]; got != want {
				t.Errorf("%s: %s, want %s", sql, got, want)
			}
		}
	}
	if got := pgtest.Query(t, s.target, "select count(distinct created) > 1500, count(*) filter (where created = timestamptz '2023-03-20 23:30+00' + id * interval '11 hours 7 minutes') < 100 from orders")[0]; got[0] != "t" || got[1] != "t" {
		t.Errorf("dates stay: %v", got)
	}
}
