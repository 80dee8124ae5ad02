package pipeline

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// Snapshot is the state of production that a run copies.
type Snapshot struct {
	ID      string    // as pg_export_snapshot names it
	LSN     string    // write position (replay position on a standby) right after the snapshot was taken
	Time    time.Time // now() of the leader's transaction, UTC
	Standby bool
}

// Begin starts the leader's transaction, locks the tables against ALTER and
// DROP (access share mode, which stops neither readers nor writers), and only
// then takes and exports the snapshot. tables are all relations of the run,
// partitions included. Missing privileges are one error that lists them all.
func (s *Source) Begin(ctx context.Context, tables []schema.Name) (Snapshot, error) {
	snap, err := s.begin(ctx, tables)
	if err != nil {
		return Snapshot{}, fmt.Errorf("source: snapshot: %w", err)
	}
	s.snap = snap
	s.begun.Store(time.Now().UnixNano())
	return snap, nil
}

func (s *Source) begin(ctx context.Context, tables []schema.Name) (Snapshot, error) {
	if err := s.mayRead(ctx, tables); err != nil {
		return Snapshot{}, err
	}
	if err := run(ctx, s.leader, "begin transaction isolation level repeatable read, read only"); err != nil {
		return Snapshot{}, withMessage(err)
	}
	if len(tables) > 0 {
		if err := s.lockAll(ctx, tables); err != nil {
			return Snapshot{}, err
		}
	}
	row, err := oneOf(ctx, s.leader, `
select pg_catalog.pg_export_snapshot(),
       case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
            else pg_catalog.pg_current_wal_lsn() end,
       (extract(epoch from pg_catalog.now()) * 1000000)::pg_catalog.int8,
       pg_catalog.pg_is_in_recovery()`)
	if err != nil {
		return Snapshot{}, withMessage(err)
	}
	// Once more inside the transaction, where it holds behind any pooler.
	if err := pin(ctx, s.leader, s.settings()...); err != nil {
		return Snapshot{}, withMessage(err)
	}
	micros, err := strconv.ParseInt(row[2], 10, 64)
	if err != nil {
		return Snapshot{}, fmt.Errorf("time: %w", err)
	}
	return Snapshot{ID: row[0], LSN: row[1], Time: time.UnixMicro(micros).UTC(), Standby: row[3] == "t"}, nil
}

func (s *Source) lockAll(ctx context.Context, tables []schema.Name) error {
	sorted := append([]schema.Name(nil), tables...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Less(sorted[j]) })
	var b strings.Builder
	b.WriteString("lock table ")
	for i, t := range sorted {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.SQL())
	}
	b.WriteString(" in access share mode")
	err := run(ctx, s.leader, b.String())
	switch codeOf(err) {
	case "":
		return err
	case lockNotAvailable:
		return fmt.Errorf("locks: a table stayed locked by another session for %s (SQLSTATE 55P03); try again when no migration runs", s.cfg.LockTimeout)
	}
	return fmt.Errorf("locks: %w", withMessage(err))
}

// MayRead checks the privileges to read tables and sequences. What is missing is
// a *PrivilegeError that lists it all.
func (s *Source) MayRead(ctx context.Context, relations []schema.Name) error {
	if err := s.mayRead(ctx, relations); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	return nil
}

// mayRead checks the privileges to read every relation.
func (s *Source) mayRead(ctx context.Context, tables []schema.Name) error {
	schemas, names := make([]string, len(tables)), make([]string, len(tables))
	for i, t := range tables {
		schemas[i], names[i] = t.Schema, t.Name
	}
	rows, err := textsOf(ctx, s.leader, `
select n.nspname, c.relname, c.relkind,
       pg_catalog.has_schema_privilege(n.oid, 'usage'),
       pg_catalog.has_table_privilege(c.oid, 'select'),
       pg_catalog.row_security_active(c.oid)
from unnest($1::text[], $2::text[]) as t(s, r)
join pg_catalog.pg_namespace n on n.nspname = t.s
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t.r
where not pg_catalog.has_schema_privilege(n.oid, 'usage')
   or not pg_catalog.has_table_privilege(c.oid, 'select')
   or pg_catalog.row_security_active(c.oid)
order by 1, 2`, textArray(schemas), textArray(names))
	if err != nil {
		return fmt.Errorf("privileges: %w", withMessage(err))
	}
	if len(rows) == 0 {
		return nil
	}
	e := &PrivilegeError{Role: s.info.Role}
	seen := map[string]bool{}
	for _, r := range rows {
		name := schema.Name{Schema: r[0], Name: r[1]}
		if r[3] != "t" && !seen[r[0]] {
			seen[r[0]] = true
			e.Schemas = append(e.Schemas, r[0])
		}
		switch {
		case r[4] != "t" && r[2] == "S":
			e.Sequences = append(e.Sequences, name)
		case r[4] != "t":
			e.Tables = append(e.Tables, name)
		}
		if r[5] == "t" {
			e.RowSecurity = append(e.RowSecurity, name)
		}
	}
	return e
}

// PrivilegeError lists what the source's role may not read.
type PrivilegeError struct {
	Role        string
	Schemas     []string      // without USAGE
	Tables      []schema.Name // without SELECT
	Sequences   []schema.Name // without SELECT
	RowSecurity []schema.Name // whose rows row security would hide
}

