package anonymize

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/keyed"
)

// Problem is one thing that is wrong with a Table.
type Problem struct {
	Column  int    // index into Table.Columns
	Name    string // the column's
	Param   string // the parameter it is about, "" for the mask itself
	Message string // what is wrong and what to write instead
}

// Problems is every problem found; the error of Compile.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	var b strings.Builder
	for i, x := range p {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "column %s: %s", x.Name, x.Message)
	}
	return b.String()
}

// Program is a compiled Table. It is immutable and may be shared.
type Program struct {
	name     string
	fields   int
	columns  []column // those that are masked, by index
	need     []bool   // of each field: its value is read by some mask
	learn    []bool   // of each field: Learn reads it
	reach    int      // how many leading fields a row must be cut into: behind them none is needed
	entity   int      // -1 for none
	scrubs   bool     // some mask looks for known values
	known    []knownColumn
	lookedUp []knownColumn // those of known that tables of the same entity look up
	owner    int           // the entity's column, also where no mask follows it; -1 for none
	own      bool          // each row is an entity of its own, as far as its exact value says
	equal    equality      // of the entity's values
	domain   string        // of the entity
	keeps    []int         // columns of texts that are kept
	hide     *keyed.PRF    // for known values of columns that become NULL
	prf      *keyed.PRF
	rows     int64
	draws    []Draw
	drawing  []*keyed.PRF  // of each of draws: where its values stand
	pools    map[int]*pool // by Draw.Column

	names    []string         // of the columns, for messages
	codecs   []*copyfmt.Codec // of each field whose value is read
	textOnly string           // see TextOnly
}

// column is one masked column.
type column struct {
	index    int
	mask     maskFunc
	raw      rawFunc // what mask makes of COPY's binary form; nil: by way of text
	kind     string
	known    knownKind
	null     bool // the mask makes NULL
	array    bool
	observed bool // a document of which an observer is told all texts that stay
	parts    bool // the mask looks for things in a value: one that holds none stays
	stays    stays
	// readsRow: the mask reads other columns of the row, so that value and entity
	// alone do not say what it makes.
	readsRow bool
	bits     int // of the keyed tail that keeps a unique column unique, 0 for none
	// opaqueBits is how many a value outside the format of a unique column's mask
	// gets, 0 where there are no such values.
	opaqueBits int
	typ        Type // of the whole value
}

// maskFunc appends the mask of value, which is neither NULL nor empty, to dst.
// It must not keep value.
type maskFunc func(dst, value []byte, r *Rewriter) []byte

// rawFunc appends the mask of a value in COPY's binary form to dst; ok is false if
// it must be masked as text.
type rawFunc func(dst, value []byte, r *Rewriter) (out []byte, ok bool)

// Compile checks a table's masks and prepares them. The error is Problems, all
// of them.
func Compile(secret *keyed.Secret, t Table) (*Program, error) {
	if secret == nil {
		return nil, errors.New("masks: no secret")
	}
	p := &Program{name: t.Name, fields: len(t.Columns), need: make([]bool, len(t.Columns)), entity: -1, owner: -1}
	if t.Entity >= 0 && t.EntityDomain != "" {
		p.entity, p.owner, p.domain = t.Entity, t.Entity, t.EntityDomain
		p.own, p.equal = t.Columns[t.Entity].Sole, equalityOf(&t)
		p.prf = secret.PRF("entity", t.EntityDomain)
	}
	var problems Problems
	usesEntity, masked := false, make([]bool, len(t.Columns))
	literals := make([][]string, len(t.Columns))
	for i := range t.Columns {
		m := t.Columns[i].Mask
		if m == nil {
			continue
		}
		c := &compiler{secret: secret, table: &t, col: &t.Columns[i], index: i, program: p}
		made, found := c.compile(m)
		problems = append(problems, found...)
		if len(found) > 0 || m.Kind == "keep" {
			continue
		}
		made.index, literals[i] = i, c.literals
		p.columns = append(p.columns, made)
		masked[i] = !made.null
		p.reach = i + 1
		usesEntity = usesEntity || c.usesEntity
	}
	if usesEntity {
		p.need[p.entity] = true
	} else {
		p.entity = -1
	}
	if len(problems) > 0 {
		return nil, problems
	}
	p.learn = slices.Clone(p.need)
	if p.scrubs || p.owner >= 0 {
		p.knowledge(secret, &t)
	}
	for i := range p.need {
		if p.need[i] = p.need[i] || masked[i]; p.need[i] {
			p.reach = max(p.reach, i+1)
		}
	}
	p.rows = t.Rows
	p.findKeeps(&t)
	p.findCodecs(&t, literals)
	return p, nil
}

