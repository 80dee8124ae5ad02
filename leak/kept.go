package leak

import "slices"

// Kept gathers the different texts that stay in columns of a table, as long as
// they are few: a currency, an action, the keys of documents. A column whose texts
// were all gathered need not be read to be looked through. The texts are in
// memory only.
type Kept struct {
	columns []int
	made    []*Gatherer
}

// mostKept and mostKeptBytes are how many texts of a column a Gatherer takes, and
// how many bytes; beyond that it gives the column up.
const mostKept, mostKeptBytes = 1000, 32 << 10

// NewKept returns one for some columns, at least one, by any number that tells them apart.
func NewKept(columns []int) *Kept { return &Kept{columns: columns} }

// Gatherer returns one for one goroutine; they are made one after the other.
func (k *Kept) Gatherer() *Gatherer {
	g := &Gatherer{columns: make([]*gathered, slices.Max(k.columns)+1)}
	for _, c := range k.columns {
		g.columns[c] = &gathered{texts: map[string]bool{}}
	}
	k.made = append(k.made, g)
	return g
}

// Gatherer takes the texts of one worker. It allocates nothing but for a text
// that it has not seen.
type Gatherer struct {
	columns []*gathered // nil: not gathered
}

type gathered struct {
	texts map[string]bool // nil: there are too many
	bytes int
}

// Kept takes one text, which may be changed afterwards.
func (g *Gatherer) Kept(column int, text []byte) {
	if len(text) < shortest || column >= len(g.columns) {
		return
	}
	c := g.columns[column]
	if c == nil || c.texts == nil || c.texts[string(text)] {
		return
	}
	if c.bytes += len(text); len(c.texts) == mostKept || c.bytes > mostKeptBytes {
		c.texts = nil
		return
	}
	c.texts[string(text)] = true
}

// Clean returns the columns of which all texts were gathered, where none of these
// holds what looks like a value of the filter. Gatherers are not used any more,
// and the filter is not filled any more.
func (k *Kept) Clean(f *Filter) []int {
	var out []int
	for _, column := range k.columns {
		suspects := NewSuspects()
		s, all := f.Scanner(suspects), true
		for _, g := range k.made {
			texts := g.columns[column].texts
			all = all && texts != nil
			for text := range texts {
				s.Field("", Text, []byte(text))
			}
		}
		if all && len(suspects.order) == 0 {
			out = append(out, column)
		}
	}
	return out
}
