package catalog

import (
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// typeRow is one row of pg_type.
type typeRow struct {
	oid, base, elem uint32
	name            schema.Name
	kind            string
	typmod          int32
	notNull         bool
	over            string
	extension       string
	enum            *schema.Enum
	domain          *schema.Domain
	checks          []string
	fields          []fieldRow
}

// fieldRow is one field of a composite type.
type fieldRow struct {
	Name   string
	OID    uint32
	Typmod int32
	Type   string // as format_type prints it
}

func (r *reader) typeRow(x row) error {
	t := &typeRow{
		oid: x.oid(0), name: schema.Name{Schema: x.text(1), Name: x.text(2)}, kind: x.text(3),
		base: x.oid(4), typmod: int32(x.int(5)), elem: x.oid(6), notNull: x.bool(7), over: x.text(8), extension: x.text(9),
		checks: list[string](x, 11), fields: list[fieldRow](x, 12),
	}
	r.types[t.oid] = t
	own := t.name.Schema != "pg_catalog" && t.name.Schema != "information_schema"
	switch t.kind {
	case "e":
		t.enum = &schema.Enum{OID: t.oid, Name: t.name, Labels: list[string](x, 10)}
		if own && t.extension == "" {
			r.s.Enums = append(r.s.Enums, t.enum)
		}
	case "d":
		t.domain = &schema.Domain{OID: t.oid, Name: t.name, Base: t.over, NotNull: t.notNull}
		for _, c := range t.checks {
			t.domain.Checks = append(t.domain.Checks, checkExpr(c))
		}
		if own && t.extension == "" {
			r.s.Domains = append(r.s.Domains, t.domain)
		}
	}
	return nil
}

// typeOf describes a column's type; name is format_type's. Domains are complete
// only once finish has run; NOT NULL of a domain below a domain is folded here.
func (r *reader) typeOf(oid uint32, typmod int32, name string) schema.Type {
	out := schema.Type{OID: oid, Typmod: typmod, Name: name}
	t := r.types[oid]
	for t != nil && t.kind == "d" {
		if out.Domain == nil {
			out.Domain = t.domain
		} else {
			out.Domain.NotNull = out.Domain.NotNull || t.notNull
		}
		if typmod == -1 {
			typmod = t.typmod
		}
		t = r.types[t.base]
	}
	if t == nil {
		out.Class = schema.Pseudo
		return out
	}
	out.Base, out.BaseOID = t.name.Name, t.oid
	out.Builtin, out.Extension, out.Enum = t.name.Schema == "pg_catalog", t.extension, t.enum
	switch t.kind {
	case "e":
		out.Class = schema.EnumType
	case "c":
		out.Class = schema.Composite
		for _, f := range t.fields {
			out.Fields = append(out.Fields, schema.Field{Name: f.Name, Type: r.typeOf(f.OID, f.Typmod, f.Type)})
		}
	case "r":
		out.Class = schema.Range
	case "m":
		out.Class = schema.Multirange
	case "p":
		out.Class = schema.Pseudo
	}
	if t.elem != 0 {
		out.Class = schema.Array
		elem := r.typeOf(t.elem, typmod, "")
		elem.Name = r.spell(t.elem)
		out.Elem = &elem
		out.Builtin = elem.Builtin && elem.Domain == nil
		return out
	}
	switch {
	case typmod < 0:
	case out.Base == "varchar", out.Base == "bpchar":
		out.Length = int(typmod) - 4
	case out.Base == "bit", out.Base == "varbit":
		out.Length = int(typmod)
	case out.Base == "numeric":
		// The scale is 11 bits, signed, since version 15.
		out.Precision = int((typmod-4)>>16) & 0xffff
		out.Scale = int((typmod-4)&0x7ff^1024) - 1024
	}
	return out
}

func (r *reader) spell(oid uint32) string {
	t := r.types[oid]
	switch {
	case t == nil:
		return ""
	case t.name.Schema == "pg_catalog":
		return t.name.Name
	}
	return t.name.String()
}

// checkExpr takes the expression out of a constraint's definition.
func checkExpr(def string) string {
	def = strings.TrimSuffix(strings.TrimSuffix(def, " NOT VALID"), " NOT ENFORCED")
	def = strings.TrimSuffix(def, " NO INHERIT")
	return strings.TrimPrefix(def, "CHECK ")
}

// finish resolves what needed all tables and columns to be known.
func (r *reader) finish() {
	for _, t := range r.s.Tables {
		t.PartitionKey = indexes(t, t.PartitionKey)
		for i := range t.Columns {
			t.Columns[i].GeneratedFrom = indexes(t, t.Columns[i].GeneratedFrom)
		}
		if p := t.Primary(); p != nil {
			for _, c := range p.Columns {
				t.Columns[c].NotNull = true
			}
		}
	}
	// A domain also has the checks of the domains below it.
	for _, t := range r.types {
		if t.domain == nil {
			continue
		}
		for b := r.types[t.base]; b != nil && b.kind == "d"; b = r.types[b.base] {
			for _, c := range b.checks {
				t.domain.Checks = append(t.domain.Checks, checkExpr(c))
			}
			t.domain.NotNull = t.domain.NotNull || b.notNull
		}
	}
	// Partitioned tables add up their partitions.
	for _, t := range r.s.Tables {
		if t.Kind == schema.Partitioned {
			for _, leaf := range t.Leaves() {
				if t.Rows >= 0 && leaf.Rows >= 0 {
					t.Rows += leaf.Rows
				} else {
					t.Rows = -1
				}
				t.Bytes += leaf.Bytes
				t.IndexBytes += leaf.IndexBytes
			}
		}
	}
	slices.SortFunc(r.s.ForeignKeys, func(a, b *schema.ForeignKey) int {
		if a.Child != b.Child {
			if a.Child.Name.Less(b.Child.Name) {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
}
