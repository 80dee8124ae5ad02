package seed

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sort"
)

// tooMany is a constraint that allows fewer rows than were asked for.
type tooMany struct {
	room uint64
	name string
}

func (e *tooMany) Error() string {
	return fmt.Sprintf("constraint %s allows no more than %d rows", e.name, e.room)
}

// size finds how many rows each table gets, and how unique columns count.
func (b *builder) size() error {
	for _, x := range b.plan.order {
		if err := x.families(); err != nil {
			return err
		}
		if x.named || x.virtual || x.sized || x.counted() {
			continue
		}
		if x.rows = uint64(b.cfg.Base); b.cfg.Each > 0 {
			x.rows = uint64(b.cfg.Each)
			continue
		}
		most := uint64(0)
		for _, f := range x.keys {
			if f.parent != x && f.how == "" && !f.parent.virtual {
				most = max(most, f.parent.rows)
			}
		}
		if most > 0 {
			x.rows = min(3*most, 100*uint64(b.cfg.Base))
		}
	}
	for _, x := range b.plan.order {
		for _, f := range x.keys {
			if f.src == nil || f.early(x) {
				continue
			}
			for _, c := range f.cols { // tested row by row
				if x.cols[c].src == f.src {
					x.checks = append(x.checks, x.cols[c].spec.told...)
				}
			}
		}
	}
	for range 100 * (len(b.tables) + 1) {
		again := false
		b.pools()
		for _, x := range b.plan.order {
			if err := x.families(); err != nil {
				return err
			}
			err := x.assign()
			var many *tooMany
			switch {
			case errors.As(err, &many) && !x.named && !x.counted() && many.room < x.rows:
				x.rows, x.room, again = many.room, many.room, true
			case err != nil && again: // it may be of a size that is not the last
			case many != nil:
				return &Error{Table: x.t, Constraint: many.name,
					Reason: fmt.Sprintf("%d rows are wanted, it allows no more than %d", x.rows, many.room)}
			case err != nil:
				return err
			}
		}
		if !again {
			return nil
		}
	}
	return errors.New("no sizes of tables were found that all of their constraints allow")
}

// assign says for every source of a table how it chooses.
func (x *table) assign() error {
	if err := x.deal(); err != nil {
		return err
	}
	for c := range x.cols {
		col := &x.cols[c]
		if col.skip || col.parent != nil {
			continue
		}
		if err := x.draw(c); err != nil {
			return err
		}
	}
	for _, f := range x.keys {
		if f.src == nil {
			continue
		}
		if err := x.choose(f); err != nil {
			return err
		}
	}
	all := slices.Clone(x.unique)
	sort.SliceStable(all, func(i, j int) bool { return x.weight(all[i]) < x.weight(all[j]) })
	var groups [][]*source
	for _, u := range all {
		if err := x.count(u, &groups); err != nil {
			return err
		}
	}
	for _, f := range x.keys {
		if s := f.src; s != nil && s.found && s.mode == drawn {
			s.mode, s.div, s.fixed, s.nulls, s.self = digit, 1, true, 0, false
		}
	}
	return nil
}

func (x *table) weight(u unique) int {
	n := len(x.sourcesOf(u))
	if u.predicate != nil {
		n += 100
	}
	return n
}

// draw makes a column's values as if it were not unique.
func (x *table) draw(c int) error {
	col := &x.cols[c]
	if col.group != nil {
		if x.drawGroup(c) {
			return nil
		}
		col.nulls = 0
	}
	if col.made != nil {
		col.set = set{size: many, escape: true}
		col.src = &source{size: many, seed: col.spec.seed}
		if x.single(col.made) {
			col.src.mode, col.src.fixed = counted, true
		}
		if !col.spec.notNull {
			col.src.nulls = share(10)
		}
		return x.shape(c)
	}
	values, err := x.values(c, 1, false)
	if err != nil {
		return &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: err.Error()}
	}
	col.set = values
	col.src = &source{size: values.size, seed: col.spec.seed}
	if !col.spec.notNull {
		col.src.nulls = share(10)
	}
	if col.dealt {
		x.share(c, col.src)
	}
	if values.size == 0 {
		if col.spec.notNull && x.rows > 0 {
			return &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: "no value satisfies its type and its checks"}
		}
		col.src.mode = never
		return nil
	}
	return x.shape(c)
}

// sourcesOf is the sources of a unique set of columns, each once.
func (x *table) sourcesOf(u unique) []*source {
	var out []*source
	for _, c := range u.cols {
		if s := x.cols[c].src; !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// widen gives the column of a source values enough for all rows.
func (x *table) widen(s *source) error {
	for c := range x.cols {
		col := &x.cols[c]
		if col.src != s || col.parent != nil || col.group != nil && col.group.src == s {
			continue
		}
		whole, err := x.values(c, many, true)
		if err != nil {
			return &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: err.Error()}
		}
		if whole.size > x.rows {
			if whole, err = x.values(c, max(x.rows, 1), true); err != nil {
				return &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: err.Error()}
			}
		}
		col.set, s.size = whole, whole.size
	}
	return nil
}

// owner returns the column whose source it is, or -1 for that of a foreign key.
func (x *table) owner(s *source) int {
	return slices.IndexFunc(x.cols, func(c column) bool { return c.src == s && c.parent == nil })
}

// spare is how far apart the numbers of two attempts are: as far as there are
// rows, and in the same one of deal partitions.
func (x *table) spare(deal uint64) uint64 {
	n, deal := max(x.rows, 1), max(deal, 1)
	return (n + deal - 1) / deal * deal
}

