package subset

import "encoding/binary"

// mark is a pair of a reference and a leaf.
type mark struct{ ref, leaf int }

// marks holds rows by reference and leaf.
type marks struct {
	mem   *memory
	loose bool
	sets  map[mark]*keySet
}

func (m *memory) newMarks() marks { return marks{mem: m, sets: map[mark]*keySet{}} }

func (m marks) add(ref, leaf int, id uint64) {
	k := mark{ref, leaf}
	if m.sets[k] == nil {
		m.sets[k] = &keySet{mem: m.mem, loose: m.loose}
	}
	m.sets[k].add(key{n: id})
}

func (m marks) count(ref, leaf int) int64 {
	if s := m.sets[mark{ref, leaf}]; s != nil {
		return s.len()
	}
	return 0
}

// merge adds the rows of o, which it takes.
func (m marks) merge(o marks) {
	for k, s := range o.sets {
		if m.sets[k] == nil {
			m.sets[k] = m.mem.newSet()
		}
		m.sets[k].absorb(s)
	}
}

func (m marks) free() {
	for _, s := range m.sets {
		s.free()
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

// pendings is a set of pending rows, ordered by reference and key, so that
// going through it looks up neighbouring keys one after another.
type pendings struct{ set *keySet }

// What stands before and after the key in the record of a pending row.
const (
	pendingHead = 5  // reference, gone
	pendingTail = 12 // leaf, row
)

// add puts a row in. buf is for the record; its new state is returned.
func (p pendings) add(x *pending, buf []byte) []byte {
	buf = binary.BigEndian.AppendUint32(buf[:0], uint32(x.ref.id))
	if x.gone {
		buf = append(buf, 1)
	} else {
		buf = append(buf, 0)
	}
	if x.key.b != nil {
		buf = append(buf, x.key.b...)
	} else {
		buf = binary.BigEndian.AppendUint64(buf, x.key.n)
	}
	buf = binary.BigEndian.AppendUint32(buf, uint32(x.leaf))
	buf = binary.BigEndian.AppendUint64(buf, x.id)
	p.set.add(key{b: buf})
	return buf
}

// each calls fn for every row; what it gets is valid during the call.
func (p pendings) each(g *graph, fn func(*pending)) {
	p.set.each(func(k key) bool {
		b := k.b
		end := len(b) - pendingTail
		x := pending{
			ref: g.refs[binary.BigEndian.Uint32(b)], gone: b[4] == 1,
			leaf: int(binary.BigEndian.Uint32(b[end:])), id: binary.BigEndian.Uint64(b[end+4:]),
		}
		if s := x.ref.space; s.rowID() || s.integer() {
			x.key.n = binary.BigEndian.Uint64(b[pendingHead:])
		} else {
			x.key.b = b[pendingHead:end:end]
		}
		fn(&x)
		return true
	})
}

// found is what a walk has found, or what one step adds to it. Everything in
// it is a set, so a row that two steps find counts once.
type found struct {
	rows   rowSets
	keys   setList // by space: keys of the rows
	need   setList // by space: keys of parents to fetch
	pinned rowSets // root rows
	roots  []int64 // rows named, by root; only for messages
	cut    marks
	left   marks // rows left out, by the reference that is to blame
	orphan marks
	pend   pendings // up: nullify
	watch  pendings // up: prune and down: all
	buf    []byte   // for records
}

// newStepFound is for what one step finds. Its sets do not look on the disk for
// what they have already; that is done in order when they are merged.
func (w *walk) newStepFound() *found {
	f := w.newFound()
	f.rows.loose, f.pinned.loose, f.keys.loose, f.need.loose = true, true, true, true
	f.cut.loose, f.left.loose, f.orphan.loose = true, true, true
	f.pend.set.loose, f.watch.set.loose = true, true
	return f
}

func (w *walk) newFound() *found {
	m := w.mem
	return &found{
		rows: m.newRows(w.g), pinned: m.newRows(w.g), keys: m.newList(len(w.g.spaces)), need: m.newList(len(w.g.spaces)),
		roots: make([]int64, len(w.p.roots)), cut: m.newMarks(), left: m.newMarks(), orphan: m.newMarks(),
		pend: pendings{m.newSet()}, watch: pendings{m.newSet()},
	}
}

// merge adds what a step found, and takes it. With fresh not nil the keys that
// were new are added there, by space.
func (f *found) merge(o *found, fresh *setList) {
	f.rows.absorb(o.rows.setList)
	f.pinned.absorb(o.pinned.setList)
	for i := range o.roots {
		f.roots[i] += o.roots[i]
	}
	f.cut.merge(o.cut)
	f.left.merge(o.left)
	f.orphan.merge(o.orphan)
	f.pend.set.absorb(o.pend.set)
	f.watch.set.absorb(o.watch.set)
	f.need.absorb(o.need)
	if fresh == nil {
		f.keys.absorb(o.keys)
		return
	}
	for i, s := range o.keys.at {
		if !s.empty() {
			fresh.get(i).absorb(f.keys.get(i).merge(s))
		}
	}
}

// free gives up all sets.
func (f *found) free() {
	if f == nil {
		return
	}
	f.rows.free()
	f.pinned.free()
	f.keys.free()
	f.need.free()
	f.cut.free()
	f.left.free()
	f.orphan.free()
	f.pend.set.free()
	f.watch.set.free()
}
