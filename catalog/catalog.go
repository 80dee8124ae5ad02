// Package catalog reads a PostgreSQL database's system catalog into a
// schema.Schema: one query a kind of object, however many objects there are.
package catalog

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

//go:embed *.sql
var queries embed.FS

// Read reads the catalog of the database that conn is connected to, inside
// whatever transaction conn is in, and sets nothing. Types are spelled as the
// session's search_path has it: with an empty one all but the built-in ones are
// qualified, and two readings compare. Servers from 13 on.
func Read(ctx context.Context, conn *pgconn.PgConn) (*schema.Schema, error) {
	r := &reader{ctx: ctx, conn: conn, s: &schema.Schema{}, tables: map[uint32]*schema.Table{}, types: map[uint32]*typeRow{}}
	for _, part := range []struct {
		name string
		row  func(row) error
	}{
		{"facts", r.facts},
		{"types", r.typeRow},
		{"tables", r.table},
		{"columns", r.column},
		{"inherits", r.inherit},
		{"constraints", r.constraint},
		{"indexes", r.index},
		{"sequences", r.sequence},
		{"matviews", r.matview},
		{"extensions", r.extension},
		{"foreigntables", r.foreignTable},
	} {
		if err := r.each(part.name, part.row); err != nil {
			return nil, fmt.Errorf("catalog: %s: %w", part.name, err)
		}
	}
	r.s.Index()
	r.finish()
	return r.s, nil
}

type reader struct {
	ctx    context.Context
	conn   *pgconn.PgConn
	s      *schema.Schema
	tables map[uint32]*schema.Table
	types  map[uint32]*typeRow
}

// each runs the query of a kind and calls fn for each of its rows.
func (r *reader) each(name string, fn func(row) error) error {
	return r.explain(r.rows(name, fn))
}

// rows is each with the server's own error.
func (r *reader) rows(name string, fn func(row) error) error {
	text, err := queries.ReadFile(name + ".sql")
	if err != nil {
		return err
	}
	res := r.conn.ExecParams(r.ctx, string(text), nil, nil, nil, nil).Read()
	if res.Err != nil {
		return res.Err
	}
	for _, fields := range res.Rows {
		x := row{fields: fields}
		if err := fn(x); err != nil {
			return err
		}
	}
	return nil
}

// explain says what a query's error means. It is of the catalog alone: its message
// quotes no row.
func (r *reader) explain(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	hint := ""
	switch pg.Code {
	case lockNotAvailable:
		return r.locked(pg)
	case "40001": // replay on a standby
		hint = "; set hot_standby_feedback = on there, or raise max_standby_streaming_delay, or read from the primary"
	}
	return fmt.Errorf("%s (SQLSTATE %s)%s", pg.Message, pg.Code, hint)
}

// lockNotAvailable is the SQLSTATE of a wait that reached lock_timeout.
const lockNotAvailable = "55P03"

// locked says what others have locked, where the session can still ask: the size
// of a table and the text of a view take the locks that reading them does.
func (r *reader) locked(waited *pgconn.PgError) error {
	what, long := "a table", ""
	if r.conn.TxStatus() == 'I' {
		_ = r.rows("locked", func(x row) error { // the names are more than there has to be
			long = " for " + x.text(0)
			if names := list[string](x, 1); len(names) > 0 {
				what = strings.Join(names, " or ")
			}
			return nil
		})
	}
	return fmt.Errorf("%s stayed locked by another session%s (SQLSTATE %s); try again when no migration runs", what, long, waited.Code)
}

// row is one row of a catalog query. Reading a field that is not as the query
// has it is a mistake of this package, so it panics.
type row struct{ fields [][]byte }

func (r row) null(i int) bool   { return r.fields[i] == nil }
func (r row) text(i int) string { return string(r.fields[i]) }
func (r row) bool(i int) bool   { return string(r.fields[i]) == "t" }

func (r row) int(i int) int64 {
	if r.null(i) {
		return 0
	}
	n, err := strconv.ParseInt(r.text(i), 10, 64)
	if err != nil {
		panic("catalog: not a number: " + r.text(i))
	}
	return n
}

