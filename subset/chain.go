package subset

import (
	"context"
	"errors"
	"strconv"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// visit is a row that the row in question came from, in so many steps as its
// layer has number.
type visit struct {
	row  uint64
	next int32 // the visit of the layer before that it leads to
	ref  int32 // by this reference, -1 in the first layer
	up   bool  // this row references the next one
	down bool  // the row is taken as one that brings its children, and not only as a copied one
}

// errNoChain is a mistake of this package.
var errNoChain = errors.New("a copied row that nothing brought")

// search goes back from a copied row, step by step, to a row that is copied on
// its own account. A row is visited twice at most: as one that is copied, and
// as one that brings its children.
type search struct {
	e      *explainer
	layers [][]visit
	seen   [2]*roaring64.Bitmap
	start  int // of the last layer, -1 until found
}

// copied finds the shortest chain to a row that is copied.
func (e *explainer) copied(ctx context.Context, out *Explanation, row uint64) error {
	s := &search{e: e, start: -1, seen: [2]*roaring64.Bitmap{roaring64.New(), roaring64.New()}}
	s.layers = [][]visit{nil}
	s.add(visit{row: row, ref: -1})
	for s.start < 0 {
		if err := s.expand(ctx); err != nil {
			return err
		}
		if len(s.layers[len(s.layers)-1]) == 0 {
			return errNoChain
		}
	}
	first := s.layers[len(s.layers)-1][s.start].row
	var err error
	if out.Reason, out.Line, err = e.reason(ctx, first); err != nil {
		return err
	}
	at := s.start
	var by *visit
	for i := len(s.layers) - 1; i >= 0; i-- {
		v := &s.layers[i][at]
		if err := e.extend(ctx, out, v.row, by); err != nil {
			return err
		}
		by, at = v, int(v.next)
	}
	return nil
}

// extend puts a row at the end of a chain, to which the visit before it leads.
func (e *explainer) extend(ctx context.Context, out *Explanation, row uint64, by *visit) error {
	k := Link{}
	if by != nil {
		r := e.g.refs[by.ref]
		k.Reference, k.Name, k.Up = r.Reference, r.name(), by.up
	}
	var err error
	k.Row, err = e.name(ctx, row)
	out.Chain = append(out.Chain, k)
	return err
}

// add puts a visit in the last layer unless its row has been visited so.
func (s *search) add(v visit) {
	last := len(s.layers) - 1
	kind := 0
	if v.down {
		kind = 1
	}
	if !s.seen[kind].CheckedAdd(v.row) {
		return
	}
	s.layers[last] = append(s.layers[last], v)
	l, _ := s.e.leaf(v.row)
	if s.start < 0 && (v.down && s.e.named(v.row) || !v.down && l.node.full) {
		s.start = len(s.layers[last]) - 1
	}
	if !v.down && s.e.brings(v.row) {
		v.down = true
		s.add(v)
	}
}

// expand makes the next layer: rows of which one step leads to the last.
func (s *search) expand(ctx context.Context) error {
	last := s.layers[len(s.layers)-1]
	var rows [2][]uint64
	at := [2]map[uint64]int32{{}, {}}
	for i, v := range last {
		kind := 0
		if v.down {
			kind = 1
		}
		rows[kind] = append(rows[kind], v.row)
		at[kind][v.row] = int32(i)
	}
	s.layers = append(s.layers, nil)
	for _, r := range s.e.g.refs {
		if r.Up != UpNullify && r.child.copied() {
			hits, err := s.e.children(ctx, r, rows[0])
			if err != nil {
				return err
			}
			for _, h := range hits {
				if s.e.known(h.child) {
					s.add(visit{row: h.child, next: at[0][h.parent], ref: int32(r.id), up: true})
				}
			}
		}
		if r.Down == DownOff || !r.child.down {
			continue
		}
		hits, err := s.e.parents(ctx, r, rows[1])
		if err != nil {
			return err
		}
		for _, h := range hits {
			if h.parent == nowhere || !s.e.allows(r, h) {
				continue
			}
			v := visit{row: h.parent, next: at[1][h.child], ref: int32(r.id)}
			if s.e.brings(h.parent) {
				v.down = true
				s.add(v)
			}
			if v.down = false; r.Down == DownAlways {
				if in, err := s.e.chosen(ctx, h.parent); err != nil {
					return err
				} else if in {
					s.add(v)
				}
			}
		}
	}
	return nil
}

// allows reports whether the limit of a reference lets it bring its row.
func (e *explainer) allows(r *ref, h hit) bool {
	l, _ := e.leaf(h.child)
	return r.Limit == 0 || r.child.down && e.w.allow[r.id].has(l.id, h.at)
}

// known reports whether a row that passes its table's restriction is copied.
func (e *explainer) known(row uint64) bool {
	l, id := e.leaf(row)
	return e.w.full[l.id].whole || e.w.st.rows.has(l.id, id)
}

// reason says by what a row is copied on its own account.
func (e *explainer) reason(ctx context.Context, row uint64) (string, int, error) {
	l, id := e.leaf(row)
	n := l.node
	switch {
	case e.named(row):
		lay := newLayout(e.g, l)
		fields, where := e.w.rootFields(lay)
		r, err := e.one(ctx, lay, and(only(lay, id), n.restriction(), where))
		if err != nil || r == nil {
			return "root", 0, err
		}
		for i := range fields {
			if f := &fields[i]; f.takes(r) {
				root := &e.w.p.roots[f.root]
				return root.describe(), root.Line, nil
			}
		}
		return "root", 0, nil
	case e.w.p.cutOnly:
		return "there are no roots, so every eligible row is copied", 0, nil
	case n.restrict.Rows == AllRows:
		return "rows: all", 0, nil
	case n.restrict.Rows == WhereRows:
		return "where: " + n.restrict.Where, 0, nil
	}
	return "unreached: all", 0, nil
}

// describe says what a root takes.
func (r *Root) describe() string {
	out := "root"
	if s := &r.Sample; s.Share > 0 {
		out += ", sample " + strconv.FormatFloat(s.Share*100, 'g', 4, 64) + "%"
	} else if s.Rows > 0 {
		out += ", sample of " + strconv.FormatInt(s.Rows, 10) + " rows"
	}
	if r.Where != "" {
		out += ", where: " + r.Where
	}
	return out
}
