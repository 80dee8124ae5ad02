package anonymize

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"

	"github.com/pgstandin/pgstandin/keyed"
)

// Draw says that a column's mask draws from the values of the column itself.
type Draw struct {
	Column  int // index into Table.Columns
	AtLeast int // in how many rows, or of how many entities, a value must occur
}

// PoolValue is a value that a column may draw, and in how many rows it occurs.
type PoolValue struct {
	Text []byte
	Rows int64
}

// MostDrawn is how many values a pool holds at most.
const MostDrawn = 10_000

// Draws lists the columns that a program draws values for. Each needs a pool
// before rows can be masked: see Fill.
func (p *Program) Draws() []Draw { return slices.Clone(p.draws) }

// Fill returns a program like p in which a column of Draws has the values to draw
// from. They are copied. It is an error if there is one value only, or none but
// all of the column's values were too rare; a column without any value, which
// needs none, is told by none being rare.
func (p *Program) Fill(column int, values []PoolValue, rare int64) (*Program, error) {
	i := slices.IndexFunc(p.draws, func(d Draw) bool { return d.Column == column })
	if i < 0 {
		return nil, fmt.Errorf("column %d draws nothing", column)
	}
	if len(values) < 2 && int64(len(values))+rare > 0 {
		return nil, fmt.Errorf("mask shuffle needs two values that at least %d rows have, and there is %s (%d rarer ones are not shown): lower at_least, or use choice with values",
			p.draws[i].AtLeast, [...]string{"none", "one"}[len(values)], rare)
	}
	out := *p
	out.pools = maps.Clone(p.pools)
	if out.pools == nil {
		out.pools = map[int]*pool{}
	}
	out.pools[column] = newPool(p.drawing[i], values)
	return &out, nil
}

// pool is a circle on which each value has places, as many as its share of the
// rows. What is drawn is the value at the next place, so a value that comes, goes
// or becomes more frequent changes only what its own places are drawn for.
type pool struct {
	places []spot
	texts  [][]byte
}

type spot struct {
	at    uint64
	value uint32
}

// poolPlaces is about how many places there are.
const poolPlaces = 1 << 14

func newPool(prf *keyed.PRF, values []PoolValue) *pool {
	p, sum := &pool{}, int64(0)
	for _, v := range values {
		sum += v.Rows
	}
	for i, v := range values {
		p.texts = append(p.texts, bytes.Clone(v.Text))
		places := prf.Stream(v.Text)
		for range max(1, int(math.Round(poolPlaces*float64(v.Rows)/float64(max(1, sum))))) {
			p.places = append(p.places, spot{places.Uint64(), uint32(i)})
		}
	}
	slices.SortFunc(p.places, func(a, b spot) int {
		return cmp.Or(cmp.Compare(a.at, b.at), bytes.Compare(p.texts[a.value], p.texts[b.value]))
	})
	return p
}

// at returns the value that is drawn for x; nothing where there are none.
func (p *pool) at(x uint64) []byte {
	if len(p.places) == 0 {
		return nil
	}
	i, _ := slices.BinarySearchFunc(p.places, x, func(a spot, x uint64) int { return cmp.Compare(a.at, x) })
	if i == len(p.places) {
		i = 0
	}
	return p.texts[p.places[i].value]
}

func takesShuffle(t Type) bool {
	return t.Elem == nil && len(t.Fields) == 0 && (isText(t) || isNumber(t) || isDate(t) || t.Name == "bool" || len(t.Labels) > 0)
}

// makeShuffle draws one of the column's own values that are frequent, by the
// entity of the row, or else by the value.
func makeShuffle(c *compiler) maskFunc {
	least := c.int("at_least", 5, 2)
	index := c.index
	if m := c.table.Columns[index].Mask; c.nested || m == nil || m.Kind != c.kind.name {
		c.problem("", "shuffle draws from the values of a whole column; it cannot mask a part of one")
		return nil
	}
	c.program.draws = append(c.program.draws, Draw{index, least})
	c.program.drawing = append(c.program.drawing, c.prfOf("pool"))
	seed := c.seederOf(c.columnLabel())
	return func(dst, value []byte, r *Rewriter) []byte {
		s := seed(value, r)
		return append(dst, r.p.pools[index].at(s.Uint64())...)
	}
}

// columnLabel tells apart what is drawn from one entity for different columns of
// one kind, if they do not share a domain.
func (c *compiler) columnLabel() uint64 {
	h := fnv.New64a()
	h.Write([]byte(c.kind.name + "\x00"))
	if c.m.Domain != "" {
		h.Write([]byte("domain\x00" + c.m.Domain))
	} else {
		h.Write([]byte(c.table.Name + "\x00" + c.col.Name))
	}
	return h.Sum64()
}
