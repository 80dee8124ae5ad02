package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// RollbackResult says what a rollback did.
type RollbackResult struct {
	// Since is the run that had put the database aside which is live again.
	Since string
	// Previous is the name of the database that was live until now; empty if
	// there was none.
	Previous string
	// Ended is how many sessions on the two databases were ended.
	Ended int
}

// RefusedError lists every reason why nothing was done.
type RefusedError struct{ Problems []Problem }

// Error has one problem a line.
func (e *RefusedError) Error() string {
	lines := []string{"nothing was changed, because:"}
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// Rollback undoes the last swap: Previous gets the name NAME, and what was NAME
// becomes Previous, in one transaction, while sessions on both are ended. Owners,
// privileges and settings stay as each database has them. Called again, it swaps
// forward again. The caller has called Lock. What it refuses is a *RefusedError;
// after any error both databases are as they were.
func (t *Target) Rollback(ctx context.Context) (RollbackResult, error) {
	rollback := t.rollback
	if t.inplace != nil {
		rollback = t.rollbackShadows
	}
	res, err := rollback(ctx)
	if err != nil {
		return RollbackResult{}, fmt.Errorf("target: rollback: %w", err)
	}
	return res, nil
}

func (t *Target) rollback(ctx context.Context) (RollbackResult, error) {
	if !t.locked {
		return RollbackResult{}, errors.New("the run has no lock yet")
	}
	live, err := t.live(ctx)
	if err != nil {
		return RollbackResult{}, err
	}
	prev, err := t.database(ctx, t.Previous())
	if err != nil {
		return RollbackResult{}, err
	}
	problems, err := t.refuseRollback(ctx, live, prev)
	if err != nil {
		return RollbackResult{}, err
	}
	if len(problems) > 0 {
		return RollbackResult{}, &RefusedError{problems}
	}
	res := RollbackResult{Since: sinceRun(prev.comment)}
	busy := []string{oid(prev.oid)}
	if live != nil {
		res.Previous = t.Previous()
		busy = append(busy, oid(live.oid))
	}
	res.Ended, err = t.renameWhenFree(ctx, t.rollbackScript(live, prev), prev.oid, busy)
	if err != nil {
		return RollbackResult{}, err
	}
	return res, nil
}

// rollbackScript is a transaction without its end. The name in between is seen
// by nobody.
func (t *Target) rollbackScript(live, prev *liveDB) string {
	var b strings.Builder
	name, previous, between := schema.QuoteIdent(t.name), schema.QuoteIdent(t.Previous()), schema.QuoteIdent(t.aside())
	b.WriteString("begin;\n")
	if live != nil {
		fmt.Fprintf(&b, "alter database %s rename to %s;\n", name, between)
	}
	fmt.Fprintf(&b, "alter database %s rename to %s;\n", previous, name)
	fmt.Fprintf(&b, "comment on database %s is %s", name, schema.QuoteLiteral(marked(prev.comment, markRollback+t.cfg.Run)))
	if live != nil {
		fmt.Fprintf(&b, ";\nalter database %s rename to %s;\n", between, previous)
		fmt.Fprintf(&b, "comment on database %s is %s", previous, schema.QuoteLiteral(marked(live.comment, markPrevious+t.cfg.Run)))
	}
	return b.String()
}

// sinceRun returns the run that put a database with that comment aside.
func sinceRun(comment string) string {
	for _, line := range strings.Split(comment, "\n") {
		if run, ok := strings.CutPrefix(line, markPrevious); ok {
			return run
		}
	}
	return ""
}

// refuseRollback returns every reason not to go back.
func (t *Target) refuseRollback(ctx context.Context, live, prev *liveDB) ([]Problem, error) {
	var out []Problem
	add := func(what, remedy string) { out = append(out, Problem{what, remedy}) }
	if t.info.Standby {
		add("the target server is in recovery: a standby, which cannot be written", "name its primary")
	}
	switch {
	case prev == nil:
		add(fmt.Sprintf("there is no database %s to go back to", schema.QuoteIdent(t.Previous())), "")
	case !wasPrevious(prev.comment):
		add(notOurs(t.Previous()).Error(), "")
	}
	rights, err := oneOf(ctx, t.admin, "select rolsuper, rolcreatedb or rolsuper from pg_catalog.pg_roles where rolname = current_user")
	if err != nil {
		return nil, withMessage(err)
	}
	role := schema.QuoteIdent(t.info.Role)
	if rights[1] != "t" {
		add(fmt.Sprintf("role %s may not rename databases", role), fmt.Sprintf("alter role %s createdb", role))
	}
	for _, d := range []*liveDB{live, prev} {
		if d == nil {
			continue
		}
		if isProtected(d.comment) {
			add(protectedText(d.name), protectedRemedy)
		}
		if !d.mayActAs && rights[0] != "t" {
			add(fmt.Sprintf("role %s does not own database %s", role, schema.QuoteIdent(d.name)),
				d.ownership(t.info.Role))
		}
	}
	if live == nil || hasMark(live.comment) || t.cfg.Adopt {
		return out, nil
	}
	conn, err := t.connectLive(ctx)
	if err != nil {
		return nil, err
	}
	defer closeConn(ctx, conn)
	foreign, err := t.foreign(ctx, conn, live)
	return append(out, foreign...), withMessage(err)
}
