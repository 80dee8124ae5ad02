package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

// sample is some rows of a logical table, as COPY text.
type sample struct {
	spec         *rules.TableRules
	rows, masked [][]byte
}

// sampleOf reads the first rows of a table, by its primary key if it has one,
// that pass its restriction and where, and masks them.
func (j *job) sampleOf(ctx context.Context, src *pipeline.Source, b *bound, spec *rules.TableRules, where string, limit int) (*sample, error) {
	s := &sample{spec: spec}
	conds := []string{b.rules.Subset.Restrict[spec.Table].Where, where}
	sql := sampleQuery(spec, nil, conds) + primaryOrder(spec.Table) + fmt.Sprintf(" limit %d", limit)
	err := src.Rows(ctx, sql, func(row []byte) error { s.rows = append(s.rows, bytes.Clone(row)); return nil })
	if err != nil {
		var more []string
		if where != "" {
			more = []string{"--where"}
		}
		return nil, b.blame(fmt.Errorf("rows of %s: %w", spec.Table.Name, err), spec.Table, true, more...)
	}
	p := b.programs[spec.Table]
	if p == nil || p.Nothing() {
		s.masked = s.rows
		return s, nil
	}
	rw := p.NewRewriter()
	if p.MayLookUp() {
		known, err := j.learnOf(ctx, src, b, p, s.rows)
		if err != nil {
			return nil, err
		}
		rw.LookUpIn(known)
	}
	for _, row := range s.rows {
		masked, err := rw.AppendRow(nil, row)
		if err != nil {
			return nil, fmt.Errorf("rows of %s: %w", spec.Table.Name, err)
		}
		s.masked = append(s.masked, masked)
	}
	return s, nil
}

// sampleQuery selects what a program takes; learn, if not nil, says of which
// columns the values are needed.
func sampleQuery(spec *rules.TableRules, learn func(int) bool, conds []string) string {
	t := spec.Table
	alias := schema.QuoteIdent(t.Name.Name)
	var list []string
	for i, c := range selected(spec) {
		switch {
		case learn != nil && !learn(i):
			list = append(list, "null")
		case c.Expr != "":
			list = append(list, c.Expr)
		default:
			list = append(list, alias+"."+schema.QuoteIdent(c.Name))
		}
	}
	sql := "select " + strings.Join(list, ", ") + t.From()
	word := " where ("
	for _, c := range conds {
		if c != "" {
			sql += word + c + ")"
			word = " and ("
		}
	}
	return sql
}

func primaryOrder(t *schema.Table) string {
	if len(t.Keys) == 0 || !t.Keys[0].Primary {
		return ""
	}
	var list []string
	for _, c := range t.Keys[0].Columns {
		list = append(list, schema.QuoteIdent(t.Name.Name)+"."+schema.QuoteIdent(t.Columns[c].Name))
	}
	return " order by " + strings.Join(list, ", ")
}

// learnOf reads what tables say of the entities of these rows.
func (j *job) learnOf(ctx context.Context, src *pipeline.Source, b *bound, p *anonymize.Program, rows [][]byte) (*anonymize.Known, error) {
	known := anonymize.NewKnown(int64(j.run.memory))
	var entities []string
	for _, row := range rows {
		if v := fieldsOf(row)[p.EntityColumn()]; v != nil {
			entities = append(entities, schema.QuoteLiteral(string(v)))
		}
	}
	slices.Sort(entities)
	if entities = slices.Compact(entities); len(entities) == 0 {
		return known, nil
	}
	for _, spec := range b.rules.Tables {
		teacher := b.programs[spec.Table]
		if teacher == nil || !teacher.MayLearn() || teacher.EntityDomain() != p.EntityDomain() {
			continue
		}
		col := &spec.Table.Columns[spec.Columns[teacher.EntityColumn()]]
		among := schema.QuoteIdent(spec.Table.Name.Name) + "." + schema.QuoteIdent(col.Name) + " in (" + strings.Join(entities, ", ") + ")"
		rw := teacher.NewRewriter()
		err := src.Rows(ctx, sampleQuery(spec, teacher.Learns, []string{b.rules.Subset.Restrict[spec.Table].Where, among}),
			func(row []byte) error { return rw.Learn(known, row) })
		if err != nil {
			return nil, fmt.Errorf("learn from %s: %w", spec.Table.Name, err)
		}
	}
	return known, nil
}

// fieldsOf returns the values of a row of COPY text; nil is NULL.
func fieldsOf(row []byte) [][]byte {
	var out [][]byte
	for last := false; !last; {
		var field []byte
		if field, row, last = copyfmt.Cut(row); copyfmt.IsNull(field) {
			out = append(out, nil)
		} else {
			out = append(out, copyfmt.AppendUnescaped([]byte{}, field))
		}
	}
	return out
}