// Error says what is missing and how to grant it.
func (e *PrivilegeError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "role %s may not read everything; run as the owner or a superuser:", schema.QuoteIdent(e.Role))
	role := schema.QuoteIdent(e.Role)
	for _, s := range e.Schemas {
		fmt.Fprintf(&b, "\n  grant usage on schema %s to %s;", schema.QuoteIdent(s), role)
	}
	for _, t := range e.Tables {
		fmt.Fprintf(&b, "\n  grant select on table %s to %s;", t.SQL(), role)
	}
	for _, t := range e.Sequences {
		fmt.Fprintf(&b, "\n  grant select on sequence %s to %s;", t.SQL(), role)
	}
	if len(e.RowSecurity) > 0 {
		fmt.Fprintf(&b, "\n  alter role %s bypassrls; -- row security hides rows of", role)
		for i, t := range e.RowSecurity {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString(" " + t.String())
		}
	}
	return b.String()
}

// explain returns err, of somebody who could not use the snapshot, or in its
// place why the server ended the leader's session, and with it the snapshot. The
// leader must not be in use.
func (s *Source) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	if why := run(ctx, s.leader, "select 1"); codeOf(why) != "" && s.leader.IsClosed() {
		return fmt.Errorf("the session that holds the snapshot has ended: %w", withMessage(why))
	}
	return err
}

// OpenWorkers opens n more connections, all in the leader's snapshot, while the
// leader is not in use. It finds out poolers and load balancers that lead some of
// them elsewhere.
func (s *Source) OpenWorkers(ctx context.Context, n int) error {
	if n < 1 {
		return fmt.Errorf("source: workers: %d is less than 1", n)
	}
	if s.snap.ID == "" || s.free != nil {
		return fmt.Errorf("source: workers: opened before the snapshot, or twice")
	}
	free := make(chan *pgconn.PgConn, n)
	s.free = free
	for i := range n {
		c, err := s.openWorker(ctx)
		if err != nil {
			return fmt.Errorf("source: worker %d of %d: %w", i+1, n, s.explain(ctx, err))
		}
		free <- c
	}
	return nil
}

func (s *Source) openWorker(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := s.at.connectBy(ctx, "", s.throttling())
	if err != nil {
		return nil, err
	}
	if err := s.importSnapshot(ctx, conn); err != nil {
		closeConn(ctx, conn)
		return nil, err
	}
	return conn, nil
}

const elsewhere = "a connection pooler or load balancer sends connections to different servers: name one server directly as the source"

func (s *Source) importSnapshot(ctx context.Context, conn *pgconn.PgConn) error {
	err := run(ctx, conn, "begin transaction isolation level repeatable read, read only; set transaction snapshot "+
		schema.QuoteLiteral(s.snap.ID))
	switch codeOf(err) {
	case "":
		if err != nil {
			return err
		}
	case "22023", "42704":
		return fmt.Errorf("%w; the session that holds the snapshot has ended, or %s", withMessage(err), elsewhere)
	default:
		return withMessage(err)
	}
	if err := pin(ctx, conn, append(s.settings(), s.statementLimit())...); err != nil {
		return withMessage(err)
	}
	row, err := oneOf(ctx, conn, `
select pg_catalog.pg_postmaster_start_time(), d.oid, pg_catalog.pg_is_in_recovery()
from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()`)
	if err != nil {
		return withMessage(err)
	}
	if row[0] != s.info.Started || row[1] != strconv.FormatUint(uint64(s.info.OID), 10) || (row[2] == "t") != s.snap.Standby {
		return fmt.Errorf("connected to another server than the leader; %s", elsewhere)
	}
	if err := run(ctx, conn, "savepoint "+workerSavepoint); err != nil {
		return withMessage(err)
	}
	return s.pids.add(ctx, conn)
}

// Acquire waits for a free worker. A worker that was lost is replaced by one on
// the same snapshot, which the leader holds. It has, from time to time, no locks any
// more. The caller hands it back with Release.
func (s *Source) Acquire(ctx context.Context) (*pgconn.PgConn, error) {
	if s.free == nil {
		return nil, fmt.Errorf("source: no workers are open")
	}
	var conn *pgconn.PgConn
	select {
	case conn = <-s.free:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if conn != nil && !conn.IsClosed() {
		if !s.lent.due(conn) || run(ctx, conn, "rollback to savepoint "+workerSavepoint) == nil {
			return conn, nil
		}
		closeConn(context.Background(), conn)
	}
	s.drop(conn)
	conn, err := s.openWorker(ctx)
	if err != nil {
		s.free <- nil
		return nil, fmt.Errorf("source: worker: %w", err)
	}
	return conn, nil
}

// Release hands a worker back. With healthy false, or when its transaction has
// failed, its connection is closed and the next Acquire opens another.
func (s *Source) Release(conn *pgconn.PgConn, healthy bool) {
	if !healthy || conn.IsClosed() || conn.IsBusy() || conn.TxStatus() != 'T' {
		s.drop(conn)
		closeConn(context.Background(), conn)
		conn = nil
	}
	s.free <- conn
}

// drop forgets a worker that is not used any more.
func (s *Source) drop(conn *pgconn.PgConn) {
	s.pids.remove(conn)
	s.lent.forget(conn)
}
