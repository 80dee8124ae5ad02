package subset

import (
	"fmt"
)

// row reads one row of a scan. It is reused from row to row; keys that it
// returns are valid until reset.
type row struct {
	lay    *layout
	fields [][]byte
	id     uint64
	buf    []byte
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

func (r *row) ref(f *refField) (target, key, error) {
	if !f.ref.space.rowID() {
		k, ok, err := r.parts(f.ref.space, f.pos)
		if err != nil || !ok {
			return off, k, err
		}
		return on, k, nil
	}
	if !r.flag(f.active) {
		return off, key{}, nil
	}
	if r.fields[f.tid] == nil {
		return orphan, key{}, nil
	}
	oid, err := parseInt(r.fields[f.oid])
	if err != nil {
		return off, key{}, err
	}
	l := r.lay.g.byOID[uint32(oid)]
	if l == nil {
		return off, key{}, fmt.Errorf("reference %s: a parent lives in a table that the catalog did not list", f.ref.name())
	}
	id, err := parseTID(r.fields[f.tid])
	return on, key{n: globalRow(l.id, id)}, err
}
