package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// spaceSwap is a schema and its previous one, which change places; either may be
// missing, but not both.
type spaceSwap struct {
	name       string
	live, prev *space
}

// spaceSwaps finds, among the schemas of a database, what a rollback in place
// swaps: those that were put aside with what has their names now, and those that
// came new with the run that put them aside.
func spaceSwaps(now map[string]*space) (swaps []spaceSwap, since string) {
	names := map[string]*space{}
	for _, s := range now {
		if run, name := putAside(s.comment); run != "" && s.name == previousSpace(name) {
			names[name], since = s, run
		}
	}
	if len(names) == 0 {
		return nil, ""
	}
	for _, s := range now {
		made := slices.ContainsFunc(strings.Split(s.comment, "\n"), func(line string) bool {
			return line == markRun+since || line == markRollback+since
		})
		if _, known := names[s.name]; made && !known {
			names[s.name] = nil
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		swaps = append(swaps, spaceSwap{name, now[name], names[name]})
	}
	return swaps, since
}

// rollbackShadows is Rollback in place.
func (t *Target) rollbackShadows(ctx context.Context) (RollbackResult, error) {
	if !t.locked {
		return RollbackResult{}, errors.New("the run has no lock yet")
	}
	live, err := t.live(ctx)
	if err != nil {
		return RollbackResult{}, err
	}
	if live == nil {
		return RollbackResult{}, fmt.Errorf("there is no database %s", schema.QuoteIdent(t.name))
	}
	var res RollbackResult
	for until := time.Now().Add(t.cfg.swapTimeout); ; {
		err := again(ctx, liveSessions{t}, "target", func(conn *pgconn.PgConn) (err error) {
			res, err = t.rollbackOn(ctx, conn, live)
			return err
		})
		if err == nil {
			return res, nil
		}
		if !disturbed(err) || time.Now().After(until) || ctx.Err() != nil {
			return RollbackResult{}, withMessage(err)
		}
		if err := pause(ctx, killEvery); err != nil {
			return RollbackResult{}, err
		}
	}
}

// rollbackOn does it in one transaction. Done twice it is done once: a schema that
// this run brought back is not taken for one to go back to.
func (t *Target) rollbackOn(ctx context.Context, conn *pgconn.PgConn, live *liveDB) (RollbackResult, error) {
	now, err := spaces(ctx, conn)
	if err != nil {
		return RollbackResult{}, err
	}
	uses, err := schemaUses(ctx, conn)
	if err != nil {
		return RollbackResult{}, err
	}
	swaps, since := spaceSwaps(now)
	res := RollbackResult{Since: since}
	done := since == t.cfg.Run
	if !done {
		if problems := t.refuseRollbackShadows(live, swaps, uses); len(problems) > 0 {
			return RollbackResult{}, &RefusedError{problems}
		}
	}
	var previous []string
	var b strings.Builder
	fmt.Fprintf(&b, "begin; set local lock_timeout = %d;\n", veilPatience.Milliseconds())
	for _, s := range swaps {
		between, prev := t.held(s.name), previousSpace(s.name)
		if s.live != nil {
			b.WriteString(renameSchema(s.name, between))
			b.WriteString(commentSchema(between, marked(s.live.comment, markPreviousOf(t.cfg.Run, s.name))))
			previous = append(previous, prev)
		}
		if s.prev != nil {
			b.WriteString(renameSchema(prev, s.name))
			b.WriteString(commentSchema(s.name, marked(s.prev.comment, markRollback+t.cfg.Run)))
		}
		if s.live != nil {
			b.WriteString(renameSchema(between, prev))
		}
	}
	res.Previous = spaceList(previous)
	if done { // the answer to the commit was lost
		return res, nil
	}
	b.WriteString("commit")
	return res, run(ctx, conn, b.String())
}

// refuseRollbackShadows returns every reason not to go back.
func (t *Target) refuseRollbackShadows(live *liveDB, swaps []spaceSwap, uses []schemaUse) []Problem {
	var out []Problem
	add := func(what, remedy string) { out = append(out, Problem{what, remedy}) }
	if t.info.Standby {
		add("the target server is in recovery: a standby, which cannot be written", "name its primary")
	}
	if isProtected(live.comment) {
		add(protectedText(t.name), protectedRemedy)
	}
	if len(swaps) == 0 {
		add(fmt.Sprintf("there is no schema in %s that a run in place put aside", schema.QuoteIdent(t.name)), "")
	}
	for _, x := range swaps {
		for _, s := range []*space{x.live, x.prev} {
			if s == nil {
				continue
			}
			if isProtected(s.comment) {
				add("schema "+schema.QuoteIdent(s.name)+" is protected by its comment", protectedRemedy)
			}
			if !s.owned {
				add(fmt.Sprintf("role %s does not own schema %s", schema.QuoteIdent(t.info.Role), schema.QuoteIdent(s.name)), "")
			}
		}
		tables := slices.ContainsFunc(uses, func(u schemaUse) bool { return u.name == x.name && u.tables })
		if x.live != nil && tables && !swappedIn(x.live.comment) && !t.cfg.Adopt {
			add(fmt.Sprintf("schema %s holds tables and was not made by pgstandin", schema.QuoteIdent(x.name)), "if it may be replaced, say so once with --adopt")
		}
	}
	return out
}
