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
	// One session on each core is faster than several for one statement.
	memory, workers := s.memory(most), "set max_parallel_maintenance_workers = 0; "
	if alone {
		memory, workers = most, "reset max_parallel_maintenance_workers; "
	}
	// To compile the query that validates a key takes longer than it saves.
	jit := "set jit = off; "
	if s.view {
		jit = "reset jit; "
	}
	settings := fmt.Sprintf("set maintenance_work_mem = '%dkB'; %s%s; ", memory, workers+jit, t.joins(s.valid))
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

// vacuum gathers statistics of a table, and marks its rows as seen by all, so that
// queries may read its indexes alone. What its indexes' expressions call may name
// schemas that are swapped: in place, the table then gets statistics only, under
// the veil, where VACUUM may not run.
func (t *Target) vacuum(ctx context.Context, table schema.Name) error {
	if t.inplace != nil && t.inplace.late[table] {
		return t.veiled(ctx, "", false, func(conn *pgconn.PgConn) error { return run(ctx, conn, "analyze "+table.SQL()) })
	}
	name, options := t.Place(table).SQL(), "index_cleanup off, truncate off"
	if t.info.Major() >= 14 {
		options += ", process_toast off" // whose marks no query asks for
	}
	return again(ctx, t, "target", func(conn *pgconn.PgConn) error {
		for _, sql := range []string{
			// VACUUM does not mark a row whose commit has not reached the disk: to wait for
			// the commit of the statistics is to wait for all commits before it.
			"set vacuum_cost_delay = 0; set synchronous_commit = on; analyze " + name,
			"vacuum (" + options + ") " + name,
			"set synchronous_commit = off",
		} {
			if err := run(ctx, conn, sql); err != nil {
				return err
			}
		}
		return nil
	})
}

// joins returns the statement that sets how a session may join tables. Where VACUUM
// has marked nearly all pages of both tables of a foreign key, and its columns are
// the first ones of an index, to read that and the other table's key side by side
// takes half the time of hashing the tables, which the planner prefers.
func (t *Target) joins(key constraint) string {
	const reset = "reset enable_hashjoin"
	if key.name == "" {
		return reset
	}
	return reset + "; " + fmt.Sprintf(indexedKey, schema.QuoteLiteral(key.name), schema.QuoteLiteral(t.Place(key.table).SQL()))
}

// indexedKey takes a foreign key's name and its table, as string constants.
const indexedKey = `select pg_catalog.set_config('enable_hashjoin', (c.relallvisible < 0.9 * c.relpages or r.relallvisible < 0.9 * r.relpages
  or not exists (select from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid join pg_catalog.pg_am a on a.oid = x.relam
                 where i.indrelid = k.conrelid and i.indisvalid and i.indpred is null and a.amname = 'btree'
                   and (i.indkey::pg_catalog.int2[])[0:pg_catalog.cardinality(k.conkey) - 1] @> k.conkey))::pg_catalog.text, false)
from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_class r on r.oid = k.confrelid
where k.contype = 'f' and k.conname = %s and k.conrelid = %s::pg_catalog.regclass`

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
