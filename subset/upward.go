package subset

import (
	"context"
	"fmt"
	"strings"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// close brings the parents of everything that is in, children's tables first,
// and what comes by down: always, until neither adds a row.
func (w *walk) close(ctx context.Context) error {
	brought := make([]*keySet, len(w.g.spaces))
	for i := range brought {
		brought[i] = &keySet{}
	}
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
		var asked []int
		for _, comp := range level {
			for _, n := range comp {
				for _, s := range n.spaces {
					need := &w.st.need[s.id]
					need.without(&w.st.keys[s.id])
					if need.empty() {
						continue
					}
					asked = append(asked, s.id)
					scans = append(scans, w.parents(s, need)...)
				}
			}
		}
		if len(scans) == 0 {
			return nil
		}
		needed := make(map[int]*keySet)
		for _, id := range asked {
			needed[id] = w.st.need[id].clone()
		}
		if _, err := w.wave(ctx, w.st, scans); err != nil {
			return err
		}
		for id, need := range needed {
			need.without(&w.st.keys[id])
			if !need.empty() {
				return w.missing(w.g.spaces[id], need.len())
			}
		}
	}
}

// missing is the error for keys that point nowhere although the server says
// that they cannot.
func (w *walk) missing(s *space, n int64) error {
	var by []string
	for _, r := range s.refs {
		if r.child.copied() {
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
		var wheres []string
		switch {
		case s.rowID():
			wheres = w.rowsOf(lay, need)
		default:
			wheres = w.lookups(lay, s, need)
		}
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
		for _, where := range wheres {
			out = append(out, w.scan("up "+l.table.Name.String(), lay, where, fn))
		}
	}
	return out
}

// rowsOf says, in batches, which rows of a leaf are among row identities.
func (w *walk) rowsOf(lay *layout, need *keySet) []string {
	var out []string
	var ids []uint64
	flush := func() {
		if len(ids) > 0 {
			out = append(out, lay.alias+".ctid = any("+string(appendTIDArray(nil, ids))+")")
			ids = ids[:0]
		}
	}
	it := need.ints.Iterator()
	it.AdvanceIfNeeded(globalRow(lay.leaf.id, 0))
	for it.HasNext() {
		n := it.Next()
		if n>>leafShift != uint64(lay.leaf.id) {
			break
		}
		if ids = append(ids, n&(1<<leafShift-1)); int64(len(ids)) >= max(1, w.p.tune.push) {
			flush()
		}
	}
	flush()
	return out
}

// lookups says which rows to read for the keys needed: batches of keys where
// their look-up through the key's index is cheaper than a pass over the leaf,
// else ranges of the leaf.
func (w *walk) lookups(lay *layout, s *space, need *keySet) []string {
	rows := estimate(lay.leaf.table)
	if n := need.len(); n > w.p.tune.push && n > rows/w.p.tune.lookup {
		if parts := w.ranges(lay.leaf); len(parts) > 0 {
			return parts
		}
		return []string{""}
	}
	var out []string
	for _, part := range split(need, max(1, w.p.tune.push)) {
		cond, ok := w.in(lay, s.table, s.cols, s.families, part)
		if !ok {
			return []string{""}
		}
		out = append(out, cond)
	}
	return out
}

// split cuts a set into sets of at most n keys.
func split(set *keySet, n int64) []*keySet {
	if set.len() <= n {
		return []*keySet{set}
	}
	var out []*keySet
	part := &keySet{}
	count := int64(0)
	set.each(func(k key) bool {
		if part.ints == nil && k.b == nil {
			part.ints = roaring64.New()
		}
		part.add(k)
		if count++; count == n {
			out = append(out, part)
			part, count = &keySet{}, 0
		}
		return true
	})
	if count > 0 {
		out = append(out, part)
	}
	return out
}
