package anonymize

import (
	"bytes"
	"slices"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// Keeper is told of texts that stay as they are. It belongs to the goroutine of
// its rewriter.
type Keeper interface {
	// Kept is one text of a column, by index into Table.Columns: a value, or a
	// string, a number or a key of a document. It is valid during the call.
	Kept(column int, text []byte)
}

// Told returns the columns of which Tell tells every text that stays, by index
// into Table.Columns: texts that are kept, and documents whose masks replace what
// they mask as a whole.
func (p *Program) Told() []int {
	out := slices.Clone(p.keeps)
	for i := range p.columns {
		if p.columns[i].tells {
			out = append(out, p.columns[i].index)
		}
	}
	return out
}

// Tell tells k what stays in the columns of Told, from now on; nil ends it.
func (r *Rewriter) Tell(k Keeper) {
	r.keeper, r.reach = k, r.p.reach
	if n := len(r.p.keeps); n > 0 && k != nil {
		r.reach = max(r.reach, r.p.keeps[n-1]+1)
	}
}

// findKeeps finds the columns of texts that are kept.
func (p *Program) findKeeps(t *Table) {
	for i := range t.Columns {
		c := &t.Columns[i]
		if isText(c.Type) && (c.Mask == nil || c.Mask.Kind == "keep") {
			p.keeps = append(p.keeps, i)
		}
	}
}

// tell tells of the kept columns of a row.
func (r *Rewriter) tell(row []byte) error {
	for _, i := range r.p.keeps {
		f := row[r.fields[i].start:r.fields[i].end]
		if r.binary {
			value, _, err := copyfmt.CutBinary(f)
			if err != nil {
				return err
			}
			f = value
		} else if copyfmt.IsNull(f) {
			continue
		} else if bytes.IndexByte(f, '\\') >= 0 {
			r.told = copyfmt.AppendUnescaped(r.told[:0], f)
			f = r.told
			if cap(r.told) > outsized {
				r.told = nil
			}
		}
		if len(f) > 0 {
			r.keeper.Kept(i, f)
		}
	}
	return nil
}