func (r row) oid(i int) uint32 { return uint32(r.int(i)) }

func (r row) float(i int) float64 {
	if r.null(i) {
		return 0
	}
	f, err := strconv.ParseFloat(r.text(i), 64)
	if err != nil {
		panic("catalog: not a number: " + r.text(i))
	}
	return f
}

// list reads a JSON array; NULL is an empty one.
func list[T any](r row, i int) []T {
	if r.null(i) {
		return nil
	}
	var out []T
	if err := json.Unmarshal(r.fields[i], &out); err != nil {
		panic("catalog: not a list: " + err.Error())
	}
	return out
}

func (r *reader) facts(x row) error {
	r.s.Database, r.s.ServerVersion, r.s.Encoding = x.text(0), int(x.int(1)), x.text(2)
	r.s.LargeObjects = x.int(3)
	if r.s.ServerVersion < 130000 {
		return fmt.Errorf("PostgreSQL %d: versions 13 to 18 are supported", r.s.ServerVersion/10000)
	}
	return nil
}

func (r *reader) table(x row) error {
	t := &schema.Table{
		OID: x.oid(0), Name: schema.Name{Schema: x.text(1), Name: x.text(2)},
		Pages: x.int(4), Bytes: x.int(7), IndexBytes: x.int(8),
		Unlogged: x.bool(9), RowSecurity: x.bool(10), ForceRowSecurity: x.bool(11),
		Owner: x.text(12), Comment: x.text(13), MaskLabel: x.text(16),
		PartitionDefinition: x.text(17), PartitionBound: x.text(18),
	}
	t.Rows = estimate(x.float(6), x.int(5), t.Pages)
	if x.text(3) == "p" {
		t.Kind = schema.Partitioned
		t.PartitionStrategy = map[string]string{"r": "range", "l": "list", "h": "hash"}[x.text(14)]
		t.PartitionKey = list[int](x, 15) // attnums until columns are known
		t.Rows = 0
	}
	r.tables[t.OID] = t
	r.s.Tables = append(r.s.Tables, t)
	return nil
}

// estimate scales reltuples to the table's size now; -1 when never analyzed.
func estimate(tuples float64, pagesThen, pagesNow int64) int64 {
	switch {
	case tuples < 0 || tuples == 0 && pagesThen == 0 && pagesNow > 0:
		return -1
	case pagesThen > 0:
		return int64(tuples / float64(pagesThen) * float64(pagesNow))
	}
	return int64(tuples)
}

func (r *reader) column(x row) error {
	t := r.tables[x.oid(0)]
	if t == nil {
		return nil // an extension's table
	}
	c := schema.Column{
		Name: x.text(2), Num: int(x.int(1)), Type: r.typeOf(x.oid(3), int32(x.int(4)), x.text(5)),
		NotNull: x.bool(6), Unproved: x.bool(20), Default: x.text(9), Collation: x.text(10), Nondeterministic: x.bool(11), CollationLocale: x.text(19), Comment: x.text(12),
		MaskLabel: x.text(18), Stats: schema.Stats{NullFrac: x.float(13), AvgWidth: int(x.int(14)), Distinct: x.float(15), Correlation: x.float(16)},
	}
	if c.Type.Domain != nil && c.Type.Domain.NotNull {
		c.NotNull = true
	}
	switch x.text(7) {
	case "a":
		c.Identity = "always"
	case "d":
		c.Identity = "by default"
	}
	switch x.text(8) {
	case "s":
		c.Generated = "stored"
	case "v":
		c.Generated = "virtual"
	}
	c.GeneratedFrom = list[int](x, 17) // attnums until all columns are known
	t.Columns = append(t.Columns, c)
	return nil
}

// indexes turns attnums into indexes into t.Columns; 0 becomes -1. Numbers of
// system columns and of dropped ones are left out.
func indexes(t *schema.Table, nums []int) []int {
	var out []int
	for _, n := range nums {
		if n == 0 {
			out = append(out, -1)
			continue
		}
		for i := range t.Columns {
			if t.Columns[i].Num == n {
				out = append(out, i)
			}
		}
	}
	return out
}

