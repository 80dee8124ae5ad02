package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// A run in place builds no database beside the live one, but schemas inside it,
// its shadows: app_pgstandin_<run> for app. What pg_dump writes, and what the
// rules ask, names app. So it runs under a veil: a transaction that first renames
// the live app away and the shadow to app, and at its end back again. To all
// others the live schema never had another name, because a rename is seen when it
// is committed, and takes no lock on what is in the schema. What is made under the
// veil refers to other objects by number, and so it goes along with the shadow's
// names. Only one veil at a time can be up, because the second would wait for the
// first one's renames; what takes long, rows and most indexes, names the shadows
// instead.
type inPlace struct {
	schemas []string          // of the source, that are swapped in; sorted
	seen    map[string]uint32 // the live schemas that go: those of schemas that are there, and others that runs made → their oid
	comment map[string]string // of the source's schemas
	// late are tables with an index, or statistics, by functions whose text names a
	// schema of the swapped ones. A plan of any query on such a table looks into them,
	// and would find the live schema by that name: they are built when no more rows
	// are read, and the table is then only looked at under the veil.
	late map[schema.Name]bool
	veil chan struct{} // holds a token while no veil is up
}

func newInPlace() *inPlace {
	p := &inPlace{veil: make(chan struct{}, 1)}
	p.veil <- struct{}{}
	return p
}

// placer is what knows tables by other names than the source does.
type placer interface {
	Place(schema.Name) schema.Name
}

// placeIn returns how db knows tables.
func placeIn(db any) func(schema.Name) schema.Name {
	if p, ok := db.(placer); ok {
		return p.Place
	}
	return func(n schema.Name) schema.Name { return n }
}

// Place returns the name that a table or sequence of the source has for sessions
// of Connect and Acquire: another one only in place, until the swap.
func (t *Target) Place(n schema.Name) schema.Name {
	if t.inplace != nil && slices.Contains(t.inplace.schemas, n.Schema) {
		n.Schema = t.shadow(n.Schema)
	}
	return n
}

// Placed reports whether a schema of Place is one of this run's, and which of the
// source's it stands for.
func (t *Target) Placed(name string) (string, bool) {
	if t.inplace == nil {
		return name, true
	}
	for _, s := range t.inplace.schemas {
		if t.shadow(s) == name {
			return s, true
		}
	}
	return "", false
}

func (t *Target) shadow(name string) string { return fit(name, "_pgstandin_"+t.cfg.Run) }

// held is what the live schema is called under the veil; nobody else sees it.
func (t *Target) held(name string) string { return fit(name, "_pgstandin_"+t.cfg.Run+"_live") }

// space is a schema of the live database.
type space struct {
	name    string
	oid     uint32
	comment string
	owned   bool // we have the owner's privileges
}

// spaces lists the schemas of the database that conn is on, by name.
func spaces(ctx context.Context, conn *pgconn.PgConn) (map[string]*space, error) {
	rows, err := textsOf(ctx, conn, `
select n.nspname, n.oid, pg_catalog.obj_description(n.oid, 'pg_namespace'), pg_catalog.pg_has_role(n.nspowner, 'usage')
from pg_catalog.pg_namespace n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`)
	if err != nil {
		return nil, withMessage(err)
	}
	out := map[string]*space{}
	for _, r := range rows {
		n, err := strconv.ParseUint(r[1], 10, 32)
		if err != nil {
			return nil, err
		}
		out[r[0]] = &space{name: r[0], oid: uint32(n), comment: r[2], owned: r[3] == "t"}
	}
	return out, nil
}

// renameSchema spells a rename.
func renameSchema(from, to string) string {
	return "alter schema " + schema.QuoteIdent(from) + " rename to " + schema.QuoteIdent(to) + ";\n"
}

func commentSchema(name, comment string) string {
	return "comment on schema " + schema.QuoteIdent(name) + " is " + schema.QuoteLiteral(comment) + ";\n"
}

// veilPatience is how long a veil, or a swap, waits for a rename or a grant of
// somebody else on the same schemas, each time.
const veilPatience = 2 * time.Second

// raise puts the veil up on conn, in a transaction that has begun. With plain the
// shadows also lose their marks, so that nothing tells them from what they will be.
func (t *Target) raise(ctx context.Context, conn *pgconn.PgConn, plain bool) error {
	now, err := spaces(ctx, conn)
	if err != nil {
		return err
	}
	if err := t.unchanged(now); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "set local lock_timeout = %d;\n", veilPatience.Milliseconds())
	for _, s := range t.inplace.schemas {
		if now[s] != nil {
			b.WriteString(renameSchema(s, t.held(s)))
		}
		b.WriteString(renameSchema(t.shadow(s), s))
		if plain {
			b.WriteString(commentSchema(s, t.inplace.comment[s]))
		}
	}
	b.WriteString("set local lock_timeout = 0")
	return run(ctx, conn, b.String())
}

// lower takes the veil down again, before a commit.
func (t *Target) lower(ctx context.Context, conn *pgconn.PgConn) error {
	var b strings.Builder
	for _, s := range t.inplace.schemas {
		b.WriteString(renameSchema(s, t.shadow(s)))
		if t.inplace.seen[s] != 0 {
			b.WriteString(renameSchema(t.held(s), s))
		}
	}
	return run(ctx, conn, b.String())
}

// unchanged returns an error if the live schemas are others than when the run
// began.
func (t *Target) unchanged(now map[string]*space) error {
	p := t.inplace
	for name, oid := range p.seen {
		if s := now[name]; s == nil || s.oid != oid {
			return fmt.Errorf("schema %s is another than when the run began, or is gone; run it again", schema.QuoteIdent(name))
		}
	}
	for _, name := range p.schemas {
		if now[name] != nil && p.seen[name] == 0 {
			return fmt.Errorf("schema %s has come since the run began; run it again", schema.QuoteIdent(name))
		}
	}
	return nil
}

