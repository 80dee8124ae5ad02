package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// rename is the one transaction that swaps: it takes over the database's own
// owner, privileges, settings and comment, and renames. ALTER DATABASE RENAME
// locks out new sessions and then waits some seconds for the others to go,
// while a second session ends them; if one stays, all is tried again until
// swapTimeout is over. older is where Previous goes, "" if there is none.
func (t *Target) rename(ctx context.Context, live *liveDB, older string) (ended int, err error) {
	building, err := t.database(ctx, t.build)
	if err != nil {
		return 0, err
	}
	if building == nil {
		return 0, errors.New("the new database is gone")
	}
	script, err := t.renameScript(ctx, live, older)
	if err != nil {
		return 0, err
	}
	busy := []string{oid(building.oid)}
	if live != nil {
		busy = append(busy, oid(live.oid))
	}
	if older != "" {
		prev, err := t.database(ctx, t.Previous())
		if err != nil {
			return 0, err
		}
		if prev != nil {
			busy = append(busy, oid(prev.oid))
		}
	}
	return t.renameWhenFree(ctx, script, building.oid, busy)
}

// renameWhenFree runs script, a transaction that gives NAME to the database
// place, and commits it, while a second session ends those on the databases
// busy, again and again until swapTimeout is over. It returns how many it ended.
func (t *Target) renameWhenFree(ctx context.Context, script string, place uint32, busy []string) (ended int, err error) {
	second, err := t.at.connect(ctx, t.cfg.MaintenanceDB)
	if err != nil {
		return 0, err
	}
	defer closeConn(ctx, second)
	if err := pin(ctx, second, textSettings); err != nil {
		return 0, withMessage(err)
	}
	k := &killer{conn: second, oids: busy, ended: map[string]bool{}, kept: map[string]bool{}}
	for deadline := time.Now().Add(t.cfg.swapTimeout); ; {
		err := t.tryRename(ctx, script, place, k)
		if codeOf(err) == "55006" && time.Now().Before(deadline) && ctx.Err() == nil {
			continue
		}
		if codeOf(err) == "55006" {
			return len(k.ended), k.explain(ctx, err)
		}
		return len(k.ended), err
	}
}

func (t *Target) renameScript(ctx context.Context, live *liveDB, older string) (string, error) {
	script, err := t.takeoverDatabase(ctx, live)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("begin;\n" + script)
	name, prev := schema.QuoteIdent(t.name), schema.QuoteIdent(t.Previous())
	if older != "" {
		// It is to be dropped, which a template cannot be.
		fmt.Fprintf(&b, "alter database %[1]s is_template false;\nalter database %[1]s rename to %[2]s;\n", prev, schema.QuoteIdent(older))
	}
	if live != nil {
		fmt.Fprintf(&b, "alter database %s rename to %s;\n", name, prev)
		fmt.Fprintf(&b, "comment on database %s is %s;\n", prev, schema.QuoteLiteral(marked(live.comment, markPrevious+t.cfg.Run)))
	}
	fmt.Fprintf(&b, "alter database %s rename to %s", schema.QuoteIdent(t.build), name)
	return b.String(), nil
}

// tryRename runs the transaction once. Only if the database place has the name
// is its error nil.
func (t *Target) tryRename(ctx context.Context, script string, place uint32, k *killer) error {
	conn, err := t.administer(ctx)
	if err != nil {
		return err
	}
	killing, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { k.run(killing) })
	err = run(ctx, conn, script)
	stop()
	wg.Wait()
	if err != nil {
		if !conn.IsClosed() && conn.TxStatus() != 'I' {
			if err := run(ctx, conn, "rollback"); err != nil {
				closeConn(ctx, conn)
			}
		}
		return withMessage(err)
	}
	// From here on an interrupt comes too late.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTimeout)
	defer cancel()
	if err := run(ctx, conn, "commit"); err != nil {
		return t.committed(ctx, place, err)
	}
	return nil
}

// committed finds out, after the connection was lost at the commit, which
// database has the name: nil if it is place.
func (t *Target) committed(ctx context.Context, place uint32, cause error) error {
	closeConn(ctx, t.admin)
	t.locked = false // whoever has the lock now, this only reads
	now, err := t.live(ctx)
	if err != nil {
		return fmt.Errorf("connection lost at the commit, and %s cannot be asked whether it happened: %w", schema.QuoteIdent(t.cfg.MaintenanceDB), errors.Join(withMessage(cause), err))
	}
	if now != nil && now.oid == place {
		return nil
	}
	return withMessage(cause)
}

// killer ends sessions on databases, until it is told to stop.
type killer struct {
	conn  *pgconn.PgConn
	oids  []string
	ended map[string]bool // sessions that were ended
	kept  map[string]bool // sessions that we may not end
	err   error
}

const killEvery = 50 * time.Millisecond

func (k *killer) run(ctx context.Context) {
	for ctx.Err() == nil {
		// Whoever waits between rounds must not be cut off in a query: that would
		// close the connection.
		k.round(context.WithoutCancel(ctx))
		select {
		case <-ctx.Done():
		case <-time.After(killEvery):
		}
	}
}

func (k *killer) round(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	rows, err := k.sessions(ctx)
	if err != nil {
		k.err = err
		return
	}
	for _, r := range rows {
		row, err := oneOf(ctx, k.conn, "select pg_catalog.pg_terminate_backend($1::int4)", r[0])
		who := r[0] + " " + r[3]
		switch {
		case codeOf(err) == "42501":
			k.kept[backend(r)] = true
		case err != nil:
			k.err = err
			return
		case row[0] == "t" && !strings.HasPrefix(r[2], applicationName): // ours may just be on its way out
			k.ended[who] = true
		}
	}
}

// backend says what is known of a row of sessions: others' names and kinds are shown
// to a role that may read all statistics.
func backend(row []string) string {
	text := "backend " + row[0]
	switch {
	case row[1] != "":
		text += ", role " + row[1]
	case row[4] != "":
		text += ", " + row[4]
	default:
		text += ", a process of the server itself"
	}
	if row[2] != "" {
		text += ", " + row[2]
	}
	return text
}

func (k *killer) sessions(ctx context.Context) ([][]string, error) {
	return textsOf(ctx, k.conn, `
select pid, usename, application_name, backend_start, backend_type from pg_catalog.pg_stat_activity
where datid = any ($1::oid[]) and pid <> pg_catalog.pg_backend_pid() and backend_type is distinct from 'autovacuum worker'`, "{"+strings.Join(k.oids, ",")+"}")
}

// explain says why the databases are still in use.
func (k *killer) explain(ctx context.Context, cause error) error {
	if len(k.kept) > 0 {
		var who []string
		for w := range k.kept {
			who = append(who, w)
		}
		sort.Strings(who)
		return fmt.Errorf("sessions stay that our role may not end: %s; end them, or grant pg_signal_backend to the role (only a superuser ends a superuser's session)", strings.Join(who, "; "))
	}
	n, err := textsOf(ctx, k.conn, `
select gid from pg_catalog.pg_prepared_xacts p join pg_catalog.pg_database d on d.datname = p.database
where d.oid = any ($1::oid[])`, "{"+strings.Join(k.oids, ",")+"}")
	if err == nil && len(n) > 0 {
		return fmt.Errorf("%w; it has %d prepared transactions: commit or roll them back", cause, len(n))
	}
	if k.err != nil {
		return errors.Join(cause, withMessage(k.err))
	}
	return cause
}
