package subset

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// leaf is a table that holds rows.
type leaf struct {
	id     int
	table  *schema.Table
	node   *node
	refs   []*ref   // references that its rows hold
	spaces []*space // key spaces that its rows are in
}

// node is a logical table: the topmost partitioned table, or a plain one.
type node struct {
	id     int
	table  *schema.Table
	leaves []*leaf
	rows   int64 // estimate, never negative

	restrict Restriction
	roots    []int // indexes into Config.Roots
	out      []*ref
	in       []*ref
	spaces   []*space

	none     bool // no row of it is eligible, known without looking
	affected bool // some row of it may not be eligible
	down     bool // rows may come in as roots or by down
	full     bool // every eligible row is copied, none if none is set
	up       bool // rows may come in by up
	own      bool // full because of unreached: or its own entry, not because it was reached
	reason   string
	blame    *ref // the reference because of which none is set
}

// copied reports whether any row of the table may be chosen.
func (n *node) copied() bool { return !n.none && n.reached() }

// reached reports whether a chain of references leads to it, or its own entry
// puts it in.
func (n *node) reached() bool { return n.down || n.full || n.up }

// space is a set of columns of one table whose values are keys, with the form
// in which they are compared.
type space struct {
	id       int
	table    *schema.Table // may be a partition
	node     *node
	cols     []int // of table, ascending; nil for row identities
	families []family
	refs     []*ref // that point into it
}

// rowID reports whether the keys are the parent's row identities.
func (s *space) rowID() bool { return s.cols == nil }

// single reports whether keys are integers held as numbers.
func (s *space) integer() bool { return len(s.cols) == 1 && s.families[0] == famInt }

// ref is a reference with what is known of it before a walk.
type ref struct {
	*Reference
	id            int
	child, parent *node
	space         *space
	probe         *space // the parent's values, where space holds row identities and values may be sent to the server; or nil
	cols          []int  // child's columns, in the order of parentCols
	parentCols    []int  // ascending
	cut           []int  // columns of the child that a cut sets to NULL; none for hard
	hard          bool   // a row cannot live without this parent
	checked       bool   // the server guarantees that the parent is there
}

// name is how the reference is called in messages.
func (r *ref) name() string {
	if r.Key != nil {
		return r.Child.Name.String() + " " + r.Key.Name
	}
	from := r.Expr
	if from == "" {
		from = columnNames(r.Child, r.Columns)
	}
	return fmt.Sprintf("%s(%s) to %s(%s)", r.Child.Name, from, r.Parent.Name, columnNames(r.Parent, r.ParentColumns))
}

// covers reports whether every leaf of the child's logical table holds it.
func (r *ref) covers() bool { return r.Child == r.child.table }

func columnNames(t *schema.Table, cols []int) string {
	var b strings.Builder
	for i, c := range cols {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.Columns[c].Name)
	}
	return b.String()
}

type graph struct {
	schema  *schema.Schema
	nodes   []*node
	leaves  []*leaf
	refs    []*ref
	spaces  []*space
	periods []*ref // of keys with PERIOD: they lead nowhere
	byTable map[*schema.Table]*node
	byOID   map[uint32]*leaf
}

func newGraph(s *schema.Schema, cfg *Config) *graph {
	g := &graph{schema: s, byTable: map[*schema.Table]*node{}, byOID: map[uint32]*leaf{}}
	for _, t := range s.Roots() {
		n := &node{id: len(g.nodes), table: t, restrict: cfg.Restrict[t]}
		g.nodes = append(g.nodes, n)
		g.byTable[t] = n
		for _, lt := range t.Leaves() {
			l := &leaf{id: len(g.leaves), table: lt, node: n}
			g.leaves = append(g.leaves, l)
			g.byOID[lt.OID] = l
			n.leaves = append(n.leaves, l)
			n.rows += estimate(lt)
		}
	}
	for i := range cfg.Roots {
		if n := g.byTable[cfg.Roots[i].Table]; n != nil {
			n.roots = append(n.roots, i)
		}
	}
	declared := map[*schema.ForeignKey]bool{}
	for _, r := range cfg.References {
		if r.Key != nil {
			declared[r.Key] = true
		}
		g.addRef(r)
	}
	for _, k := range s.ForeignKeys {
		if !declared[k] {
			g.addRef(&Reference{Key: k, Child: k.Child, Columns: k.Columns,
				Parent: k.Parent, ParentColumns: k.ParentColumns})
		}
	}
	for _, r := range g.refs {
		r.cut = g.cuttable(r)
		r.hard = len(r.cut) == 0
	}
	return g
}

