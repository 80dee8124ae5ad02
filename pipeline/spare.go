package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// AgeError ends a run whose snapshot got too old.
type AgeError struct{ Age, Limit time.Duration }

// Error says what a snapshot of that age does to the source, and what to do instead.
func (e *AgeError) Error() string {
	return fmt.Sprintf("source: the run's snapshot is %s old, and may be %s at most: it keeps vacuum from removing dead rows there; "+
		"copy fewer rows, take more --workers, or read from a standby without hot_standby_feedback", e.Age.Round(time.Second), e.Limit)
}

// throttling wraps the connections of workers, if there is any limit to keep.
func (s *Source) throttling() func(net.Conn) net.Conn {
	if s.cfg.MaxRate == 0 && s.cfg.MaxLag == 0 {
		return nil
	}
	return s.slow.wrap
}

// statementLimit is what the workers' statements on the source may take.
func (s *Source) statementLimit() []setting {
	return []setting{{"statement_timeout", strconv.FormatInt(s.cfg.StatementTimeout.Milliseconds(), 10), 0}}
}

// lagOf asks how far standbys are behind: of a primary the farthest of those that
// are attached, of a standby itself, as long as it has not replayed all that it
// received.
const lagOf = `
select case when pg_catalog.pg_is_in_recovery() then
  case when pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() then 0
       else coalesce(extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()), 0) end
  else coalesce((select max(extract(epoch from r.replay_lag)) from pg_catalog.pg_stat_replication r), 0) end,
  pg_catalog.pg_is_in_recovery() or pg_catalog.pg_has_role('pg_read_all_stats', 'usage')`

// spare pauses the workers while a standby is farther behind than MaxLag, and
// returns an *AgeError when the snapshot is older than MaxAge.
func (s *Source) spare(ctx context.Context, conn *pgconn.PgConn) error {
	if begun := s.begun.Load(); begun > 0 && s.cfg.MaxAge > 0 {
		if age := time.Since(time.Unix(0, begun)); age > s.cfg.MaxAge {
			return &AgeError{Age: age, Limit: s.cfg.MaxAge}
		}
	}
	if s.cfg.MaxLag == 0 {
		return nil
	}
	row, err := oneOf(ctx, conn, lagOf)
	if err != nil {
		return fmt.Errorf("source: lag of standbys: %w", withMessage(err))
	}
	if row[1] != "t" {
		return errors.New("source: lag of standbys: the role may not see it: grant pg_read_all_stats to it, or leave --max-lag out")
	}
	lag, err := strconv.ParseFloat(row[0], 64)
	if err != nil {
		return fmt.Errorf("source: lag of standbys: %w", err)
	}
	behind := time.Duration(lag * float64(time.Second))
	// Whoever reads Lag finds it above zero only while the workers wait.
	if behind > s.cfg.MaxLag {
		s.slow.pause(true)
		s.lag.Store(int64(behind))
	} else {
		s.lag.Store(0)
		s.slow.pause(false)
	}
	return nil
}

// Lag returns how far a standby is behind while the workers wait for it; zero
// while they do not. It may be called from any goroutine.
func (s *Source) Lag() time.Duration { return time.Duration(s.lag.Load()) }
