package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/leak"
	"github.com/pgstandin/pgstandin/schema"
)

// ScanTable is a table whose columns are looked through for original values.
type ScanTable struct {
	Table   schema.Name // rows of its own only: not those of partitions and children
	Columns []ScanColumn
}

// ScanColumn is one column of a ScanTable.
type ScanColumn struct {
	Name  string
	Place string     // what a finding is reported under
	Shape leak.Shape // of what is read
	Cast  bool       // read the value as PostgreSQL writes it as text
}

// Scanned is what a leak scan went through. It may be shared by the steps of
// several scans.
type Scanned struct{ rows, bytes atomic.Int64 }

// Rows returns the number of rows read, Bytes that of the bytes looked at.
func (s *Scanned) Rows() int64 { return s.rows.Load() }

// Bytes returns how many bytes were looked at.
func (s *Scanned) Bytes() int64 { return s.bytes.Load() }

// scanBytes is how much of a table one step reads.
const scanBytes = 64 << 20

// ScanSteps returns independent steps that read the columns of tables and note in
// suspects what looks like an original, for Steps. The tables are complete, and
// the filter is not filled any more. How large tables are is asked at once, over
// one of the sessions. Errors hold no data.
func ScanSteps(ctx context.Context, db Sessions, filter *leak.Filter, suspects *leak.Suspects, tables []ScanTable, count *Scanned) ([]func(context.Context) error, error) {
	pages, ranges, err := sizes(ctx, db, tables)
	if err != nil {
		return nil, err
	}
	place := placeIn(db)
	var steps []func(context.Context) error
	for i := range tables {
		t := &tables[i]
		n := int64(1)
		if ranges {
			n = max(1, pages[i]*blockSize/scanBytes)
		}
		for k := range n {
			sql := t.query(place(t.Table))
			if n > 1 {
				sql += fmt.Sprintf(" where ctid >= '(%d,0)'", pages[i]*k/n)
				if k < n-1 {
					sql += fmt.Sprintf(" and ctid < '(%d,0)'", pages[i]*(k+1)/n)
				}
			}
			steps = append(steps, func(ctx context.Context) error {
				s := &tableScan{table: t, scanner: filter.Scanner(suspects)}
				s.seen.fn = s.row
				err := persist(ctx, func() error { return s.run(ctx, db, sql) })
				count.rows.Add(s.rows)
				count.bytes.Add(s.scanner.Bytes)
				if err != nil {
					return fmt.Errorf("scan %s: %w", t.Table, err)
				}
				return nil
			})
		}
	}
	return steps, nil
}

const blockSize = 8192

const sizesOfTables = `
select n.nspname, c.relname, pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::pg_catalog.int8
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r'`

// sizes returns how many blocks each table has, and whether the server can read
// ranges of them.
func sizes(ctx context.Context, db Sessions, tables []ScanTable) ([]int64, bool, error) {
	var rows [][]string
	var major int
	err := again(ctx, db, "", func(conn *pgconn.PgConn) (err error) {
		major = majorOf(conn)
		rows, err = textsOf(ctx, conn, sizesOfTables)
		return withMessage(err)
	})
	if err != nil {
		return nil, false, fmt.Errorf("sizes of tables: %w", err)
	}
	known := make(map[schema.Name]int64, len(rows))
	for _, r := range rows {
		if known[schema.Name{Schema: r[0], Name: r[1]}], err = strconv.ParseInt(r[2], 10, 64); err != nil {
			return nil, false, fmt.Errorf("sizes of tables: %w", err)
		}
	}
	out := make([]int64, len(tables))
	for i := range tables {
		out[i] = known[placeIn(db)(tables[i].Table)]
	}
	return out, major >= 14, nil
}

func (t *ScanTable) query(at schema.Name) string {
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		if list[i] = schema.QuoteIdent(c.Name); c.Cast {
			list[i] += "::pg_catalog.text"
		}
	}
	return "select " + strings.Join(list, ", ") + " from only " + at.SQL()
}

// tableScan takes a COPY stream in binary format, split anywhere.
type tableScan struct {
	table   *ScanTable
	scanner *leak.Scanner
	begun   bool // the header was read
	tail    []byte
	seen    replay // where a session was lost, the rows come again
	rows    int64
	err     error
}

