package subset

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// Column is one column of a chunk's result: the name in the table, and the
// expression to select it by. An empty Expr selects the column itself. The
// expression sees the table under its logical name. Type is what a NULL is cast
// to; empty stands for the column's declared type.
type Column struct {
	Name string
	Expr string
	Type string
}

// Chunk is a part of a leaf's chosen rows, read by one SELECT. The chunks of a
// leaf together return each chosen row once.
type Chunk struct {
	// Select makes the text, which may name each row and then has megabytes;
	// several chunks may do so at once, until the selection is closed.
	Select func() (string, error)
	Rows   int64 // exact or estimated, as Exact says
	Bytes  int64 // estimate
	Exact  bool
}

// Chosen rows are sent to the server in lists of at most so many.
const chunkRows = 50_000

// Chunks cuts the leaf's rows into chunks of about so many bytes (0: one
// chunk as far as lists of rows allow), in heap order.
func (s *Selection) Chunks(l *LeafSelection, columns []Column, bytes int64) []Chunk {
	b := &chunker{s: s, l: l, columns: columns, alias: schema.QuoteIdent(l.Root.Name.Name), ranges: s.version >= 140000}
	switch l.How {
	case Nothing:
		return nil
	case Chosen:
		return b.chosen(bytes)
	}
	return b.pages(bytes)
}

type chunker struct {
	s       *Selection
	l       *LeafSelection
	columns []Column
	alias   string
	ranges  bool // the server has TID range scans
}

// pages cuts the table by ranges of pages.
func (b *chunker) pages(bytes int64) []Chunk {
	n := int64(1)
	if bytes > 0 && b.ranges && b.l.Table.Pages > 0 {
		n = max(1, min((b.l.Bytes+bytes-1)/bytes, b.l.Table.Pages))
	}
	var out []Chunk
	for i := range n {
		first, end := i*b.l.Table.Pages/n, (i+1)*b.l.Table.Pages/n
		cond := ""
		if n > 1 {
			cond = pageRange(b.alias, first, end, i == n-1)
		}
		lo, hi := uint64(first)<<offsetBits, uint64(end)<<offsetBits
		if i == n-1 {
			hi = 1 << leafShift
		}
		out = append(out, Chunk{
			Select: func() (string, error) { return b.sql(and(b.l.where, cond), lo, hi) },
			Rows:   b.l.Rows / n, Bytes: b.l.Bytes / n,
		})
	}
	return out
}

// chosen cuts the chosen rows into lists. Where a list covers much of its
// range of pages, the range is named too, so that the server reads it in order.
func (b *chunker) chosen(bytes int64) []Chunk {
	size := int64(chunkRows)
	if bytes > 0 && b.l.Bytes > 0 {
		size = max(1, min(size, bytes*b.l.Rows/b.l.Bytes))
	}
	var out []Chunk
	for _, p := range b.l.rows.parts(key{}, size, 0) {
		out = append(out, Chunk{
			Select: func() (string, error) { return b.listed(p) },
			Rows:   p.n, Bytes: b.l.Bytes * p.n / b.l.Rows, Exact: true,
		})
	}
	return out
}

// listed is the query for some of the rows.
func (b *chunker) listed(p part) (string, error) {
	if err := b.s.usable(); err != nil {
		return "", err
	}
	list := make([]uint64, 0, p.n)
	p.each(func(k key) bool { list = append(list, k.n); return true })
	if err := b.s.usable(); err != nil {
		return "", err
	}
	first, last := int64(list[0]>>offsetBits), int64(list[p.n-1]>>offsetBits)
	cond := b.alias + ".ctid operator(pg_catalog.=) any(" + string(appendTIDArray(nil, list)) + ")"
	if b.ranges && p.n >= 2*(last-first+1) {
		cond = and(pageRange(b.alias, first, last+1, false), cond)
	}
	return b.sql(cond, list[0], list[p.n-1]+1)
}

// sql selects the columns, cut where they must be among rows lo to hi.
func (b *chunker) sql(where string, lo, hi uint64) (string, error) {
	var list []string
	for _, c := range b.columns {
		list = append(list, b.column(c, lo, hi))
	}
	if where != "" {
		where = " where " + where
	}
	return "select " + strings.Join(list, ", ") + " from only " + b.l.Table.Name.SQL() + " as " + b.alias + where, b.s.usable()
}

func (b *chunker) column(c Column, lo, hi uint64) string {
	expr := c.Expr
	if expr == "" {
		expr = b.alias + "." + schema.QuoteIdent(c.Name)
	}
	var ids, elements []uint64
	for i := range b.l.cuts {
		cut := &b.l.cuts[i]
		for _, name := range cut.columns {
			switch {
			case name != c.Name:
			case cut.all:
				return "null::" + b.typeOf(c)
			case cut.array:
				elements = appendRange(elements, cut.rows, lo<<elementBits, (hi-1)<<elementBits|(1<<elementBits-1))
			default:
				ids = appendRange(ids, cut.rows, lo, hi)
			}
		}
	}
	if len(elements) > 0 {
		return b.without(expr, elements)
	}
	if len(ids) == 0 {
		return expr
	}
	return fmt.Sprintf("case when %s.ctid operator(pg_catalog.=) any(%s) then null else %s end",
		b.alias, appendTIDArray(nil, ids), expr)
}

// without takes elements out of the arrays of some rows. They are told apart by
// their place, because their values may compare as only the server knows.
func (b *chunker) without(expr string, elements []uint64) string {
	name := "gone"
	if b.alias == schema.QuoteIdent(name) {
		name = "missing"
	}
	var rows, each []uint64
	places := []byte(`'{`)
	for i, e := range elements {
		row := e >> elementBits
		if each = append(each, row); i == 0 || rows[len(rows)-1] != row {
			rows = append(rows, row)
		}
		if i > 0 {
			places = append(places, ',')
		}
		places = strconv.AppendUint(places, e&(1<<elementBits-1), 10)
	}
	return fmt.Sprintf("case when %[1]s.ctid operator(pg_catalog.=) any(%[2]s) then (select coalesce(pg_catalog.array_agg(%[3]s.e order by %[3]s.o), '{}')"+
		" from pg_catalog.unnest(%[4]s) with ordinality as %[3]s(e, o) where (%[1]s.ctid, %[3]s.o) not in"+
		" (select * from rows from (pg_catalog.unnest(%[5]s), pg_catalog.unnest(%[6]s}'::pg_catalog.int8[])) as x(t, o))) else %[4]s end",
		b.alias, appendTIDArray(nil, rows), name, expr, appendTIDArray(nil, each), places)
}

func (b *chunker) typeOf(c Column) string {
	if c.Type != "" {
		return c.Type
	}
	if i := b.l.Table.Column(c.Name); i >= 0 {
		return b.l.Table.Columns[i].Type.Name
	}
	return "text"
}

// appendRange appends the rows of s from lo up to, not including, hi.
func appendRange(dst []uint64, s *keySet, lo, hi uint64) []uint64 {
	c := s.from(key{n: lo})
	for k, ok := c.next(); ok && k.n < hi; k, ok = c.next() {
		dst = append(dst, k.n)
	}
	return dst
}
