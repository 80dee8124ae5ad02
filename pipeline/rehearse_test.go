package pipeline_test

import (
	"context"
	"fmt"
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
		create table d (s short)`)
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
	got, err := r.Load(t.Context(), table("d"), []string{"s"}, nil)
	if err != nil || got.Tried || fmt.Sprint(got.Skipped) != "[not rehearsed: the target has no type public.short]" {
		t.Errorf("%v, %+v", err, got)
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
