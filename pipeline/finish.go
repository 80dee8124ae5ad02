package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// SequenceValue is where a sequence stands.
type SequenceValue struct {
	Name   schema.Name
	Last   int64
	Called bool
	// Table and Column own the sequence, or it is the column's identity; a zero
	// Table is none. The sequence is then never behind the column's values.
	Table     schema.Name
	Column    string
	Increment int64
}

// Sequences reads where the sequences stand, on the leader. Sequences are not
// part of a snapshot: values may be later than it, never earlier.
func (s *Source) Sequences(ctx context.Context, sequences []*schema.Sequence) ([]SequenceValue, error) {
	out := make([]SequenceValue, 0, len(sequences))
	const batch = 200
	for start := 0; start < len(sequences); start += batch {
		part := sequences[start:min(start+batch, len(sequences))]
		var b strings.Builder
		for i, q := range part {
			if i > 0 {
				b.WriteString(" union all ")
			}
			fmt.Fprintf(&b, "select %d, last_value, is_called from %s", i, q.Name.SQL())
		}
		rows, err := textsOf(ctx, s.leader, b.String()+" order by 1")
		if err != nil {
			return nil, fmt.Errorf("source: sequences: %w", withMessage(err))
		}
		for i, q := range part {
			last, err := strconv.ParseInt(rows[i][1], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("source: sequence %s: %w", q.Name, err)
			}
			v := SequenceValue{Name: q.Name, Last: last, Called: rows[i][2] == "t", Increment: q.Increment}
			if q.Table != nil && q.Column >= 0 {
				v.Table, v.Column = q.Table.Name, q.Table.Columns[q.Column].Name
			}
			out = append(out, v)
		}
	}
	return out, nil
}

// Populated returns those of the materialized views that hold rows in the
// source, in the order given.
func (s *Source) Populated(ctx context.Context, views []schema.Name) ([]schema.Name, error) {
	rows, err := textsOf(ctx, s.leader, `
select n.nspname, c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'm' and c.relispopulated`)
	if err != nil {
		return nil, fmt.Errorf("source: materialized views: %w", withMessage(err))
	}
	populated := map[schema.Name]bool{}
	for _, r := range rows {
		populated[schema.Name{Schema: r[0], Name: r[1]}] = true
	}
	var out []schema.Name
	for _, v := range views {
		if populated[v] {
			out = append(out, v)
		}
	}
	return out, nil
}

// Past returns where the sequence is set to where nobody asks a server: past the
// values of the column that it feeds, masked keys among them, but not out of the
// sequence's limits.
func (v SequenceValue) Past(least, most int64, edges []*ColumnEdge) (last int64, called bool) {
	last, called = v.Last, v.Called
	for _, e := range edges {
		switch {
		case !e.Some:
		case v.Increment < 0:
			last, called = v.ahead(last, called, e.Min)
		default:
			last, called = v.ahead(last, called, e.Max)
		}
	}
	if last > most || last < least {
		return v.Last, v.Called
	}
	return last, called
}

// ahead returns the later of two places: where the sequence would be, and a value
// that was used.
func (v SequenceValue) ahead(last int64, called bool, used int64) (int64, bool) {
	if used == last && !called || v.Increment < 0 && used < last || v.Increment >= 0 && used > last {
		return used, true
	}
	return last, called
}

// SetSequences sets the sequences, each past the values of the column that it
// feeds.
func (t *Target) SetSequences(ctx context.Context, sequences []SequenceValue) error {
	for _, q := range sequences {
		if err := t.setSequence(ctx, q); err != nil {
			return fmt.Errorf("target: sequence %s: %w", q.Name, SafeError(err))
		}
	}
	return nil
}

func (t *Target) setSequence(ctx context.Context, q SequenceValue) error {
	if t.inplace != nil && t.inplace.late[q.Table] {
		return t.veiled(ctx, "", false, func(conn *pgconn.PgConn) error { return setSequence(ctx, conn, q) })
	}
	q.Name, q.Table = t.Place(q.Name), t.Place(q.Table)
	return again(ctx, t, "target", func(conn *pgconn.PgConn) error { return setSequence(ctx, conn, q) })
}

// setSequence sets a sequence, but past the values of the column that it feeds:
// masked keys may be larger than any that production has given out.
func setSequence(ctx context.Context, conn *pgconn.PgConn, q SequenceValue) error {
	var edge ColumnEdge
	if q.Column != "" {
		name := schema.QuoteIdent(q.Column)
		row, err := oneOf(ctx, conn, fmt.Sprintf("select min(%s)::pg_catalog.numeric, max(%[1]s)::pg_catalog.numeric from %s", name, q.Table.SQL()))
		if err != nil {
			return err
		}
		// A value with a fraction, or beyond bigint, is none that a sequence gives.
		for _, text := range row {
			if v, err := strconv.ParseInt(text, 10, 64); err == nil {
				edge.add(v)
			}
		}
	}
	limits, err := oneOf(ctx, conn, `
select s.seqmin, s.seqmax from pg_catalog.pg_sequence s where s.seqrelid = $1::pg_catalog.regclass`, q.Name.SQL())
	if err != nil {
		return err
	}
	least, err1 := strconv.ParseInt(limits[0], 10, 64)
	most, err2 := strconv.ParseInt(limits[1], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	last, called := q.Past(least, most, []*ColumnEdge{&edge})
	return run(ctx, conn, fmt.Sprintf("select pg_catalog.setval(%s::pg_catalog.regclass, %d, %t)", schema.QuoteLiteral(q.Name.SQL()), last, called))
}
