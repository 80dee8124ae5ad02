package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// Rehearsal is a session on the target server that loads rows into temporary
// tables, each in a transaction that is rolled back. It belongs to one goroutine.
type Rehearsal struct {
	conn *pgconn.PgConn
	info Info
}

// OpenRehearsal connects to the target's database or, while that does not exist,
// to the maintenance database. It refuses the source itself. The caller closes
// the rehearsal.
func OpenRehearsal(ctx context.Context, cfg TargetConfig, source Info) (*Rehearsal, error) {
	if cfg.Conn == nil || cfg.Conn.Database == "" {
		return nil, errors.New("target: no database is named")
	}
	at := newEndpoint(cfg.Conn, cfg.StallTimeout)
	conn, err := at.connect(ctx, cfg.Conn.Database)
	if codeOf(err) == "3D000" {
		other := cfg.MaintenanceDB
		if other == "" {
			other = "postgres"
		}
		conn, err = at.connect(ctx, other)
	}
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	r := &Rehearsal{conn: conn}
	if err := r.open(ctx, source); err != nil {
		closeConn(ctx, conn)
		return nil, fmt.Errorf("target: %w", err)
	}
	r.info.Host, _, r.info.Port = at.server()
	return r, nil
}

func (r *Rehearsal) open(ctx context.Context, source Info) error {
	encoding := setting{"client_encoding", rowEncoding(source.Encoding), 0} // that of the rows
	if err := pin(ctx, r.conn, textSettings, writing, []setting{encoding, {"lock_timeout", "10s", 0}}); err != nil {
		return withMessage(err)
	}
	var err error
	if r.info, err = readInfo(ctx, r.conn); err != nil {
		return err
	}
	if r.info.Same(source) {
		return errors.New("source and target are the same database")
	}
	row, err := oneOf(ctx, r.conn, "select pg_catalog.has_database_privilege(pg_catalog.current_database(), 'temporary')")
	if err != nil {
		return withMessage(err)
	}
	if row[0] != "t" {
		return fmt.Errorf("role %s may not make temporary tables; run as the owner: grant temporary on database %s to %s", schema.QuoteIdent(r.info.Role), schema.QuoteIdent(r.info.Database), schema.QuoteIdent(r.info.Role))
	}
	return nil
}

// Info describes the server and the database that the session is in.
func (r *Rehearsal) Info() Info { return r.info }

// Close ends the session, also when ctx has ended.
func (r *Rehearsal) Close(ctx context.Context) { closeConn(ctx, r.conn) }

// Rehearsed is what became of a table's rows. The texts hold no data.
type Rehearsed struct {
	Problems []string // constraints that rows violate, values that do not fit
	Skipped  []string // what could not be tried here, and why
	Tried    bool     // the rows were loaded; else Skipped says why not
}

// Load makes a temporary table like t with everything that t demands of its own
// rows but foreign keys, and of its enums, domains and composite types those that
// the database lacks; loads the rows (COPY text of columns), and leaves
// nothing behind. Each constraint is tried by itself, so that all that fail are
// found. The error is of the session, not of rows.
func (r *Rehearsal) Load(ctx context.Context, t *schema.Table, columns []string, rows [][]byte) (out Rehearsed, err error) {
	defer func() {
		if !r.conn.IsClosed() && r.conn.TxStatus() != 'I' {
			if rollback := run(context.WithoutCancel(ctx), r.conn, "rollback"); err == nil && rollback != nil {
				err = fmt.Errorf("target: %w", withMessage(rollback))
			}
		}
	}()
	types, err := r.standIns(ctx, t)
	if err != nil {
		return out, err
	}
	if len(types.left) > 0 {
		out.Skipped = []string{"not rehearsed: the target has no type " + strings.Join(types.left, ", ")}
		return out, nil
	}
	begin := append(append([]string{"begin"}, types.sql...), createTemporary(t, types))
	if err := run(ctx, r.conn, strings.Join(begin, "; ")); err != nil {
		if err := r.broken(ctx, err); err != nil {
			return out, err
		}
		out.Skipped = []string{"not rehearsed: " + describeOwn(err, nil)}
		return out, nil
	}
	if err := r.try(ctx, func() error { return r.fill(ctx, columns, rows) }); err != nil {
		if lost := r.broken(ctx, err); lost != nil {
			return out, lost
		}
		out.Tried, out.Problems = true, []string{describeOwn(err, columns)}
		return out, nil
	}
	out.Tried = true
	for _, d := range demandsOf(t, types) {
		err := r.try(ctx, func() error { return run(ctx, r.conn, d.sql) })
		if err == nil {
			continue
		}
		if lost := r.broken(ctx, err); lost != nil {
			return out, lost
		}
		if class := codeOf(err)[:2]; class == "22" || class == "23" {
			out.Problems = append(out.Problems, describeOwn(err, nil))
		} else {
			out.Skipped = append(out.Skipped, d.name+" not rehearsed: "+describeOwn(err, nil))
		}
	}
	return out, nil
}

