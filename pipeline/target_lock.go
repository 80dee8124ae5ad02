package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

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
select d.datname, coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), ''), d.oid, d.datistemplate from pg_catalog.pg_database d
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
		quoted := schema.QuoteIdent(r[0])
		if r[3] == "t" {
			err = run(ctx, t.admin, "alter database "+quoted+" is_template false")
		}
		if err == nil {
			err = run(ctx, t.admin, "drop database if exists "+quoted)
		}
		if codeOf(err) == "55006" { // by a session after all, or what outlives sessions
			t.kept = append(t.kept, undropped(r[0], withMessage(err)))
			continue
		}
		if err != nil {
			return swept, fmt.Errorf("drop %s: %w", quoted, withMessage(err))
		}
		swept = append(swept, r[0])
	}
	return swept, nil
}

// Undropped says of each database of a dead run that Lock could not drop, though nobody
// was connected to it, why.
func (t *Target) Undropped() []string { return t.kept }

func undropped(name string, err error) string {
	return fmt.Sprintf("%s could not be dropped: %v; end what uses it: sessions, prepared transactions, subscriptions", name, err)
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
		if err := pause(ctx, checkEvery/10); err != nil {
			return false, err
		}
	}
}

// unlock gives the session's advisory locks back. Its end would do so too, but a
// little later than whoever waits for it may try to be next.
func unlock(ctx context.Context, conn *pgconn.PgConn) {
	if conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if conn.TxStatus() != 'I' { // a ROLLBACK without a transaction is a warning in the server's log
		_ = run(ctx, conn, "rollback")
	}
	_ = run(ctx, conn, "select pg_catalog.pg_advisory_unlock_all()")
}
