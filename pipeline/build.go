package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/pgstandin/pgstandin/schema"
)

// BuildConfig says what a Build waits for, and how much it does at once.
type BuildConfig struct {
	// Loads are the tables that load fills, each as often as it will be called
	// ready; a table, or a partitioned table's tree, is complete when it was
	// called ready as often as its parts are listed. Others are complete from the
	// beginning.
	Loads []Load
	// Sequences sets the sequences, which views may read: it is called once, when every
	// table has its rows, indexes and statistics, beside the validation of foreign
	// keys. It may be nil.
	Sequences func(ctx context.Context) error
	// Views are materialized views that are filled after that, each after those before
	// it.
	Views []schema.Name
	// Beside is how many statements run at once while rows are being loaded, Jobs
	// how many afterwards; at least one.
	Beside, Jobs int
}

// Load is a table that is to be filled.
type Load struct {
	Table schema.Name
	Bytes int64 // estimate; what is larger is begun earlier
	// Frozen says that its pages are marked as seen by all once they are committed, as
	// those of a Job that is Whole are from PostgreSQL 14 on: nothing waits for VACUUM.
	Frozen bool
}

// Build runs load and, beside it, builds what comes after the data: of each table
// as soon as it is complete indexes, keys and all other constraints, which
// PostgreSQL thereby proves, triggers, rules and policies, and its statistics; then
// VACUUM marks its rows as seen by all. A foreign key is made when both of its tables
// are ready for it. At last sequences are set and materialized views are filled. One
// that cannot be built is an error that names it.
//
// load calls ready, from any goroutine, after the last row of a part of Loads was
// committed. An error of either side cancels the other; both have ended when
// Build returns.
func (t *Target) Build(ctx context.Context, cfg BuildConfig, load func(ctx context.Context, ready func(schema.Name)) error) error {
	if t.archive == nil || !t.created {
		return errors.New("target: constraints: the schema has not been made")
	}
	parts, err := t.parts(ctx, "post-data")
	if err != nil {
		return fmt.Errorf("target: constraints: %w", err)
	}
	post := t.archive.post
	return t.buildParts(ctx, cfg, &post.layout, post.parts(parts), load)
}

func (t *Target) buildParts(ctx context.Context, cfg BuildConfig, l *layout, parts []Part, load func(context.Context, func(schema.Name)) error) error {
	if err := t.unforce(ctx); err != nil {
		return err
	}
	memory, err := t.maintenanceMemory(ctx)
	if err != nil {
		return fmt.Errorf("target: constraints: %w", err)
	}
	if t.inplace == nil { // where no foreign tables are made
		if err := t.readFar(ctx, l); err != nil {
			return fmt.Errorf("target: constraints: %w", err)
		}
	}
	s := newSchedule(cfg, l, parts)
	t.delay(s.all)
	s.exec = func(ctx context.Context, n *node, alone bool) error { return t.buildOne(ctx, n, memory, alone) }
	return s.run(ctx, load)
}
