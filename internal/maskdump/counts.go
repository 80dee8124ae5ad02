package maskdump

import (
	"slices"
	"strings"
)

// Counts is what became of a stream; it holds no value.
type Counts struct {
	Tables        []TableCounts // by name
	Read, Written int64         // bytes
	LeftOut       LeftOut
}

// TableCounts is what became of the rows of one table or partition.
type TableCounts struct {
	Name          string
	Rows, Left    int64  // written, and left out
	Why           string // rows are left out
	Masked        int    // columns
	Opaque, Fixed int64  // values that became opaque text, and that came out as they went in
	Strangers     int64  // rows whose texts may quote somebody whose row was not learned from
}

// LeftOut counts what is not written, besides rows.
type LeftOut struct {
	Statistics, Large int64 // statements: that set statistics, of large objects
	Access            int64 // statements of user mappings and subscriptions
	Comments          int64 // lines that pg_dump does not write
}

// Counts returns what became of the stream until now.
func (m *Filter) Counts() Counts {
	c := Counts{Read: m.read.n, Written: m.wrote.n, LeftOut: m.left}
	for _, t := range m.order {
		name := t.leaf.Name.String()
		i := slices.IndexFunc(c.Tables, func(x TableCounts) bool { return x.Name == name })
		if i < 0 {
			i = len(c.Tables)
			c.Tables = append(c.Tables, TableCounts{Name: name, Why: t.why})
			if t.program != nil {
				c.Tables[i].Masked = t.program.Masked()
			}
		}
		x := &c.Tables[i]
		x.Rows += t.rows
		x.Left += t.left
		if t.rw == nil {
			continue
		}
		for _, s := range t.rw.Stats() {
			x.Opaque += s.Opaque
			x.Fixed += s.Fixed
		}
		x.Strangers += m.strangers(t)
	}
	slices.SortFunc(c.Tables, func(a, b TableCounts) int { return strings.Compare(a.Name, b.Name) })
	return c
}

// strangers counts the rows of a table that were about somebody whom nothing is known of:
// the entity is not in the stream, or became NULL since its rows are left out. There are
// none where its table, which is in, says nothing that a text may quote, and where
// nothing was to be learned.
func (m *Filter) strangers(t *maskedTable) int64 {
	if m.tables.Known == nil {
		return 0
	}
	s := t.rw.Strangers()
	n := min(t.orphaned, s.Nobody)
	if own := t.spec.Entity; own != nil {
		if p := m.tables.Programs[own]; m.tables.Gone[own] != "" || p != nil && p.MayLearn() {
			n += s.Unknown
		}
	}
	return n
}