func (s *tableScan) run(ctx context.Context, db Sessions, sql string) error {
	conn, err := db.Acquire(ctx)
	if err != nil {
		return connectFailure(ctx, "", err)
	}
	s.begun, s.tail = false, s.tail[:0]
	s.seen.begin()
	_, err = copyOut(ctx, conn, s, "copy ("+sql+") to stdout (format binary)")
	settle(conn)
	db.Release(conn, err == nil)
	switch {
	case s.err != nil:
		return s.err
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return failure(ctx, "", err, nil)
	case len(s.tail) > 0:
		return errors.New("the last row has no end")
	}
	return s.seen.end()
}

// Write implements io.Writer for copyOut.
func (s *tableScan) Write(p []byte) (int, error) {
	n, data := len(p), p
	if len(s.tail) > 0 {
		s.tail = append(s.tail, p...)
		data = s.tail
	}
	rest, err := s.take(data)
	if err != nil {
		s.err = err
		return 0, err
	}
	if s.tail = append(s.tail[:0], rest...); len(rest) == 0 && cap(s.tail) > outsized {
		s.tail = nil
	}
	return n, nil
}

// take looks at the rows that data begins with and returns what follows them.
func (s *tableScan) take(data []byte) ([]byte, error) {
	if !s.begun {
		rest, ok, err := copyfmt.CutBinaryHeader(data)
		if err != nil || !ok {
			return data, err
		}
		data, s.begun = rest, true
	}
	for {
		size, end, err := copyfmt.BinaryTuple(data)
		switch {
		case err != nil:
			return data, err
		case end:
			return nil, nil
		case size == 0:
			return data, nil
		}
		if err := s.seen.row(data[:size]); err != nil {
			return data, err
		}
		data = data[size:]
	}
}

func (s *tableScan) row(row []byte) error {
	n, fields, err := copyfmt.BinaryFields(row)
	if err != nil || n != len(s.table.Columns) {
		return copyfmt.ErrBinary
	}
	s.rows++
	for i := range s.table.Columns {
		var value []byte
		if value, fields, err = copyfmt.CutBinary(fields); err != nil {
			return err
		}
		if len(value) > 0 {
			c := &s.table.Columns[i]
			s.scanner.Field(c.Place, c.Shape, value)
		}
	}
	return nil
}

// SchemaText is a text of a schema that people wrote: a comment, a default, a
// function's body.
type SchemaText struct {
	Object, Text string
	Credentials  int // options with a name that says so: password
}

// SchemaTexts returns the texts of the database's own objects: comments,
// defaults, constraints, expressions of indexes, statistics and partition keys,
// views, functions, start values of aggregates, triggers, policies, enum labels, and
// options of foreign tables, servers and wrappers. db is on that database.
func SchemaTexts(ctx context.Context, db Sessions) ([]SchemaText, error) {
	return readTexts(ctx, db, schemaTexts, "true", "true")
}

// MadeTexts returns those of the SchemaTexts of a source that a target with these
// objects gets.
func MadeTexts(ctx context.Context, db Sessions, objects Objects) ([]SchemaText, error) {
	return readTexts(ctx, db, schemaTexts, "false", strconv.FormatBool(objects.ForeignTables))
}

// DatabaseTexts returns the comment and the settings of the database called name,
// which is on the server of db.
func DatabaseTexts(ctx context.Context, db Sessions, name string) ([]SchemaText, error) {
	return readTexts(ctx, db, databaseTexts, name)
}

func readTexts(ctx context.Context, db Sessions, sql string, args ...string) ([]SchemaText, error) {
	var rows [][]string
	err := again(ctx, db, "", func(conn *pgconn.PgConn) (err error) {
		rows, err = textsOf(ctx, conn, sql, args...)
		return withMessage(err)
	})
	if err != nil {
		return nil, fmt.Errorf("texts of the schema: %w", err)
	}
	out := make([]SchemaText, len(rows))
	for i, r := range rows {
		out[i] = SchemaText{Object: r[0], Text: r[1]}
		if len(r) > 2 {
			if out[i].Credentials, err = strconv.Atoi(r[2]); err != nil {
				return nil, fmt.Errorf("texts of the schema: %w", err)
			}
		}
	}
	return out, nil
}

