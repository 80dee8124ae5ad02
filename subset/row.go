package subset

import (
	"bytes"
	"fmt"
)

// row reads one row of a scan. It is reused from row to row; keys that it
// returns are valid until reset.
type row struct {
	lay    *layout
	fields [][]byte
	id     uint64
	buf    []byte
	out    []link
}

func newRow(lay *layout) *row { return &row{lay: lay, buf: make([]byte, 0, 256)} }

func (r *row) reset(fields [][]byte) error {
	if len(fields) != len(r.lay.outer) {
		return fmt.Errorf("%d fields in a row instead of %d", len(fields), len(r.lay.outer))
	}
	var err error
	r.fields, r.buf = fields, r.buf[:0]
	r.id, err = parseTID(fields[0])
	return err
}

func (r *row) flag(pos int) bool { return len(r.fields[pos]) == 1 && r.fields[pos][0] == 't' }

// parts makes the key that the fields at pos are; ok is false when one is NULL.
func (r *row) parts(s *space, pos []int) (k key, ok bool, err error) {
	for _, p := range pos {
		if r.fields[p] == nil {
			return key{}, false, nil
		}
	}
	if s.integer() {
		n, err := parseInt(r.fields[pos[0]])
		return key{n: n}, err == nil, err
	}
	start := len(r.buf)
	if len(pos) == 1 {
		r.buf = s.families[0].appendPacked(r.buf, r.fields[pos[0]])
	} else {
		for i, p := range pos {
			r.buf = s.families[i].appendPackedPart(r.buf, r.fields[p])
		}
	}
	return key{b: r.buf[start:len(r.buf):len(r.buf)]}, true, nil
}

// key is the row's own key in a space.
func (r *row) key(f *keyField) (key, bool, error) {
	if f.space.rowID() {
		return key{n: globalRow(r.lay.leaf.id, r.id)}, true, nil
	}
	return r.parts(f.space, f.pos)
}

// what a reference of a row says.
type target uint8

const (
	off    target = iota // a NULL, or the guard is false: no reference
	orphan               // the parent is not there
	on
)

// link is what a reference of a row says of one parent.
type link struct {
	to  target // orphan or on
	key key    // of the parent, when on
	at  uint64 // the row's identity, with the element's place for an array
}

// links reads a reference of the row: no link when it is off, one when it is
// on, and one for each element of an array that is not NULL. What it returns
// is valid until the next call, keys until reset.
func (r *row) links(f *refField) ([]link, error) {
	r.out = r.out[:0]
	if f.ref.Array {
		return r.elements(f)
	}
	to, k, err := r.ref(f)
	if err != nil || to == off {
		return nil, err
	}
	r.out = append(r.out, link{to, k, r.id})
	return r.out, nil
}

func (r *row) ref(f *refField) (target, key, error) {
	if !f.ref.space.rowID() && !f.joined {
		k, ok, err := r.parts(f.ref.space, f.pos)
		if err != nil || !ok {
			return off, k, err
		}
		return on, k, nil
	}
	if !r.flag(f.active) {
		return off, key{}, nil
	}
	return r.parent(f, r.fields[f.oid], r.fields[f.tid])
}

// parent makes the key of a parent that was looked up on the server.
func (r *row) parent(f *refField, oid, tid []byte) (target, key, error) {
	if len(tid) == 0 {
		return orphan, key{}, nil
	}
	n, err := parseInt(oid)
	if err != nil {
		return off, key{}, err
	}
	l := r.lay.g.byOID[uint32(n)]
	if l == nil {
		return off, key{}, fmt.Errorf("reference %s: a parent lives in a table that the catalog did not list", f.ref.name())
	}
	id, err := parseTID(tid)
	return on, key{n: globalRow(l.id, id)}, err
}

// elements reads what the layout's list of an array's parents says: place,
// table and ctid of each element, as "1:16385(0,1) 2:" where the second is
// an orphan.
func (r *row) elements(f *refField) ([]link, error) {
	if f.ord > 0 { // one element a row
		if r.fields[f.ord] == nil {
			return nil, nil
		}
		return r.element(f, r.fields[f.ord], r.fields[f.oid], r.fields[f.tid])
	}
	for list := r.fields[f.list]; len(list) > 0; {
		var one []byte
		one, list, _ = bytes.Cut(list, []byte{' '})
		ord, at, _ := bytes.Cut(one, []byte{':'})
		paren := max(0, bytes.IndexByte(at, '('))
		if _, err := r.element(f, ord, at[:paren], at[paren:]); err != nil {
			return nil, err
		}
	}
	return r.out, nil
}

func (r *row) element(f *refField, ord, oid, tid []byte) ([]link, error) {
	n, err := parseInt(ord)
	if err != nil {
		return nil, err
	}
	if n >= 1<<elementBits {
		return nil, fmt.Errorf("reference %s: an array has more than %d elements", f.ref.name(), 1<<elementBits-1)
	}
	to, k, err := r.parent(f, oid, tid)
	r.out = append(r.out, link{to, k, r.id<<elementBits | n})
	return r.out, err
}
