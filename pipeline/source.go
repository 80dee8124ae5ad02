package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Defaults of SourceConfig.
const (
	DefaultLockTimeout  = 10 * time.Second
	DefaultYield        = 30 * time.Second
	DefaultStallTimeout = 5 * time.Minute
)

// SourceConfig says how to read production.
type SourceConfig struct {
	// Conn says where; required.
	Conn *pgconn.Config
	// DSN is the text that Conn was parsed from ("" for the PG* variables alone).
	// pg_dump gets those of its settings that Conn does not show, such as
	// sslrootcert, by environment.
	DSN string
	// LockTimeout is how long any session waits for the lock on a table, those that
	// reading the catalog takes among them: zero means DefaultLockTimeout.
	LockTimeout time.Duration
	// Yield is how long anyone may wait behind us before the run gives way: zero
	// means DefaultYield.
	Yield time.Duration
	// MaxRate is how many bytes a second the workers read together; zero is no
	// limit.
	MaxRate int64
	// MaxLag pauses the workers, under Watch, while a standby is farther behind;
	// zero never. On a primary the role must be allowed to see pg_stat_replication.
	MaxLag time.Duration
	// MaxAge ends the run, under Watch, when its snapshot is older; zero never.
	MaxAge time.Duration
	// StatementTimeout is how long a statement of a worker may take; zero is no
	// limit.
	StatementTimeout time.Duration
	// StallTimeout is for how long a connection may be waited for without a byte,
	// before the server is asked whether it is still at work for us; if it is not,
	// the connection counts as lost: zero means DefaultStallTimeout, below zero that
	// it is waited for for ever.
	StallTimeout time.Duration
}

// Info is what is known of a server and one of its databases.
type Info struct {
	Version  int    // server_version_num: 150018
	Database string // the name
	OID      uint32 // of the database
	// System is the cluster's system identifier, or 0 where the server does not
	// let us read it (then Started and Port stand in for it).
	System  uint64
	Started string // postmaster start time, as text
	Standby bool   // in recovery

	Encoding    string // "UTF8"
	Collate     string
	Ctype       string
	Provider    string // "libc", "icu" or "builtin"
	Locale      string // of icu and builtin
	ICURules    string
	CollVersion string

	Host string // as configured; a directory for a socket
	Port uint16
	Role string // current_user
}

// Major is the server's major version.
func (i Info) Major() int { return i.Version / 10000 }

// Same reports whether both are one database of one server, or of a standby of it. A
// standby that was promoted, and what else was made of the server's files, is another.
func (i Info) Same(j Info) bool {
	return i.alike(j) && (i.Started == j.Started || i.Standby || j.Standby)
}

// alike is Same without telling apart what was made of the server's files, in case one of
// them was the other's standby a moment ago.
func (i Info) alike(j Info) bool { return i.sameServer(j) && i.OID == j.OID }

// sameServer reports whether both are one cluster; a standby and its primary
// are, so that a copy of a standby never replaces what it follows.
func (i Info) sameServer(j Info) bool {
	if i.System != 0 && j.System != 0 {
		return i.System == j.System
	}
	return i.Started == j.Started && i.Port == j.Port && i.Version == j.Version
}

// Source is production: a leader that holds locks and the snapshot, and workers
// that read in it. OpenSource, Begin and OpenWorkers are called once, in this
// order; the leader belongs to one goroutine at a time; Acquire, Release and
// Query may be called from several.
type Source struct {
	cfg    SourceConfig
	at     *endpoint
	info   Info
	leader *pgconn.PgConn
	snap   Snapshot
	free   chan *pgconn.PgConn // nil elements are workers to be opened anew
	pids   *pidSet
	lent   lendings

	begun atomic.Int64 // when the snapshot was taken, by our clock, in nanoseconds; 0 not yet
	slow  throttle
	lag   atomic.Int64 // nanoseconds; see Lag
}

