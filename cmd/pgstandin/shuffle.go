package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

// draws reports whether any column is shuffled.
func (b *bound) draws() bool {
	for _, p := range b.programs {
		if p != nil && len(p.Draws()) > 0 {
			return true
		}
	}
	return false
}

// fillPools gives the shuffled columns the values that they draw.
func (j *job) fillPools(ctx context.Context, src *pipeline.Source, b *bound) error {
	for _, spec := range b.rules.Tables {
		p := b.programs[spec.Table]
		if p == nil {
			continue
		}
		for _, d := range p.Draws() {
			column := spec.Table.Columns[spec.Columns[d.Column]].Name
			values, rare, err := poolValues(ctx, src, b, spec, p, d)
			if err != nil {
				return fmt.Errorf("values of %s.%s: %w", spec.Table.Name, schema.QuoteIdent(column), err)
			}
			if p, err = p.Fill(d.Column, values, rare); err != nil {
				return usageError(fmt.Errorf("%s: %s.%s: %w", j.file.Name, spec.Table.Name, schema.QuoteIdent(column), err))
			}
		}
		b.programs[spec.Table] = p
	}
	return nil
}

// sampledRows is about how many rows of a large table are looked at for values.
const sampledRows = 1_000_000

// poolValues reads the most frequent values of a column, and how many others
// there are among these that too few rows or entities have.
func poolValues(ctx context.Context, src *pipeline.Source, b *bound, spec *rules.TableRules, p *anonymize.Program, d anonymize.Draw) (values []anonymize.PoolValue, rare int64, err error) {
	share := 100.0
	if rows := spec.Spec.Rows; rows > 2*sampledRows {
		share = 100 * sampledRows / float64(rows)
	}
	sql := poolQuery(spec, p, d, b.rules.Subset.Restrict[spec.Table].Where, share)
	err = src.Query(ctx, sql, func(fields [][]byte) error {
		rows, err := strconv.ParseInt(string(fields[1]), 10, 64)
		if err != nil {
			return fmt.Errorf("count: %w", err)
		}
		whose, err := strconv.ParseInt(string(fields[2]), 10, 64)
		if err != nil {
			return fmt.Errorf("count: %w", err)
		}
		if min(rows, whose) < int64(d.AtLeast) || len(fields[0]) == 0 {
			rare++
			return nil
		}
		values = append(values, anonymize.PoolValue{Text: append([]byte(nil), fields[0]...), Rows: rows})
		return nil
	})
	return values, rare, err
}

// poolQuery selects the values of a column as texts, in how many rows each is and
// of how many entities: one person's many rows are not many people's.
func poolQuery(spec *rules.TableRules, p *anonymize.Program, d anonymize.Draw, where string, share float64) string {
	t := spec.Table
	alias := schema.QuoteIdent(t.Name.Name)
	name := func(column int) string { return alias + "." + schema.QuoteIdent(t.Columns[spec.Columns[column]].Name) }
	entities := "count(*)"
	text := name(d.Column) + "::pg_catalog.text"
	if spec.Spec.Columns[d.Column].Type.Name == "bool" {
		text = "case when " + name(d.Column) + " then 't' when not " + name(d.Column) + " then 'f' end" // as COPY has it
	}
	inner := "select (" + text + ") collate \"C\" as v"
	if e := p.EntityColumn(); e >= 0 && !spec.Spec.Columns[e].Sole {
		inner += ", " + name(e) + "::pg_catalog.text collate \"C\" as e"
		entities = "count(distinct e)"
	}
	inner += t.From()
	if share < 100 {
		inner += " tablesample system (" + strconv.FormatFloat(share, 'f', 6, 64) + ") repeatable (0)"
	}
	if where != "" {
		inner += " where (" + where + ")"
	}
	return "select v, count(*), " + entities + " from (" + inner + ") as s where v is not null group by v" +
		" order by 2 desc, 1 limit " + strconv.Itoa(anonymize.MostDrawn)
}
