package pipeline_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// A rehearsal finds what a row violates, in a database that lacks some of what
// the table needs, and says what it could not try.
func TestRehearsalLoad(t *testing.T) {
	dsn, other := pgtest.DB(t), pgtest.DB(t)
	pgtest.Exec(t, dsn, `create function is_fine(text) returns boolean language sql immutable as 'select true';
		create domain short as text check (length(value) < 5);
		create table t (id int generated always as identity, v varchar(5), n numeric(4, 2), twice int generated always as (id * 2) stored,
			constraint fine check (public.is_fine(v)), constraint big check (n > 1), unique (v));
		alter table t add check (twice > 2) not valid;
		create table d (s short);
		create type mood as enum ('sad', 'it''s ok, public.mood'); create domain happy as mood not null check (value <> 'sad');
		create type home as (street text, moods mood[]); create schema "Odd one"; create type "Odd one".mood as enum ('x');
		create table made (m mood default 'sad', h happy, a mood[], c home, o "Odd one".mood, label text default 'public.mood',
			constraint calm check (m <> 'sad' and 'sad' = any (a) is not true), constraint said check (label <> 'public.mood'),
			g boolean generated always as (m = 'sad') stored, unique (m));
		create type span as range (subtype = int4); create domain spans as span; create table r (s spans, m mood)`)
	pgtest.Exec(t, other, "create table kept (id int)")
	src, err := pipeline.OpenSource(t.Context(), pipeline.SourceConfig{Conn: configOf(t, dsn), DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close(context.Background())
	s, err := catalog.Read(t.Context(), src.Leader())
	if err != nil {
		t.Fatal(err)
	}
	table := func(n string) *schema.Table { return s.Table(schema.Name{Schema: "public", Name: n}) }
	r, err := pipeline.OpenRehearsal(t.Context(), pipeline.TargetConfig{Conn: configOf(t, other), DSN: other}, src.Info())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(context.Background())
	const fine = "check fine not rehearsed: undefined function (SQLSTATE 42883)"
	for _, c := range []struct {
		rows, problems string
		skipped        string
	}{
		{"1\tab\t2.5", "", fine},
		{"", "", fine},
		{"1\ttoolong\t2", "string data right truncation (SQLSTATE 22001), column v", ""},
		{"1\tab\t200", "numeric value out of range (SQLSTATE 22003), column n", ""},
		{"1\tab\t2\n2\tab\t0", "check violation (SQLSTATE 23514), constraint big; unique violation (SQLSTATE 23505), constraint t_v_key", fine},
		{`\N` + "\tab\t2", "not null violation (SQLSTATE 23502), column id", fine},
		{"1\tab", "bad copy file format (SQLSTATE 22P04)", ""},
	} {
		var rows [][]byte
		for _, row := range strings.Split(c.rows, "\n") {
			if row != "" {
				rows = append(rows, []byte(row))
			}
		}
		got, err := r.Load(t.Context(), table("t"), []string{"id", "v", "n"}, rows)
		if err != nil || !got.Tried {
			t.Fatalf("%q: %v, %+v", c.rows, err, got)
		}
		for i, p := range got.Problems {
			got.Problems[i], _, _ = strings.Cut(p, "; ") // what to do about it
		}
		plain := strings.NewReplacer(`"`, "")
		problems, skipped := plain.Replace(strings.Join(got.Problems, "; ")), plain.Replace(strings.Join(got.Skipped, "; "))
		if problems != c.problems || !strings.HasPrefix(skipped, c.skipped) || c.skipped == "" && skipped != "" {
			t.Errorf("%q:\n got  %q, %q\n want %q, %q", c.rows, problems, skipped, c.problems, c.skipped)
		}
	}
	for _, c := range []struct{ table, columns, rows, problems, skipped string }{
		{"d", "s", "ab", "", ""},
		{"d", "s", "too long", "check violation (SQLSTATE 23514), column s, constraint short_check", ""},
		{"made", "m,h,a,c,o,label", `it's ok, public.mood	it's ok, public.mood	{"it's ok, public.mood"}	(x,{sad})	x	y`, "", ""},
		{"made", "m,h,a,c,o,label", `sad	it's ok, public.mood	{sad}	\N	x	public.mood`, "check violation (SQLSTATE 23514), constraint calm; check violation (SQLSTATE 23514), constraint said", ""},
		{"made", "m", "angry", "invalid text representation (SQLSTATE 22P02), column m", ""},
		{"made", "h", `sad`, "check violation (SQLSTATE 23514), column h, constraint happy_check", ""},
		{"r", "m", "sad", "", "not rehearsed: the target has no type public.spans"},
	} {
		got, err := r.Load(t.Context(), table(c.table), strings.Split(c.columns, ","), [][]byte{[]byte(c.rows)})
		for i, p := range got.Problems {
			got.Problems[i], _, _ = strings.Cut(strings.ReplaceAll(p, `"`, ""), "; ")
		}
		if err != nil || strings.Join(got.Problems, "; ") != c.problems || strings.Join(got.Skipped, "; ") != c.skipped || got.Tried != (c.skipped == "") {
			t.Errorf("%s %q: %v, %+v", c.table, c.rows, err, got)
		}
	}
	if n := pgtest.Query(t, other, "select count(*) from pg_type where typname in ('mood', 'happy', 'home', 'short')")[0][0]; n != "0" {
		t.Errorf("%s types are left behind", n)
	}
	if n := pgtest.Query(t, other, "select count(*) from pg_class where relname like 'pgstandin%' or relname = 't_v_key'")[0][0]; n != "0" {
		t.Errorf("%s relations are left behind", n)
	}
	if _, err := pipeline.OpenRehearsal(t.Context(), pipeline.TargetConfig{Conn: configOf(t, dsn)}, src.Info()); err == nil || !strings.Contains(err.Error(), "same database") {
		t.Errorf("the source as target: %v", err)
	}
}

func configOf(t *testing.T, dsn string) *pgconn.Config {
	t.Helper()
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}
