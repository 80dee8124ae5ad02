package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// A sequence that would give out a value that its column has is found, whichever
// way it counts, and one that cannot is not taken for it.
func TestVerifyFindsSequencesBehind(t *testing.T) {
	source, target, _ := pair(t)
	pgtest.Exec(t, source, `create table t (up int, down int, small int, none int);
		create sequence up owned by t.up; create sequence down increment -1 owned by t.down;
		create sequence small maxvalue 10 owned by t.small; create sequence "No Ne" owned by t.none`)
	src := begin(t, source, 1, "t")
	tgt, err := pipeline.OpenTarget(t.Context(), pipeline.TargetConfig{Conn: config(t, target)})
	if err != nil {
		t.Fatal(err)
	}
	defer tgt.Close(context.Background())
	defer func() { _ = tgt.Drop(context.Background()) }()
	for _, step := range []func() error{
		func() error { _, err := tgt.Lock(t.Context()); return err },
		func() error { return tgt.Create(t.Context(), src) },
		func() error { return tgt.PreData(t.Context(), src, pipeline.Objects{}) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	building := source + " dbname=" + tgt.Building()
	var values []pipeline.SequenceValue
	for _, c := range []struct {
		name, column string
		increment    int64
	}{{"up", "up", 1}, {"down", "down", -1}, {"small", "small", 1}, {"No Ne", "none", 1}} {
		values = append(values, pipeline.SequenceValue{Name: name(c.name), Table: name("t"), Column: c.column, Increment: c.increment})
	}
	for _, c := range []struct{ sql, want string }{
		{"select 1", ""},
		{"insert into t values (1, -1)", "down up"},
		{"select nextval('up'), nextval('down')", ""},
		{"insert into t values (2, -2, 11)", "down up"},
		{"select setval('up', 2), setval('down', -2)", ""},
		{"select setval('up', 2, false)", "up"},
		{"select setval('up', 3, false); update t set small = 10", "small"},
	} {
		pgtest.Exec(t, building, c.sql)
		verified, err := tgt.Verify(t.Context(), pipeline.VerifyConfig{Sequences: values})
		var failed *pipeline.VerifyError
		if err != nil && !errors.As(err, &failed) || verified.Sequences != 4 {
			t.Fatal(err, verified)
		}
		var found []string
		if failed != nil {
			for _, p := range failed.Problems {
				found = append(found, strings.TrimPrefix(strings.Fields(p.Text)[1], "public."))
			}
		}
		if got := strings.Join(found, " "); got != c.want {
			t.Errorf("%s: got %q, want %q (%v)", c.sql, got, c.want, err)
		}
	}
	_, err = tgt.Verify(t.Context(), pipeline.VerifyConfig{Schema: func(ctx context.Context, conn *pgconn.PgConn) ([]string, int, error) {
		return []string{schema.Difference{Change: schema.Missing, Kind: "view", Name: "public.v"}.String()}, 1, nil
	}})
	if err == nil || err.Error() != "verification: view public.v is missing" {
		t.Errorf("error: %v", err)
	}
}
