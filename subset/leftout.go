package subset

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// needs looks for the nearest row that this one cannot live without and that
// is restricted, or is this one, or is not there.
func (e *explainer) needs(ctx context.Context, out *Explanation, row uint64) (bool, error) {
	layers := [][]visit{{{row: row, ref: -1}}}
	seen := roaring64.New()
	seen.Add(row)
	for {
		last := len(layers) - 1
		if len(layers[last]) == 0 {
			return false, nil
		}
		for i, v := range layers[last] {
			ok := v.row != nowhere
			if ok {
				var err error
				if ok, err = e.passes(ctx, v.row); err != nil {
					return false, err
				}
			}
			if !ok {
				return true, e.needy(ctx, out, layers, i)
			}
		}
		var next []visit
		for _, r := range e.g.refs {
			if !r.hard {
				continue
			}
			rows, at := []uint64{}, map[uint64]int32{}
			for i, v := range layers[last] {
				rows = append(rows, v.row)
				at[v.row] = int32(i)
			}
			hits, err := e.parents(ctx, r, rows)
			if err != nil {
				return false, err
			}
			for _, h := range hits {
				if h.parent == nowhere || seen.CheckedAdd(h.parent) {
					next = append(next, visit{row: h.parent, next: at[h.child], ref: int32(r.id)})
				}
			}
		}
		layers = append(layers, next)
	}
}

// needy makes the chain to the visit of the last layer that rules the row out.
func (e *explainer) needy(ctx context.Context, out *Explanation, layers [][]visit, at int) error {
	last := len(layers) - 1
	end := layers[last][at].row
	if end == nowhere {
		out.Reason = "the source has no such row"
	} else {
		l, _ := e.leaf(end)
		out.Reason = l.node.ruling()
		if last == 0 && l.node.restrict.Rows == NoRows {
			out.Verdict = NoTable
			return nil
		}
	}
	if out.Verdict = Needy; last == 0 {
		out.Verdict = Restricted
		return nil
	}
	var path []visit
	for i := last; i >= 0; i-- {
		v := layers[i][at]
		path, at = append(path, v), int(v.next)
	}
	slices.Reverse(path)
	for i, v := range path {
		by := &v
		if i == 0 {
			by = nil
		}
		if v.row == nowhere {
			r := e.g.refs[v.ref]
			out.Chain = append(out.Chain, Link{Row: Row{Table: r.parent.table}, Reference: r.Reference, Name: r.name(), Up: true, Gone: true})
		} else if err := e.extend(ctx, out, v.row, by); err != nil {
			return err
		} else if i > 0 {
			out.Chain[i].Up = true
		}
	}
	return nil
}

// ruling is the restriction of a table, as the rules say it.
func (n *node) ruling() string {
	if n.restrict.Rows == WhereRows {
		return "where: " + n.restrict.Where
	}
	return "rows: none"
}

// pruned looks for the reference that keeps out a row that would have come.
func (e *explainer) pruned(ctx context.Context, out *Explanation, row uint64) (bool, error) {
	for _, r := range e.g.refs {
		if r.Up != UpPrune && r.Down != DownAll {
			continue
		}
		hits, err := e.parents(ctx, r, []uint64{row})
		if err != nil {
			return false, err
		}
		for _, h := range hits {
			in := false
			if h.parent != nowhere {
				l, id := e.leaf(h.parent)
				if in = e.w.trace.down.has(l.id, id); !in && l.node.full {
					if in, err = e.chosen(ctx, h.parent); err != nil {
						return false, err
					}
				}
			}
			if in {
				continue
			}
			out.Verdict, out.Reason = Pruned, "up: prune"
			if r.Up != UpPrune {
				out.Reason = "down: all"
			}
			if err := e.extend(ctx, out, row, nil); err != nil {
				return false, err
			}
			if h.parent == nowhere {
				out.Chain = append(out.Chain, Link{Row: Row{Table: r.parent.table}, Reference: r.Reference, Name: r.name(), Up: true, Gone: true})
				return true, nil
			}
			return true, e.extend(ctx, out, h.parent, &visit{ref: int32(r.id), up: true})
		}
	}
	return false, nil
}

// missed says of every reference that could have brought a row why it did not.
func (e *explainer) missed(ctx context.Context, out *Explanation, row uint64) error {
	l, _ := e.leaf(row)
	for _, r := range l.refs {
		hits, err := e.parents(ctx, r, []uint64{row})
		if err != nil {
			return err
		}
		for _, h := range hits {
			why, err := e.whyNot(ctx, r, h)
			if err != nil {
				return err
			}
			if err := e.miss(ctx, out, r, h.parent, why); err != nil {
				return err
			}
		}
		if len(hits) == 0 {
			out.Missed = append(out.Missed, Missed{r.Reference, r.name(), nil, "it references nothing"})
		}
	}
	for _, r := range l.node.in {
		if r.Up != UpNullify || !r.child.copied() {
			continue
		}
		hits, err := e.children(ctx, r, []uint64{row})
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(hits, func(h hit) bool { return e.known(h.child) }); i >= 0 {
			if err := e.miss(ctx, out, r, hits[i].child, "a copied row references it, with up: nullify"); err != nil {
				return err
			}
		}
	}
	return nil
}

// miss adds a reference to or from another row, nowhere for none.
func (e *explainer) miss(ctx context.Context, out *Explanation, r *ref, other uint64, why string) error {
	m := Missed{r.Reference, r.name(), nil, why}
	if other != nowhere {
		name, err := e.name(ctx, other)
		if err != nil {
			return err
		}
		m.Row = &name
	}
	out.Missed = append(out.Missed, m)
	return nil
}

// whyNot says why a parent did not bring its child.
func (e *explainer) whyNot(ctx context.Context, r *ref, h hit) (string, error) {
	if h.parent == nowhere {
		return "the source has no such row", nil
	}
	in, err := e.chosen(ctx, h.parent)
	var why []string
	switch {
	case err != nil:
		return "", err
	case !in:
		why = append(why, "this row is not copied")
	case r.Down != DownAlways && !e.brings(h.parent):
		why = append(why, "this row did not come by a root or by down, so it brings no children")
	}
	if r.Down == DownOff {
		why = append(why, "down: off")
	} else if !e.allows(r, h) {
		why = append(why, "the row is beyond the limit of "+strconv.Itoa(r.Limit))
	}
	return strings.Join(why, "; "), nil
}
