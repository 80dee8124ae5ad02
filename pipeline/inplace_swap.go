package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// previousSpace is what a schema that is replaced is kept as.
func previousSpace(name string) string { return fit(name, "_previous") }

func (t *Target) asideSpace(name string) string {
	return fit(name, "_pgstandin_"+t.cfg.Run+"_old")
}

// markPreviousOf is the mark of a schema that the run put aside; the name may be
// too long to be seen in that of the schema.
func markPreviousOf(run, name string) string { return markPrevious + run + " of " + name }

// putAside returns which run put a schema with that comment aside, and what it was
// called; "" if none did.
func putAside(comment string) (run, name string) {
	for _, line := range strings.Split(comment, "\n") {
		if rest, ok := strings.CutPrefix(line, markPrevious); ok {
			if run, name, ok := strings.Cut(rest, " of "); ok {
				return run, name
			}
		}
	}
	return "", ""
}

// shadowName matches the names of schemas that a run builds, or puts aside for
// good.
var shadowName = regexp.MustCompile(`_pgstandin_([0-9a-z]{1,16})(_old)?$`)

// staleRun returns the run that left a schema behind, "" if none did: of those
// that were put aside the one that meant to drop it.
func staleRun(s *space) string {
	m := shadowName.FindStringSubmatch(s.name)
	if m == nil || isProtected(s.comment) {
		return ""
	}
	run, _ := putAside(s.comment)
	if m[2] == "_old" && run != "" || slices.Contains(strings.Split(s.comment, "\n"), markBuilding+m[1]) {
		return m[1]
	}
	return ""
}

// liveSession opens a session on the live database whose commits are on disk.
func (t *Target) liveSession(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := t.at.connect(ctx, t.name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", schema.QuoteIdent(t.name), err)
	}
	own := []setting{{"synchronous_commit", "on", 0}}
	if err := pin(ctx, conn, textSettings, writing, own); err != nil {
		closeConn(ctx, conn)
		return nil, withMessage(err)
	}
	return conn, nil
}

// sweepShadows drops the schemas of dead runs. The caller holds the lock.
func (t *Target) sweepShadows(ctx context.Context) ([]string, error) {
	if live, err := t.live(ctx); err != nil || live == nil {
		return nil, err
	}
	conn, err := t.liveSession(ctx)
	if err != nil {
		return nil, err
	}
	defer closeConn(ctx, conn)
	all, err := spaces(ctx, conn)
	if err != nil {
		return nil, err
	}
	var swept []string
	dying := time.Now().Add(2 * checkEvery)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		left := staleRun(all[name])
		if left == "" || !all[name].owned {
			continue
		}
		free, err := t.gone(ctx, conn, left, dying)
		if err != nil {
			return swept, err
		}
		if !free {
			continue
		}
		if err := dropSpace(ctx, conn, name); err == nil {
			swept = append(swept, "schema "+name)
		} else if codeOf(err) != "55P03" { // who holds a lock there will let go
			return swept, withMessage(err)
		}
	}
	return swept, nil
}

// gone reports whether a run has no session any more, or until a moment loses
// them.
func (t *Target) gone(ctx context.Context, conn *pgconn.PgConn, run string, until time.Time) (bool, error) {
	for {
		row, err := oneOf(ctx, conn, "select count(*) from pg_catalog.pg_stat_activity where datname = $1 and application_name = $2",
			t.name, applicationName+" run "+run)
		if err != nil || row[0] == "0" {
			return err == nil, withMessage(err)
		}
		if time.Now().After(until) {
			return false, nil
		}
		if err := pause(ctx, checkEvery/10); err != nil {
			return false, err
		}
	}
}

// dropSpace drops a schema with all that is in it, and what depends on that.
func dropSpace(ctx context.Context, conn *pgconn.PgConn, name string) error {
	return run(ctx, conn, "set lock_timeout = '10s'; drop schema if exists "+schema.QuoteIdent(name)+" cascade")
}

// dropShadows is Drop in place: it ends what sessions of the run are left, and
// drops its schemas.
func (t *Target) dropShadows(ctx context.Context) error {
	conn, err := t.liveSession(ctx)
	if err != nil {
		return fmt.Errorf("target: drop the new schemas: %w", err)
	}
	defer closeConn(ctx, conn)
	if err := t.quit(ctx, conn); err != nil {
		return fmt.Errorf("target: end the run's sessions: %w", err)
	}
	all, err := spaces(ctx, conn)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	for _, s := range t.inplace.schemas {
		name := t.shadow(s)
		if all[name] == nil || staleRun(all[name]) != t.cfg.Run {
			continue
		}
		if err := dropSpace(ctx, conn, name); err != nil {
			return fmt.Errorf("target: drop schema %s: %w", schema.QuoteIdent(name), withMessage(err))
		}
	}
	t.created = false
	return nil
}

