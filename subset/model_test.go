package subset

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// A model is a random database with random rules: what the property test makes
// on a server, and what the oracle reasons about. A cell is a class: cells of
// comparable columns are equal exactly when their classes are, whatever their
// texts. NULL is -1.
type model struct {
	seed   uint64
	space  string // schema name
	tables []*mTable
	refs   []*mRef
	roots  []mRoot
	all    bool // unreached: all
	plain  bool // without what newer cases have, so that old seeds stay what they were
	sch    *schema.Schema
}

type mType struct {
	sql, base string
	group     string // columns of one group compare
	ext       string
	class     schema.Class
	collation string
	domain    bool
	checked   bool // domain with a check
	length    int
	text      func(class, variant int) string
}

type mCol struct {
	name    string
	typ     *mType
	notNull bool
	bound   bool // named in a check, generated column or NULLS NOT DISTINCT index
	gen     int  // this column is generated from that one, else -1
	array   bool // of elements of typ
}

type mTable struct {
	id       int
	name     string
	cols     []mCol
	keys     [][]int // primary key first if hasPK
	hasPK    bool
	partCol  int // of a partitioned table, else -1
	parts    []string
	subs     []string // partitions of the last of parts, or none
	inherits *mTable
	rows     []*mRow
	rule     Rows
	ruleW    int // w < ruleW
	extra    []string
	frozen   bool
	t        *schema.Table
}

type mRow struct {
	t     *mTable
	n     int
	cells []int
	elems map[int][]int // of an array that is not NULL
	texts []string
	ctid  int // order within a table
}

type mRef struct {
	id                    int
	child, parent         *mTable
	childPart, parentPart string
	cols, pcols           []int
	full, valid, declared bool
	when, expr            bool // guard w % 2 = 0; expression over w
	array                 bool // by the elements of the one column
	down                  Down
	up                    Up
	limit                 int
	order                 string
	dup                   bool
	fk                    *schema.ForeignKey
}

type mRoot struct {
	t     *mTable
	w     int // w < this; 0: all rows
	share float64
	rows  int64 // a number of rows instead of a share
	group int   // column that stratifies a share, 0 for none
}

const classes = 6

func variantDigits(c, v int) string { return []string{"%d", "%d.0", "%d.00"}[v%3] }

var modelTypes = []*mType{
	{sql: "int4", base: "int4", group: "n"},
	{sql: "int8", base: "int8", group: "n"},
	{sql: "int2", base: "int2", group: "n"},
	{sql: "public.dint", base: "int4", group: "n", domain: true},
	{sql: "public.cint", base: "int8", group: "n", domain: true, checked: true},
	{sql: "numeric", base: "numeric", group: "n", text: func(c, v int) string { return fmt.Sprintf(variantDigits(c, v), c) }},
	{sql: "text", base: "text", group: "t", text: func(c, v int) string { return weird[c] }},
	{sql: "varchar(12)", base: "varchar", group: "t", text: func(c, v int) string { return weird[c] }},
	{sql: "char(6)", base: "bpchar", group: "c", length: 6, text: func(c, v int) string { return "c" + fmt.Sprint(c) }},
	{sql: "char(9)", base: "bpchar", group: "c", length: 9, text: func(c, v int) string { return "c" + fmt.Sprint(c) }},
	{sql: "public.citext", base: "citext", group: "ci", ext: "citext",
		text: func(c, v int) string { return []string{"v", "V"}[v%2] + fmt.Sprint(c) }},
	{sql: "text collate public.ci", base: "text", group: "nd", collation: `public.ci`,
		text: func(c, v int) string { return []string{"v", "V"}[v%2] + fmt.Sprint(c) }},
	{sql: "uuid", base: "uuid", group: "u", text: func(c, v int) string { return fmt.Sprintf("00000000-0000-0000-0000-%012d", c) }},
	{sql: "date", base: "date", group: "d", text: func(c, v int) string { return fmt.Sprintf("2020-01-0%d", c+1) }},
	{sql: "bytea", base: "bytea", group: "b", text: func(c, v int) string { return fmt.Sprintf(`\x0%d5c`, c) }},
	{sql: "float8", base: "float8", group: "f", text: func(c, v int) string {
		if c == 0 {
			return []string{"0", "-0"}[v%2]
		}
		return fmt.Sprint(c)
	}},
	{sql: "timestamptz", base: "timestamptz", group: "tz", text: func(c, v int) string {
		return fmt.Sprintf("2020-01-02 0%d:00:00+00", c)
	}},
	{sql: "public.mood", base: "mood", group: "e", class: schema.EnumType, text: func(c, v int) string { return "m" + fmt.Sprint(c) }},
	{sql: "inet", base: "inet", group: "in", text: func(c, v int) string { return []string{"10.0.0.%d", "10.0.0.%d/32"}[v%2] }},
}

