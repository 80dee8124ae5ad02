package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// applicationName is what our sessions are called in pg_stat_activity.
const applicationName = "pgstandin"

// closeTimeout bounds how long saying good-bye to a server may take.
const closeTimeout = 5 * time.Second

// setting is one run-time parameter that a session pins.
type setting struct {
	name, value string
	since       int // first major version that knows it; 0 all
}

// textSettings pin everything that the text form of a value, or of an
// expression, depends on.
var textSettings = []setting{
	{"search_path", "", 0},
	{"TimeZone", "UTC", 0},
	{"DateStyle", "ISO, MDY", 0},
	{"IntervalStyle", "postgres", 0},
	{"extra_float_digits", "1", 0},
	{"bytea_output", "hex", 0},
	{"xmloption", "content", 0},
	{"lc_monetary", "C", 0},
	{"standard_conforming_strings", "on", 0},
	{"quote_all_identifiers", "off", 0},
	{"array_nulls", "on", 0},
	{"transform_null_equals", "off", 0},
	{"row_security", "off", 0},
	{"gin_fuzzy_search_limit", "0", 0}, // else an index leaves rows out, at random
	{"statement_timeout", "0", 0},
	{"idle_in_transaction_session_timeout", "0", 0},
	{"idle_session_timeout", "0", 14},
	{"transaction_timeout", "0", 17},
	{"application_name", applicationName, 0},
	{"client_min_messages", "warning", 0},
}

// sourceSettings come on top for sessions on the source. One connection is one
// backend there, so that the source feels no more than the workers asked for.
var sourceSettings = []setting{
	{"default_transaction_read_only", "on", 0},
	{"plan_cache_mode", "force_custom_plan", 0},
	{"max_parallel_workers_per_gather", "0", 0},
	{"synchronize_seqscans", "off", 0},
	{"jit", "off", 0},
}

// rowEncoding is the client encoding in which rows and statements go to and from a
// database of that encoding: the UTF-8 that masks and rules read, unless the server
// knows no conversion.
func rowEncoding(server string) string {
	if server == "SQL_ASCII" || server == "MULE_INTERNAL" {
		return server
	}
	return "UTF8"
}

// writing is for sessions that write, whatever the role's own settings are.
var writing = []setting{{"default_transaction_read_only", "off", 0}}

// writingOption is writing for the programs that are started, in PGOPTIONS.
const writingOption = "-c default_transaction_read_only=off"

// pin sets the session's parameters, rowEncoding among them. Inside a transaction it
// holds even if a pooler hands the session out by transaction.
func pin(ctx context.Context, conn *pgconn.PgConn, sets ...[]setting) error {
	major := majorOf(conn)
	var b strings.Builder
	fmt.Fprintf(&b, "select pg_catalog.set_config('client_encoding', '%s', false)", rowEncoding(conn.ParameterStatus("server_encoding")))
	for _, list := range sets {
		for _, s := range list {
			if s.since <= major {
				fmt.Fprintf(&b, ", pg_catalog.set_config('%s', '%s', false)", s.name, s.value)
			}
		}
	}
	return run(ctx, conn, b.String())
}

// majorOf returns the server's major version, 0 if it does not say.
func majorOf(conn *pgconn.PgConn) int {
	v := conn.ParameterStatus("server_version")
	end := 0
	for end < len(v) && v[end] >= '0' && v[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(v[:end])
	return n
}

// run executes a script and drops its results.
func run(ctx context.Context, conn *pgconn.PgConn, sql string) error {
	_, err := conn.Exec(ctx, sql).ReadAll()
	return err
}

// rowsOf executes one statement with text parameters and returns its rows as
// text; a nil field is NULL.
func rowsOf(ctx context.Context, conn *pgconn.PgConn, sql string, args ...string) ([][][]byte, error) {
	params := make([][]byte, len(args))
	for i, a := range args {
		params[i] = []byte(a)
	}
	res := conn.ExecParams(ctx, sql, params, nil, nil, nil).Read()
	return res.Rows, res.Err
}

// textsOf is rowsOf with NULL as the empty string.
func textsOf(ctx context.Context, conn *pgconn.PgConn, sql string, args ...string) ([][]string, error) {
	rows, err := rowsOf(ctx, conn, sql, args...)
	if err != nil {
		return nil, err
	}
	out := make([][]string, len(rows))
	for i, r := range rows {
		out[i] = make([]string, len(r))
		for j, f := range r {
			out[i][j] = string(f)
		}
	}
	return out, nil
}

// oneOf is textsOf for a statement with exactly one row.
func oneOf(ctx context.Context, conn *pgconn.PgConn, sql string, args ...string) ([]string, error) {
	rows, err := textsOf(ctx, conn, sql, args...)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, fmt.Errorf("one row expected, got %d", len(rows))
	}
	return rows[0], nil
}

