package subset

import "github.com/RoaringBitmap/roaring/v2/roaring64"

// mark is a pair of a reference and a leaf.
type mark struct{ ref, leaf int }

// marks holds rows by reference and leaf.
type marks map[mark]*roaring64.Bitmap

func (m marks) add(ref, leaf int, id uint64) {
	k := mark{ref, leaf}
	if m[k] == nil {
		m[k] = roaring64.New()
	}
	m[k].Add(id)
}

func (m marks) merge(o marks) {
	for k, b := range o {
		if m[k] == nil {
			m[k] = b
		} else {
			m[k].Or(b)
		}
	}
}

// pending is a row whose reference can only be judged when all is chosen.
type pending struct {
	ref  *ref
	leaf int
	id   uint64
	key  key
	gone bool // the parent is known not to be there
}

// found is what a walk has found, or what one step adds to it. Everything in
// it is a set, so a row that two steps find counts once.
type found struct {
	rows   rowSets
	keys   []keySet // by space: keys of the rows
	need   []keySet // by space: keys of parents to fetch
	pinned rowSets  // root rows
	roots  []int64  // rows named, by root; only for messages
	cut    marks
	left   marks // rows left out, by the reference that is to blame
	orphan marks
	pend   []pending // up: nullify
	watch  []pending // up: prune and down: all
}

func newFound(g *graph, roots int) *found {
	return &found{
		rows: make(rowSets, len(g.leaves)), pinned: make(rowSets, len(g.leaves)),
		keys: make([]keySet, len(g.spaces)), need: make([]keySet, len(g.spaces)),
		roots: make([]int64, roots), cut: marks{}, left: marks{}, orphan: marks{},
	}
}

// merge adds what a step found and returns the keys that were new, by space.
// It takes possession of o.
func (f *found) merge(o *found) []*keySet {
	f.rows.merge(o.rows)
	f.pinned.merge(o.pinned)
	for i := range o.roots {
		f.roots[i] += o.roots[i]
	}
	f.cut.merge(o.cut)
	f.left.merge(o.left)
	f.orphan.merge(o.orphan)
	f.pend = append(f.pend, o.pend...)
	f.watch = append(f.watch, o.watch...)
	fresh := make([]*keySet, len(f.keys))
	for i := range f.keys {
		f.need[i].merge(&o.need[i])
		fresh[i] = f.keys[i].merge(&o.keys[i])
	}
	return fresh
}

// keep copies the bytes of a key.
func (k key) keep() key {
	if k.b != nil {
		k.b = append([]byte{}, k.b...)
	}
	return k
}