const databaseTexts = `
select 'comment on the database', d.description
from pg_catalog.pg_shdescription d join pg_catalog.pg_database b on b.oid = d.objoid
where d.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass and b.datname = $1 and d.description not like 'pgstandin%'
union all
select 'setting of the database', s.setting
from pg_catalog.pg_db_role_setting r join pg_catalog.pg_database b on b.oid = r.setdatabase, pg_catalog.unnest(r.setconfig) s(setting)
where b.datname = $1
order by 1, 2`

// schemaTexts leaves out what belongs to PostgreSQL or to an extension, unless $1
// what no target gets of a source, and unless $2 what is of foreign tables.
const schemaTexts = `
with own as (
  select n.oid as nsp, n.nspname from pg_catalog.pg_namespace n
  where n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
), extended as (
  select classid, objid from pg_catalog.pg_depend where deptype = 'e'
), absent as (
  select oid from pg_catalog.pg_class where relkind = 'f' and not $2::bool
), options(object, rel, list) as (
  select 'options of foreign table ' || ftrelid::pg_catalog.regclass::pg_catalog.text, ftrelid, ftoptions from pg_catalog.pg_foreign_table
  union all
  select 'options of ' || attrelid::pg_catalog.regclass::pg_catalog.text || '.' || pg_catalog.quote_ident(attname), attrelid, attfdwoptions
  from pg_catalog.pg_attribute where attfdwoptions is not null and not attisdropped
  union all
  select 'options of server ' || pg_catalog.quote_ident(srvname), null, srvoptions from pg_catalog.pg_foreign_server where $1::bool
  union all
  select 'options of foreign-data wrapper ' || pg_catalog.quote_ident(fdwname), null, fdwoptions from pg_catalog.pg_foreign_data_wrapper w
  where not exists (select from extended e where e.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass and e.objid = w.oid)
)
select object, body, secrets from (
  select object, pg_catalog.array_to_string(list, E'\n') as body, rel,
    (select pg_catalog.count(*) from pg_catalog.unnest(list) o where o ~* '^[^=]*(passw(or)?d|pwd|passphrase|secret|token|(api|access|private)_?key)=.') as secrets
  from options
  union all
  select 'comment on ' || case when i.type like '%column' then 'column' when i.type = 'table constraint' then 'constraint' else i.type end || ' ' || i.identity as object, d.description,
    case d.classoid::pg_catalog.regclass
      when 'pg_catalog.pg_class'::pg_catalog.regclass then d.objoid
      when 'pg_catalog.pg_constraint'::pg_catalog.regclass then (select k.conrelid from pg_catalog.pg_constraint k where k.oid = d.objoid)
      when 'pg_catalog.pg_trigger'::pg_catalog.regclass then (select t.tgrelid from pg_catalog.pg_trigger t where t.oid = d.objoid)
    end, 0
  from pg_catalog.pg_description d, lateral pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
  where (d.objoid >= 16384 or d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.objoid in (select nsp from own) and d.description <> 'standard public schema')
    and not exists (select from extended e where e.classid = d.classoid and e.objid = d.objoid)
    and ($1::bool or d.classoid <> all (array['pg_catalog.pg_extension', 'pg_catalog.pg_event_trigger', 'pg_catalog.pg_publication', 'pg_catalog.pg_subscription',
          'pg_catalog.pg_largeobject']::pg_catalog.regclass[]::pg_catalog.oid[])
      and (d.classoid <> 'pg_catalog.pg_namespace'::pg_catalog.regclass or i.identity <> 'public'))
    and ($2::bool or d.classoid <> 'pg_catalog.pg_foreign_server'::pg_catalog.regclass)
  union all
  select 'default of ' || pg_catalog.format('%I.%I.%I', o.nspname, c.relname, a.attname), pg_catalog.pg_get_expr(d.adbin, d.adrelid), c.oid, 0
  from pg_catalog.pg_attrdef d join pg_catalog.pg_class c on c.oid = d.adrelid join own o on o.nsp = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
  union all
  select 'constraint ' || pg_catalog.quote_ident(k.conname) || coalesce(' on ' || c.oid::pg_catalog.regclass::pg_catalog.text, ''), pg_catalog.pg_get_constraintdef(k.oid), c.oid, 0
  from pg_catalog.pg_constraint k join own o on o.nsp = k.connamespace left join pg_catalog.pg_class c on c.oid = k.conrelid
  where k.contype in ('c', 'x')
  union all
  select 'index ' || x.indexrelid::pg_catalog.regclass::pg_catalog.text, pg_catalog.pg_get_indexdef(x.indexrelid), null, 0
  from pg_catalog.pg_index x join pg_catalog.pg_class c on c.oid = x.indexrelid join own o on o.nsp = c.relnamespace
  where x.indpred is not null or x.indexprs is not null
  union all
  select 'statistics ' || pg_catalog.format('%I.%I', o.nspname, s.stxname), pg_catalog.pg_get_statisticsobjdef(s.oid), s.stxrelid, 0
  from pg_catalog.pg_statistic_ext s join own o on o.nsp = s.stxnamespace
  where pg_catalog.to_jsonb(s)->>'stxexprs' is not null
  union all
  select 'partition key of ' || c.oid::pg_catalog.regclass::pg_catalog.text, pg_catalog.pg_get_partkeydef(c.oid), null, 0
  from pg_catalog.pg_partitioned_table k join pg_catalog.pg_class c on c.oid = k.partrelid join own o on o.nsp = c.relnamespace
  where k.partexprs is not null
  union all
  select 'view ' || c.oid::pg_catalog.regclass::pg_catalog.text, pg_catalog.pg_get_viewdef(c.oid), null, 0
  from pg_catalog.pg_class c join own o on o.nsp = c.relnamespace where c.relkind in ('v', 'm')
  union all
  select 'partition ' || c.oid::pg_catalog.regclass::pg_catalog.text, pg_catalog.pg_get_expr(c.relpartbound, c.oid), c.oid, 0
  from pg_catalog.pg_class c join own o on o.nsp = c.relnamespace where c.relpartbound is not null
  union all
  select 'function ' || p.oid::pg_catalog.regprocedure::pg_catalog.text,
    case when p.prokind = 'a' then pg_catalog.concat_ws(E'\n', g.agginitval, g.aggminitval) else pg_catalog.pg_get_functiondef(p.oid) end, null, 0
  from pg_catalog.pg_proc p join own o on o.nsp = p.pronamespace left join pg_catalog.pg_aggregate g on g.aggfnoid = p.oid
  where not exists (select from extended e where e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and e.objid = p.oid)
  union all
  select 'trigger ' || pg_catalog.quote_ident(t.tgname) || ' on ' || t.tgrelid::pg_catalog.regclass::pg_catalog.text, pg_catalog.pg_get_triggerdef(t.oid), c.oid, 0
  from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid join own o on o.nsp = c.relnamespace where not t.tgisinternal
  union all
  select 'policy ' || pg_catalog.quote_ident(p.polname) || ' on ' || p.polrelid::pg_catalog.regclass::pg_catalog.text,
    pg_catalog.concat_ws(E'\n', pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)), null, 0
  from pg_catalog.pg_policy p
  union all
  select 'rule ' || pg_catalog.quote_ident(r.rulename) || ' on ' || r.ev_class::pg_catalog.regclass::pg_catalog.text, pg_catalog.pg_get_ruledef(r.oid), null, 0
  from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class join own o on o.nsp = c.relnamespace where r.rulename <> '_RETURN'
  union all
  select 'label of ' || e.enumtypid::pg_catalog.regtype::pg_catalog.text, e.enumlabel, null, 0
  from pg_catalog.pg_enum e join pg_catalog.pg_type t on t.oid = e.enumtypid join own o on o.nsp = t.typnamespace
  union all
  select 'default of domain ' || t.oid::pg_catalog.regtype::pg_catalog.text, t.typdefault, null, 0
  from pg_catalog.pg_type t join own o on o.nsp = t.typnamespace where t.typtype = 'd' and t.typdefault is not null
) texts
where body is not null and body <> '' and (rel is null or rel not in (select oid from absent)) and not exists (
  select from extended e where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and object = 'view ' || e.objid::pg_catalog.regclass::pg_catalog.text)
order by 1, 2`
