package pipeline

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
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
	kept    []string // what Undropped returns
	created bool
	swapped bool
	source  Info
	archive *archive
	forced  []string // oids of the tables whose row security Swap is to force on their owner
	lentTo  string   // the role that may connect to build until the swap, if not as its owner
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
		switch code := codeOf(err); {
		case code == "3D000":
			return fmt.Errorf("%w; name a database to work from with --maintenance-db", err)
		case code == "42501", code == "28000" && strings.Contains(err.Error(), schema.QuoteIdent(t.cfg.MaintenanceDB)): // else it is about the role
			return fmt.Errorf("%w; or name another database to work from with --maintenance-db", err)
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

// Close ends our sessions on the target, and with them the run's lock, also when ctx
// has ended. It drops nothing but temporary files.
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
