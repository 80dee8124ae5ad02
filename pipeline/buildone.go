package pipeline

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// deadlocks is how often a statement is tried that a deadlock ended: autovacuum
// and the sessions of others take locks that we do not know of.
const deadlocks = 5

// buildOne executes one statement, once, however often its session is lost.
func (t *Target) buildOne(ctx context.Context, s *statement, most int64, alone bool) error {
	if s.do != nil {
		return s.do(ctx)
	}
	// All hold for one transaction: sessions are used again, for the checks of rules too.
	memory, settings := most, ""
	if !alone { // one session on each core is faster than several for one statement
		memory, settings = s.memory(most), "set local max_parallel_maintenance_workers = 0; "
	}
	settings += fmt.Sprintf("set local maintenance_work_mem = '%dkB'; ", memory)
	if !s.view {
		settings += "set local jit = off; " // to compile the query that validates a key takes longer than it saves
	}
	if s.flush {
		settings += "set local synchronous_commit = local; " // not for standbys
	}
	if s.valid.name != "" {
		settings += t.joins(s.valid) + "; "
	}
	for try := 1; ; try++ {
		var err error
		if s.clean == (schema.Name{}) {
			err = t.buildIn(ctx, settings, s.sql)
		} else {
			err = t.vacuum(ctx, s.clean)
		}
		if err == nil {
			return nil
		}
		if codeOf(err) != "40P01" || try == deadlocks {
			return fmt.Errorf("target: %s: %w", s.name, SafeError(err))
		}
		if err := pause(ctx, time.Duration(try)*100*time.Millisecond); err != nil {
			return err
		}
	}
}

func (t *Target) buildIn(ctx context.Context, settings, sql string) error {
	if t.inplace != nil {
		return t.buildShadow(ctx, settings, sql)
	}
	return t.transact(ctx, settings, func(conn *pgconn.PgConn) error { return run(ctx, conn, sql) })
}

// vacuum marks a table's rows as seen by all, so that queries may read its indexes
// alone. VACUUM reads neither them nor long values here, and calls no function of theirs.
func (t *Target) vacuum(ctx context.Context, table schema.Name) error {
	options := "index_cleanup off, truncate off"
	if t.info.Major() >= 14 {
		options += ", process_toast off" // whose marks no query asks for
	}
	sql := "vacuum (" + options + ") " + t.Place(table).SQL()
	return again(ctx, t, "target", func(conn *pgconn.PgConn) error { return run(ctx, conn, sql) })
}

// joins returns a statement that sets how the transaction may join tables. Where
// VACUUM has marked nearly all pages of both tables of a foreign key, and an index has
// its columns, to read it and the other table's key side by side takes half the time of
// hashing the tables, which the planner prefers.
func (t *Target) joins(key constraint) string {
	return fmt.Sprintf(`
select pg_catalog.set_config('enable_hashjoin', 'off', true)
from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_class r on r.oid = k.confrelid
where k.contype = 'f' and k.conname = %s and k.conrelid = %s::pg_catalog.regclass
  and c.relallvisible >= 0.9 * c.relpages and r.relallvisible >= 0.9 * r.relpages and `+hasIndex,
		schema.QuoteLiteral(key.name), schema.QuoteLiteral(t.Place(key.table).SQL()))
}

// memory returns the kilobytes that a session gets for the statement, at most so
// many. A B-tree's sort is faster by runs that fit a processor's cache, if there
// are not too many of them to be merged: sorts merge as many runs at once as 264
// kB each have room (PostgreSQL, tuplesort.c).
func (s *statement) memory(most int64) int64 {
	if !s.index || !strings.Contains(s.sql, " USING btree ") {
		return most
	}
	return min(most, max(2048, int64(math.Sqrt(float64(s.bytes)/1024*264)/2)))
}
