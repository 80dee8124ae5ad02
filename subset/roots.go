package subset

import (
	"context"
	"math"
)

// roots finds the rows that the roots name.
func (w *walk) roots(ctx context.Context) error {
	var scans []*scan
	for _, n := range w.g.nodes {
		if n.none || len(n.roots) == 0 {
			continue
		}
		for _, l := range n.leaves {
			scans = append(scans, w.rootScans(l)...)
		}
	}
	return w.wave(ctx, w.st, scans)
}

// rootField is one root as a scan sees it.
type rootField struct {
	root   int
	where  int // field that says whether the row passes, -1 when all rows of the scan do
	sample *sampler
	drawn  *rowSets // rows that are in whatever the sampler says; with a sampler nil, only these
}

// takes reports whether the root names the row.
func (f *rootField) takes(r *row) bool {
	if f.where >= 0 && !r.flag(f.where) {
		return false
	}
	if f.drawn != nil && f.drawn.has(r.lay.leaf.id, r.id) {
		return true
	}
	if f.sample != nil {
		return f.sample.takes(r)
	}
	return f.drawn == nil
}

// rootFields adds to a layout what says which roots name a row, of those that
// pass where.
func (w *walk) rootFields(lay *layout) (fields []rootField, where string) {
	var wheres []string
	everything := false
	for _, i := range lay.leaf.node.roots {
		root := &w.p.roots[i]
		f := rootField{root: i, where: -1, drawn: w.drawn[i]}
		if root.Where == "" {
			everything = true
		} else {
			wheres = append(wheres, root.Where)
			if len(lay.leaf.node.roots) > 1 {
				f.where = lay.field("((" + root.Where + ") is true)")
			}
		}
		if root.Sample.Share > 0 {
			f.sample = w.sampler(lay, root)
		}
		fields = append(fields, f)
	}
	if everything {
		return fields, ""
	}
	return fields, or(wheres...)
}

func (w *walk) rootScans(l *leaf) []*scan {
	lay := w.admission(l, nil)
	fields, where := w.rootFields(lay)
	fn := func(b *found, r *row) error {
		var named [maxRoots]bool
		any := false
		for i := range fields {
			f := &fields[i]
			named[i] = f.takes(r)
			any = any || named[i]
		}
		if !any {
			return nil
		}
		ok, err := w.admit(b, r, true, false)
		if !ok || err != nil {
			return err
		}
		for i := range fields {
			if named[i] {
				b.roots[fields[i].root]++
			}
		}
		return nil
	}
	name := "root " + l.table.Name.String()
	var out []*scan
	parts := []string{""}
	if where == "" {
		if p := w.ranges(l); len(p) > 0 {
			parts = p
		}
	}
	for _, part := range parts {
		out = append(out, w.scan(name, lay, and(l.node.restriction(), where, part), fn))
	}
	if len(parts) > 1 {
		return onePass(out)
	}
	return out
}

// sampler takes rows by a keyed hash of their primary key, or of the whole row
// where there is none.
type sampler struct {
	sum   func([]byte) uint64
	limit uint64
	all   bool
	pos   []int
	fams  []family
}

// sampler adds what it hashes to the layout.
func (w *walk) sampler(lay *layout, root *Root) *sampler {
	t := root.Table
	prf := w.opt.Secret.PRF("sample", t.Name.String())
	s := &sampler{sum: prf.Uint64, all: root.Sample.Share >= 1}
	if !s.all {
		s.limit = uint64(math.Ldexp(root.Sample.Share, 64))
	}
	var cols []int
	if k := t.Primary(); k != nil {
		cols = k.Columns
	} else {
		for i := range t.Columns {
			if t.Columns[i].Generated == "" {
				cols = append(cols, i)
			}
		}
	}
	for _, c := range cols {
		s.pos = append(s.pos, lay.field(lay.column(t, c)))
		s.fams = append(s.fams, familyOf(&t.Columns[c]))
	}
	return s
}

func (s *sampler) takes(r *row) bool { return s.all || s.hash(r) < s.limit }

// hash is over the canonical parts with their lengths; a NULL is not an empty
// string.
func (s *sampler) hash(r *row) uint64 {
	start := len(r.buf)
	s.append(r)
	return s.sum(r.buf[start:])
}

// append puts the parts into the row's buffer.
func (s *sampler) append(r *row) {
	for i, p := range s.pos {
		v := r.fields[p]
		if v == nil {
			r.buf = append(r.buf, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		r.buf = appendPart(r.buf, s.fams[i], v)
	}
}