// try does something that may fail without ending the transaction.
func (r *Rehearsal) try(ctx context.Context, fn func() error) error {
	if err := run(ctx, r.conn, "savepoint before"); err != nil {
		return err
	}
	err := fn()
	if err == nil || r.conn.IsClosed() || ctx.Err() != nil {
		return err
	}
	if back := run(ctx, r.conn, "rollback to savepoint before"); back != nil {
		return back
	}
	return err
}

// broken returns the error if it is one of the session.
func (r *Rehearsal) broken(ctx context.Context, err error) error {
	code := codeOf(err)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case code == "" || lost(code) || r.conn.IsClosed():
		return fmt.Errorf("target: %w", SafeError(err))
	}
	return nil
}

func (r *Rehearsal) fill(ctx context.Context, columns []string, rows [][]byte) error {
	if len(rows) == 0 {
		return nil
	}
	text := append(bytes.Join(rows, []byte("\n")), '\n')
	_, err := r.conn.CopyFrom(ctx, bytes.NewReader(text), "copy "+rehearsed+columnList(columns)+" from stdin")
	return err
}

// rehearsed is the temporary table.
const rehearsed = "pg_temp.pgstandin_rehearsal"

// createTemporary spells the table with its columns, and no constraint yet.
func createTemporary(t *schema.Table, types *standIns) string {
	var list []string
	for i := range t.Columns {
		c := &t.Columns[i]
		name, _ := types.make(&c.Type)
		def := schema.QuoteIdent(c.Name) + " " + name
		if c.Collation != "" {
			def += " collate " + c.Collation
		}
		if c.Generated != "" {
			def += " generated always as (" + types.respell(c.Default) + ") " + c.Generated
		}
		list = append(list, def)
	}
	return "create temporary table " + strings.TrimPrefix(rehearsed, "pg_temp.") + " (" + strings.Join(list, ", ") + ") on commit drop"
}

// demand is one thing that a table asks of its rows.
type demand struct{ name, sql string }

func demandsOf(t *schema.Table, types *standIns) []demand {
	var out []demand
	add := func(name, format string, args ...any) {
		out = append(out, demand{name, fmt.Sprintf(format, args...)})
	}
	alter := "alter table " + rehearsed
	for i := range t.Columns {
		if c := &t.Columns[i]; c.NotNull && !c.Unproved && c.Generated != "virtual" {
			add("not null of "+schema.QuoteIdent(c.Name), "%s alter %s set not null", alter, schema.QuoteIdent(c.Name))
		}
	}
	for _, c := range t.Checks {
		if !c.Validated {
			continue // a refresh adds it unvalidated too
		}
		add("check "+schema.QuoteIdent(c.Name), "%s add constraint %s check %s", alter, schema.QuoteIdent(c.Name), types.respell(c.Expr))
	}
	for _, x := range t.Excludes {
		add("constraint "+schema.QuoteIdent(x.Name), "%s add constraint %s %s", alter, schema.QuoteIdent(x.Name), types.respell(x.Definition))
	}
	for _, x := range t.Indexes {
		const using = " USING btree "
		at := strings.Index(x.Definition, using)
		if !x.Unique || !x.Valid || at < 0 {
			continue
		}
		add("unique index "+schema.QuoteIdent(x.Name), "create unique index %s on %s%s", schema.QuoteIdent(x.Name), rehearsed, types.respell(x.Definition[at:]))
	}
	return out
}

// describeOwn is SafeError's text without the temporary table's name; columns
// are those whose names may be read from the server's words.
func describeOwn(err error, columns []string) string {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return SafeError(err).Error()
	}
	own := *pg
	if own.TableName != "" {
		own.TableName, own.SchemaName = "", ""
	}
	if strings.HasPrefix(own.SchemaName, "pg_temp") {
		own.DataTypeName = "" // of a type that was made here: its constraint says it
	}
	if own.ColumnName == "" {
		own.ColumnName = columnIn(own.Where, columns)
	}
	return describe(&own, remedy)
}
