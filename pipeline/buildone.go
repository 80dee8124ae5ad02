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

// statement is what is executed after the data, and how the session is set for it.
type statement struct {
	name string // for messages

	// One of these is what is executed.
	sql    string
	vacuum schema.Name // a table
	call   func(ctx context.Context) error

	sorts     bool       // a table, for an index: parallel workers help if there is nothing else to do
	validates constraint // a foreign key, by an index if there is one
	flush     bool       // its commit, and all before it, are to reach the disk
	asSet     bool       // it runs a query of the source's makers, as the server is set
}

// analyzing makes the statistics of a table, or of those of its parts that it names.
func analyzing(table schema.Name, names []schema.Name) statement {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = n.SQL()
	}
	return statement{name: "analyze " + table.String(), sql: "analyze " + strings.Join(list, ", "), flush: true}
}

func vacuuming(table schema.Name) statement {
	return statement{name: "vacuum " + table.String(), vacuum: table}
}

func refreshing(view schema.Name) statement {
	return statement{name: "materialized view " + view.String(), sql: "refresh materialized view " + view.SQL() + "; analyze " + view.SQL(), asSet: true}
}

// deadlocks is how often a statement is tried that a deadlock ended: autovacuum
// and the sessions of others take locks that we do not know of.
const deadlocks = 5

// buildOne executes one statement, once, however often its session is lost.
func (t *Target) buildOne(ctx context.Context, n *node, most int64, alone bool) error {
	if n.call != nil {
		return n.call(ctx)
	}
	// All hold for one transaction: sessions are used again, for the checks of rules too.
	memory, settings := most, ""
	if !alone { // one session on each core is faster than several for one statement
		memory, settings = n.memory(most), "set local max_parallel_maintenance_workers = 0; "
	}
	settings += fmt.Sprintf("set local maintenance_work_mem = '%dkB'; ", memory)
	if !n.asSet {
		settings += "set local jit = off; " // to compile the query that validates a key takes longer than it saves
	}
	if n.flush {
		settings += "set local synchronous_commit = local; " // not for standbys
	}
	if n.validates.name != "" {
		settings += t.joins(n.validates) + "; "
	}
	for try := 1; ; try++ {
		var err error
		if n.vacuum == (schema.Name{}) {
			err = t.buildIn(ctx, settings, n.sql)
		} else {
			err = t.vacuum(ctx, n.vacuum)
		}
		if err == nil {
			return nil
		}
		if codeOf(err) != "40P01" || try == deadlocks {
			return fmt.Errorf("target: %s: %w", n.name, SafeError(err))
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
func (n *node) memory(most int64) int64 {
	if !n.sorts || !strings.Contains(n.sql, " USING btree ") {
		return most
	}
	return min(most, max(2048, int64(math.Sqrt(float64(n.bytes)/1024*264)/2)))
}
