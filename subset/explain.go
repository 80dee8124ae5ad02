package subset

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// Explanation says why a row is in a subset, or why it is not. It holds the
// keys of rows and no other value of them.
type Explanation struct {
	Row     Row
	Verdict Verdict
	// Chain begins with the row that decides, and each of the others follows
	// from the one before it. A copied row's ends with the row itself, after
	// as few steps as possible; that of one with Verdict Needy or Pruned
	// begins with it.
	Chain []Link
	// Reason says of the row that decides what it is: by what it is chosen,
	// what restricts it, or what rules out its table. It names no value.
	Reason string
	Line   int // of the rules file, where a root is what decides; else 0
	// Missed lists, for Verdict NotReached, the references by which the row
	// could have come.
	Missed []Missed
}

// Verdict is the kind of an explanation.
type Verdict uint8

const (
	Copied     Verdict = iota // Chain leads from a root to the row
	Absent                    // there is no such row
	NoTable                   // no row of the table is copied, for Reason
	Restricted                // its table's where leaves it out
	Needy                     // Chain leads to a row that it cannot live without, which Reason rules out
	Pruned                    // a reference with up: prune or down: all keeps it out: the second row of Chain is not chosen by roots or down
	NotReached                // no reference leads to it, see Missed
)

// Row names a row by its key.
type Row struct {
	Table *schema.Table // logical
	Key   []Value       // of its primary key, or of its first unique key
	Place string        // "(0,1) of" the table that holds it, when it has no key

	row uint64 // its identity in this walk
}

// Value is a column of a key.
type Value struct {
	Column string
	Text   string
	Null   bool
}

// Link is a row of a chain.
type Link struct {
	Row
	// How the row follows from the one before it: Reference is nil for the
	// first row. With Up it is the row before that references this one, else
	// this row references the one before; along Needy and Pruned chains
	// always the one before.
	Reference *Reference
	Name      string // of the reference
	Up        bool
	Gone      bool // no such row: the reference is an orphan, and Row has no key
}

// Missed is a reference by which a row did not come, and why.
type Missed struct {
	Reference *Reference
	Name      string
	Row       *Row // the parent, if it is there
	Why       string
}

// Why explains one row of a table: key holds the values of its primary key in
// the key's order, or, without one, of its first unique key, as text. It walks
// like Walk and then follows references to and from the row, also in queries
// that look at whole tables. The error is a KeyError where no row of the table
// can have the key.
func (p *Plan) Why(ctx context.Context, opt Options, run Runner, t *schema.Table, key []string) (out *Explanation, err error) {
	n := p.g.byTable[t.Root()]
	if n == nil {
		return nil, fmt.Errorf("table %s is not in the plan", t.Name)
	}
	cols := identity(n.table)
	switch {
	case len(cols) == 0:
		return nil, KeyError(n.table.Name.String() + " has no primary key and no unique key, so that a row cannot be named")
	case len(cols) != len(key):
		return nil, KeyError(fmt.Sprintf("the key of %s is (%s): give %d instead of %d values", n.table.Name, columnNames(n.table, cols), len(cols), len(key)))
	}
	w, err := p.newWalk(opt, run)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.mem.close()) }()
	e := &explainer{w: w, g: p.g}
	row, err := e.find(ctx, n, cols, key)
	if err != nil {
		return nil, err
	}
	out = &Explanation{Row: Row{Table: n.table}}
	for i, c := range cols {
		out.Row.Key = append(out.Row.Key, Value{Column: n.table.Columns[c].Name, Text: key[i]})
	}
	if row == nowhere {
		out.Verdict, out.Reason = Absent, strings.TrimPrefix(timeForm(n.table, cols, key), "; ")
		return out, nil
	}
	if out.Row, err = e.name(ctx, row); err != nil {
		return nil, err
	}
	w.trace = &trace{}
	if err := w.choose(ctx); err != nil {
		return nil, err
	}
	if err := e.explain(ctx, out, row); err != nil {
		return nil, err
	}
	return out, w.mem.failure()
}

// KeyError says why a row cannot be named so. It holds no value.
type KeyError string

// Error is the text.
func (e KeyError) Error() string { return string(e) }

// identity lists the columns by which rows of a table are named: of its
// primary key, else of its first unique key; none if it has neither.
func identity(t *schema.Table) []int {
	if k := t.Primary(); k != nil {
		return k.Columns
	}
	if len(t.Keys) > 0 {
		return t.Keys[0].Columns
	}
	for i := range t.Indexes {
		if x := &t.Indexes[i]; x.Unique && x.Valid && x.Predicate == "" && len(x.Expressions) == 0 && len(x.Columns) > 0 {
			return x.Columns
		}
	}
	return nil
}

// trace keeps what a walk forgets, to explain rows. A nil trace keeps nothing.
type trace struct {
	named rowSets // by roots
	down  rowSets // by roots or down
}

func (t *trace) roots(w *walk) {
	if t != nil {
		t.named.free()
		t.named = rowSets{w.st.pinned.clone()}
	}
}

func (t *trace) candidates(w *walk) {
	if t != nil {
		t.down = rowSets{w.st.rows.clone()}
	}
}

// explainer answers one question after a walk.
type explainer struct {
	w *walk
	g *graph
}

// A place is a row as globalRow has it.
const nowhere = ^uint64(0)

func (e *explainer) leaf(row uint64) (*leaf, uint64) {
	return e.g.leaves[row>>leafShift], row & (1<<leafShift - 1)
}

// explain fills in everything but the row.
func (e *explainer) explain(ctx context.Context, out *Explanation, row uint64) error {
	in, err := e.chosen(ctx, row)
	if err != nil {
		return err
	}
	if in {
		out.Verdict = Copied
		return e.copied(ctx, out, row)
	}
	l, id := e.leaf(row)
	if l.node.none && l.node.restrict.Rows != NoRows && l.node.blame == nil {
		out.Verdict, out.Reason = NoTable, l.node.reason
		return nil
	}
	if found, err := e.needs(ctx, out, row); found || err != nil {
		return err
	}
	if e.w.out.has(l.id, id) {
		if found, err := e.pruned(ctx, out, row); found || err != nil {
			return err
		}
	}
	out.Verdict = NotReached
	return e.missed(ctx, out, row)
}

// chosen reports whether a row is copied.
func (e *explainer) chosen(ctx context.Context, row uint64) (bool, error) {
	l, id := e.leaf(row)
	if !e.w.full[l.id].whole {
		return e.w.st.rows.has(l.id, id), nil
	}
	return e.passes(ctx, row)
}

// brings reports whether a row brings its children: it came by a root or by
// down.
func (e *explainer) brings(row uint64) bool {
	l, id := e.leaf(row)
	return e.bringers().has(l.id, id)
}

func (e *explainer) bringers() rowSets {
	if e.w.bring != nil {
		return e.w.bring.rows
	}
	return e.w.trace.down
}

func (e *explainer) named(row uint64) bool {
	l, id := e.leaf(row)
	return !e.w.p.cutOnly && e.w.trace.named.has(l.id, id)
}