// disturbed reports whether an error is of somebody who renames the same schemas,
// or grants something on them, at the same moment.
func disturbed(err error) bool {
	var pg *pgconn.PgError
	switch codeOf(err) {
	case "55P03", "40P01":
		return true
	case "XX000":
		return errors.As(err, &pg) && strings.Contains(pg.Message, "concurrently")
	}
	return false
}

// veiled runs fn in a transaction under the veil and commits it, or with look
// rolls it back; with look fn must bear to be done twice, else it is done once.
// Where others get in the way of the renames it is tried again, for as long as a
// swap would be.
func (t *Target) veiled(ctx context.Context, prelude string, look bool, fn func(conn *pgconn.PgConn) error) error {
	select {
	case <-t.inplace.veil:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { t.inplace.veil <- struct{}{} }()
	for until := time.Now().Add(t.cfg.swapTimeout); ; {
		up := false
		body := func(conn *pgconn.PgConn) error {
			up = false
			if err := t.raise(ctx, conn, look); err != nil {
				return err
			}
			up = true
			return fn(conn)
		}
		var err error
		if look {
			err = again(ctx, t, "target", func(conn *pgconn.PgConn) error {
				if err := run(ctx, conn, "begin"); err != nil {
					return err
				}
				if err := body(conn); err != nil {
					return err // Release closes it
				}
				return run(ctx, conn, "rollback")
			})
		} else {
			err = t.transact(ctx, prelude, func(conn *pgconn.PgConn) error {
				if err := body(conn); err != nil {
					return err
				}
				return t.lower(ctx, conn)
			})
		}
		if err == nil || up || !disturbed(err) || time.Now().After(until) {
			return err
		}
		if err := pause(ctx, killEvery); err != nil {
			return err
		}
	}
}

// createShadows makes the schemas that the run builds.
func (t *Target) createShadows(ctx context.Context, src *Source) error {
	if !t.locked || t.seen == nil {
		return errors.New("the run has no lock yet, or nobody looked at the target")
	}
	t.source = src.Info()
	rows, err := textsOf(ctx, src.leader, "select n.nspname, pg_catalog.obj_description(n.oid, 'pg_namespace') from pg_catalog.pg_namespace n")
	if err != nil {
		return withMessage(err)
	}
	t.inplace.comment = map[string]string{}
	for _, r := range rows {
		t.inplace.comment[r[0]] = r[1]
	}
	t.inplace.late = map[schema.Name]bool{}
	if rows, err = textsOf(ctx, src.leader, lateTables, textArray(t.inplace.schemas)); err != nil {
		return withMessage(err)
	}
	for _, r := range rows {
		t.inplace.late[schema.Name{Schema: r[0], Name: r[1]}] = true
		t.inplace.late[schema.Name{Schema: r[2], Name: r[3]}] = true
	}
	t.created = true
	var b strings.Builder
	b.WriteString("begin;\n")
	for _, s := range t.inplace.schemas {
		name := t.shadow(s)
		fmt.Fprintf(&b, "create schema if not exists %s;\nrevoke all on schema %[1]s from public;\n%s", schema.QuoteIdent(name), commentSchema(name, markBuilding+t.cfg.Run))
	}
	b.WriteString("commit")
	return withMessage(again(ctx, t, "target", func(conn *pgconn.PgConn) error { return run(ctx, conn, b.String()) }))
}

// preDataBatch is how many entries are made in one transaction: each takes locks.
const preDataBatch = 200

// preDataShadows makes, under the veil, what comes before the data.
func (t *Target) preDataShadows(ctx context.Context) error {
	keep := t.archive.entries[:0]
	for _, e := range t.archive.entries {
		switch what := e.what(); {
		case e.catalog == catalogServer:
			return errors.New("in place, foreign servers cannot be made: their names are of the whole database; write objects: none in the rules")
		case strings.HasPrefix(what, "SCHEMA - "), strings.HasPrefix(what, "EXTENSION - "), strings.HasPrefix(what, "COMMENT - SCHEMA "):
		default:
			keep = append(keep, e)
		}
	}
	t.archive.entries = keep
	parts, err := t.parts(ctx, "pre-data")
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(parts, preDataBatch) {
		err := t.veiled(ctx, "set check_function_bodies = off; ", false, func(conn *pgconn.PgConn) error {
			for _, p := range batch {
				if p.SQL == "" {
					continue
				}
				if err := run(ctx, conn, p.SQL); err != nil {
					if conn.IsClosed() || lost(codeOf(err)) {
						return err
					}
					return fmt.Errorf("%s: %w", p.Name, SafeError(err))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// delay lets what is built of late tables wait for the end of the load.
func (t *Target) delay(list []*node) {
	if t.inplace == nil {
		return
	}
	for _, n := range list {
		for _, l := range n.loads {
			n.allLoads = n.allLoads || t.inplace.late[l]
		}
	}
}

// buildShadow does, in place, what a statement of the build is.
func (t *Target) buildShadow(ctx context.Context, settings, sql string) error {
	if first, rest, ok := t.placeFirst(sql); ok {
		if err := t.transact(ctx, settings, func(conn *pgconn.PgConn) error { return run(ctx, conn, first) }); err != nil || rest == "" {
			return err
		}
		sql = rest
	}
	return t.veiled(ctx, settings, false, func(conn *pgconn.PgConn) error { return run(ctx, conn, sql) })
}
