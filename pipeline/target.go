package pipeline

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// TargetConfig says what to replace, and how the replacement is made.
type TargetConfig struct {
	// Conn names the server and the live database NAME, which need not exist yet;
	// required.
	Conn *pgconn.Config
	// DSN is the text that Conn was parsed from ("" for the PG* variables alone),
	// for pg_restore; see SourceConfig.
	DSN string
	// MaintenanceDB is the database to work from; empty means "postgres".
	MaintenanceDB string
	// Adopt allows to replace a NAME that holds tables and is not marked as ours.
	Adopt bool
	// Run identifies the run: 1 to 16 of a-z and 0-9. Empty: made up.
	Run string
	// Owner gets what the live database has nothing of the same name for. Empty
	// means the live database's owner, or our role if NAME does not exist yet.
	Owner string
	// Grants are given on such objects.
	Grants []Grant
	// InPlace builds schemas inside the live database, and swaps those, instead of a
	// database beside it: for a role that may not create databases.
	InPlace bool
	// Encoding is the client encoding of the sessions on the new database, if what they
	// write is not in that in which the source would give it: UTF8, or SQL_ASCII for
	// a database of that.
	Encoding string
	// StallTimeout is as in SourceConfig.
	StallTimeout time.Duration
	// PgDump and PgRestore are the programs; empty means to look for them in PATH
	// and then where packages put them.
	PgDump, PgRestore string

	swapTimeout time.Duration // in place of that of the constant
}

// swapTimeout is how long a swap tries to find the live database without sessions.
const swapTimeout = time.Minute

// Grant gives Role privileges on tables, and with them USAGE on their schemas
// and, where Privileges has INSERT, UPDATE or ALL, USAGE and SELECT on sequences.
type Grant struct {
	Role       string
	Privileges []string // of a table: "select", "insert", ..., or "all"
}

// Target is staging: a live database that is left alone until Swap, and the new
// one that this run builds beside it. Its methods are called by one goroutine,
// but for Connect, Disconnect, Acquire and Release.
type Target struct {
	cfg   TargetConfig
	at    *endpoint
	name  string // the live database
	build string // the one that is built
	tools tools

	admin   *pgconn.PgConn // on the maintenance database; holds the run's lock
	info    Info           // of the maintenance database
	locked  bool
	created bool
	swapped bool
	source  Info
	archive *archive
	inplace *inPlace // nil: a database is built beside the live one
	seen    *uint32  // oid of the database that Preflight looked at, 0 for none; nil before

	mu    sync.Mutex
	conns map[*pgconn.PgConn]bool // open connections to build
	idle  []*pgconn.PgConn        // those of them that Acquire may hand out
}

var runPattern = regexp.MustCompile(`^[0-9a-z]{1,16}$`)

// OpenTarget connects to the maintenance database. The caller closes the
// target; nothing is written before Create.
func OpenTarget(ctx context.Context, cfg TargetConfig) (*Target, error) {
	if cfg.Conn == nil || cfg.Conn.Database == "" {
		return nil, errors.New("target: no database is named")
	}
	if cfg.MaintenanceDB == "" {
		cfg.MaintenanceDB = "postgres"
	}
	if cfg.Run == "" {
		cfg.Run = newRun()
	}
	if cfg.swapTimeout == 0 {
		cfg.swapTimeout = swapTimeout
	}
	name := cfg.Conn.Database
	switch {
	case !runPattern.MatchString(cfg.Run):
		return nil, fmt.Errorf("target: run %q: 1 to 16 of a-z and 0-9 are allowed", cfg.Run)
	case name == cfg.MaintenanceDB && !cfg.InPlace:
		return nil, fmt.Errorf("target: %s is the maintenance database; name another with --maintenance-db", schema.QuoteIdent(name))
	case name == "template0" || name == "template1":
		return nil, fmt.Errorf("target: %s is PostgreSQL's own", name)
	}
	t := &Target{
		cfg: cfg, at: newEndpoint(cfg.Conn, cfg.StallTimeout), name: name,
		build: fit(name, "_pgstandin_"+cfg.Run),
		conns: map[*pgconn.PgConn]bool{},
	}
	t.at.askIn = cfg.MaintenanceDB
	if cfg.InPlace {
		t.build, t.inplace = name, newInPlace()
	}
	if err := t.connectAdmin(ctx); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	return t, nil
}

