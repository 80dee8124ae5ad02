package anonymize

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pgstandin/pgstandin/keyed"
)

// Problem is one thing that is wrong with a Table.
type Problem struct {
	Column  int    // index into Table.Columns
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
		fmt.Fprintf(&b, "column %d: %s", x.Column, x.Message)
	}
	return b.String()
}

// Program is a compiled Table. It is immutable and may be shared.
type Program struct {
	name    string
	fields  int
	columns []column // those that are masked, by index
	need    []bool   // of each field: its value is read by some mask
	last    int      // the last masked field, -1 for none
	entity  int      // -1 for none
	prf     *keyed.PRF
}

// column is one masked column.
type column struct {
	index int
	mask  maskFunc
	null  bool // the mask makes NULL
	array bool
}

// maskFunc appends the mask of value, which is neither NULL nor empty, to dst.
// It must not keep value.
type maskFunc func(dst, value []byte, r *Rewriter) []byte

// Compile checks a table's masks and prepares them. The error is Problems, all
// of them.
func Compile(secret *keyed.Secret, t Table) (*Program, error) {
	if secret == nil {
		return nil, errors.New("masks: no secret")
	}
	p := &Program{name: t.Name, fields: len(t.Columns), need: make([]bool, len(t.Columns)), last: -1, entity: -1}
	if t.Entity >= 0 && t.EntityDomain != "" {
		p.entity = t.Entity
		p.prf = secret.PRF("entity", t.EntityDomain)
	}
	var problems Problems
	usesEntity := false
	for i := range t.Columns {
		m := t.Columns[i].Mask
		if m == nil || m.Kind == "keep" {
			continue
		}
		c := &compiler{secret: secret, table: &t, col: &t.Columns[i], index: i, program: p}
		made, found := c.compile(m)
		problems = append(problems, found...)
		if len(found) > 0 {
			continue
		}
		made.index = i
		p.columns = append(p.columns, made)
		p.need[i] = p.need[i] || !made.null
		p.last = i
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
	return p, nil
}

// Nothing reports whether the program masks nothing, so that rows need not be
// looked at.
func (p *Program) Nothing() bool { return len(p.columns) == 0 }

// Masked returns how many columns the program masks.
func (p *Program) Masked() int { return len(p.columns) }

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
	used       map[string]bool
	usesEntity bool
	nested     bool // within json or scrub: uniqueness is not asked of it
}

func (c *compiler) problem(param, format string, args ...any) {
	c.problems = append(c.problems, Problem{Column: c.index, Param: param, Message: fmt.Sprintf(format, args...)})
}

func (c *compiler) compile(m *Mask) (column, Problems) {
	c.m, c.typ, c.used = m, c.col.Type, map[string]bool{}
	c.kind = kindNamed(m.Kind)
	if c.kind == nil {
		c.problem("", "mask %q is unknown%s", m.Kind, suggestKind(m.Kind))
		return column{}, c.problems
	}
	out := column{null: m.Kind == "null"}
	if c.typ.Elem != nil && !c.kind.whole {
		out.array = true
		c.typ = *c.typ.Elem
	}
	if !c.kind.accepts(c.typ) {
		c.problem("", "mask %s does not fit type %s; it takes %s%s", m.Kind, c.col.Type.Name, c.kind.takes, otherKinds(c.typ))
		return out, c.problems
	}
	if out.null && c.col.NotNull {
		c.problem("", `mask "null" on a column that is NOT NULL; use constant, or another mask`)
	}
	if c.col.Unique && !c.nested && !c.kind.injective && !(c.kind.injectiveIf != nil && c.kind.injectiveIf(c)) {
		c.problem("", "mask %s may give two rows the same value, and the column is unique or takes part in a key; %s", m.Kind, injectiveKinds(c.typ))
	}
	if out.array && c.col.Unique {
		c.problem("", "an array cannot be masked where it must stay unique")
	}
	if c.kind.make != nil && len(c.problems) == 0 {
		out.mask = c.kind.make(c)
	}
	for name := range m.Params {
		if !c.used[name] {
			c.problem(name, "mask %s has no parameter %q; it has: %s", m.Kind, name, orNone(c.kind.params))
		}
	}
	return out, c.problems
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// prf is the function of the mask's domain.
func (c *compiler) prf() *keyed.PRF {
	domain := c.m.Domain
	if domain == "" {
		domain = c.kind.domain()
	}
	return c.secret.PRF("mask", domain)
}

// seeder returns what a mask that invents values draws them from: the entity of
// the row if the kind follows it here, else the value.
func (c *compiler) seeder() func(value []byte, r *Rewriter) keyed.Stream {
	if c.followsEntity() {
		c.usesEntity = true
		return func(_ []byte, r *Rewriter) keyed.Stream { return r.entity }
	}
	prf := c.prf()
	return func(value []byte, _ *Rewriter) keyed.Stream { return prf.Stream(value) }
}

func (c *compiler) followsEntity() bool {
	return c.program.entity >= 0 && c.kind.entity && !c.col.Reference && !c.col.Unique && !c.nested
}

func (c *compiler) string(name, otherwise string) string {
	c.used[name] = true
	v, ok := c.m.Params[name]
	if !ok {
		return otherwise
	}
	switch v := v.(type) {
	case string:
		return v
	case bool, int64, uint64, int, float64:
		return fmt.Sprint(v)
	}
	c.problem(name, "%s must be a text", name)
	return otherwise
}

func (c *compiler) given(name string) bool {
	_, ok := c.m.Params[name]
	return ok
}

func (c *compiler) int(name string, otherwise, least int) int {
	c.used[name] = true
	v, ok := c.m.Params[name]
	if !ok {
		return otherwise
	}
	n, isInt := toInt(v)
	if !isInt || n < int64(least) || n > 1<<31 {
		c.problem(name, "%s must be a whole number of at least %d", name, least)
		return otherwise
	}
	return int(n)
}

func (c *compiler) bool(name string) bool {
	c.used[name] = true
	v, ok := c.m.Params[name]
	if !ok {
		return false
	}
	b, isBool := v.(bool)
	if !isBool {
		c.problem(name, "%s must be true or false", name)
	}
	return b
}

func (c *compiler) list(name string) []string {
	c.used[name] = true
	v, ok := c.m.Params[name]
	if !ok {
		return nil
	}
	items, isList := v.([]any)
	if !isList {
		c.problem(name, "%s must be a list", name)
		return nil
	}
	var out []string
	for _, x := range items {
		switch x.(type) {
		case string, bool, int64, uint64, int, float64:
			out = append(out, fmt.Sprint(x))
		default:
			c.problem(name, "%s must be a list of plain values", name)
			return nil
		}
	}
	return out
}

func toInt(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case uint64:
		return int64(v), v < 1<<62
	}
	return 0, false
}
