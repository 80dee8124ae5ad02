package subset

import (
	"context"

	"github.com/pgstandin/pgstandin/schema"
)

// Source runs one read-only query on the run's snapshot and calls fn for each
// row. Fields are decoded text values, nil is NULL; they are valid only during
// the call. An error of fn ends the query and is returned. The session must
// have search_path empty, TimeZone UTC, DateStyle ISO, IntervalStyle postgres,
// extra_float_digits 1, bytea_output hex, row_security off and
// plan_cache_mode force_custom_plan. The text is one plain SELECT without
// parameters, so it may be wrapped in COPY (...) TO STDOUT.
type Source interface {
	Query(ctx context.Context, sql string, fn func(fields [][]byte) error) error
}

// Step is one independent piece of a walk: a query and what is made of its
// rows. Steps of one wave may run at the same time on different sources. A
// step that returned an error may be run again.
type Step struct {
	Name  string
	Table *schema.Table // whose rows it reads, of a partitioned one the whole; nil for those of several
	Run   func(ctx context.Context, src Source) error
}

// Runner runs the steps of one wave, in any order or at once, and returns when
// all have ended, with the first error.
type Runner func(ctx context.Context, steps []Step) error