// newRun makes up a run's name: the time to the second, and some chance.
func newRun() string {
	b := make([]byte, 2)
	rand.Read(b)
	return time.Now().UTC().Format("060102150405") + hex.EncodeToString(b)
}

// maxName is the longest name, in bytes, that PostgreSQL keeps whole.
const maxName = 63

// fit appends suffix to name. A name that is too long for that is cut, and gets
// a hash so that two long names stay apart.
func fit(name, suffix string) string {
	if len(name)+len(suffix) <= maxName {
		return name + suffix
	}
	sum := sha256.Sum256([]byte(name))
	tail := "_" + hex.EncodeToString(sum[:4]) + suffix
	cut := maxName - len(tail)
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + tail
}

// Run returns the run's identifier.
func (t *Target) Run() string { return t.cfg.Run }

// Name returns the live database's name.
func (t *Target) Name() string { return t.name }

// Info describes the target server; Database, OID and the locale are the
// maintenance database's.
func (t *Target) Info() Info { return t.info }

func (t *Target) connectAdmin(ctx context.Context) error {
	conn, err := t.at.connect(ctx, t.cfg.MaintenanceDB)
	if err != nil {
		if codeOf(err) == "3D000" {
			return fmt.Errorf("%w; name a database to work from with --maintenance-db", err)
		}
		return err
	}
	app := []setting{{"application_name", applicationName + " run " + t.cfg.Run, 0}}
	if err := pin(ctx, conn, textSettings, writing, app); err != nil {
		closeConn(ctx, conn)
		return withMessage(err)
	}
	info, err := readInfo(ctx, conn)
	if err != nil {
		closeConn(ctx, conn)
		return err
	}
	info.Host, _, info.Port = t.at.server()
	t.admin, t.info = conn, info
	return nil
}

// administer returns the connection to the maintenance database, a new one if
// it was lost, with the run's lock taken again if the run had it.
func (t *Target) administer(ctx context.Context) (*pgconn.PgConn, error) {
	if !t.admin.IsClosed() && t.admin.Ping(ctx) == nil {
		return t.admin, nil
	}
	closeConn(ctx, t.admin)
	if err := t.connectAdmin(ctx); err != nil {
		return nil, err
	}
	if t.locked {
		t.locked = false
		if err := t.lock(ctx); err != nil {
			return nil, err
		}
	}
	return t.admin, nil
}

// lockKey is the advisory lock of the runs that replace name.
func lockKey(name string) (key int64, class, object uint32) {
	sum := sha256.Sum256([]byte("pgstandin\x00" + name))
	k := binary.BigEndian.Uint64(sum[:8])
	return int64(k), uint32(k >> 32), uint32(k)
}

// Lock makes this run the only one that replaces NAME, until Close: by an
// advisory lock in the maintenance database. It then removes what dead runs
// left: databases of our naming that nobody is connected to, and folders for
// temporary files. It returns their names.
func (t *Target) Lock(ctx context.Context) (swept []string, err error) {
	if err := t.lock(ctx); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	swept, err = t.sweep(ctx)
	if err == nil && t.inplace != nil {
		var schemas []string
		schemas, err = t.sweepShadows(ctx)
		swept = append(swept, schemas...)
	}
	swept = append(swept, sweepFolders()...)
	if err != nil {
		return swept, fmt.Errorf("target: clean-up of dead runs: %w", err)
	}
	return swept, nil
}

func (t *Target) lock(ctx context.Context) error {
	conn, err := t.administer(ctx)
	if err != nil || t.locked {
		return err
	}
	key, class, object := lockKey(t.name)
	row, err := oneOf(ctx, conn, "select pg_catalog.pg_try_advisory_lock($1::int8)", strconv.FormatInt(key, 10))
	if err != nil {
		return fmt.Errorf("lock: %w", withMessage(err))
	}
	if row[0] == "t" {
		t.locked = true
		return nil
	}
	who, err := textsOf(ctx, conn, `
select l.pid, a.usename, coalesce(pg_catalog.host(a.client_addr), 'a local socket'), a.application_name,
       pg_catalog.date_trunc('second', a.backend_start)
from pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and l.classid = $1::oid and l.objid = $2::oid and l.objsubid = 1
  and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`, oid(class), oid(object))
	if err != nil {
		return fmt.Errorf("lock: %w", withMessage(err))
	}
	if len(who) == 0 {
		return fmt.Errorf("lock: another run that replaces %s has just ended; try again", t.name)
	}
	w := who[0]
	return fmt.Errorf("lock: another run is replacing %s: backend %s, role %s from %s, %s, since %s; wait for it, or end it with: select pg_terminate_backend(%s)",
		t.name, w[0], w[1], w[2], w[3], w[4], w[0])
}

