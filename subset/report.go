package subset

import "github.com/pgstandin/pgstandin/schema"

// Report says what a walk chose, by table and by reference, without a value
// of any row.
type Report struct {
	Tables     []TableReport     // every logical table, in the order of the schema
	References []ReferenceReport // those that cut or left out something, or have orphans
}

// TableReport is what is copied of one logical table.
type TableReport struct {
	Table *schema.Table
	How   How   // of its leaves: Nothing if nothing of any, else the most general
	Rows  int64 // exact if Exact, else an estimate
	Exact bool
	Bytes int64  // estimate
	Why   string // "root", "down", "up", "all", "unreached: all", "rows: none", ...

	// What the walk asked of the table; all 0 where every row is copied unseen.
	Passes     int // over all of the table's keys
	Conditions int // queries for what passes a condition of the rules
	LookUps    int // queries for a batch of keys or places
}

// ReferenceReport counts what one reference did to the rows of its child.
type ReferenceReport struct {
	Reference *Reference
	Name      string
	Cut       int64 // rows whose reference becomes NULL; of an array, that lose elements
	LeftOut   int64 // rows that would have come but cannot live without the parent; -1: all of the table
	Orphans   int64 // of both: references whose parent the source does not have
}

func (w *walk) report(s *Selection) Report {
	var out Report
	for _, n := range w.g.nodes {
		t := TableReport{Table: n.table, Exact: true, Why: n.why()}
		for _, l := range n.leaves {
			ls := s.byTable[l.table]
			t.Rows += ls.Rows
			t.Bytes += ls.Bytes
			t.Exact = t.Exact && ls.Exact()
			t.Passes += w.reads[l.id][byPass]
			t.Conditions += w.reads[l.id][byCondition]
			t.LookUps += w.reads[l.id][byKeys]
			if ls.How != Nothing && (t.How == Nothing || ls.How < t.How) {
				t.How = ls.How
			}
		}
		out.Tables = append(out.Tables, t)
	}
	for _, r := range w.g.refs {
		x := ReferenceReport{Reference: r.Reference, Name: r.name()}
		for _, t := range r.Child.Leaves() {
			id := w.g.byOID[t.OID].id
			x.Cut += w.full[id].cutAll[r]
			if r.Array {
				x.Cut += rowsOfElements(w.st.cut.sets[mark{r.id, id}])
			} else {
				x.Cut += w.st.cut.count(r.id, id)
			}
			x.LeftOut += w.st.left.count(r.id, id)
			x.Orphans += w.st.orphan.count(r.id, id)
		}
		if r.child.none && r.child.blame == r {
			x.LeftOut = -1
		}
		if x.Cut != 0 || x.LeftOut != 0 || x.Orphans != 0 {
			out.References = append(out.References, x)
		}
	}
	return out
}

// why says by what the table is in, or what keeps it out.
func (n *node) why() string {
	switch {
	case n.none:
		return n.reason
	case len(n.roots) > 0 && n.down:
		return "root"
	case n.own && n.restrict.Rows == WhereRows:
		return "where"
	case n.own:
		return "unreached: all"
	case n.full && n.restrict.Rows == AllRows:
		return "rows: all"
	case n.full:
		return "all"
	case n.down:
		return "down"
	case n.up:
		return "up"
	}
	return "unreached: none"
}

// rowsOfElements counts the rows that elements are of.
func rowsOfElements(s *keySet) (n int64) {
	last := uint64(1<<64 - 1)
	c := s.sort().from(key{})
	for k, ok := c.next(); ok; k, ok = c.next() {
		if row := k.n >> elementBits; row != last {
			n, last = n+1, row
		}
	}
	return n
}
