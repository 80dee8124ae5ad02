package subset

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// addArrays gives tables columns whose elements may reference keys.
func (m *model) addArrays(rng *rand.Rand) {
	for _, t := range m.tables {
		p := m.tables[rng.IntN(len(m.tables))]
		for _, key := range p.keys {
			if len(key) > 1 || rng.IntN(2) == 0 {
				continue
			}
			var types []*mType
			for _, x := range modelTypes {
				if mayReference(x, p.cols[key[0]].typ) {
					types = append(types, x)
				}
			}
			c := t.col("", types[rng.IntN(len(types))], rng.IntN(3) == 0)
			t.cols[c].array = true
			if rng.IntN(2) == 0 {
				t.extra = append(t.extra, "gin", schema.QuoteIdent(t.cols[c].name))
			}
		}
	}
}

// decorateArray adds what keeps an array from losing elements.
func (t *mTable) decorateArray(rng *rand.Rand, i int) {
	c := &t.cols[i]
	c.bound = true
	q := schema.QuoteIdent(c.name)
	switch rng.IntN(3) {
	case 0:
		t.extra = append(t.extra, "check", "check ("+q+" is null or true)")
	case 1:
		t.extra = append(t.extra, "unique", q)
	default:
		t.extra = append(t.extra, "partial", q)
	}
}

// addArrayRef adds a reference by the elements of some array of c.
func (m *model) addArrayRef(rng *rand.Rand, c *mTable) bool {
	var fit []*mRef
	for i, col := range c.cols {
		for _, p := range m.tables {
			for _, key := range p.keys {
				if col.array && len(key) == 1 && mayReference(col.typ, p.cols[key[0]].typ) {
					fit = append(fit, &mRef{child: c, parent: p, cols: []int{i}, pcols: slices.Clone(key), array: true})
				}
			}
		}
	}
	if len(fit) == 0 {
		return false
	}
	r := fit[rng.IntN(len(fit))]
	r.id, r.when = len(m.refs), rng.IntN(3) == 0
	m.refs = append(m.refs, r)
	return true
}

// fillArrays makes random arrays: empty ones, some with NULLs, with elements
// that are nowhere, and with elements that come twice.
func (m *model) fillArrays(rng *rand.Rand, r *mRow) {
	r.elems = map[int][]int{}
	for i, c := range r.t.cols {
		if !c.array || r.cells[i] < 0 {
			continue
		}
		r.cells[i] = 0
		for range rng.IntN(4) {
			v := rng.IntN(classes)
			if rng.IntN(6) == 0 {
				v = -1
			}
			r.elems[i] = append(r.elems[i], v)
		}
	}
}

// arrayText is an array as the server prints it, without elements for which
// gone is true.
func (row *mRow) arrayText(col int, gone func(at int) bool) string {
	typ := row.t.cols[col].typ
	var out []string
	for i, v := range row.elems[col] {
		if gone != nil && gone(i) {
			continue
		}
		if v < 0 {
			out = append(out, "NULL")
			continue
		}
		text := typ.value(v, i+row.cells[0])
		switch typ.base {
		case "bpchar":
			text += strings.Repeat(" ", typ.length-len(text))
		case "inet":
			text = strings.TrimSuffix(text, "/32")
		}
		if text == "" || strings.ContainsAny(text, "{},\"\\ ") {
			text = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		}
		out = append(out, text)
	}
	return "{" + strings.Join(out, ",") + "}"
}
