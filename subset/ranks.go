package subset

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// ranks finds, for every reference with a limit, the rows that rank within it
// among all eligible children of their parent. It is fixed before the walk.
func (w *walk) ranks(ctx context.Context) error {
	w.allow = make([]rowSets, len(w.g.refs))
	for i := range w.allow {
		w.allow[i] = w.mem.newRows(w.g)
	}
	var limited []*ref
	var scans []*scan
	seen := make([]bool, len(w.g.leaves))
	for _, r := range w.g.refs {
		if r.Limit == 0 || !r.child.down {
			continue
		}
		limited = append(limited, r)
		for _, t := range r.Child.Leaves() {
			if l := w.g.byOID[t.OID]; !seen[l.id] {
				seen[l.id] = true
				scans = append(scans, w.doomedRows(l)...)
			}
		}
	}
	doomed := w.newFound()
	defer doomed.free()
	if err := w.wave(ctx, doomed, scans); err != nil {
		return err
	}
	scans = nil
	for _, r := range limited {
		scans = append(scans, w.rank(r, doomed.rows))
	}
	for i, s := range scans {
		r := limited[i]
		s.after = func() { w.allow[r.id].absorb(s.b.rows.setList) }
	}
	return w.wave(ctx, doomed, scans)
}

// doomedRows finds the rows of a leaf that a parent keeps from being eligible.
func (w *walk) doomedRows(l *leaf) []*scan {
	lay := newLayout(w.g, l)
	for _, r := range l.refs {
		if r.hard && w.mayDie(r) {
			lay.addRef(r)
		}
	}
	if len(lay.refs) == 0 {
		return nil
	}
	return w.pass("restrict "+l.table.Name.String(), lay, "", func(b *found, r *row) error {
		ref, _, err := w.doomed(r)
		if ref != nil {
			b.rows.add(l.id, r.id)
		}
		return err
	})
}

// rank reads all children of a reference in the order of their parents and,
// below each, of the limit: its own order, then primary key, then ctid.
func (w *walk) rank(r *ref, doomed rowSets) *scan {
	lay := newLayoutOn(w.g, r.Child, r.child.table)
	oid := lay.field(lay.alias + ".tableoid")
	if r.Array {
		lay.addLink(r, r.Parent, "", true)
	} else {
		lay.addRef(r)
	}
	var by []string
	if r.Order != "" {
		by = append(by, r.Order)
	}
	if k := r.child.table.Primary(); k != nil {
		for _, c := range k.Columns {
			by = append(by, lay.column(r.child.table, c))
		}
	}
	by = append(by, lay.alias+".ctid", lay.alias+".tableoid")
	rank := lay.field("pg_catalog.row_number() over (order by " + strings.Join(by, ", ") + ")")
	f := &lay.refs[0]
	var parent []string
	for _, p := range f.pos {
		parent = append(parent, lay.outer[p])
	}
	if r.space.rowID() {
		parent = []string{lay.outer[f.oid], lay.outer[f.tid]}
	}
	lay.order = strings.Join(parent, ", ") + ", " + lay.outer[rank]
	var last []byte
	var lastRow uint64
	count := 0
	s := w.scan("limit "+r.name(), lay, r.child.restriction(), func(b *found, x *row) error {
		links, err := x.links(f)
		if err != nil || len(links) == 0 || links[0].to != on {
			return err
		}
		k := links[0].key
		n, err := parseInt(x.fields[oid])
		if err != nil {
			return err
		}
		l := w.g.byOID[uint32(n)]
		if l == nil {
			return fmt.Errorf("a row lives in a table that the catalog did not list")
		}
		if doomed.has(l.id, x.id) {
			return nil
		}
		this := k.b
		if this == nil {
			this = fmt.Appendf(x.buf, "%d", k.n)
		}
		if !bytes.Equal(this, last) || count == 0 {
			last, count = append(last[:0], this...), 0
		}
		// A row whose array names a parent twice is one child.
		if count == 0 || lastRow != globalRow(l.id, x.id) {
			count, lastRow = count+1, globalRow(l.id, x.id)
		}
		if count <= r.Limit {
			b.rows.add(l.id, links[0].at)
		}
		return nil
	})
	s.reset = func() { last, count = nil, 0 }
	return s
}
