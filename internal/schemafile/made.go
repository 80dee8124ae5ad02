package schemafile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Made is what a loader made in a database. It is for one goroutine at a time.
type Made struct {
	cfg     *pgconn.Config
	safe    func(error) error
	objects map[string]bool // that were not there before, as texts that name them
	broken  bool            // something that was there is no more: dropping does not bring it back
	gone    bool            // it was dropped
}

// Made finds out what the loader has made, before its transaction (Config.Whole) ends.
// other is a session of the same database, which does not see it yet; by cfg Undo
// connects to it.
func (l *Loader) Made(ctx context.Context, other *pgconn.PgConn, cfg *pgconn.Config) (*Made, error) {
	m := &Made{cfg: cfg, safe: l.cfg.Safe, objects: map[string]bool{}}
	if err := m.look(ctx, l.conn, other); err != nil {
		return nil, m.safe(err)
	}
	return m, nil
}

// objectCatalogs are where a database's objects are.
const objectCatalogs = `pg_namespace pg_extension pg_class pg_type pg_proc pg_operator pg_opclass pg_opfamily pg_collation pg_conversion pg_cast pg_am
 pg_ts_config pg_ts_dict pg_ts_parser pg_ts_template pg_language pg_transform pg_foreign_data_wrapper pg_foreign_server pg_event_trigger pg_publication
 pg_trigger pg_rewrite pg_policy pg_constraint pg_attrdef pg_statistic_ext`

// listObjects is a query of all objects that were made in a database: their catalog,
// their number, and that of a column.
func listObjects() string {
	var b strings.Builder
	for name := range strings.FieldsSeq(objectCatalogs) {
		fmt.Fprintf(&b, "select 'pg_catalog.%[1]s'::pg_catalog.regclass::pg_catalog.oid as class, oid, 0 as part from pg_catalog.%[1]s where oid >= 16384 union all ", name)
	}
	b.WriteString("select 'pg_catalog.pg_class'::pg_catalog.regclass, attrelid, attnum from pg_catalog.pg_attribute where attrelid >= 16384 and attnum > 0 and not attisdropped")
	return b.String()
}

// listNamed is listObjects with how pg_identify_object names what may be dropped by
// itself: what belongs to another one goes with it.
func listNamed() string {
	return `select o.class || ' ' || o.oid || ' ' || o.part,
case when o.part = 0 and not exists (select from pg_catalog.pg_depend d where d.classid = o.class and d.objid = o.oid and d.deptype in ('a', 'i', 'e', 'P', 'S', 'x')
  and (d.refclassid, d.refobjid) <> (d.classid, d.objid)) -- as partitioned tables do
then (select i.type || '|' || i.identity from pg_catalog.pg_identify_object(o.class, o.oid, 0) i) end from (` + listObjects() + `) o`
}

// listKeys is listObjects without names.
func listKeys() string {
	return "select o.class || ' ' || o.oid || ' ' || o.part, null from (" + listObjects() + ") o"
}

// look compares what the transaction that made the schema sees with what others see:
// that is what it made, whoever makes something else meanwhile.
func (m *Made) look(ctx context.Context, conn, other *pgconn.PgConn) error {
	after, err := texts(ctx, conn, listKeys())
	if err != nil {
		return err
	}
	before, err := texts(ctx, other, listKeys())
	if err != nil {
		return err
	}
	for key := range after {
		if _, old := before[key]; !old {
			m.objects[key] = true
		}
	}
	for key := range before {
		if _, still := after[key]; !still {
			m.broken = true
		}
	}
	return nil
}

// drops are the statements that drop what was made, of what is there now: by their
// numbers, whatever the names are by now.
func (m *Made) drops(now map[string]string) []string {
	var out []string
	for key, what := range now {
		if kind, name, ok := strings.Cut(what, "|"); ok && m.objects[key] {
			out = append(out, dropStatement(kind, name))
		}
	}
	slices.Sort(out)
	return out
}

// dropStatement drops an object that pg_identify_object names.
func dropStatement(kind, name string) string {
	switch kind {
	case "foreign-data wrapper":
		kind = "foreign data wrapper"
	case "statistics object":
		kind = "statistics"
	}
	return "drop " + kind + " if exists " + name + " cascade"
}

// texts are the rows of a query with two columns, of which the first is the key.
func texts(ctx context.Context, conn *pgconn.PgConn, sql string) (map[string]string, error) {
	res := conn.ExecParams(ctx, sql, nil, nil, nil, nil).Read()
	if res.Err != nil {
		return nil, res.Err
	}
	out := make(map[string]string, len(res.Rows))
	for _, row := range res.Rows {
		out[string(row[0])] = string(row[1])
	}
	return out, nil
}

// undoTimeout bounds how long a run that failed drops what it made.
const undoTimeout = time.Minute

var errChanged = errors.New("the file changed what was there before, or others use what was made")

// Undone reports whether Undo has dropped what was made.
func (m *Made) Undone() bool { return m.gone }

// Undo drops all that was made and is still there, and nothing else; or nothing, with an
// error. It does so also when ctx has ended.
func (m *Made) Undo(ctx context.Context) error {
	if m.broken {
		return errChanged
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, m.cfg)
	if err != nil {
		return m.safe(err)
	}
	defer conn.Close(ctx)
	if err := m.drop(ctx, conn); err != nil {
		return err
	}
	if err := conn.Exec(ctx, "commit").Close(); err != nil {
		return m.safe(err)
	}
	m.gone = true
	return nil
}

// drop begins a transaction and drops in it. It fails where something else went too.
func (m *Made) drop(ctx context.Context, conn *pgconn.PgConn) error {
	for _, sql := range []string{"set default_transaction_read_only = off; set client_min_messages = warning", "begin; set local search_path = ''"} {
		if err := conn.Exec(ctx, sql).Close(); err != nil {
			return m.safe(err)
		}
	}
	had, err := texts(ctx, conn, listNamed())
	if err != nil {
		return m.safe(err)
	}
	for _, sql := range m.drops(had) {
		if err := conn.Exec(ctx, sql).Close(); err != nil {
			return m.safe(err)
		}
	}
	left, err := texts(ctx, conn, listKeys())
	if err != nil {
		return m.safe(err)
	}
	for key := range had {
		if _, still := left[key]; still == m.objects[key] {
			return errChanged
		}
	}
	return nil
}
