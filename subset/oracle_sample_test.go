package subset

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// sample lists the rows that a root names.
func (o *oracle) sample(r mRoot) (out []*mRow) {
	hashes, groups := map[*mRow]uint64{}, map[string][]*mRow{}
	var rows []*mRow
	for _, row := range r.t.rows {
		if o.elig[row] && (r.w == 0 || row.cells[0] < r.w) {
			hashes[row] = o.hash(row)
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b *mRow) int { return cmp.Compare(hashes[a], hashes[b]) })
	if r.rows > 0 {
		return rows[:min(len(rows), int(r.rows))]
	}
	for _, row := range rows {
		first := false
		if r.group > 0 {
			g := "null"
			if row.cells[r.group] >= 0 {
				g = "value " + row.hashText(r.group)
			}
			first = len(groups[g]) == 0
			groups[g] = append(groups[g], row)
		}
		if r.share == 0 || r.share == 1 || float64(hashes[row]) < r.share*(1<<64) || first {
			out = append(out, row)
		}
	}
	return out
}

func (o *oracle) hash(row *mRow) uint64 {
	var cols []int
	if row.t.hasPK {
		cols = row.t.keys[0]
	} else {
		cols = []int{-1}
		for i, c := range row.t.cols {
			if c.gen < 0 {
				cols = append(cols, i)
			}
		}
	}
	var b []byte
	for _, c := range cols {
		var text string
		switch {
		case c < 0:
			text = itoa(row.n)
		case row.cells[c] < 0:
			b = append(b, 0xff, 0xff, 0xff, 0xff)
			continue
		default:
			text = row.hashText(c)
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
		b = append(b, text...)
	}
	return o.secret.PRF("sample", row.t.t.Name.String()).Uint64(b)
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}

func (row *mRow) hashText(c int) string {
	typ, text := row.t.cols[c].typ, row.texts[c]
	if row.t.cols[c].array {
		return text
	}
	switch typ.base {
	case "numeric", "float8":
		return itoa(row.cells[c])
	case "inet":
		return strings.TrimSuffix(text, "/32")
	}
	return text
}
