// Package survey reads what is to be known of a source's rows: some rows of each table,
// for discover, and the profile that seed follows.
package survey

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/discover"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// Sampler reads some rows of each table within one read-only snapshot. What it
// may not read, or not in time, is left out with a note.
type Sampler struct {
	conn  *pgconn.PgConn
	rows  int
	notes []string
}

// NewSampler returns one that reads rows of each table, over a connection with a
// transaction, or where Begin starts one.
func NewSampler(conn *pgconn.PgConn, rows int) *Sampler { return &Sampler{conn: conn, rows: rows} }

// Notes say what was left out, and why.
func (s *Sampler) Notes() []string { return s.notes }

// Limits of a sample: a table takes at most so long, a value at most so many
// bytes.
const (
	sampleTimeout = "10s"
	sampleBytes   = 16384
)

// Begin starts the transaction, in which a statement waits and runs for seconds at most.
func (s *Sampler) Begin(ctx context.Context) error {
	return s.exec(ctx, "begin isolation level repeatable read read only; set local statement_timeout = '"+sampleTimeout+"'; set local lock_timeout = '2s'")
}

func (s *Sampler) exec(ctx context.Context, sql string) error {
	_, err := s.conn.Exec(ctx, sql).ReadAll()
	return pipeline.SafeError(err)
}

// query runs a statement that may fail without ending the transaction.
func (s *Sampler) query(ctx context.Context, sql string) ([][][]byte, error) {
	if err := s.exec(ctx, "savepoint pgstandin"); err != nil {
		return nil, err
	}
	res := s.conn.ExecParams(ctx, sql, nil, nil, nil, nil).Read()
	if res.Err == nil {
		return res.Rows, s.exec(ctx, "release savepoint pgstandin")
	}
	var pg *pgconn.PgError
	if !errors.As(res.Err, &pg) || ctx.Err() != nil {
		return nil, pipeline.SafeError(res.Err)
	}
	if err := s.exec(ctx, "rollback to savepoint pgstandin"); err != nil {
		return nil, err
	}
	return nil, &refusedError{pipeline.SafeError(res.Err)}
}

// refusedError is a statement's failure that the transaction survived.
type refusedError struct{ err error }

func (e *refusedError) Error() string { return e.err.Error() }

// Sample reads rows of a table: of a large one from blocks all over it. It returns
// nothing of a table that it may not read.
func (s *Sampler) Sample(ctx context.Context, t *schema.Table) ([]discover.Sample, error) {
	out := make([]discover.Sample, len(t.Columns))
	var list []string
	var cols []int
	for i := range t.Columns {
		if e := sampleExpr(&t.Columns[i]); e != "" {
			list, cols = append(list, e), append(cols, i)
		}
	}
	if len(cols) == 0 {
		return out, nil
	}
	var estimate int64
	for _, l := range t.Leaves() {
		estimate += max(0, l.Rows)
	}
	head := "select " + strings.Join(list, ", ") + " from " + t.Name.SQL()
	limit := " limit " + strconv.Itoa(s.rows)
	statements := []string{head + limit}
	if estimate > 50*int64(s.rows) {
		share := 100 * 4 * float64(s.rows) / float64(estimate)
		statements = []string{fmt.Sprintf("%s tablesample system (%s) repeatable (1)%s", head, strconv.FormatFloat(share, 'f', 6, 64), limit), head + limit}
	}
	var rows [][][]byte
	for _, sql := range statements {
		var err error
		rows, err = s.query(ctx, sql)
		var refused *refusedError
		if errors.As(err, &refused) {
			s.notes = append(s.notes, fmt.Sprintf("no rows of %s: %v", t.Name, refused))
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			break
		}
	}
	for _, row := range rows {
		for i, v := range row {
			addSample(&out[cols[i]], v, t.Columns[cols[i]].Type.Elem != nil)
		}
	}
	return out, nil
}

