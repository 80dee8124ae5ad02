package pipeline

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// forcedTables lists the tables whose row security is for their owner too.
const forcedTables = `
select n.nspname, c.oid, c.oid::pg_catalog.regclass
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relforcerowsecurity order by c.oid`

// unforce lets us, the owner, see the rows of all new tables until the swap, whatever
// their row security is: FORCE ROW LEVEL SECURITY is for those that will use them.
func (t *Target) unforce(ctx context.Context) error {
	var tables []string
	err := again(ctx, t, "target", func(conn *pgconn.PgConn) error {
		rows, err := textsOf(ctx, conn, forcedTables)
		t.forced, tables = nil, nil
		for _, r := range rows {
			if _, ours := t.Placed(r[0]); ours {
				t.forced, tables = append(t.forced, r[1]), append(tables, r[2])
			}
		}
		return err
	})
	if err == nil && len(tables) > 0 {
		err = again(ctx, t, "target", func(conn *pgconn.PgConn) error {
			return run(ctx, conn, strings.Join(forceAll("no force", tables), ";\n"))
		})
	}
	if err != nil {
		return fmt.Errorf("target: row security: %w", withMessage(err))
	}
	return nil
}

// forcing are the statements that undo unforce, for those tables that are still there,
// under whatever name. conn is to execute them.
func (t *Target) forcing(ctx context.Context, conn *pgconn.PgConn) ([]string, error) {
	if len(t.forced) == 0 {
		return nil, nil
	}
	rows, err := textsOf(ctx, conn, "select c.oid::pg_catalog.regclass from pg_catalog.pg_class c where c.oid = any ($1::pg_catalog.oid[]) order by c.oid", textArray(t.forced))
	return forceAll("force", column(rows)), err
}

// asForced runs fn, which only reads, while unforce is undone for what conn sees.
func (t *Target) asForced(ctx context.Context, conn *pgconn.PgConn, fn func() error) error {
	force, err := t.forcing(ctx, conn)
	if err != nil {
		return err
	}
	if len(force) == 0 {
		return fn()
	}
	begin, end := "begin;\n", "rollback"
	if conn.TxStatus() != 'I' { // under the veil
		begin, end = "savepoint forced;\n", "rollback to savepoint forced"
	}
	if err := run(ctx, conn, begin+strings.Join(force, ";\n")); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err // conn is not used again
	}
	return run(ctx, conn, end)
}

func forceAll(how string, tables []string) []string {
	out := make([]string, len(tables))
	for i, name := range tables {
		out[i] = "alter table only " + name + " " + how + " row level security"
	}
	return out
}