func oid(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// ours matches the names of databases that runs for name build, or put aside;
// the first group that is not empty is the run.
func ours(name string) *regexp.Regexp {
	const run = `_pgstandin_([0-9a-z]{1,16})(?:_old)?$`
	long := fit(name, "_pgstandin_"+strings.Repeat("0", 16)+"_old")
	short := "^" + regexp.QuoteMeta(name) + run
	if strings.HasPrefix(long, name) {
		return regexp.MustCompile(short)
	}
	sum := sha256.Sum256([]byte(name))
	return regexp.MustCompile(short + "|_" + hex.EncodeToString(sum[:4]) + run)
}

// madeUp matches what newRun makes.
var madeUp = regexp.MustCompile(`^[0-9]{12}[0-9a-f]{4}$`)

// isStale reports whether a database is what a dead run for t's name left. Its
// name alone does not say so, unless nobody else would make it up: the comment
// must say the same run. One that was put aside was first marked by another run,
// as previous.
func (t *Target) isStale(name, comment string) bool {
	m := ours(t.name).FindStringSubmatch(name)
	if m == nil || isProtected(comment) {
		return false
	}
	run := m[1]
	for _, group := range m[2:] {
		run += group
	}
	lines := strings.Split(comment, "\n")
	return slices.Contains(lines, markRun+run) ||
		strings.HasSuffix(name, "_old") && wasPrevious(comment) ||
		madeUp.MatchString(run) && comment == ""
}

// sweep drops databases of dead runs. The caller holds the lock, so that no
// other run for NAME is alive on this maintenance database.
func (t *Target) sweep(ctx context.Context) ([]string, error) {
	rows, err := textsOf(ctx, t.admin, `
select d.datname, coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), ''), d.oid from pg_catalog.pg_database d
where d.datname <> $1 and pg_catalog.pg_has_role(d.datdba, 'usage')
order by 1`, t.build)
	if err != nil {
		return nil, withMessage(err)
	}
	var swept []string
	// What a dead run had the server do ends when the server looks after the
	// client: all of it within one such time.
	dying := time.Now().Add(2 * checkEvery)
	for _, r := range rows {
		if !t.isStale(r[0], r[1]) {
			continue
		}
		free, err := t.unused(ctx, r[2], dying)
		if err != nil {
			return swept, withMessage(err)
		}
		if !free {
			continue
		}
		err = run(ctx, t.admin, "drop database if exists "+schema.QuoteIdent(r[0]))
		if codeOf(err) == "55006" { // in use after all: not dead
			continue
		}
		if err != nil {
			return swept, withMessage(err)
		}
		swept = append(swept, r[0])
	}
	return swept, nil
}

// unused reports whether nobody is connected to a database, or until a moment
// goes away.
func (t *Target) unused(ctx context.Context, database string, until time.Time) (bool, error) {
	for {
		row, err := oneOf(ctx, t.admin, "select count(*) from pg_catalog.pg_stat_activity where datid = $1::oid", database)
		if err != nil || row[0] == "0" {
			return err == nil, err
		}
		if time.Now().After(until) {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-time.After(checkEvery / 10):
		}
	}
}

// loadSettings are for sessions that fill the new database. What they write is
// on disk by the time the swap commits: that commit flushes all that came before.
var loadSettings = []setting{
	{"synchronous_commit", "off", 0},
	{"lock_timeout", "0", 0},
	{"vacuum_cost_delay", "0", 0},
}

// Connect opens a session on the new database, tuned for loading. The caller
// gives it back to Disconnect; Swap and Drop end those that are still open. It
// may be called by several goroutines.
func (t *Target) Connect(ctx context.Context) (*pgconn.PgConn, error) {
	if !t.created || t.swapped {
		return nil, errors.New("target: the new database is not there")
	}
	conn, err := t.at.connect(ctx, t.build)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	own := []setting{}
	if t.inplace != nil { // by that name, sessions of a dead run are known
		own = append(own, setting{"application_name", applicationName + " run " + t.cfg.Run, 0})
	}
	if t.cfg.Encoding != "" {
		own = append(own, setting{"client_encoding", t.cfg.Encoding, 0})
	}
	if err := pin(ctx, conn, textSettings, writing, loadSettings, own); err != nil {
		closeConn(ctx, conn)
		return nil, fmt.Errorf("target: %w", withMessage(err))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns[conn] = true
	return conn, nil
}

// Disconnect closes a connection that Connect returned.
func (t *Target) Disconnect(ctx context.Context, conn *pgconn.PgConn) {
	closeConn(ctx, conn)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, conn)
}

// Acquire is Connect, but for reusing a connection that was released. It never
// waits for one: there are as many as are acquired at once.
func (t *Target) Acquire(ctx context.Context) (*pgconn.PgConn, error) {
	t.mu.Lock()
	var conn *pgconn.PgConn
	if n := len(t.idle); n > 0 {
		conn, t.idle = t.idle[n-1], t.idle[:n-1]
	}
	t.mu.Unlock()
	if conn != nil && !conn.IsClosed() {
		return conn, nil
	}
	if conn != nil {
		t.Disconnect(ctx, conn)
	}
	return t.Connect(ctx)
}

// Release hands a connection back. With healthy false, or inside a transaction,
// it is closed.
func (t *Target) Release(conn *pgconn.PgConn, healthy bool) {
	if !healthy || conn.IsClosed() || conn.IsBusy() || conn.TxStatus() != 'I' {
		t.Disconnect(context.Background(), conn)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle = append(t.idle, conn)
}

func (t *Target) disconnectAll(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle = nil
	for c := range t.conns {
		closeConn(ctx, c)
		delete(t.conns, c)
	}
}

// dropTimeout bounds Drop, which must work after its run was cancelled.
const dropTimeout = time.Minute

// Drop removes the database that this run built, unless it was swapped in, and
// the run's temporary files. It works under a cancelled context too, and may be
// called at any time, more than once.
func (t *Target) Drop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTimeout)
	defer cancel()
	t.disconnectAll(ctx)
	if t.archive != nil {
		_ = t.archive.Remove()
		t.archive = nil
	}
	if !t.created || t.swapped {
		return nil
	}
	if t.inplace != nil {
		return t.dropShadows(ctx)
	}
	cut := t.admin.IsClosed() || t.admin.Ping(ctx) != nil
	if cut {
		t.locked = false // the name is this run's own: no need of the lock
	}
	conn, err := t.administer(ctx)
	if err == nil && cut {
		err = t.quit(ctx, conn)
	}
	if err == nil {
		err = run(ctx, conn, "drop database if exists "+schema.QuoteIdent(t.build)+" with (force)")
	}
	if err != nil {
		return fmt.Errorf("target: drop %s: %w", schema.QuoteIdent(t.build), withMessage(err))
	}
	t.created = false
	return nil
}