func (r *reader) inherit(x row) error {
	child, parent := r.tables[x.oid(0)], r.tables[x.oid(1)]
	if child == nil || parent == nil {
		return nil
	}
	if x.bool(2) {
		child.Partition = parent
		parent.Partitions = append(parent.Partitions, child)
	} else {
		child.Inherits = append(child.Inherits, parent)
		parent.Children = append(parent.Children, child)
	}
	return nil
}

func (r *reader) constraint(x row) error {
	t := r.tables[x.oid(0)]
	if t == nil {
		return nil
	}
	name, cols := x.text(1), indexes(t, list[int](x, 3))
	switch x.text(2) {
	case "p", "u":
		t.Keys = append(t.Keys, schema.Key{
			Name: name, Primary: x.text(2) == "p", Columns: cols,
			Deferrable: x.bool(7), InitiallyDeferred: x.bool(8), NullsNotDistinct: x.bool(14),
		})
	case "c":
		t.Checks = append(t.Checks, schema.Check{Name: name, Expr: checkExpr(x.text(13)), Columns: cols, Validated: x.bool(9), NoInherit: x.bool(10)})
	case "x":
		t.Excludes = append(t.Excludes, schema.Exclude{Name: name, Columns: indexes(t, list[int](x, 15)), Definition: x.text(13)})
	case "f":
		parent := r.tables[x.oid(4)]
		if parent == nil {
			return fmt.Errorf("foreign key %s of %s references a table that is not read", name, t.Name)
		}
		r.s.ForeignKeys = append(r.s.ForeignKeys, &schema.ForeignKey{
			Name: name, Child: t, Parent: parent, Columns: cols, ParentColumns: indexes(parent, list[int](x, 5)),
			MatchFull: x.bool(6), Deferrable: x.bool(7), InitiallyDeferred: x.bool(8), Validated: x.bool(9), Period: x.bool(16),
			OnDelete: action(x.text(11)), OnUpdate: action(x.text(12)),
		})
	}
	return nil
}

func action(code string) string {
	return map[string]string{"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}[code]
}

func (r *reader) index(x row) error {
	t := r.tables[x.oid(0)]
	if t == nil {
		return nil
	}
	t.Indexes = append(t.Indexes, schema.Index{
		Name: x.text(1), Unique: x.bool(2), Method: x.text(3), Columns: indexes(t, list[int](x, 4)),
		Expressions: list[string](x, 5), ExpressionColumns: indexes(t, list[int](x, 6)),
		Predicate: x.text(7), PredicateColumns: indexes(t, list[int](x, 8)),
		NullsNotDistinct: x.bool(9), Valid: x.bool(10), Constraint: x.bool(11), Definition: x.text(12), Bytes: x.int(13),
	})
	return nil
}

func (r *reader) sequence(x row) error {
	q := &schema.Sequence{
		Name: schema.Name{Schema: x.text(0), Name: x.text(1)}, Column: -1, Identity: x.bool(4),
		Increment: x.int(5), Min: x.int(6), Max: x.int(7), Cycle: x.bool(8),
	}
	if t := r.tables[x.oid(2)]; t != nil {
		if i := indexes(t, []int{int(x.int(3))}); len(i) == 1 && i[0] >= 0 {
			q.Table, q.Column = t, i[0]
		}
	}
	r.s.Sequences = append(r.s.Sequences, q)
	return nil
}

func (r *reader) matview(x row) error {
	r.s.MatViews = append(r.s.MatViews, schema.Name{Schema: x.text(0), Name: x.text(1)})
	return nil
}

func (r *reader) extension(x row) error {
	r.s.Extensions = append(r.s.Extensions, schema.Extension{Name: x.text(0), Version: x.text(1), Schema: x.text(2)})
	for _, n := range list[[2]string](x, 3) {
		r.s.ConfigTables = append(r.s.ConfigTables, schema.Name{Schema: n[0], Name: n[1]})
	}
	return nil
}

func (r *reader) foreignTable(x row) error {
	r.s.ForeignTables = append(r.s.ForeignTables, schema.Name{Schema: x.text(0), Name: x.text(1)})
	return nil
}
