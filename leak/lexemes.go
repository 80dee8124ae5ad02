package leak

import (
	"cmp"
	"slices"
)

// spot is a lexeme at one of its positions: text[lo:hi].
type spot struct{ position, lo, hi int }

// lexemes finds what a tsvector, as the server writes it ('anna':1 'berg':2B,7), was
// made of: lexemes whose positions follow one another are one text, and what has no
// position is one by itself. Where several are at a position, the first of all and
// the last of all are looked at in turn.
func (d *documents) lexemes(v []byte, fn func(text []byte, as part)) {
	d.text, d.spots = d.text[:0], d.spots[:0]
	for i := 0; i < len(v); {
		if v[i] != '\'' {
			i++
			continue
		}
		lo := len(d.text)
		for i++; i < len(v) && (v[i] != '\'' || i+1 < len(v) && v[i+1] == '\''); i++ {
			if (v[i] == '\'' || v[i] == '\\') && i+1 < len(v) {
				i++
			}
			d.text = append(d.text, v[i])
		}
		i++
		hi := len(d.text)
		if i >= len(v) || v[i] != ':' {
			fn(d.text[lo:hi], aText)
		}
		for i < len(v) && (v[i] == ':' || v[i] == ',') {
			position := 0
			for i++; i < len(v) && v[i] != ',' && v[i] != ' '; i++ {
				if v[i] >= '0' && v[i] <= '9' { // and no weight
					position = position*10 + int(v[i]-'0')
				}
			}
			d.spots = append(d.spots, spot{position, lo, hi})
		}
	}
	slices.SortFunc(d.spots, func(a, b spot) int { return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(a.lo, b.lo)) })
	if d.runs(fn, false) {
		d.runs(fn, true)
	}
}

// runs tells of the lexemes of positions that follow one another, with the first or
// the last at each. It reports whether a position has several.
func (d *documents) runs(fn func(text []byte, as part), last bool) (several bool) {
	d.run = d.run[:0]
	before := 0
	for i, s := range d.spots {
		if i > 0 && d.spots[i-1].position == s.position {
			several = true
			if !last {
				continue
			}
		}
		if last && i+1 < len(d.spots) && d.spots[i+1].position == s.position {
			continue
		}
		if s.position > before+1 {
			fn(d.run, aText)
			d.run = d.run[:0]
		}
		before = s.position
		d.run = append(append(d.run, ' '), d.text[s.lo:s.hi]...)
	}
	fn(d.run, aText)
	return several
}
