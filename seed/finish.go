package seed

import (
	"slices"
	"strings"
)

// finish orders times, settles what must not change between attempts, and
// lists the steps.
func (b *builder) finish() error {
	for _, x := range b.tables {
		b.fit(x)
		x.afters()
		x.askNulls()
	}
	for _, x := range b.tables {
		for c := range x.cols {
			if x.cols[c].needed {
				x.settle(c)
			}
		}
	}
	for _, x := range b.tables {
		if err := x.uneven(); err != nil {
			return err
		}
	}
	for _, x := range b.plan.order {
		if x.virtual {
			continue
		}
		s := Step{Table: x.t, Rows: int64(x.rows), Late: x.late}
		for c := range x.cols {
			if !x.cols[c].skip && (!x.cols[c].blank) {
				s.Columns = append(s.Columns, c)
			}
		}
		b.plan.Steps = append(b.plan.Steps, s)
	}
	for _, x := range b.plan.order {
		s := Step{Table: x.t, Rows: int64(x.rows), Update: true, Columns: slices.Clone(x.match())}
		s.Match = len(s.Columns)
		for c := range x.cols {
			if x.cols[c].blank {
				x.settle(c)
				s.Columns = append(s.Columns, c)
			}
		}
		if len(s.Columns) > s.Match {
			b.plan.Steps = append(b.plan.Steps, s)
		}
	}
	for _, x := range b.tables {
		for _, e := range x.elected {
			e.hold(x.rows)
		}
	}
	b.counters()
	return nil
}

// uneven refuses a curve or weights for a column that tells the rows of a key
// apart: it takes each value as often as any other.
func (x *table) uneven() error {
	for c := range x.cols {
		v := x.cols[c].value
		if v == nil || v.soft || v.Curve == Even && v.Weights == nil || x.cols[c].src.mode == drawn {
			continue
		}
		return &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: "a unique key needs each of its values as often as any other: it can have neither weights nor a curve"}
	}
	return nil
}

// askNulls lets columns that checks ask NULLs of, with others, have more of them
// where the first attempt at a row fails.
func (x *table) askNulls() {
	for _, k := range x.checks {
		cols := k.expr.columnsOf(nil)
		if len(cols) < 2 {
			continue
		}
		for _, c := range cols {
			if col := &x.cols[c]; k.expr.asksNull(c) && col.src != nil && (col.value == nil || col.value.Null == nil) {
				col.src.flips = true
			}
		}
	}
}

// settle makes a column's value the same at each attempt, and never NULL where
// others need it.
func (x *table) settle(c int) {
	for ; c >= 0; c = x.cols[c].after {
		if s := x.cols[c].src; s != nil {
			s.fixed, s.settled = true, true
			x.cols[c].nulls = 0
			if !x.cols[c].blank && s.mode != before && s.mode != never && s.end == 0 {
				s.nulls = 0
			}
		}
	}
}

// afters finds columns that must not be below others, and times that usually
// are not.
func (x *table) afters() {
	for _, k := range x.checks {
		op, n := k.expr.op, k.expr
		if len(n.args) != 2 || n.args[0].op != "col" || n.args[1].op != "col" {
			continue
		}
		switch op {
		case "<", "<=":
			x.follow(n.args[0].column, n.args[1].column)
		case ">", ">=":
			x.follow(n.args[1].column, n.args[0].column)
		}
	}
	for c := range x.cols {
		if stage(x.cols[c].spec.name) == 0 || x.cols[c].after >= 0 || !isTime(x.cols[c].spec.typ) {
			continue
		}
		best := -1
		for a := range x.cols {
			if isTime(x.cols[a].spec.typ) && stage(x.cols[a].spec.name) < stage(x.cols[c].spec.name) && stage(x.cols[a].spec.name) > 0 &&
				(best < 0 || stage(x.cols[a].spec.name) > stage(x.cols[best].spec.name)) {
				best = a
			}
		}
		if best >= 0 {
			x.follow(best, c)
		}
	}
}

// stage is when, in the life of a row, a time is; 0 if its name does not tell.
func stage(name string) int {
	for i, names := range [][]string{
		{"created", "inserted", "registered", "hire", "joined"},
		{"requested", "submitted"},
		{"order_date", "orderdate", "ordered", "placed", "opened", "started", "start_", "starts_", "rental_date"},
		{"valid_from", "effective_from"},
		{"issue", "invoice", "billed"},
		{"paid", "payment", "due", "approved", "accepted", "confirmed"},
		{"shipped", "sent", "dispatched"},
		{"delivered", "received", "returned", "return_date", "ended", "end_", "ends_", "closed", "completed", "finished", "resolved", "cancelled", "canceled", "refunded"},
		{"updated", "modified", "last_update"},
		{"expires", "expiry", "valid_to", "valid_until", "effective_to", "archived", "deleted"},
	} {
		for _, n := range names {
			if strings.Contains(name, n) {
				return i + 1
			}
		}
	}
	return 0
}

// follow lets column c come after column a where both are drawn numbers or
// times of one unit.
func (x *table) follow(a, c int) {
	ok := func(i int) bool {
		col := &x.cols[i]
		return !col.skip && col.parent == nil && col.made == nil && col.set.num != nil
	}
	if !ok(a) || !ok(c) || x.cols[c].src.mode != drawn || x.cols[c].dealt || x.cols[c].value.made() || x.cols[c].after >= 0 || x.cols[a].set.num.unit != x.cols[c].set.num.unit {
		return
	}
	for i := a; i >= 0; i = x.cols[i].after {
		if i == c {
			return
		}
	}
	x.cols[c].after = a
}

// counters finds the last numbers of sequences.
func (b *builder) counters() {
	for _, q := range b.s.Sequences {
		if q.Table == nil || q.Column < 0 {
			continue
		}
		x := b.plan.tables[q.Table]
		if x == nil || x.rows == 0 {
			continue
		}
		col := &x.cols[q.Column]
		for col.parent != nil && col.parent.virtual {
			x, col = col.parent, &col.parent.cols[col.parentCol]
		}
		if col.parent != nil || col.set.num == nil {
			continue
		}
		last := col.set.num.hi
		if col.src.mode == counted && col.src.mul == 0 {
			last = col.set.num.at(x.rows - 1)
			for r := x.rows - min(x.rows, max(col.src.deal, 1)); r < x.rows; r++ {
				last = max(last, col.set.num.at(r))
			}
		}
		b.plan.Counters = append(b.plan.Counters, Counter{q, last})
	}
}
