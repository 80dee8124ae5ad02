package subset

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// fullLeaf says how a leaf of a table that is copied in full is read.
type fullLeaf struct {
	whole  bool           // no row is known singly: the restriction alone decides
	cutAll map[*ref]int64 // every value of these references is cut; how many there are
}

// wholes judges the rows of the tables of which every eligible row is copied.
// A leaf that only its restriction limits, and whose references need nothing,
// is not read.
func (w *walk) wholes(ctx context.Context) error {
	var scans []*scan
	for _, n := range w.g.nodes {
		if !n.full || n.none {
			continue
		}
		for _, l := range n.leaves {
			scans = append(scans, w.wholeLeaf(l)...)
		}
	}
	return w.wave(ctx, w.st, scans)
}

func (w *walk) wholeLeaf(l *leaf) []*scan {
	whole := true
	for _, r := range l.refs {
		whole = whole && !(r.hard && w.mayDie(r))
	}
	w.full[l.id] = fullLeaf{whole: whole, cutAll: map[*ref]int64{}}
	if !whole {
		lay := w.admission(l, nil)
		return w.pass("all "+l.table.Name.String(), lay, "", func(b *found, r *row) error {
			_, err := w.admit(b, r, true, false)
			return err
		})
	}
	var out []*scan
	lay := newLayout(w.g, l)
	var conds []string
	pushed := true
	for _, r := range l.refs {
		if !w.useful(r) {
			continue
		}
		if w.dead.at[r.space.id].every() && r.When == "" && len(r.Columns) == 1 && !r.Array {
			out = append(out, w.countCut(l, r))
			continue
		}
		lay.addRef(r)
		cond, ok := w.in(lay, r.Child, r.cols, r.space.families, w.dead.at[r.space.id])
		pushed = pushed && ok && r.checked && r.parent.full
		conds = append(conds, cond)
	}
	if len(conds) == 0 {
		return out
	}
	where := ""
	if pushed {
		where = or(conds...)
	}
	return append(out, w.pass("all "+l.table.Name.String(), lay, where, func(b *found, r *row) error {
		_, err := w.admit(b, r, true, true)
		return err
	})...)
}

// pass reads a leaf once, in ranges where it is large and nothing limits it.
func (w *walk) pass(name string, lay *layout, where string, fn func(*found, *row) error) []*scan {
	parts := []string{""}
	if where == "" {
		if p := w.ranges(lay.leaf); len(p) > 0 {
			parts = p
		}
	}
	var out []*scan
	for _, part := range parts {
		out = append(out, w.scan(name, lay, and(lay.leaf.node.restriction(), where, part), fn))
	}
	if len(parts) > 1 {
		return onePass(out)
	}
	return out
}

// countCut counts the values of a reference that are all cut, because no row
// of the parent is copied.
func (w *walk) countCut(l *leaf, r *ref) *scan {
	lay := newLayout(w.g, l)
	where := and(l.node.restriction(), lay.column(r.Child, r.Columns[0])+" is not null")
	sql := "select pg_catalog.count(*) from " + lay.from + " where " + where
	s := &scan{leaf: l, by: byPass}
	all := w.full[l.id].cutAll
	all[r] = 0
	var n uint64
	s.step = Step{Name: "count " + l.table.Name.String(), Table: l.node.table, Run: func(ctx context.Context, src Source) error {
		s.b = w.newStepFound()
		return src.Query(ctx, sql, func(fields [][]byte) (err error) {
			n, err = parseInt(fields[0])
			return err
		})
	}}
	s.after = func() { all[r] = int64(n) }
	return s
}

// ranges cuts a large leaf into ranges of pages that can be read at the same
// time; nil when it is not worth it, or the server has no TID range scan.
func (w *walk) ranges(l *leaf) []string {
	n := min(l.table.Pages/w.p.tune.pages, 16)
	if n < 2 || w.g.schema.ServerVersion < 140000 {
		return nil
	}
	alias := schema.QuoteIdent(l.node.table.Name.Name)
	var out []string
	for i := range n {
		out = append(out, pageRange(alias, i*l.table.Pages/n, (i+1)*l.table.Pages/n, i == n-1))
	}
	return out
}

// pageRange says that a row is in the pages from first up to, not including,
// end; the last range has no end, because a table may have grown since its
// size was read.
func pageRange(alias string, first, end int64, last bool) string {
	var conds []string
	if first > 0 {
		conds = append(conds, fmt.Sprintf("%s.ctid operator(pg_catalog.>=) '(%d,0)'::pg_catalog.tid", alias, first))
	}
	if !last {
		conds = append(conds, alias+".ctid operator(pg_catalog.<) '("+strconv.FormatInt(end, 10)+",0)'::pg_catalog.tid")
	}
	return strings.Join(conds, " and ")
}
