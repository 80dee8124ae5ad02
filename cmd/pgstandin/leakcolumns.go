package main

import (
	"slices"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/leak"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// scanned lists what is looked through of tables: the columns of which anything
// may have come from the source as it was, or all of them. Those are left out of
// which the copy itself gathered every text that stayed, and none is suspect.
func (g *leakGuard) scanned(b *bound, tables []*schema.Table, all bool) []pipeline.ScanTable {
	uuids := g.filter.HoldsUUIDs()
	clean := g.clean(b.specs)
	var out []pipeline.ScanTable
	for _, t := range tables {
		root := t.Root()
		masked, documents := map[string]bool{}, map[string]bool{}
		if spec := b.specs[root]; spec != nil {
			for i, c := range spec.Columns {
				m, name := spec.Spec.Columns[i].Mask, root.Columns[c].Name
				// What such a mask made was compared with what it was given.
				masked[name] = !all && m.Replaces()
				documents[name] = m != nil && m.Kind == "json"
			}
		}
		scan := pipeline.ScanTable{Table: t.Name}
		for i := range t.Columns {
			c := &t.Columns[i]
			if c.Generated != "" || masked[c.Name] {
				continue
			}
			shape, cast, ok := scanShape(&c.Type, uuids)
			if !ok {
				continue
			}
			if documents[c.Name] && shape == leak.Text { // strings of documents have escapes
				shape = leak.AlsoText(leak.JSON)
			}
			place := root.Name.String() + "." + schema.QuoteIdent(c.Name)
			if _, known := g.places[place]; !known {
				g.places[place] = leakPlace{root, c.Name}
				g.result.columns++
			}
			if !all && clean[root][c.Name] {
				continue
			}
			scan.Columns = append(scan.Columns, pipeline.ScanColumn{Name: c.Name, Place: place, Shape: shape, Cast: cast})
		}
		if len(scan.Columns) > 0 {
			out = append(out, scan)
		}
	}
	return out
}

// clean returns the columns of which the copy gathered every text that stayed, by
// table and name, and none of these looks like an original.
func (g *leakGuard) clean(specs map[*schema.Table]*rules.TableRules) map[*schema.Table]map[string]bool {
	out := map[*schema.Table]map[string]bool{}
	for root, kept := range g.kept {
		spec := specs[root]
		out[root] = map[string]bool{}
		for _, i := range kept.Clean(g.filter) {
			if spec.Exprs[i] == "" { // otherwise the source made it
				out[root][root.Columns[spec.Columns[i]].Name] = true
			}
		}
	}
	return out
}

// scanShape says how a column's values are read for the scan; ok is false if they
// cannot hold what is looked for.
func scanShape(t *schema.Type, uuids bool) (shape leak.Shape, cast, ok bool) {
	if t.Class == schema.Array && t.Elem != nil {
		shape, ok = innerShape(t.Elem, uuids)
		return leak.ArrayOf(shape), true, ok
	}
	switch t.Class {
	case schema.EnumType, schema.Pseudo:
		return leak.Nothing, false, false // labels are texts of the schema
	case schema.Range, schema.Multirange:
		return leak.Text, true, !t.Builtin // those of PostgreSQL's own are of numbers and dates
	case schema.Composite:
		var fields []leak.Shape
		for i := range t.Fields {
			field, _ := innerShape(&t.Fields[i].Type, uuids)
			fields = append(fields, field)
		}
		return leak.AlsoText(leak.RowOf(fields...)), true, true
	case schema.Base:
	default:
		return leak.Text, true, true
	}
	switch t.Extension {
	case "postgis", "postgis_raster", "vector", "cube", "seg":
		return leak.Nothing, false, false // numbers
	}
	if t.Builtin {
		switch t.Base {
		case "text", "varchar", "bpchar":
			return leak.Text, false, t.Length == 0 || t.Length > 2
		case "json":
			return leak.JSON, false, true
		case "jsonb":
			return leak.JSON, true, true
		case "bytea":
			return leak.Bytes, false, true
		case "uuid":
			return leak.Text, true, uuids
		case "tsvector":
			return leak.Lexemes, true, true
		case "bool", "int2", "int4", "int8", "oid", "float4", "float8", "numeric", "money", "date", "time", "timetz", "timestamp", "timestamptz", "interval",
			"bit", "varbit", "char", "point", "line", "lseg", "box", "path", "polygon", "circle", "pg_lsn", "xid", "xid8", "cid", "tid":
			return leak.Nothing, false, false
		}
	}
	return leak.Text, true, true
}

// innerShape is that of a value inside another one, whose text has bytes as hexadecimal
// digits; leak.Nothing if it cannot hold what is looked for.
func innerShape(t *schema.Type, uuids bool) (leak.Shape, bool) {
	switch shape, _, ok := scanShape(t, uuids); {
	case !ok:
		return leak.Nothing, false
	case shape == leak.Bytes:
		return leak.Hex, true
	default:
		return shape, true
	}
}

// copiedTables are the tables that may hold rows of the selection: of a
// partitioned table every partition, since a mask may have moved rows there.
func copiedTables(sel *subset.Selection) []*schema.Table {
	copied := map[*schema.Table]bool{}
	for _, l := range sel.Leaves {
		copied[l.Root] = copied[l.Root] || l.How != subset.Nothing
	}
	var out []*schema.Table
	for _, l := range sel.Leaves {
		if copied[l.Root] {
			out = append(out, l.Table)
		}
	}
	return out
}

// originalPart is a table of the source whose originals are read.
type originalPart struct {
	leaf    *schema.Table
	spec    *rules.TableRules // nil: of a table that is not copied
	program *anonymize.Program
	chunks  func(columns []subset.Column) []subset.Chunk
}

type originalParts []originalPart

// copiedParts are the chosen rows.
func (b *bound) copiedParts(sel *subset.Selection) originalParts {
	var out originalParts
	for _, l := range sel.Leaves {
		if l.How == subset.Nothing {
			continue
		}
		out = append(out, originalPart{l.Table, b.specs[l.Root], b.programs[l.Root], func(columns []subset.Column) []subset.Chunk {
			return sel.Chunks(l, columns, chunkBytes)
		}})
	}
	return out
}

// allParts are all rows that the source has.
func (b *bound) allParts() originalParts {
	lacks := b.unlogged()
	var out originalParts
	for _, t := range b.schema.Tables {
		if t.Kind != schema.Ordinary || slices.Contains(lacks, t) {
			continue
		}
		out = append(out, originalPart{t, b.specs[t.Root()], b.programs[t.Root()], func(columns []subset.Column) []subset.Chunk {
			return []subset.Chunk{{Select: func() (string, error) { return selectAll(t, columns), nil }}}
		}})
	}
	return out
}

func selectAll(t *schema.Table, columns []subset.Column) string {
	sql := "select "
	for i, c := range columns {
		if i > 0 {
			sql += ", "
		}
		if c.Name != "" {
			sql += schema.QuoteIdent(c.Name)
		} else {
			sql += c.Expr
		}
	}
	return sql + " from only " + t.Name.SQL()
}

// computed are the parts with columns that the source itself masks: the copy does
// not see their originals.
func (p originalParts) computed() originalParts {
	var out originalParts
	for _, x := range p {
		if len(x.spec.Exprs) > 0 {
			x.program = nil
			out = append(out, x)
		}
	}
	return out
}

// whole lists the columns of a part whose values are originals as a whole.
func (x *originalPart) whole(b *bound) (columns []subset.Column, types []*schema.Type) {
	add := func(c *schema.Column) {
		if _, _, ok := scanShape(&c.Type, true); ok && c.Type.Base != "bytea" {
			columns, types = append(columns, subset.Column{Name: c.Name}), append(types, &c.Type)
		}
	}
	root := x.leaf.Root()
	if x.spec != nil {
		for i, c := range x.spec.Columns {
			if x.spec.Exprs[i] != "" {
				add(&root.Columns[c])
			}
		}
		return columns, types
	}
	for _, d := range b.decisions[root] {
		if d.Mask != "keep" {
			if c := root.Column(d.Column); c >= 0 {
				add(&root.Columns[c])
			}
		}
	}
	return columns, types
}