func (g *graph) addRef(cr *Reference) {
	r := &ref{Reference: cr, id: len(g.refs), child: g.byTable[cr.Child.Root()], parent: g.byTable[cr.Parent.Root()]}
	if r.child == nil || r.parent == nil {
		return
	}
	if cr.Key != nil && cr.Key.Period {
		g.periods = append(g.periods, r)
		return
	}
	r.checked = cr.Key != nil && cr.Key.Validated && cr.When == "" && cr.Expr == "" && !cr.Array
	g.refs = append(g.refs, r)
	r.child.out = append(r.child.out, r)
	r.parent.in = append(r.parent.in, r)
	g.bindSpace(r)
	for _, t := range cr.Child.Leaves() {
		l := g.byOID[t.OID]
		l.refs = append(l.refs, r)
	}
}

// bindSpace chooses the form in which the reference's keys are compared.
func (g *graph) bindSpace(r *ref) {
	type pair struct{ child, parent int }
	var pairs []pair
	var fams []family
	byKey := r.checked
	for i := range r.ParentColumns {
		if i < len(r.Columns) {
			pairs = append(pairs, pair{r.Columns[i], r.ParentColumns[i]})
		}
	}
	sort.Slice(pairs, func(i, j int) bool { return pairs[i].parent < pairs[j].parent })
	if byKey {
		for _, p := range pairs {
			f := common(familyOf(&r.Child.Columns[p.child]), familyOf(&r.Parent.Columns[p.parent]))
			byKey = byKey && f != ""
			fams = append(fams, f)
		}
	}
	var cols []int
	for _, p := range pairs {
		r.cols = append(r.cols, p.child)
		r.parentCols = append(r.parentCols, p.parent)
	}
	if len(pairs) == 0 {
		r.parentCols = r.ParentColumns
	}
	if byKey {
		cols = r.parentCols
	} else {
		fams = nil
	}
	r.space = g.space(r.Parent, cols, fams)
	r.space.refs = append(r.space.refs, r)
	if r.probe = g.probe(r); r.probe != nil {
		r.probe.refs = append(r.probe.refs, r)
	}
}

// probe is the space of values by which the children of a few parents are
// found, although the reference itself is followed by row identities.
func (g *graph) probe(r *ref) *space {
	if !r.space.rowID() || r.Expr != "" || r.Down == DownOff || len(r.cols) != len(r.ParentColumns) {
		return nil
	}
	var fams []family
	for i, c := range r.cols {
		child := r.Child.Columns[c]
		if r.Array && child.Type.Elem == nil {
			return nil
		}
		if r.Array {
			child = element(&child)
		}
		f := common(familyOf(&child), familyOf(&r.Parent.Columns[r.parentCols[i]]))
		if f == "" || f.literalType() == "" {
			return nil
		}
		fams = append(fams, f)
	}
	return g.space(r.Parent, r.parentCols, fams)
}

// judged reports whether some reference is judged by the space, so that the
// keys of rows that are not eligible matter.
func (s *space) judged() bool {
	return slices.ContainsFunc(s.refs, func(r *ref) bool { return r.space == s })
}

// pushes is the space whose keys a query for the reference's children may hold.
func (r *ref) pushes() *space {
	if r.probe != nil {
		return r.probe
	}
	return r.space
}

func (g *graph) space(t *schema.Table, cols []int, fams []family) *space {
	for _, s := range g.spaces {
		if s.table == t && slices.Equal(s.cols, cols) && slices.Equal(s.families, fams) {
			return s
		}
	}
	s := &space{id: len(g.spaces), table: t, node: g.byTable[t.Root()], cols: cols, families: fams}
	g.spaces = append(g.spaces, s)
	s.node.spaces = append(s.node.spaces, s)
	for _, lt := range t.Leaves() {
		l := g.byOID[lt.OID]
		l.spaces = append(l.spaces, s)
	}
	return s
}

// estimate is the number of rows of a leaf as far as the catalog knows.
func estimate(t *schema.Table) int64 {
	if t.Rows >= 0 {
		return t.Rows
	}
	return t.Pages * 50
}