// texts in the order of their classes under collation C
var weird = []string{"", `"\`, "'x'", "a,b", `a\b`, "{z}é"}

func (t *mType) value(class, variant int) string {
	switch {
	case t.text == nil:
		return fmt.Sprint(class)
	case t.base == "inet":
		return fmt.Sprintf(t.text(class, variant), class)
	}
	return t.text(class, variant)
}

// mayReference says whether PostgreSQL takes a key from c to p.
func mayReference(c, p *mType) bool {
	if c.group != p.group {
		return false
	}
	return c.base != "numeric" || p.base == "numeric"
}

var tableNames = []string{"t", "Tab 1", "order", "a.b", `q"q`, "users", "Übung", "x'y"}
var columnLabels = []string{"a", "select", "C d", "e.f", `g"h`, "i'j", "ctid2", "k", "l", "m", "o", "p", "q", "r", "s", "u", "v", "x", "y", "z"}

// newModel makes a random database in the schema of that name.
func newModel(rng *rand.Rand, space string, plain bool) *model {
	m := &model{space: space, plain: plain}
	n := 1 + rng.IntN(8)
	if rng.IntN(3) == 0 {
		n = 1 + rng.IntN(3)
	}
	for i := range n {
		m.tables = append(m.tables, m.newTable(rng, i))
	}
	for range rng.IntN(2*n + 2) {
		m.addRef(rng)
	}
	if !plain {
		m.addArrays(rng)
	}
	if n < len(tableNames) && rng.IntN(4) == 0 {
		m.inherit(rng)
		for range rng.IntN(3) {
			m.addRef(rng)
		}
	}
	m.decorate(rng)
	for _, t := range m.tables {
		m.fill(rng, t)
	}
	m.repair(rng)
	for range rng.IntN(3) {
		m.addRule(rng)
	}
	if !plain {
		for _, t := range m.tables {
			if rng.IntN(2) == 0 {
				m.addArrayRef(rng, t)
			}
		}
	}
	m.rules(rng)
	return m
}

// newTable makes a table with w in column 0, whose values rules speak of.
func (m *model) newTable(rng *rand.Rand, id int) *mTable {
	t := &mTable{id: id, name: tableNames[id], partCol: -1}
	t.col("w", modelTypes[0], true)
	if rng.IntN(5) == 0 {
		t.partCol = t.col("part", modelTypes[0], true)
		t.parts = []string{t.name + " p0", t.name + " p1", t.name + " p2"}
		if !m.plain && rng.IntN(2) == 0 {
			t.subs = []string{t.name + " p2 a", t.name + " p2 b"}
		}
	}
	for k := range rng.IntN(3) {
		var key []int
		for range 1 + rng.IntN(3)/2 {
			key = append(key, t.col("", modelTypes[rng.IntN(len(modelTypes))], false))
		}
		if t.partCol >= 0 {
			key = append(key, t.partCol)
		}
		if k == 0 && rng.IntN(5) > 0 {
			t.hasPK = true
			for _, c := range key {
				t.cols[c].notNull = true
			}
		}
		rng.Shuffle(len(key), func(i, j int) { key[i], key[j] = key[j], key[i] })
		t.keys = append(t.keys, key)
	}
	return t
}

// inherit adds a table that inherits from another, whose columns are fixed
// from then on.
func (m *model) inherit(rng *rand.Rand) {
	p := m.tables[rng.IntN(len(m.tables))]
	if p.partCol >= 0 {
		return
	}
	p.frozen = true
	t := &mTable{id: len(m.tables), name: tableNames[len(m.tables)], partCol: -1, inherits: p, cols: slices.Clone(p.cols)}
	if rng.IntN(2) == 0 && len(p.keys) > 0 {
		t.keys, t.hasPK = [][]int{p.keys[0]}, p.hasPK
	}
	m.tables = append(m.tables, t)
}

// col adds a column and returns its index.
func (t *mTable) col(name string, typ *mType, notNull bool) int {
	if name == "" {
		name = fmt.Sprintf("%s%d", columnLabels[len(t.cols)%len(columnLabels)], t.id)
		for slices.ContainsFunc(t.cols, func(c mCol) bool { return c.name == name }) {
			name += "_"
		}
	}
	t.cols = append(t.cols, mCol{name: name, typ: typ, notNull: notNull, gen: -1})
	return len(t.cols) - 1
}

// addRef declares a random foreign key.
func (m *model) addRef(rng *rand.Rand) {
	p := m.tables[rng.IntN(len(m.tables))]
	c := m.tables[rng.IntN(len(m.tables))]
	if len(p.keys) == 0 {
		return
	}
	key := slices.Clone(p.keys[rng.IntN(len(p.keys))])
	r := &mRef{id: len(m.refs), child: c, parent: p, valid: rng.IntN(8) > 0 && c.partCol < 0 || c.partCol >= 0, declared: true}
	if c.partCol >= 0 && rng.IntN(3) == 0 {
		r.childPart = c.anyPart(rng)
	}
	if p.partCol >= 0 && c != p && rng.IntN(4) == 0 {
		r.parentPart = p.anyPart(rng)
	}
	rng.Shuffle(len(key), func(i, j int) { key[i], key[j] = key[j], key[i] })
	r.full = len(key) > 1 && rng.IntN(4) == 0
	for _, k := range key {
		col := c.pick(rng, p.cols[k].typ, r.cols)
		if col < 0 {
			return
		}
		r.cols = append(r.cols, col)
	}
	r.pcols = key
	if c == p && slices.Equal(r.cols, r.pcols) {
		return
	}
	m.refs = append(m.refs, r)
	if rng.IntN(10) == 0 {
		d := *r
		d.id, d.dup = len(m.refs), true
		m.refs = append(m.refs, &d)
	}
}

// anyPart is one of the table's partitions, of whatever level.
func (t *mTable) anyPart(rng *rand.Rand) string {
	if i := rng.IntN(3 + len(t.subs)); i >= 3 {
		return t.subs[i-3]
	} else {
		return t.parts[i]
	}
}

// pick finds or makes a column that can reference one of that type.
func (t *mTable) pick(rng *rand.Rand, typ *mType, not []int) int {
	var fit []int
	for i, c := range t.cols {
		if i > 0 && !c.array && mayReference(c.typ, typ) && !slices.Contains(not, i) && c.gen < 0 {
			fit = append(fit, i)
		}
	}
	if len(fit) > 0 && rng.IntN(3) == 0 {
		return fit[rng.IntN(len(fit))]
	}
	if t.frozen {
		return -1
	}
	var types []*mType
	for _, x := range modelTypes {
		if mayReference(x, typ) {
			types = append(types, x)
		}
	}
	return t.col("", types[rng.IntN(len(types))], rng.IntN(3) == 0)
}

// decorate adds what keeps columns from being cut.
func (m *model) decorate(rng *rand.Rand) {
	for _, t := range m.tables {
		if t.inherits != nil || slices.ContainsFunc(m.tables, func(c *mTable) bool { return c.inherits == t }) {
			continue
		}
		for i := 1; i < len(t.cols); i++ {
			c := &t.cols[i]
			if i == t.partCol || c.gen >= 0 || rng.IntN(8) > 0 {
				continue
			}
			q := schema.QuoteIdent(c.name)
			if c.array {
				t.decorateArray(rng, i)
				continue
			}
			c.bound = true
			if !m.plain && t.partCol < 0 && rng.IntN(4) == 0 {
				t.extra = append(t.extra, "exclude", q)
				continue
			}
			switch rng.IntN(4) {
			case 0:
				t.extra = append(t.extra, "check", fmt.Sprintf("check (%s is null or true)", q))
			case 1:
				g := t.col("", modelTypes[0], false)
				t.cols[g].gen = i
			case 2:
				t.extra = append(t.extra, "partial", q)
			default:
				t.extra = append(t.extra, "nnd", q)
			}
		}
	}
}

// addRule adds a reference that the rules make.
func (m *model) addRule(rng *rand.Rand) {
	p := m.tables[rng.IntN(len(m.tables))]
	c := m.tables[rng.IntN(len(m.tables))]
	if len(p.keys) == 0 {
		return
	}
	key := p.keys[rng.IntN(len(p.keys))]
	if !m.plain && m.addArrayRef(rng, c) {
		return
	}
	r := &mRef{id: len(m.refs), child: c, parent: p, pcols: slices.Clone(key), when: rng.IntN(2) == 0}
	if len(key) == 1 && p.cols[key[0]].typ.group == "n" && rng.IntN(2) == 0 {
		r.expr = true
		m.refs = append(m.refs, r)
		return
	}
	for _, k := range key {
		found := -1
		for i, col := range c.cols {
			if i > 0 && !col.array && mayReference(col.typ, p.cols[k].typ) && !slices.Contains(r.cols, i) && rng.IntN(2) == 0 {
				found = i
			}
		}
		if found < 0 {
			return
		}
		r.cols = append(r.cols, found)
	}
	if c == p && slices.Equal(r.cols, r.pcols) {
		return
	}
	m.refs = append(m.refs, r)
}

func quoteList(t *mTable, cols []int) string {
	var out []string
	for _, c := range cols {
		out = append(out, schema.QuoteIdent(t.cols[c].name))
	}
	return strings.Join(out, ", ")
}