// textArray spells a text[] parameter.
func textArray(items []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, s := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		for j := 0; j < len(s); j++ {
			if s[j] == '"' || s[j] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(s[j])
		}
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// closeConn closes conn without letting a dead network hold us up, whatever became
// of the context that the work ran under.
func closeConn(ctx context.Context, conn *pgconn.PgConn) {
	if conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	conn.Close(ctx)
}

// Sessions lends connections to one database, as many as are in use at once;
// Source and Target are such.
type Sessions interface {
	Acquire(ctx context.Context) (*pgconn.PgConn, error)
	Release(conn *pgconn.PgConn, healthy bool)
}

// endpoint connects again and again to the one server that the first
// connection reached, however many hosts and addresses its configuration names.
type endpoint struct {
	cfg   *pgconn.Config
	stall time.Duration // see stallConn; not above 0 is never
	askIn string        // the database in which the server is asked; "" is the configured one

	names *lookups

	mu            sync.Mutex
	network, addr string // what the last dial reached
	pinned        bool
	watched       bool            // the server's backends look after their clients
	unshared      map[string]bool // databases whose pooler was asked: see shared
	pooled        bool            // the last connection was behind a pooler
}

// newEndpoint takes the StallTimeout of a SourceConfig.
func newEndpoint(cfg *pgconn.Config, stall time.Duration) *endpoint {
	e := &endpoint{cfg: cfg.Copy(), stall: cmp.Or(stall, DefaultStallTimeout)}
	e.names = noteLookups(e.cfg)
	dial := e.cfg.DialFunc
	e.cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		e.mu.Lock()
		if e.pinned {
			network, addr = e.network, e.addr
		}
		e.mu.Unlock()
		c, err := dial(ctx, network, addr)
		if err == nil {
			e.mu.Lock()
			e.network, e.addr = network, addr
			e.mu.Unlock()
		}
		return c, err
	}
	return e
}

// connect opens a connection to database, "" meaning the configured one. The
// first success pins the server for all that follow.
func (e *endpoint) connect(ctx context.Context, database string) (*pgconn.PgConn, error) {
	return e.connectBy(ctx, database, nil)
}

// connectBy is connect by way of wrap, which gets the network's connection. A server
// that is in use, and has no room for one more just now, gets a little time.
func (e *endpoint) connectBy(ctx context.Context, database string, wrap func(net.Conn) net.Conn) (*pgconn.PgConn, error) {
	for try := 0; ; try++ {
		e.mu.Lock()
		cfg, inUse := e.cfg.Copy(), e.pinned
		e.mu.Unlock()
		conn, err := e.connectOnce(ctx, cfg, database, wrap)
		if !inUse || codeOf(err) != tooManyConnections || try == len(pauses) {
			return conn, err
		}
		if err := pause(ctx, pauses[try]); err != nil {
			return nil, err
		}
	}
}

