package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
)

// reader is a source with a snapshot and workers.
func reader(t *testing.T, cfg pipeline.SourceConfig, workers int) *pipeline.Source {
	t.Helper()
	dsn := pgtest.DB(t)
	cfg.Conn, cfg.DSN = config(t, dsn), dsn
	src := openSource(t, cfg)
	if _, err := src.Begin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := src.OpenWorkers(t.Context(), workers); err != nil {
		t.Fatal(err)
	}
	return src
}

func pull(ctx context.Context, src *pipeline.Source, sql string) (bytes int, err error) {
	err = src.Rows(ctx, sql, func(row []byte) error {
		bytes += len(row)
		return nil
	})
	return bytes, err
}

// TestMaxRate: two workers together read no more than that.
func TestMaxRate(t *testing.T) {
	const rate = 1 << 20
	src := reader(t, pipeline.SourceConfig{MaxRate: rate}, 2)
	start := time.Now()
	sizes := make([]int, 2)
	err := pipeline.Steps(t.Context(), 2, []func(context.Context) error{
		func(ctx context.Context) (err error) {
			sizes[0], err = pull(ctx, src, "select repeat('x', 1000) from generate_series(1, 700)")
			return err
		},
		func(ctx context.Context) (err error) {
			sizes[1], err = pull(ctx, src, "select repeat('y', 1000) from generate_series(1, 700)")
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	total := sizes[0] + sizes[1]
	if total < 1_400_000 {
		t.Fatalf("%d bytes", total)
	}
	if took, least := time.Since(start), time.Duration(total)*time.Second/rate; took < least-100*time.Millisecond {
		t.Errorf("%d bytes in %s, at least %s were due", total, took, least)
	}
}

// TestMaxRateIsInterrupted: a reader that waits for its share ends with its context.
func TestMaxRateIsInterrupted(t *testing.T) {
	src := reader(t, pipeline.SourceConfig{MaxRate: 10_000}, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := pull(ctx, src, "select repeat('x', 1000) from generate_series(1, 10000)"); err == nil {
		t.Error("ten megabytes in less than a second")
	}
	// What is on its way already is no more to wait for either.
	src.Close(t.Context())
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("took %s to stop", took)
	}
}

func TestMaxAge(t *testing.T) {
	src := reader(t, pipeline.SourceConfig{MaxAge: time.Millisecond, Yield: time.Second}, 1)
	err := pipeline.While(t.Context(), src.Watch, func(ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	})
	var old *pipeline.AgeError
	if !errors.As(err, &old) || !strings.Contains(err.Error(), "may be 1ms at most") {
		t.Errorf("error: %v", err)
	}
}

func TestStatementTimeout(t *testing.T) {
	src := reader(t, pipeline.SourceConfig{StatementTimeout: 50 * time.Millisecond}, 1)
	_, err := pull(t.Context(), src, "select pg_sleep(60)::text")
	if err == nil || !strings.Contains(err.Error(), "57014") {
		t.Errorf("error: %v", err)
	}
}