// Count counts the rows of a table, up to most; -1 for one that it may not read.
func (s *Sampler) Count(ctx context.Context, t *schema.Table, most int) (int, error) {
	rows, err := s.query(ctx, fmt.Sprintf("select pg_catalog.count(*) from (select from %s limit %d) t", t.Name.SQL(), most))
	var refused *refusedError
	switch {
	case errors.As(err, &refused):
		return -1, nil
	case err != nil:
		return 0, err
	}
	return strconv.Atoi(string(rows[0][0]))
}

// addSample adds a value, or the elements of an array that comes as JSON.
func addSample(s *discover.Sample, v []byte, array bool) {
	switch {
	case v == nil:
		s.Nulls++
	case array:
		var list []any
		if json.Unmarshal(v, &list) != nil {
			return
		}
		for _, e := range list {
			if text, ok := e.(string); ok && text != "" {
				s.Values = append(s.Values, []byte(text))
			}
		}
	case len(v) > 0:
		s.Values = append(s.Values, v)
	}
}

// sampleExpr selects a column's values as text; "" for types whose values tell
// nothing. Large values are left out before they are read.
func sampleExpr(c *schema.Column) string {
	name := schema.QuoteIdent(c.Name)
	typ, text := &c.Type, name+"::pg_catalog.text"
	if typ.Elem != nil {
		typ, text = typ.Elem, "pg_catalog.to_json("+name+")::pg_catalog.text"
	}
	switch typ.Base {
	case "text", "varchar", "bpchar", "citext", "name", "json", "jsonb", "hstore", "int2", "date", "timestamp", "timestamptz":
	default:
		return ""
	}
	return fmt.Sprintf("case when pg_catalog.pg_column_size(%s) <= %d then %s end", name, sampleBytes, text)
}

// Confirm looks whether rows bear a reference out that nobody declared: why says
// that they do not, "" that they do or that there are none.
func (s *Sampler) Confirm(ctx context.Context, r *discover.Reference) (why string, err error) {
	child, parent := schema.QuoteIdent(r.Child.Columns[r.Columns[0]].Name), schema.QuoteIdent(r.Parent.Columns[r.ParentColumns[0]].Name)
	value, from := child, r.Child.Name.SQL()
	if r.Child.Columns[r.Columns[0]].Type.Elem != nil {
		value, from = "e", from+", pg_catalog.unnest("+child+") e"
	}
	where := value + " is not null"
	if r.When >= 0 {
		where += " and " + schema.QuoteIdent(r.Child.Columns[r.When].Name) + " = " + schema.QuoteLiteral(r.Name)
	}
	alike := "" // texts are compared as the parent's key does it, whose index then serves
	if to := r.Parent.Columns[r.ParentColumns[0]]; to.Type.Base == "text" || to.Type.Base == "varchar" {
		alike = " collate " + cmp.Or(to.Collation, `pg_catalog."default"`)
	}
	rows, err := s.query(ctx, fmt.Sprintf("select pg_catalog.count(*), pg_catalog.count(p.k) from (select %s as k from %s where %s limit %d) v left join (select %s as k from %s) p on p.k = v.k%s",
		value, from, where, s.rows, parent, r.Parent.Name.SQL(), alike))
	var refused *refusedError
	switch {
	case errors.As(err, &refused):
		return "rows could not be compared", nil
	case err != nil || len(rows) != 1:
		return "", err
	}
	all, _ := strconv.Atoi(string(rows[0][0]))
	found, _ := strconv.Atoi(string(rows[0][1]))
	if found*100 < all*95 {
		return fmt.Sprintf("only %d of %d rows have theirs", found, all), nil
	}
	return "", nil
}

// Denies reports whether rows speak against a reference.
func (s *Sampler) Denies(ctx context.Context, r *discover.Reference) (bool, error) {
	why, err := s.Confirm(ctx, r)
	return why != "", err
}