// OpenSource connects the leader, pins its session, and learns about the
// server. The caller closes the source.
func OpenSource(ctx context.Context, cfg SourceConfig) (*Source, error) {
	if cfg.Conn == nil {
		return nil, errors.New("source: no connection configuration")
	}
	if cfg.LockTimeout == 0 {
		cfg.LockTimeout = DefaultLockTimeout
	}
	if cfg.Yield == 0 {
		cfg.Yield = DefaultYield
	}
	s := &Source{cfg: cfg, at: newEndpoint(cfg.Conn, cfg.StallTimeout), pids: newPIDSet(), slow: throttle{rate: cfg.MaxRate}}
	conn, err := s.at.connect(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	s.leader = conn
	if err := s.open(ctx); err != nil {
		closeConn(ctx, conn)
		return nil, fmt.Errorf("source: %w", err)
	}
	return s, nil
}

func (s *Source) open(ctx context.Context) error {
	if m := majorOf(s.leader); m < 13 {
		return fmt.Errorf("PostgreSQL %s: versions 13 to 18 are supported", s.leader.ParameterStatus("server_version"))
	}
	if err := pin(ctx, s.leader, s.settings()...); err != nil {
		return withMessage(err)
	}
	info, err := readInfo(ctx, s.leader)
	if err != nil {
		return err
	}
	info.Host, _, info.Port = s.at.server()
	s.info = info
	return s.pids.add(ctx, s.leader)
}

// settings are what every session on the source pins.
func (s *Source) settings() [][]setting {
	wait := strconv.FormatInt(max(1, s.cfg.LockTimeout.Milliseconds()), 10)
	return [][]setting{textSettings, sourceSettings, {{"lock_timeout", wait, 0}}}
}

// Leader returns the leader's connection: for reading the catalog, and whatever
// else must see the snapshot on one connection. The source keeps owning it.
func (s *Source) Leader() *pgconn.PgConn { return s.leader }

// Info returns what OpenSource learned.
func (s *Source) Info() Info { return s.info }

// Snapshot returns what Begin returned; zero before.
func (s *Source) Snapshot() Snapshot { return s.snap }

// Close ends all sessions on the source, and with them every lock, also when ctx has
// ended. Workers that are still acquired are left to Release.
func (s *Source) Close(ctx context.Context) {
	for s.free != nil {
		select {
		case c := <-s.free:
			closeConn(ctx, c)
			continue
		default:
		}
		break
	}
	closeConn(ctx, s.leader)
}

// readInfo asks the server behind conn for all of Info but host and port.
func readInfo(ctx context.Context, conn *pgconn.PgConn) (Info, error) {
	row, err := oneOf(ctx, conn, `
select pg_catalog.current_setting('server_version_num'), d.datname, d.oid,
       pg_catalog.pg_postmaster_start_time(), pg_catalog.pg_is_in_recovery(),
       pg_catalog.pg_encoding_to_char(d.encoding), current_user,
       pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute'),
       d.datcollate, d.datctype,
       pg_catalog.to_jsonb(d)->>'datlocprovider',
       coalesce(pg_catalog.to_jsonb(d)->>'datlocale', pg_catalog.to_jsonb(d)->>'daticulocale'),
       pg_catalog.to_jsonb(d)->>'daticurules',
       pg_catalog.to_jsonb(d)->>'datcollversion'
from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()`)
	if err != nil {
		return Info{}, withMessage(err)
	}
	version, _ := strconv.Atoi(row[0])
	oid, _ := strconv.ParseUint(row[2], 10, 32)
	i := Info{
		Version: version, Database: row[1], OID: uint32(oid), Started: row[3], Standby: row[4] == "t",
		Encoding: row[5], Role: row[6], Collate: row[8], Ctype: row[9],
		Provider: "libc", Locale: row[11], ICURules: row[12], CollVersion: row[13],
	}
	switch row[10] {
	case "i":
		i.Provider = "icu"
	case "b":
		i.Provider = "builtin"
	}
	if row[7] == "t" {
		id, err := oneOf(ctx, conn, "select system_identifier from pg_catalog.pg_control_system()")
		if err != nil {
			return Info{}, withMessage(err)
		}
		i.System, _ = strconv.ParseUint(id[0], 10, 64)
	}
	return i, nil
}
