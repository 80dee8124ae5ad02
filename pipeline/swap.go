package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// SwapResult says what a swap did.
type SwapResult struct {
	// Previous is the name under which the database that was replaced is kept, in
	// place those of the schemas; empty if there was none.
	Previous string
	// Ended is how many sessions of others on the replaced databases were ended.
	Ended int
	// Left is the name of the older previous database if it could not be dropped
	// after the swap (the next run does it), else empty; LeftErr is why.
	Left    string
	LeftErr error
}

// Previous returns the name that the replaced database is kept under.
func (t *Target) Previous() string { return fit(t.name, "_previous") }

func (t *Target) aside() string { return fit(t.name, "_pgstandin_"+t.cfg.Run+"_old") }

// Swap puts the new database in the live one's place. The new one first takes
// over owners, privileges, settings and comment; then, in one transaction, the
// live one is renamed to Previous and the new one to NAME, while sessions on
// it are ended; then what was Previous before is dropped. When it returns an
// error, staging is as it was; what goes wrong after the commit is in the
// result.
func (t *Target) Swap(ctx context.Context) (SwapResult, error) {
	swap := t.swap
	if t.inplace != nil {
		swap = t.swapShadows
	}
	res, err := swap(ctx)
	if err != nil {
		return SwapResult{}, fmt.Errorf("target: swap: %w", err)
	}
	return res, nil
}

// Swapped reports whether the new database is in place.
func (t *Target) Swapped() bool { return t.swapped }

func (t *Target) swap(ctx context.Context) (SwapResult, error) {
	if !t.created || t.swapped {
		return SwapResult{}, errors.New("the new database is not there")
	}
	live, err := t.live(ctx)
	if err != nil {
		return SwapResult{}, err
	}
	if live != nil && isProtected(live.comment) {
		return SwapResult{}, fmt.Errorf("%s has become protected by its comment", schema.QuoteIdent(t.name))
	}
	if t.seen != nil && *t.seen != live.number() {
		return SwapResult{}, fmt.Errorf("%s is another database than when the run began, or has come or gone since; run it again", schema.QuoteIdent(t.name))
	}
	if err := t.takeoverObjects(ctx, live); err != nil {
		return SwapResult{}, fmt.Errorf("take over: %w", err)
	}
	t.disconnectAll(ctx)
	res := SwapResult{}
	older := ""
	if live != nil {
		res.Previous = t.Previous()
		prev, err := t.database(ctx, res.Previous)
		if err != nil {
			return SwapResult{}, err
		}
		if prev != nil {
			if !wasPrevious(prev.comment) || isProtected(prev.comment) {
				return SwapResult{}, notOurs(res.Previous)
			}
			older = t.aside()
		}
	}
	if res.Ended, err = t.rename(ctx, live, older); err != nil {
		return SwapResult{}, err
	}
	t.swapped = true
	if older != "" {
		// The swap is done; what is left to do must not be cut short by an
		// interrupt, and cannot make it undone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTimeout)
		defer cancel()
		if err := t.dropOlder(ctx, older); err != nil {
			res.Left, res.LeftErr = older, err
		}
	}
	return res, nil
}

func notOurs(name string) error {
	return fmt.Errorf("database %s exists and was not put aside by pgstandin; rename or drop it", schema.QuoteIdent(name))
}

// dropOlder tries a second time if the session was ended.
func (t *Target) dropOlder(ctx context.Context, older string) error {
	for try := 0; ; try++ {
		conn, err := t.administer(ctx)
		if err != nil {
			return err
		}
		err = run(ctx, conn, "drop database if exists "+schema.QuoteIdent(older)+" with (force)")
		if err == nil || try > 0 || !lost(codeOf(err)) && !conn.IsClosed() {
			return withMessage(err)
		}
	}
}

// takeoverObjects gives owners, privileges and default privileges inside the
// new database, in one transaction.
func (t *Target) takeoverObjects(ctx context.Context, live *liveDB) error {
	databaseOwner := cmp.Or(t.cfg.Owner, t.info.Role)
	if live != nil {
		databaseOwner = live.owner
	}
	owner := cmp.Or(t.cfg.Owner, databaseOwner)
	building, err := t.Connect(ctx)
	if err != nil {
		return err
	}
	defer t.Disconnect(ctx, building)
	objects, err := readObjects(ctx, building)
	if err != nil {
		return err
	}
	var liveObjects *objectList
	var defaults []string
	if live != nil {
		conn, err := t.connectLive(ctx)
		if err != nil {
			return err
		}
		defer closeConn(ctx, conn)
		if liveObjects, err = readObjects(ctx, conn); err != nil {
			return err
		}
		if defaults, err = defaultPrivileges(ctx, conn, objects, false); err != nil {
			return err
		}
	}
	force, err := t.forcing(ctx, building)
	if err != nil {
		return err
	}
	// One simple query is one transaction. The database's owner comes first: from
	// PostgreSQL 15 on the schema public is his.
	statements := []string{fmt.Sprintf("alter database %s owner to %s", schema.QuoteIdent(t.build), schema.QuoteIdent(databaseOwner))}
	statements = append(append(append(statements, force...), giveAll(objects, liveObjects, owner, t.cfg.Grants)...), defaults...)
	return withMessage(run(ctx, building, strings.Join(statements, ";\n")))
}

// connectLive opens a session on the live database, for reading.
func (t *Target) connectLive(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := t.at.connect(ctx, t.name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", schema.QuoteIdent(t.name), err)
	}
	if err := pin(ctx, conn, textSettings, []setting{{"default_transaction_read_only", "on", 0}}); err != nil {
		closeConn(ctx, conn)
		return nil, withMessage(err)
	}
	return conn, nil
}