// Nothing reports whether the program masks nothing, so that rows need not be
// looked at.
func (p *Program) Nothing() bool { return len(p.columns) == 0 }

// Masked returns how many columns the program masks.
func (p *Program) Masked() int { return len(p.columns) }

// Tail is a unique column that is kept unique by a keyed tail.
type Tail struct {
	Column int     // index into Table.Columns
	Bits   int     // of the tail
	Chance float64 // of one collision at Table.Rows, by the birthday bound; 0 if Rows is unknown
}

// Tails lists the unique columns whose masks are injective but for a chance, in
// the order of columns.
func (p *Program) Tails() []Tail {
	var out []Tail
	for i := range p.columns {
		if c := &p.columns[i]; c.bits > 0 {
			n := float64(p.rows)
			out = append(out, Tail{c.index, c.bits, math.Ldexp(n*n, -c.bits-1)})
		}
	}
	return out
}

// Tight lists the unique columns, as indexes into Table.Columns, that are too short to
// keep values outside their mask's format apart: of these two may get the same.
func (p *Program) Tight() []int {
	var out []int
	for i := range p.columns {
		if c := &p.columns[i]; c.opaqueBits > 0 && c.opaqueBits < leastTail {
			out = append(out, c.index)
		}
	}
	return out
}

// compiler makes the mask of one column.
type compiler struct {
	secret     *keyed.Secret
	table      *Table
	col        *Column
	index      int
	program    *Program
	kind       *kind
	typ        Type // of a value: the element's for an array
	m          *Mask
	problems   Problems
	bits       int // see column
	opaqueBits int // see column
	usesEntity bool
	nested     bool // within scrub: neither unique nor, but for ofRow, the row's own
	ofRow      bool // what is found within scrub follows the row's entity all the same
	part       bool // of a value of which other parts may stay
	readsRow   bool // see column
	observed   bool // see column
	raw        rawFunc
	literals   []string
}

// within returns the compiler of a mask for something of a type within this one's
// values.
func (c *compiler) within(t Type, m *Mask) *compiler {
	col := &Column{Name: c.col.Name, Type: t}
	text := &col.Type
	if t.Elem != nil {
		elem := *t.Elem
		col.Type.Elem, text = &elem, &elem
	}
	if isText(*text) {
		d := c.table.Domains[DomainKey{m.Kind, m.Domain}]
		col.Fold, col.UniqueDomain = d.Fold, d.Unique
		if d.Length > 0 && (text.Length == 0 || d.Length < text.Length) {
			text.Length = d.Length
		}
	}
	return &compiler{secret: c.secret, table: c.table, col: col, index: c.index, program: c.program}
}

func (c *compiler) problem(param, format string, args ...any) {
	c.problems = append(c.problems, Problem{Column: c.index, Name: c.col.Name, Param: param, Message: fmt.Sprintf(format, args...)})
}

