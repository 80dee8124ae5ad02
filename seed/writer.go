package seed

import (
	"fmt"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// attempts is how often a row is made anew until its checks hold.
const attempts = 2000

// Writer makes the rows of one step. It is for one goroutine; any number of
// them may write parts of a step.
type Writer struct {
	x       *table
	columns []int
	blank   bool // the second pass: no column is left out, nothing is tested
	plain   bool
	buf     []byte
	ends    []int
	row     []datum
	names   []int // columns that checks name
}

// Writer returns a new writer of a step of the plan.
func (p *Plan) Writer(step int) *Writer {
	s := &p.Steps[step]
	w := &Writer{x: p.tables[s.Table], columns: s.Columns, blank: s.Update, plain: true, row: make([]datum, len(s.Table.Columns)), ends: make([]int, len(s.Table.Columns))}
	for _, c := range w.columns {
		w.plain = w.plain && !w.x.escaped(c)
	}
	for i := range w.x.checks {
		w.names = w.x.checks[i].expr.columnsOf(w.names)
	}
	return w
}

// escaped reports whether values of a column may need escapes.
func (x *table) escaped(c int) bool {
	for x.cols[c].parent != nil {
		x, c = x.cols[c].parent, x.cols[c].parentCol
	}
	return x.cols[c].set.escape
}

// Append appends one row of COPY text, with its newline. The same row gives
// the same bytes, whatever was written before. An error names the constraint
// that no attempt satisfied.
func (w *Writer) Append(dst []byte, row int64) ([]byte, error) {
	attempt, err := w.attempt(uint64(row))
	if err != nil {
		return dst, err
	}
	for i, c := range w.columns {
		if i > 0 {
			dst = append(dst, '\t')
		}
		if w.plain {
			var null bool
			if dst, null = w.x.append(dst, c, uint64(row), attempt); null {
				dst = copyfmt.AppendNull(dst)
			}
			continue
		}
		var null bool
		if w.buf, null = w.x.append(w.buf[:0], c, uint64(row), attempt); null {
			dst = copyfmt.AppendNull(dst)
		} else if w.x.escaped(c) {
			dst = copyfmt.AppendEscaped(dst, w.buf)
		} else {
			dst = append(dst, w.buf...)
		}
	}
	return append(dst, '\n'), nil
}

// attempt finds the first attempt at a row that satisfies all checks.
func (w *Writer) attempt(row uint64) (uint64, error) {
	if len(w.x.checks) == 0 || w.blank {
		return 0, nil
	}
	for a := range uint64(attempts) {
		if w.test(row, a) < 0 {
			return a, nil
		}
	}
	c := w.x.checks[w.test(row, 0)]
	return 0, &Error{Table: w.x.t, Constraint: c.name, Reason: fmt.Sprintf("no row was found for it in %d attempts", attempts)}
}

// test returns the first check that a row breaks, or -1.
func (w *Writer) test(row, attempt uint64) int {
	w.buf = w.buf[:0]
	for i, c := range w.names {
		at := len(w.buf)
		var null bool
		if w.buf, null = w.x.append(w.buf, c, row, attempt); null {
			w.buf = w.buf[:at]
		}
		w.ends[i] = len(w.buf)
		if w.row[c].kind = 's'; null {
			w.row[c].kind = 0
		}
	}
	at := 0
	for i, c := range w.names {
		w.row[c] = datumOf(w.x.cols[c].spec.typ, w.row[c].kind == 0, w.buf[at:w.ends[i]])
		at = w.ends[i]
	}
	for i := range w.x.checks {
		k := &w.x.checks[i]
		if k.after != nil && !k.after(row, attempt) {
			continue
		}
		if v := k.expr.eval(w.row); v.kind != 0 && !v.b {
			return i
		}
	}
	return -1
}

// append appends a column's value, or reports that it is NULL.
func (x *table) append(dst []byte, c int, row, attempt uint64) (out []byte, null bool) {
	col := &x.cols[c]
	i, null := col.src.at(row, attempt)
	switch {
	case null || col.nulls > 0 && x.absent(c, row, attempt):
		return dst, true
	case col.parent != nil:
		return col.parent.append(dst, col.parentCol, i, 0)
	case col.made != nil:
		return x.appendMade(dst, c, row, attempt), false
	case col.after >= 0:
		return col.set.num.print(dst, x.number(c, row, attempt)), false
	}
	return col.set.append(dst, i), false
}

// absent reports whether a column of a group has no value, for itself.
func (x *table) absent(c int, row, attempt uint64) bool {
	col := &x.cols[c]
	if col.src.settled {
		attempt = 0
	}
	return mix(col.spec.seed^0x6e756c6c^mix(row^attempt<<40)) < col.nulls
}

// number is the value of a column of numbers or times, NULL or not.
func (x *table) number(c int, row, attempt uint64) int64 {
	col := &x.cols[c]
	n := col.set.num
	if col.after < 0 {
		i, _ := col.src.at(row, attempt)
		return n.at(i)
	}
	low := x.number(col.after, row, attempt)
	if col.src.settled {
		attempt = 0
	}
	if col.within > 0 {
		return low + n.step*int64(1+below(mix(col.src.seed^mix(row^attempt<<40)), uint64(col.within/n.step-1)))
	}
	span := uint64(n.hi-n.lo)/uint64(n.step)/4 + 1
	if n.unit.kind == "time" {
		span = min(span, uint64(20*day/n.step))
	}
	v := max(low, n.lo)
	v = n.lo + (v-n.lo+n.step-1)/n.step*n.step // the next on the scale
	v += n.step * int64(1+below(mix(col.src.seed^mix(row^attempt<<40)), span))
	if v > n.hi {
		v = max(min(n.hi, v), min(low, n.hi))
	}
	return v
}
