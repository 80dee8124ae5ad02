package subset

import (
	"context"
	"fmt"
	"strings"
)

// close brings the parents of everything that is in, children's tables first,
// and what comes by down: always, until neither adds a row.
func (w *walk) close(ctx context.Context) error {
	brought := w.mem.newList(len(w.g.spaces))
	for first := true; ; first = false {
		for _, level := range w.p.up {
			if err := w.upLevel(ctx, level); err != nil {
				return err
			}
		}
		if w.bring == nil {
			return nil
		}
		came, next, err := w.always(ctx, first, brought)
		brought.free()
		if err != nil || !came {
			return err
		}
		brought = next
	}
}

// upLevel fetches the parents needed in the tables of one level until nothing
// more is needed there.
func (w *walk) upLevel(ctx context.Context, level [][]*node) error {
	for {
		var scans []*scan
		asked := map[*space]*keySet{}
		for _, comp := range level {
			for _, n := range comp {
				for _, s := range n.spaces {
					need := w.mem.newSet()
					need.absorb(w.st.need.get(s.id))
					need.without(w.st.keys.at[s.id])
					if need.empty() {
						continue
					}
					asked[s] = need
					scans = append(scans, w.parents(s, need)...)
				}
			}
		}
		if len(scans) == 0 {
			return nil
		}
		if err := w.wave(ctx, w.st, scans); err != nil {
			return err
		}
		for s, need := range asked {
			need.without(w.st.keys.at[s.id])
			if !need.empty() {
				return w.missing(s, need.len())
			}
		}
	}
}

// missing is the error for keys that point nowhere although the server says
// that they cannot.
func (w *walk) missing(s *space, n int64) error {
	var by []string
	for _, r := range s.refs {
		if r.child.copied() && r.space == s {
			by = append(by, r.name())
		}
	}
	return fmt.Errorf("%d keys that reference %s (%s) are not there, although the constraints are valid: mend the rows, or declare the constraint NOT VALID",
		n, s.table.Name, strings.Join(by, ", "))
}

// parents makes the scans that fetch the rows with the keys needed in a space.
func (w *walk) parents(s *space, need *keySet) []*scan {
	var out []*scan
	for _, t := range s.table.Leaves() {
		l := w.g.byOID[t.OID]
		lay := w.admission(l, nil)
		at := -1
		for i := range lay.keys {
			if lay.keys[i].space == s {
				at = i
			}
		}
		fn := func(b *found, r *row) error {
			if w.st.rows.has(l.id, r.id) {
				return nil
			}
			k, ok, err := r.key(&lay.keys[at])
			if err != nil || !ok || !need.has(k) {
				return err
			}
			_, err = w.admit(b, r, false, false)
			return err
		}
		out = append(out, w.lookups("up "+l.table.Name.String(), lay, s, need, fn)...)
	}
	return out
}

// lookups makes the scans of a leaf for the keys needed: batches of keys where
// their look-up through the key's index is cheaper than a pass over the leaf,
// else ranges of the leaf.
func (w *walk) lookups(name string, lay *layout, s *space, need *keySet, fn func(*found, *row) error) (out []*scan) {
	l := lay.leaf
	if s.rowID() {
		return w.scanRows(name, lay, need, globalRow(l.id, 0), globalRow(l.id+1, 0), globalRow(l.id, 0), fn)
	}
	n := need.len()
	size := max(1, w.p.tune.push)
	many := n > w.p.tune.push && n > estimate(l.table)/w.p.tune.lookup
	switch {
	case !sayable(s.families), many && n > w.most(l):
		parts := w.ranges(l)
		if len(parts) == 0 {
			parts = []string{""}
		}
		for _, where := range parts {
			out = append(out, w.scan(name, lay, where, fn))
		}
		return onePass(out)
	case many: // the server passes over the leaf: once
		size = n
	}
	for _, p := range need.parts(key{}, size, 0) {
		out = append(out, w.scanWhere(name, lay, func() string { return lay.among(s.table, s.cols, s.families, p.each) }, fn))
	}
	return out
}
