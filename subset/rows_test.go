package subset

import (
	"math/rand/v2"
	"slices"

	"github.com/pgstandin/pgstandin/schema"
)

// fill makes random rows that keep the table's own constraints.
func (m *model) fill(rng *rand.Rand, t *mTable) {
	for range rng.IntN(16) {
		r := &mRow{t: t, n: len(t.rows), cells: make([]int, len(t.cols))}
		for i, c := range t.cols {
			r.cells[i] = rng.IntN(classes)
			if !c.notNull && rng.IntN(4) == 0 {
				r.cells[i] = -1
			}
		}
		r.cells[0] = rng.IntN(10)
		if t.partCol >= 0 {
			r.cells[t.partCol] = rng.IntN(t.partValues())
		}
		m.fillArrays(rng, r)
		t.rows = append(t.rows, r)
	}
}

// repair makes references true where it can, and deletes the rows that break
// a constraint.
func (m *model) repair(rng *rand.Rand) {
	for range 3 {
		for _, r := range m.refs {
			for _, row := range r.child.rows {
				if r.applies(row) && !r.holds(row) {
					r.mend(rng, row)
				}
			}
		}
	}
	for again := true; again; {
		again = false
		for _, t := range m.tables {
			n := len(t.rows)
			t.rows = slices.DeleteFunc(t.rows, func(row *mRow) bool { return m.broken(row) })
			again = again || len(t.rows) != n
		}
	}
	for _, t := range m.tables {
		for i, row := range t.rows {
			row.n, row.ctid = i, i
			for c := range row.cells {
				if g := t.cols[c].gen; g >= 0 {
					row.cells[c] = 0
					if row.cells[g] >= 0 {
						row.cells[c] = 1
					}
				}
				v := row.cells[c]
				text := ""
				switch {
				case v >= 0 && t.cols[c].array:
					text = row.arrayText(c, nil)
				case v >= 0:
					text = t.cols[c].typ.value(v, rng.IntN(6))
				}
				row.texts = append(row.texts, text)
			}
		}
	}
}

func (r *mRef) applies(row *mRow) bool { return row.in(r.childPart) }

// in says whether the row lives in the partition of that name, "" for any.
func (row *mRow) in(part string) bool {
	if part == "" {
		return true
	}
	v := row.cells[row.t.partCol]
	return part == row.t.parts[min(v, 2)] || len(row.t.subs) > 0 && v >= 2 && part == row.t.subs[v-2]
}

// partValues is how many values the partition column has.
func (t *mTable) partValues() int {
	if len(t.subs) > 0 {
		return 4
	}
	return 3
}

// active says whether the row's reference is on.
func (r *mRef) active(row *mRow) bool {
	if !r.applies(row) || r.when && row.cells[0]%2 != 0 {
		return false
	}
	for _, c := range r.cols {
		if row.cells[c] < 0 {
			return false
		}
	}
	return true
}

// target is the row referenced, nil if none is there; not for arrays.
func (r *mRef) target(row *mRow) *mRow {
	var key []int
	for _, c := range r.cols {
		key = append(key, row.cells[c])
	}
	if r.expr {
		key = []int{row.cells[0] % 5}
	}
	return r.find(key)
}

// find is the parent with that key.
func (r *mRef) find(key []int) *mRow {
	for _, p := range r.parent.rows {
		same := p.in(r.parentPart)
		for i, k := range r.pcols {
			same = same && p.cells[k] == key[i]
		}
		if same {
			return p
		}
	}
	return nil
}

func (r *mRef) holds(row *mRow) bool {
	if !r.valid {
		return true
	}
	if r.active(row) {
		return r.target(row) != nil
	}
	return !r.full || !r.applies(row) || !slices.ContainsFunc(r.cols, func(c int) bool { return row.cells[c] >= 0 })
}

func (r *mRef) mend(rng *rand.Rand, row *mRow) {
	nullable := !slices.ContainsFunc(r.cols, func(c int) bool { return r.child.cols[c].notNull })
	if len(r.parent.rows) == 0 || nullable && rng.IntN(4) == 0 {
		for _, c := range r.cols {
			if !r.child.cols[c].notNull {
				row.cells[c] = -1
			}
		}
		return
	}
	p := r.parent.rows[rng.IntN(len(r.parent.rows))]
	for i, c := range r.cols {
		if v := p.cells[r.pcols[i]]; v >= 0 && (c != r.child.partCol || v < r.child.partValues()) {
			row.cells[c] = v
		}
	}
}

// broken says whether the row breaks a constraint; of two equal keys the later
// row does.
func (m *model) broken(row *mRow) bool {
	t := row.t
	for _, r := range m.refs {
		if r.child == t && r.declared && !r.holds(row) {
			return true
		}
		// MATCH FULL holds for rows of NOT VALID keys too as they are inserted
		// before the key exists.
	}
	unique := slices.Clone(t.keys)
	for i := 0; i < len(t.extra); i += 2 {
		if t.extra[i] == "nnd" || t.extra[i] == "partial" {
			for c := range t.cols {
				if schema.QuoteIdent(t.cols[c].name) == t.extra[i+1] {
					if t.extra[i] == "nnd" && t.partCol >= 0 || t.extra[i] == "partial" {
						continue
					}
					unique = append(unique, []int{-1, c})
				}
			}
		}
	}
	for _, o := range t.rows {
		if o == row {
			break
		}
		for _, key := range unique {
			same := true
			for _, c := range key {
				if c >= 0 {
					same = same && o.cells[c] == row.cells[c] && (o.cells[c] >= 0 || key[0] == -1)
				}
			}
			if same {
				return true
			}
		}
	}
	return false
}