func (e *endpoint) connectOnce(ctx context.Context, cfg *pgconn.Config, database string, wrap func(net.Conn) net.Conn) (*pgconn.PgConn, error) {
	dial := cfg.DialFunc
	var guard *stallConn // of the last connection that was tried
	cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if e.stall > 0 {
			guard = newStallConn(e, c, e.stall)
			c = guard
		}
		if wrap != nil {
			c = wrap(c)
		}
		return c, nil
	}
	var rows *rowTap // of the last connection that was tried
	build := cfg.BuildFrontend
	cfg.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		rows = newRowTap(r)
		return build(rows, w)
	}
	if e.stall > 0 && cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = e.stall
	}
	if database != "" {
		cfg.Database = database
	}
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, connectError(err)
	}
	conn.CustomData()[rowsKey] = rows
	direct, watched := watchClient(ctx, conn, guard)
	if !direct && !conn.IsClosed() {
		e.pin(cfg) // that the second client comes to the same pooler
		if err := e.refuseShared(ctx, conn, cfg); err != nil {
			closeConn(ctx, conn)
			return nil, err
		}
		watched = watch(ctx, conn)
	}
	if conn.IsClosed() {
		return nil, &netError{errors.New("connection lost right after it was made")}
	}
	e.pin(cfg)
	e.mu.Lock()
	e.watched, e.pooled = watched, !direct
	e.mu.Unlock()
	return conn, nil
}

// pin has all connections go where the last one went, which was made by cfg.
func (e *endpoint) pin(cfg *pgconn.Config) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.pinned {
		e.cfg.Password = cfg.Password // of the host that answered
	}
	e.pinned = true
}

// checkEvery is how often a backend that is at work looks whether its client is
// still there.
const checkEvery = 2 * time.Second

var checkClient = fmt.Sprintf("pg_catalog.set_config('client_connection_check_interval', '%d', false)", checkEvery.Milliseconds())

// watchClient makes the backend end when we do, even while it builds an index, and
// reports whether the server can: from version 14 on, on most systems. It does so only
// where the connection is direct: behind a pooler, the connection itself names another
// backend. The guard, if any, is told which backend it is.
func watchClient(ctx context.Context, conn *pgconn.PgConn, guard *stallConn) (direct, watched bool) {
	sql := "select pg_catalog.pg_backend_pid()"
	if majorOf(conn) >= 14 {
		sql += fmt.Sprintf("; select case when pg_catalog.pg_backend_pid() = %d then %s end", conn.PID(), checkClient)
	}
	results, err := conn.Exec(ctx, sql).ReadAll()
	if len(results) > 0 && len(results[0].Rows) == 1 {
		if pid, err := strconv.ParseUint(string(results[0].Rows[0][0]), 10, 32); err == nil && uint32(pid) == conn.PID() {
			direct = true
			if guard != nil {
				guard.pid.Store(uint32(pid))
			}
		}
	}
	return direct, direct && err == nil && majorOf(conn) >= 14
}

// watch is what watchClient does, for a session behind a pooler that is ours alone.
func watch(ctx context.Context, conn *pgconn.PgConn) bool {
	return majorOf(conn) >= 14 && run(ctx, conn, "select "+checkClient) == nil
}

// refuseShared is an error if conn, made by cfg, is behind a pooler that lends its
// session to others. Each database is asked for once, because a pooler may treat them
// in different ways.
func (e *endpoint) refuseShared(ctx context.Context, conn *pgconn.PgConn, cfg *pgconn.Config) error {
	e.mu.Lock()
	known := e.unshared[cfg.Database]
	e.mu.Unlock()
	if known {
		return nil
	}
	is, err := shared(ctx, conn, func(ctx context.Context) (*pgconn.PgConn, error) { return pgconn.ConnectConfig(ctx, cfg.Copy()) })
	switch {
	case err != nil:
		return connectError(err)
	case is:
		return errShared
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.unshared == nil {
		e.unshared = map[string]bool{}
	}
	e.unshared[cfg.Database] = true
	return nil
}

// watchesClients reports whether backends end with their clients, as the last
// connection has told.
func (e *endpoint) watchesClients() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.watched
}

// behindPooler reports whether a pooler is in between, as the last connection has told.
func (e *endpoint) behindPooler() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.pooled
}

// server returns the host as configured (a socket directory for a local one),
// its numeric address ("" for a socket) and port. Valid after connect.
func (e *endpoint) server() (host, address string, port uint16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	address, port, ok := splitAddr(e.network, e.addr)
	switch {
	case !ok:
		return e.cfg.Host, "", e.cfg.Port
	case e.network == "unix":
		return address, "", port
	}
	return e.names.host(address), address, port
}
