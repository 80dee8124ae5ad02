package seed

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/discover"
	"github.com/pgstandin/pgstandin/schema"
)

type builder struct {
	plan   *Plan
	s      *schema.Schema
	cfg    Config
	tables []*table // in the order of the schema
	keys   []*foreign
}

func (b *builder) untested(t *table, name string) {
	c := Constraint{t.t, name}
	if !slices.Contains(b.plan.Untested, c) {
		b.plan.Untested = append(b.plan.Untested, c)
	}
}

// collect makes the tables and what is known of each column.
func (b *builder) collect() error {
	found, err := discover.Look(b.s, nil, nil)
	if err != nil {
		return err
	}
	roles := map[*schema.Table][]string{}
	for _, f := range found.Findings {
		if roles[f.Table] == nil {
			roles[f.Table] = make([]string, len(f.Table.Columns))
		}
		roles[f.Table][f.Column] = roleOf(&f)
	}
	for _, t := range b.s.Roots() {
		x := &table{t: t, seed: hashName(mix(b.cfg.Seed), t.Name.String())}
		if n, ok := b.cfg.Rows[t]; ok {
			x.rows, x.named = uint64(max(n, 0)), true
		}
		x.cols = make([]column, len(t.Columns))
		for i := range t.Columns {
			c := &t.Columns[i]
			col := &x.cols[i]
			col.after, col.skip = -1, c.Generated != ""
			col.spec = spec{typ: &c.Type, name: strings.ToLower(c.Name), seed: hashName(x.seed, c.Name), notNull: c.NotNull, folder: folderOf(t.Name.Name, c.Name)}
			if r := roles[t]; r != nil {
				col.spec.role = r[i]
			}
			if col.spec.name == "name" && isText(&c.Type) && strings.Contains(strings.ToLower(t.Name.Name), "countr") {
				col.spec.role = "address.country"
			}
			if col.spec.name == "code" && isText(&c.Type) && strings.Contains(strings.ToLower(t.Name.Name), "countr") {
				col.spec.name = "country_code"
			}
			if identity := c.Identity != "" || strings.HasPrefix(c.Default, "nextval("); identity {
				col.spec.lo = bound{text: "1"}
			}
		}
		if err := b.values(x); err != nil {
			return err
		}
		b.tables = append(b.tables, x)
		b.plan.tables[t] = x
	}
	return nil
}

// roleOf is what a finding takes a column for.
func roleOf(f *discover.Finding) string {
	switch m := &f.Mask; {
	case m.Kind == "national_id":
		return fmt.Sprint(m.Kind, ".", m.Params["country"])
	case m.Kind == "token" && (m.Domain == "number" || m.Domain == "account"):
		return "number"
	}
	return f.Mask.Kind
}

// constraints takes in checks, keys and unique indexes, those of partitions as
// if they were the whole table's.
func (b *builder) constraints() error {
	for _, x := range b.tables {
		for i := range x.cols {
			col := &x.cols[i]
			if col.skip {
				continue
			}
			rest, ok := col.spec.domainAt(i)
			if !ok {
				b.untested(x, "domain "+col.spec.typ.Domain.Name.String())
			}
			for _, n := range rest {
				x.checks = append(x.checks, check{name: "domain " + col.spec.typ.Domain.Name.String(), expr: n})
			}
		}
		b.takeGenerated(x)
		for _, t := range family(x.t) {
			b.takeChecks(x, t)
			b.takeUnique(x, t)
		}
	}
	return nil
}

func (x *table) typeOf(i int) *schema.Type { return &x.t.Columns[i].Type }

// family is a table and its partitions, at every level.
func family(t *schema.Table) []*schema.Table {
	out := []*schema.Table{t}
	for _, p := range t.Partitions {
		out = append(out, family(p)...)
	}
	return out
}

func (b *builder) takeChecks(x *table, t *schema.Table) {
	for _, c := range t.Checks {
		n, err := x.parse(c.Expr)
		if err != nil || !n.usable(x.typeOf) {
			b.untested(x, c.Name)
			continue
		}
		if slices.ContainsFunc(x.checks, func(k check) bool { return k.name == c.Name }) {
			continue // the partition's copy
		}
		for _, part := range n.conjuncts() {
			cols := part.columnsOf(nil)
			if len(cols) == 1 && x.cols[cols[0]].made == nil && x.cols[cols[0]].spec.refine(part, cols[0]) {
				s := &x.cols[cols[0]].spec
				s.told = append(s.told, check{name: c.Name, expr: part})
				continue
			}
			x.checks = append(x.checks, check{name: c.Name, expr: part})
			for _, i := range cols {
				if len(cols) > 1 && x.cols[i].made == nil {
					x.cols[i].spec.takeIn(part.project(i), i)
				}
			}
		}
	}
}

func (b *builder) takeUnique(x *table, t *schema.Table) {
	add := func(u unique) {
		var ok bool
		if u.cols, ok = x.tellers(u.cols); !ok {
			b.untested(x, u.name)
			return
		}
		for _, have := range x.unique {
			if slices.Equal(have.cols, u.cols) && have.predicate == nil && u.predicate == nil {
				return
			}
		}
		x.unique = append(x.unique, u)
	}
	for _, k := range t.Keys {
		add(unique{name: k.Name, cols: t.Translate(x.t, k.Columns), nullsDiffer: !k.NullsNotDistinct && !k.Primary, key: true})
	}
	for _, i := range t.Indexes {
		if !i.Unique || i.Constraint {
			continue
		}
		u := unique{name: i.Name, nullsDiffer: !i.NullsNotDistinct}
		next, ok := 0, true
		for _, c := range i.Columns {
			cols := []int{c}
			if c < 0 {
				n, err := parseExpr(i.Expressions[next], x.t.Column)
				next++
				if ok = err == nil; ok {
					cols, ok = x.injective(n)
				}
				if !ok {
					break
				}
			} else {
				cols = t.Translate(x.t, cols)
			}
			u.cols = append(u.cols, cols...)
		}
		if !ok {
			b.untested(x, i.Name)
			continue
		}
		if i.Predicate != "" {
			n, err := x.parse(i.Predicate)
			if err == nil && n.usable(x.typeOf) {
				u.predicate = n
			}
		}
		add(u)
	}
	b.takeExcludes(x, t, add)
}
