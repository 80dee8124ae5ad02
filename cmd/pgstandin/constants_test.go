package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// A constant that its column could not hold is found by every command before
// anything else, whatever the type, with its place; what is good for check, the
// target takes.
func TestConstantsAreTried(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create domain small as int check (value < 10);
		create domain soft as small check (value > 2);
		create type mood as enum ('good', 'bad');
		create type place as (town varchar(5), since date);
		create table things (id int primary key, v_timestamptz timestamptz, v_timestamp timestamp, v_date date, v_time time, v_timetz timetz,
			v_interval interval, v_money money, v_int4range int4range, v_tstzmultirange tstzmultirange, v_point point, v_polygon polygon,
			v_bit bit(3), v_varbit varbit(3), v_xml xml, v_tsvector tsvector, v_tsquery tsquery, v_jsonpath jsonpath, v_oid oid, v_regclass regclass,
			v_inet inet, v_cidr cidr, v_macaddr macaddr, v_bytea bytea, v_dates date[], v_soft soft, v_softs soft[], v_moods mood[], v_place place,
			v_varchar varchar(5), v_numeric numeric(4,2), v_char "char", v_name name, v_lsn pg_lsn, v_inner place,
			v_state text check (v_state in ('new', 'old')), v_case text check (v_case = lower(v_case)), v_whole text check (things::text <> ''), v_null int, v_pair int, check (v_null > 0 or v_pair > 0));
		insert into things (id) values (1);
		update things set v_timestamptz = now(), v_timestamp = now(), v_date = now(), v_time = now(), v_timetz = now(), v_interval = '1 day', v_money = 1,
			v_int4range = '[1,2)', v_tstzmultirange = '{}', v_point = '(1,1)', v_polygon = '((0,0),(1,1))', v_bit = '101', v_varbit = '1', v_xml = '<a/>',
			v_tsvector = 'a', v_tsquery = 'a', v_jsonpath = '$', v_oid = 1, v_regclass = 'things', v_inet = '::1', v_cidr = '::1', v_macaddr = '08:00:2b:01:02:03',
			v_bytea = 'x', v_dates = '{2020-01-01}', v_soft = 4, v_softs = '{4}', v_moods = '{bad}', v_place = '(a,2020-01-01)', v_varchar = 'a', v_numeric = 1,
			v_char = 'a', v_name = 'a', v_lsn = '0/1', v_inner = '(a,2020-01-01)'`)
	values := []struct{ column, good, bad string }{
		{"v_timestamptz", "2020-02-29 10:00+02", "31.02.2020"},
		{"v_timestamp", "2020-02-29 10:00", "soon"},
		{"v_date", "2020-02-29", "2019-02-29"},
		{"v_time", "10:00", "25:00"},
		{"v_timetz", "10:00+02", "noon"},
		{"v_interval", "1 day 02:00", "a while"},
		{"v_money", "12.50", "much"},
		{"v_int4range", "[1,5)", "[5,1)"},
		{"v_tstzmultirange", "{[2020-01-01,2020-02-01)}", "{[2020-13-01,)}"},
		{"v_point", "(1,2)", "here"},
		{"v_polygon", "((0,0),(1,1),(1,0))", "((0,0),(1"},
		{"v_bit", "010", "0101"},
		{"v_varbit", "01", "0101"},
		{"v_xml", "<a>b</a>", "<a>"},
		{"v_tsvector", "a:1 b:2", "a:x"},
		{"v_tsquery", "a & b", "a & & b"},
		{"v_jsonpath", "$.a", "$.["},
		{"v_oid", "17", "x17"},
		{"v_regclass", "public.things", "public.nothings"},
		{"v_inet", "10.0.0.1", "10.0.0.256"},
		{"v_cidr", "10.0.0.0/8", "10.0.0.1/8"},
		{"v_macaddr", "08:00:2b:01:02:04", "08:00"},
		{"v_bytea", `\xff`, `\xf`},
		{"v_dates", "{2020-02-29}", "{2019-02-29}"},
		{"v_soft", "5", "2"},
		{"v_softs", "{5,6}", "{5,11}"},
		{"v_moods", "{good}", "{so}"},
		{"v_place", "(Bonn,2020-02-29)", "(Bonn,2019-02-29)"},
		{"v_varchar", "Bonn", "Berlin"},
		{"v_numeric", "99.99", "100"},
		{"v_lsn", "0/16", "0-16"},
		{"v_state", "old", "gone"},
		{"v_case", "abc", "Abc"},
	}
	write := func(value func(good, bad string) string, inner string) {
		var b strings.Builder
		b.WriteString("version: 1\ntargets: ['*_staging']\ncolumns: [{ match: '*.*', mask: keep }]\ntables:\n  things:\n    columns:\n")
		for _, v := range values {
			kind := "constant, value: "
			if v.column == "v_time" {
				kind = "choice, values: ['11:00', "
			}
			b.WriteString("      " + v.column + ": { mask: " + kind + "'" + value(v.good, v.bad) + "'")
			if v.column == "v_time" {
				b.WriteString("]")
			}
			b.WriteString(" }\n")
		}
		b.WriteString("      v_inner: { mask: composite, fields: { town: keep, since: { mask: constant, value: '" + inner + "' } } }\n")
		s.write(b.String())
	}
	write(func(_, bad string) string { return bad }, "never")
	check := []string{"check", "--source", s.source, "--rules", s.rules}
	for _, args := range [][]string{check, {"refresh", "--source", s.source, "--target", s.target, "--rules", s.rules}} {
		status, out, errOut := s.command(keyA, args...)
		if status != 2 || out != "" {
			t.Errorf("%s: status %d\n%s%s", args[0], status, out, errOut)
		}
		for i, v := range values {
			want := ": public.things." + v.column + ": "
			line := ""
			for l := range strings.Lines(errOut) {
				if strings.Contains(l, want) {
					line += l
				}
			}
			if strings.Count(line, "\n") > 1 || !strings.Contains(line, "pgstandin.yaml:"+strconv.Itoa(i+7)+":") {
				t.Errorf("%s: no one line about %s of line %d:\n%s", args[0], v.column, i+7, line)
			}
		}
		if !strings.Contains(errOut, `public.things.v_inner: since: "never" is no value of type date`) {
			t.Errorf("%s: nothing about a field:\n%s", args[0], errOut)
		}
	}
	s.write("version: 1\ntargets: ['*_staging']\ncolumns: [{ match: '*.*', mask: keep }]\ntables:\n  things: { columns: { v_state: { mask: choice, values: [old, gone] }, v_whole: { mask: constant, value: \"a\\0b\" } } }\n")
	status, _, errOut := s.command("", "check", "--source", s.source, "--rules", s.rules)
	for _, want := range []string{`public.things.v_state: "gone" is refused by the server: check violation (SQLSTATE 23514), constraint "things_v_state_check"`, "public.things.v_whole: a value has a character of code 0"} {
		if status != 2 || strings.Count(errOut, want) != 1 {
			t.Errorf("status %d, no %q in\n%s", status, want, errOut)
		}
	}
	write(func(good, _ string) string { return good }, "2020-02-29")
	if status, out, errOut := s.command("", "check", "--source", s.source, "--rules", s.rules); status != 0 {
		t.Errorf("check: status %d\n%s%s", status, out, errOut)
	}
	s.must(keyA)
	if got := pgtest.Query(t, s.target, "select v_soft, v_bit, v_date, v_inner from things"); got[0][0] != "5" || got[0][1] != "010" || got[0][2] != "2020-02-29" || got[0][3] != "(a,2020-02-29)" {
		t.Errorf("the target has %v", got)
	}
}

// A value that a mask made too long for an index is told of with what may be the reason,
// and without the value.
func TestMaskTooLongForIndex(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table things (id int primary key, note text); create index on things (note);
		insert into things values (1, 'short')`)
	long := make([]byte, 3000) // of which pglz makes little less
	for i := range long {
		long[i] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[rand.New(rand.NewPCG(1, uint64(i))).IntN(64)]
	}
	s.write(fmt.Sprintf("version: 1\ntargets: [\"*_staging\"]\ntables: { things: { columns: { note: { mask: constant, value: %q } } } }\n", long))
	status, _, errOut := s.refresh(keyA)
	if status != exitFailed || !strings.Contains(errOut, "program limit exceeded (SQLSTATE 54000)") || !strings.Contains(errOut, "did a mask make it longer") || strings.Contains(errOut, string(long[:20])) {
		t.Errorf("status %d\n%s", status, errOut)
	}
}