// quit ends the run's sessions but conn and admin, and waits until they are gone: the
// server may still be making what one asked for whose client has left, and till then
// there is nothing to drop.
func (t *Target) quit(ctx context.Context, conn *pgconn.PgConn) error {
	ctx, cancel := context.WithTimeout(ctx, dropTimeout/2)
	defer cancel()
	for {
		rows, err := rowsOf(ctx, conn, `
select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
where application_name = $1 and usename = current_user and pid not in (pg_catalog.pg_backend_pid(), $2::pg_catalog.int4)`,
			applicationName+" run "+t.cfg.Run, fmt.Sprint(t.admin.PID()))
		if err != nil || len(rows) == 0 {
			return withMessage(err)
		}
		if err := pause(ctx, checkEvery/10); err != nil {
			return err
		}
	}
}

// Close ends our sessions on the target, and with them the run's lock. It
// drops nothing but temporary files.
func (t *Target) Close(ctx context.Context) {
	t.disconnectAll(ctx)
	if t.archive != nil {
		_ = t.archive.Remove()
		t.archive = nil
	}
	if t.locked {
		unlock(ctx, t.admin)
	}
	closeConn(ctx, t.admin)
}

// unlock gives the session's advisory locks back. Its end would do so too, but a
// little later than whoever waits for it may try to be next.
func unlock(ctx context.Context, conn *pgconn.PgConn) {
	if conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	_ = run(ctx, conn, "rollback; select pg_catalog.pg_advisory_unlock_all()")
}