// swapShadows is Swap in place: one transaction gives the new schemas owners and
// privileges, and renames. It waits for nobody but those who alter the schemas
// themselves.
func (t *Target) swapShadows(ctx context.Context) (SwapResult, error) {
	if !t.created || t.swapped {
		return SwapResult{}, errors.New("the new schemas are not there")
	}
	live, err := t.live(ctx)
	if err != nil {
		return SwapResult{}, err
	}
	if live == nil || t.seen == nil || *t.seen != live.oid {
		return SwapResult{}, fmt.Errorf("%s is another database than when the run began, or is gone; run it again", schema.QuoteIdent(t.name))
	}
	if isProtected(live.comment) {
		return SwapResult{}, fmt.Errorf("%s has become protected by its comment", schema.QuoteIdent(t.name))
	}
	t.disconnectAll(ctx)
	conn, err := t.liveSession(ctx)
	if err != nil {
		return SwapResult{}, err
	}
	defer func() { closeConn(ctx, conn) }()
	var s *shadowSwap
	for until := time.Now().Add(t.cfg.swapTimeout); ; {
		s = &shadowSwap{t: t, conn: conn, owner: cmp.Or(t.cfg.Owner, live.owner)}
		err := s.run(ctx)
		if err == nil {
			break
		}
		if !conn.IsClosed() && conn.TxStatus() != 'I' {
			if err := run(ctx, conn, "rollback"); err != nil {
				return SwapResult{}, withMessage(err)
			}
		}
		if !disturbed(err) || time.Now().After(until) || ctx.Err() != nil {
			return SwapResult{}, withMessage(err)
		}
		if err := pause(ctx, killEvery); err != nil {
			return SwapResult{}, err
		}
	}
	t.swapped = true
	res := SwapResult{Previous: spaceList(s.previous)}
	// The swap is done, and nothing below can make it undone.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTimeout)
	defer cancel()
	for _, name := range s.aside {
		if err := t.dropAside(after, name); err != nil {
			res.Left, res.LeftErr = name, withMessage(err)
		}
	}
	return res, nil
}

func (t *Target) dropAside(ctx context.Context, name string) error {
	return again(ctx, liveSessions{t}, "target", func(conn *pgconn.PgConn) error { return dropSpace(ctx, conn, name) })
}

// liveSessions lends sessions of liveSession, each once.
type liveSessions struct{ t *Target }

func (l liveSessions) Acquire(ctx context.Context) (*pgconn.PgConn, error) {
	return l.t.liveSession(ctx)
}

func (l liveSessions) Release(conn *pgconn.PgConn, _ bool) { closeConn(context.Background(), conn) }

// shadowSwap is one attempt at the swap.
type shadowSwap struct {
	t        *Target
	conn     *pgconn.PgConn
	owner    string   // of what has no namesake
	previous []string // names of the schemas that were put aside
	aside    []string // those of older ones, to be dropped
}

func (s *shadowSwap) run(ctx context.Context) error {
	t := s.t
	if err := run(ctx, s.conn, fmt.Sprintf("begin; set local lock_timeout = %d", veilPatience.Milliseconds())); err != nil {
		return err
	}
	now, err := spaces(ctx, s.conn)
	if err != nil {
		return err
	}
	if err := t.unchanged(now); err != nil {
		return err
	}
	live, err := readObjects(ctx, s.conn)
	if err != nil {
		return err
	}
	live.only(t.inplace.schemas)
	script, err := s.renames(now)
	if err != nil {
		return err
	}
	defaults, err := defaultPrivileges(ctx, s.conn, live, true)
	if err != nil {
		return err
	}
	if err := run(ctx, s.conn, script); err != nil {
		return err
	}
	made, err := readObjects(ctx, s.conn)
	if err != nil {
		return err
	}
	made.only(t.inplace.schemas)
	force, err := t.forcing(ctx, s.conn)
	if err != nil {
		return err
	}
	statements := append(append(append(made.bare(), force...), giveAll(made, live, s.owner, t.cfg.Grants)...), defaults...)
	if err := run(ctx, s.conn, strings.Join(statements, ";\n")); err != nil {
		return fmt.Errorf("take over: %w", withMessage(err))
	}
	// From here on an interrupt comes too late.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTimeout)
	defer cancel()
	if err := run(ctx, s.conn, "commit"); err != nil {
		return s.committed(ctx, now, err)
	}
	return nil
}