// byRow lets a source take each of its numbers once.
func (x *table) byRow(s *source) {
	s.mode, s.fixed = counted, true
	if s.self {
		if s.mode = itself; s.nulls > 0 {
			s.mode = before
		}
		return
	}
	if c := x.owner(s); !s.found && (c < 0 || x.cols[c].set.mixed) {
		s.spare = x.spare(s.deal)
		s.tries = s.size / s.spare
		s.shuffle()
	}
}

// count makes a set of columns unique.
func (x *table) count(u unique, groups *[][]*source) error {
	x.forget(u)
	sources, deal := x.sourcesOf(u), uint64(len(x.dealt))
	if !x.dealtIn(sources) { // a partition's own key: partitions do not tell its rows apart
		sources, deal = slices.DeleteFunc(sources, func(s *source) bool { return s.deal > 0 }), 0
	}
	for _, c := range u.cols {
		if !u.nullsDiffer {
			x.cols[c].nulls = 0
		}
	}
	for _, s := range sources {
		if !u.nullsDiffer {
			s.nulls = 0
		}
		if s.mode == never && u.nullsDiffer {
			return nil
		}
	}
	sources = slices.DeleteFunc(sources, func(s *source) bool { return !x.tells(u, s) })
	for _, s := range sources {
		if s.mode == counted && !s.past || s.mode == itself || s.mode == before {
			return nil
		}
	}
	for _, g := range *groups {
		if !slices.ContainsFunc(g, func(s *source) bool { return !slices.Contains(sources, s) }) {
			return nil
		}
	}
	if err := x.unfollow(u, sources); err != nil {
		return err
	}
	if done, err := x.withinFamily(u, sources); done || err != nil {
		return err
	}
	var open []*source
	for _, s := range sources {
		if c := x.owner(s); s.mode == drawn && c >= 0 && x.cols[c].made != nil {
			return &Error{Table: x.t, Constraint: u.name, Reason: "the template of column " + x.t.Columns[c].Name + " may give the same text twice: put {row} in it"}
		}
		if s.among != nil {
			s.size = s.spread(true)
		}
		if s.mode == drawn {
			if err := x.widen(s); err != nil {
				return err
			}
			open = append(open, s)
		}
	}
	if s := x.alone(open, len(sources)); s != nil {
		x.byRow(s)
		return x.redraw(open, s)
	}
	return x.digits(u, sources, open, groups, max(deal, 1))
}

// dealtIn reports whether sources are all that tell partitions apart.
func (x *table) dealtIn(sources []*source) bool {
	for c := range x.cols {
		if s := x.cols[c].src; s != nil && s.deal > 0 && !slices.Contains(sources, s) {
			return false
		}
	}
	return true
}

// alone finds a source that tells all rows apart by itself: one of a column's
// own values where there is one, so that children spread over their parents.
func (x *table) alone(open []*source, of int) *source {
	var found *source
	foreign := 0
	for _, s := range open {
		if x.owner(s) < 0 {
			foreign++
		}
	}
	for _, s := range open {
		if s.size < x.rows {
			continue
		}
		if of == 1 || foreign == 0 || len(open) < of || x.sole(s) {
			if found == nil || x.owner(s) >= 0 && !(x.above(x.owner(s)) && x.owner(found) >= 0) {
				found = s
			}
		}
	}
	return found
}

// digits lets the sources of a set be the digits of the row's number.
func (x *table) digits(u unique, sources, open []*source, groups *[][]*source, deal uint64) error {
	rank := func(s *source) int {
		switch {
		case s.found:
			return 0
		case x.owner(s) < 0:
			return 1
		}
		return 2
	}
	sort.SliceStable(open, func(i, j int) bool { return rank(open[i]) < rank(open[j]) })
	room := deal
	for _, s := range open {
		if hi, lo := bits.Mul64(room, s.size/max(s.deal, 1)); hi > 0 || lo > many {
			room = many
		} else {
			room = lo
		}
	}
	if len(open) == 0 || room == 1 && len(open) < len(sources) {
		room = 0
	}
	nullable := u.nullsDiffer && slices.ContainsFunc(open, func(s *source) bool { return s.nulls > 0 && !s.self })
	if room == 0 && u.predicate == nil && u.nullsDiffer && x.empty(u) || x.rows <= 1 {
		return nil
	}
	if room < x.rows && u.predicate != nil {
		if room = max(room, 1); x.elect(u, sources, room) {
			return nil
		}
		x.onlyFirst(u, room)
	} else if room < x.rows && !nullable {
		return &tooMany{max(room, 1), u.name}
	}
	if len(open) == 0 || room == 0 {
		return nil
	}
	spare := x.apart(open, deal, room)
	tries := room / spare
	for c := range x.cols {
		if col := &x.cols[c]; (col.needed || col.blank) && slices.Contains(open, col.src) {
			tries = 1 // one number for all of them, whoever computes it, and when
		}
	}
	div := uint64(1)
	for i, s := range open {
		s.tries, s.spare, s.base = tries, spare, deal
		s.mode, s.div, s.fixed, s.self = digit, div, true, false
		s.turn = i > 0 && x.owner(s) < 0
		if hi, lo := bits.Mul64(div, max(s.size/max(s.deal, 1), 1)); hi == 0 {
			div = lo
		} else {
			div = many
		}
		if room < x.rows && (u.predicate != nil || s.nulls > 0) {
			s.end, s.past = room, u.predicate != nil
			s.strays = s.past && u.asks(x, s)
		}
	}
	if u.predicate == nil {
		*groups = append(*groups, slices.Clone(sources))
	}
	return nil
}

// empty leaves a column of a unique set NULL, if that may be.
func (x *table) empty(u unique) bool {
	for _, s := range x.sourcesOf(u) {
		if s.nulls > 0 && !slices.ContainsFunc(x.cols, func(c column) bool { return c.src == s && c.needed }) {
			s.mode = never
			return true
		}
	}
	return false
}
