package anonymize

import (
	"bytes"
	"slices"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// KeptObserver is told of texts that stay as they are. It belongs to the goroutine of
// its rewriter.
type KeptObserver interface {
	// Kept is one text of a column, by index into Table.Columns: a value, or a
	// string, a number or a key of a document. It is valid during the call.
	Kept(column int, text []byte)
}

// ObservedKept returns the columns of which ObserveKept tells every text that stays, by index
// into Table.Columns: texts that are kept, and documents whose masks replace what
// they mask as a whole.
func (p *Program) ObservedKept() []int {
	out := slices.Clone(p.keeps)
	for i := range p.columns {
		if p.columns[i].observed {
			out = append(out, p.columns[i].index)
		}
	}
	return out
}

// ObserveKept tells k what stays in the columns of ObservedKept, from now on; nil ends it.
func (r *Rewriter) ObserveKept(k KeptObserver) {
	r.observer, r.reach = k, r.p.reach
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

// observeKept tells of the kept columns of a row.
func (r *Rewriter) observeKept(row []byte) error {
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
			r.keptText = copyfmt.AppendUnescaped(r.keptText[:0], f)
			f = r.keptText
			if cap(r.keptText) > outsized {
				r.keptText = nil
			}
		}
		if len(f) > 0 {
			r.observer.Kept(i, f)
		}
	}
	return nil
}
