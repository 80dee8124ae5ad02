package subset

import (
	"errors"

	"github.com/pgstandin/pgstandin/schema"
)

// How says in which form the rows of a leaf are chosen.
type How uint8

const (
	Nothing   How = iota // no row
	Whole                // every row
	Predicate            // every row that the table's restriction passes
	Chosen               // known rows
)

// Selection is the result of a walk: which rows are copied, and which of
// their references become NULL. It is read-only. Row identities are those of
// the snapshot that was walked.
type Selection struct {
	Leaves []*LeafSelection // every table that holds rows, in the order of Schema.Tables by logical table
	Report Report

	byTable map[*schema.Table]*LeafSelection
	version int
	mem     *memory
}

// Close gives up what the selection holds in memory and in a temporary file.
// It has no chunks from then on.
func (s *Selection) Close() error {
	if s.mem == nil {
		return nil
	}
	for _, l := range s.Leaves {
		l.rows.free()
		for _, c := range l.cuts {
			c.rows.free()
		}
	}
	mem := s.mem
	s.mem = nil
	return mem.close()
}

// usable is the error of a selection whose rows cannot be read.
func (s *Selection) usable() error {
	if s.mem == nil {
		return errors.New("the selection of rows was closed")
	}
	return s.mem.failure()
}

// LeafSelection is the choice in one table that holds rows.
type LeafSelection struct {
	Table *schema.Table // the leaf
	Root  *schema.Table // its logical table
	How   How
	Rows  int64 // exact with Chosen and Nothing, else an estimate
	Bytes int64 // estimate

	where string
	rows  *keySet
	cuts  []leafCut
}

// Exact reports whether Rows is the number of rows that the chunks return.
func (l *LeafSelection) Exact() bool { return l.How == Chosen || l.How == Nothing }

// leafCut is one reference's columns that become NULL, in some rows or in all
// that have a value.
type leafCut struct {
	columns []string
	all     bool
	array   bool // elements are taken out, and rows holds elements
	rows    *keySet
}

func (w *walk) selection() *Selection {
	s := &Selection{byTable: map[*schema.Table]*LeafSelection{}, version: w.g.schema.ServerVersion, mem: w.mem}
	cut := map[int][]leafCut{}
	var held []mark
	for _, r := range w.g.refs {
		var names []string
		for _, c := range r.cut {
			names = append(names, r.Child.Columns[c].Name)
		}
		for _, t := range r.Child.Leaves() {
			id := w.g.byOID[t.OID].id
			if _, ok := w.full[id].cutAll[r]; ok {
				cut[id] = append(cut[id], leafCut{columns: names, all: true})
			} else if b := w.st.cut.sets[mark{r.id, id}]; !b.empty() {
				held = append(held, mark{r.id, id})
				cut[id] = append(cut[id], leafCut{columns: names, array: r.Array, rows: b.settle()})
			}
		}
	}
	for _, l := range w.g.leaves {
		ls := w.leafSelection(l)
		ls.cuts = cut[l.id]
		s.Leaves = append(s.Leaves, ls)
		s.byTable[l.table] = ls
	}
	s.Report = w.report(s)
	for _, l := range w.g.leaves { // from here on they are the selection's
		if ls := s.byTable[l.table]; ls.rows != nil {
			w.st.rows.at[l.id] = nil
		}
	}
	for _, m := range held {
		delete(w.st.cut.sets, m)
	}
	return s
}

func (w *walk) leafSelection(l *leaf) *LeafSelection {
	ls := &LeafSelection{Table: l.table, Root: l.node.table, rows: w.st.rows.at[l.id]}
	all := estimate(l.table)
	switch {
	case w.full[l.id].whole && l.node.restriction() != "":
		ls.How, ls.where = Predicate, l.node.restriction()
		ls.rows, ls.Rows, ls.Bytes = nil, all, l.table.Bytes
	case w.full[l.id].whole:
		ls.How = Whole
		ls.rows, ls.Rows, ls.Bytes = nil, all, l.table.Bytes
	case w.st.rows.len(l.id) == 0:
		ls.rows = nil
	default:
		ls.How = Chosen
		ls.rows.settle()
		ls.Rows = w.st.rows.len(l.id)
		ls.Bytes = l.table.Bytes
		if all > ls.Rows {
			ls.Bytes = int64(float64(l.table.Bytes) * float64(ls.Rows) / float64(all))
		}
	}
	return ls
}
