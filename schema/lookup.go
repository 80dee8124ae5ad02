package schema

import (
	"slices"
	"sort"
	"strings"
)

// Index sorts the tables and prepares Table look-ups; whoever builds a Schema
// calls it once, last.
func (s *Schema) Index() {
	sort.Slice(s.Tables, func(i, j int) bool { return s.Tables[i].Name.Less(s.Tables[j].Name) })
	s.byName = make(map[Name]*Table, len(s.Tables))
	for _, t := range s.Tables {
		s.byName[t.Name] = t
	}
}

// Table returns the table of that exact name, or nil.
func (s *Schema) Table(n Name) *Table { return s.byName[n] }

// Named returns the tables whose unqualified name is name, sorted by schema.
func (s *Schema) Named(name string) []*Table {
	var out []*Table
	for _, t := range s.Tables {
		if t.Name.Name == name {
			out = append(out, t)
		}
	}
	return out
}

// Roots returns the tables that users speak of: all but partitions.
func (s *Schema) Roots() []*Table {
	var out []*Table
	for _, t := range s.Tables {
		if t.Partition == nil {
			out = append(out, t)
		}
	}
	return out
}

// Root returns the topmost partitioned table that t belongs to, or t.
func (t *Table) Root() *Table {
	for t.Partition != nil {
		t = t.Partition
	}
	return t
}

// Leaves returns the tables that hold t's rows: t itself, or every partition
// at the bottom below it, in name order level by level. Classic inheritance
// children hold their own rows and are not among them.
func (t *Table) Leaves() []*Table {
	if t.Kind != Partitioned {
		return []*Table{t}
	}
	var out []*Table
	for _, p := range t.Partitions {
		out = append(out, p.Leaves()...)
	}
	return out
}

// Column returns the index of the column of that exact name, or -1.
func (t *Table) Column(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// Primary returns the primary key, or nil.
func (t *Table) Primary() *Key {
	if len(t.Keys) > 0 && t.Keys[0].Primary {
		return &t.Keys[0]
	}
	return nil
}

// From is the FROM clause of a query, with a space before it, that reads the rows of a
// logical table: with those of its partitions and without those of tables that inherit
// from it. Its alias is its own name.
func (t *Table) From() string {
	from := " from only "
	if t.Kind == Partitioned {
		from = " from "
	}
	return from + t.Name.SQL() + " as " + QuoteIdent(t.Name.Name)
}

// Translate maps column indexes of t to those of the same names in leaf (a
// partition may have its columns in another order). It panics if a column is
// missing, which PostgreSQL does not allow.
func (t *Table) Translate(leaf *Table, cols []int) []int {
	if t == leaf {
		return cols
	}
	out := make([]int, len(cols))
	for i, c := range cols {
		j := leaf.Column(t.Columns[c].Name)
		if j < 0 {
			panic("schema: " + leaf.Name.String() + " lacks a column of " + t.Name.String())
		}
		out[i] = j
	}
	return out
}

// Serial reports whether an identity or a sequence fills a column.
func (s *Schema) Serial(t *Table, c int) bool {
	col := &t.Columns[c]
	return col.Identity != "" || strings.HasPrefix(col.Default, "nextval(") ||
		slices.ContainsFunc(s.Sequences, func(q *Sequence) bool { return q.Table == t && q.Column == c })
}

// Impersonal reports whether a column's type cannot hold personal data, so that
// rules need no entry for it: yes and no, an enum's labels, and numbers and uuids
// that only identify rows. key says that the column is of the primary key or a
// reference; to be unique is not enough, since phone numbers and tokens are.
func (s *Schema) Impersonal(t *Table, c int, key bool) bool {
	col := &t.Columns[c]
	typ := &col.Type
	if typ.Class == Array && typ.Elem != nil {
		typ = typ.Elem
	}
	switch {
	case typ.Base == "bool" && typ.Builtin, typ.Class == EnumType:
		return true
	case typ != &col.Type || !typ.Builtin:
		return false
	}
	switch typ.Base {
	case "int2", "int4", "int8":
		return key || s.Serial(t, c)
	case "uuid":
		return key
	}
	return false
}