// renames spells them, with the marks.
func (s *shadowSwap) renames(now map[string]*space) (string, error) {
	t, run := s.t, s.t.cfg.Run
	var b strings.Builder
	for _, prev := range slices.Sorted(maps.Keys(now)) {
		by, name := putAside(now[prev].comment)
		if by == "" || prev != previousSpace(name) {
			continue
		}
		if isProtected(now[prev].comment) {
			return "", fmt.Errorf("schema %s is protected by its comment", schema.QuoteIdent(prev))
		}
		b.WriteString(renameSchema(prev, t.asideSpace(name)))
		s.aside = append(s.aside, t.asideSpace(name))
	}
	for _, name := range slices.Sorted(maps.Keys(t.inplace.seen)) {
		live := now[name]
		if isProtected(live.comment) {
			return "", fmt.Errorf("schema %s has become protected by its comment", schema.QuoteIdent(name))
		}
		prev := previousSpace(name)
		if older := now[prev]; older != nil {
			if by, _ := putAside(older.comment); by == "" {
				return "", errors.New(notOursSpace(prev))
			}
		}
		b.WriteString(renameSchema(name, prev))
		b.WriteString(commentSchema(prev, marked(live.comment, markPreviousOf(run, name))))
		s.previous = append(s.previous, prev)
	}
	for _, name := range t.inplace.schemas {
		shadow := now[t.shadow(name)]
		if shadow == nil || staleRun(shadow) != run {
			return "", fmt.Errorf("the new schema %s is gone", schema.QuoteIdent(t.shadow(name)))
		}
		comment := t.inplace.comment[name]
		if name == "public" && now[name] != nil {
			comment = now[name].comment
		}
		b.WriteString(renameSchema(t.shadow(name), name))
		b.WriteString(commentSchema(name, marked(comment, markRun+run)))
	}
	return b.String(), nil
}

func notOursSpace(name string) string {
	return fmt.Sprintf("schema %s exists and was not put aside by pgstandin; rename or drop it", schema.QuoteIdent(name))
}

// committed finds out, after the connection was lost at the commit, whether it
// happened: nil if so.
func (s *shadowSwap) committed(ctx context.Context, before map[string]*space, cause error) error {
	if len(s.t.inplace.schemas) == 0 {
		return withMessage(cause)
	}
	name := s.t.inplace.schemas[0]
	var now map[string]*space
	err := again(ctx, liveSessions{s.t}, "target", func(conn *pgconn.PgConn) (err error) {
		now, err = spaces(ctx, conn)
		return err
	})
	if err != nil {
		return fmt.Errorf("connection lost at the commit, and %s cannot be asked whether it happened: %w", schema.QuoteIdent(s.t.name), errors.Join(withMessage(cause), err))
	}
	if now[name] != nil && now[name].oid == before[s.t.shadow(name)].oid {
		return nil
	}
	return withMessage(cause)
}

// only drops from the list what is not in the schemas, or one of them.
func (l *objectList) only(schemas []string) {
	in := map[string]bool{}
	for _, s := range schemas {
		in[s] = true
	}
	l.order = slices.DeleteFunc(l.order, func(o object) bool {
		at := l.states[o].space
		if o.kind == "schema" {
			at = o.identity
		}
		if name, _, ok := cutName(at); ok && in[name] {
			return false
		}
		delete(l.states, o)
		return true
	})
}

// bare takes away what default privileges of the database gave to new objects.
func (l *objectList) bare() []string {
	var out []string
	for _, o := range l.order {
		kind := grantKinds[o.kind]
		// Everybody may use types and call functions, unless that is taken away.
		seen := map[string]bool{l.states[o].owner: true, "": kind == "type" || kind == "routine"}
		for _, a := range l.states[o].acl {
			if kind == "" || a.column != "" || seen[a.grantee] {
				continue
			}
			seen[a.grantee] = true
			out = append(out, fmt.Sprintf("revoke all on %s %s from %s", kind, o.identity, roleSQL(a.grantee)))
		}
	}
	return out
}
