package pipeline

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// errShared is for poolers that hand out a session for one transaction at a time.
var errShared = errors.New("a connection pooler lends each session to several clients, for one transaction or statement at a time: " +
	"settings of the run would stay in sessions of others, and its locks would not hold; " +
	"name the server itself, or a pool whose sessions belong to one client (pool_mode = session of pgbouncer)")

// sharedWait is how long the second client waits for a session. Where each belongs to
// one client it may not get any; else it gets that of the first.
const sharedWait = 5 * time.Second

// shared reports whether conn's pooler lends its session to others between statements.
// Only numbers of backends are read, so that nothing is left in anybody's session.
// other opens one more connection.
func shared(ctx context.Context, conn *pgconn.PgConn, other func(context.Context) (*pgconn.PgConn, error)) (bool, error) {
	bounded, cancel := context.WithTimeout(ctx, sharedWait)
	defer cancel()
	second, err := other(bounded)
	if err != nil {
		return false, ctx.Err() // the pool has no more; those who need one will say why
	}
	defer closeConn(ctx, second)
	var mine []string
	for range 3 { // other clients may come between
		// Twice by the first, because a pool may lend its sessions in turn.
		for _, c := range []*pgconn.PgConn{conn, conn, second, conn} {
			within := ctx
			if c == second {
				within = bounded
			}
			row, err := oneOf(within, c, "select pg_catalog.pg_backend_pid()")
			switch {
			case err != nil && c == second:
				return false, ctx.Err()
			case err != nil:
				return false, err
			}
			if c == conn {
				mine = append(mine, row[0])
			}
			if c == second && slices.Contains(mine, row[0]) || mine[0] != mine[len(mine)-1] {
				return true, nil
			}
		}
	}
	return false, nil
}