func (c *compiler) compile(m *Mask) (column, Problems) {
	c.m, c.typ = m, c.col.Type
	c.kind = kindNamed(m.Kind)
	if c.kind == nil {
		c.problem("", "mask %q is unknown%s", m.Kind, suggestKind(m.Kind))
		return column{}, c.problems
	}
	for _, name := range slices.Sorted(maps.Keys(m.Params)) {
		if !slices.Contains(c.kind.params, name) {
			c.problem(name, "mask %s has no parameter %q; it has: %s", m.Kind, name, orNone(c.kind.params))
		}
	}
	out := column{kind: m.Kind, known: c.kind.known, null: m.Kind == "null", parts: c.kind.parts, stays: c.kind.staying(m), typ: c.col.Type}
	if c.typ.Elem != nil && !c.kind.whole {
		out.array = true
		c.typ = *c.typ.Elem
	}
	if !c.kind.takesType(c.typ) {
		c.problem("", "mask %s does not fit type %s; it takes %s%s", m.Kind, c.col.Type.Name, c.kind.takes, otherKinds(c.typ))
		return out, c.problems
	}
	if out.null && c.col.NotNull {
		c.problem("", `mask "null" on a column that is NOT NULL; use constant, or another mask`)
	}
	if c.col.Unique && !c.nested && !c.kind.injective && !(c.kind.injectiveIf != nil && c.kind.injectiveIf(c)) {
		c.problem("", "mask %s may give two rows the same value, and the column is unique or takes part in a key; %s", m.Kind, injectiveKinds(c.typ))
	}
	bounds := c.kind.ordered != nil && rangeOf(c.typ) != ""
	if bounds {
		c.typ = Type{Name: rangeOf(c.typ)}
		if !c.kind.ordered(c) {
			c.problem("", "mask %s on the bounds of a range would not keep their order; use date, or number {bucket}", m.Kind)
		}
	}
	if out.array && c.col.Unique {
		c.problem("", "an array cannot be masked where it must stay unique")
	}
	if c.kind.make != nil && len(c.problems) == 0 {
		if out.mask = c.kind.make(c); out.mask != nil {
			out.mask = c.canonical(out.mask)
		}
		if bounds && out.mask != nil {
			out.mask = maskRange(out.mask)
		}
		out.mask = c.watched(out.mask)
	}
	out.bits, out.opaqueBits, out.readsRow = c.bits, c.opaqueBits, c.readsRow
	out.observed = c.observed && !out.array
	if c.raw != nil && !out.array {
		out.raw = c.watchedRaw(c.raw)
	}
	return out, c.problems
}

// prf is the function of the mask's domain.
func (c *compiler) prf() *keyed.PRF { return c.prfOf("mask") }

// prfOf is a function of the mask's domain for another purpose.
func (c *compiler) prfOf(purpose string) *keyed.PRF {
	domain := c.m.Domain
	if domain == "" {
		domain = c.kind.domain()
	}
	return c.secret.PRF(purpose, domain)
}

// seeder returns what a mask that invents values draws them from: the entity of
// the row if the kind follows it here, else the value.
func (c *compiler) seeder() func(value []byte, r *Rewriter) keyed.Stream {
	return c.seederOf(c.label())
}

// seederOf is seeder with what tells apart the things that are drawn from one entity.
func (c *compiler) seederOf(label uint64) func(value []byte, r *Rewriter) keyed.Stream {
	prf := c.prf()
	if c.followsEntity() {
		c.usesEntity = true
		return func(value []byte, r *Rewriter) keyed.Stream {
			if r.noEntity() { // its masks depend on their values
				return r.drawn(prf, value)
			}
			return r.entity(label)
		}
	}
	return func(value []byte, r *Rewriter) keyed.Stream { return r.drawn(prf, value) }
}

// label tells apart what is drawn from one entity for different things; a
// person's name and e-mail address are one thing.
func (c *compiler) label() uint64 {
	if c.kind.draws == "person" {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(c.kind.draws))
	return h.Sum64()
}

// drawn returns what is drawn from value, or from the range that it is a bound of,
// which is taken in once for all its bounds.
func (r *Rewriter) drawn(prf *keyed.PRF, value []byte) keyed.Stream {
	n := &r.nested
	if n.whole == nil {
		return prf.Stream(value)
	}
	if n.summed != prf {
		n.sum, n.summed = prf.Sum(n.whole), prf
	}
	return prf.Resume(n.sum)
}

// followsEntity reports whether the mask may draw from the row's entity. What it
// draws for a unique column needs a tail of the value besides.
func (c *compiler) followsEntity() bool {
	return c.program.entity >= 0 && c.kind.entity && !c.col.Reference && (!c.nested || c.ofRow)
}
