package rules

import (
	"errors"
	"slices"

	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/seed"
)

// Seed is what a file says of rows that are made, bound to a schema.
type Seed struct {
	// Config has what the file says of values and shares, and of the numbers of
	// rows; Base is 0, and Seed is what the file says, 0 if it does not.
	Config    seed.Config
	SeedGiven bool
	Scale     float64 // 1 if the file does not say
	Exprs     []SeedExpr

	file   *File
	places map[seedPlace]pos
}

// SeedExpr is an expression over a row of its table for the value of a column. It
// sees the table under its unqualified name.
type SeedExpr struct {
	Table  *schema.Table
	Column int
	SQL    string // as it is to run, with an empty search_path; of the column's type
}

type seedPlace struct {
	table  *schema.Table
	column int // -1 for the table
}

// BindSeed resolves what the file says of rows that are made. No other part of
// the file needs to fit the schema. The error is as Bind's.
func (f *File) BindSeed(s *schema.Schema, env Env) (*Seed, error) {
	b := &binder{problems: problems{f.Name, slices.Clone(f.wrong)}, f: f, s: s, env: env, entries: map[*schema.Table]*tableRule{}}
	b.out = &Bound{File: f, Schema: s, Functions: f.Functions()}
	if err := b.askFunctions(); err != nil {
		return nil, err
	}
	b.collectTypes()
	out := b.seed()
	if b.failed != nil {
		return nil, b.failed
	}
	return out, b.err()
}

// Place says where in the file it stands what an error of package seed speaks of;
// other errors, and those of what the file does not name, come back as they are.
func (s *Seed) Place(err error) error {
	var e *seed.Error
	if !errors.As(err, &e) {
		return err
	}
	column := -1
	if e.Column != "" {
		column = e.Table.Root().Column(e.Column)
	}
	at, ok := s.places[seedPlace{e.Table.Root(), column}]
	if !ok {
		if at, ok = s.places[seedPlace{e.Table.Root(), -1}]; !ok {
			return err
		}
	}
	probs := &problems{file: s.file.Name}
	probs.add(at, "%s", err.Error())
	return probs.err()
}

// seed resolves the names of the file's part for made rows.
func (b *binder) seed() *Seed {
	r := &b.f.seed
	out := &Seed{file: b.f, Scale: 1, places: map[seedPlace]pos{}}
	out.Config = seed.Config{Each: r.rows, Rows: map[*schema.Table]int64{}, Values: map[*schema.Table]map[int]seed.Value{}}
	if r.scale > 0 {
		out.Scale = r.scale
	}
	if r.seed != nil {
		out.Config.Seed, out.SeedGiven = *r.seed, true
	}
	for i := range r.tables {
		rule := &r.tables[i]
		t := b.table(rule.name)
		if t == nil {
			continue
		}
		if _, twice := out.places[seedPlace{t, -1}]; twice {
			b.add(rule.name.at, "table %s is in seed twice", t.Name)
			continue
		}
		out.places[seedPlace{t, -1}] = rule.name.at
		if rule.rows != nil {
			out.Config.Rows[t] = *rule.rows
		}
		for _, per := range rule.per {
			b.per(out, t, per, rule.rows != nil)
		}
		for _, c := range rule.columns {
			b.seedColumn(out, t, c)
		}
	}
	return out
}

func (b *binder) seedColumn(out *Seed, t *schema.Table, rule seedColumnRule) {
	c := b.column(rule.name.at, t, rule.name.text)
	if c < 0 {
		return
	}
	out.places[seedPlace{t, c}] = rule.name.at
	if out.Config.Values[t] == nil {
		out.Config.Values[t] = map[int]seed.Value{}
	}
	out.Config.Values[t][c] = rule.value
	if rule.sql == nil {
		return
	}
	if t.Columns[c].Generated != "" {
		b.add(rule.name.at, "column %s is generated: its values cannot be chosen", quoted(t.Columns[c].Name))
		return
	}
	for _, k := range b.s.ForeignKeys {
		if k.Child.Root() == t && slices.Contains(k.Child.Translate(t, k.Columns), c) || k.Parent == t && slices.Contains(k.ParentColumns, c) {
			b.add(rule.sql.at, "sql: column %s belongs to foreign key %s", quoted(t.Columns[c].Name), k.Name)
			return
		}
	}
	x, ok := b.bindExpr(rule.sql, t)
	sql := "(" + x.sql + ")::" + t.Columns[c].Type.Name
	if ok && b.tryOn(rule.sql, t, sql, "") {
		out.Exprs = append(out.Exprs, SeedExpr{Table: t, Column: c, SQL: sql})
	}
}

// per finds the reference that a name means: that to the parent of this name, or
// that of the column.
func (b *binder) per(out *Seed, t *schema.Table, rule perRule, rows bool) {
	var to []*schema.ForeignKey
	var columns []string
	parent, _ := FindTable(b.s, rule.name.text)
	column := t.Column(rule.name.text)
	for _, k := range b.s.ForeignKeys {
		if k.Child.Root() != t {
			continue
		}
		cols := k.Child.Translate(t, k.Columns)
		for _, c := range cols {
			columns = append(columns, t.Columns[c].Name)
		}
		if column >= 0 && slices.Contains(cols, column) || column < 0 && parent != nil && k.Parent == parent {
			if !slices.ContainsFunc(to, func(x *schema.ForeignKey) bool { return x.Name == k.Name }) {
				to = append(to, k)
			}
		}
	}
	switch {
	case len(columns) == 0:
		b.add(rule.name.at, "per: table %s has no foreign key", t.Name)
		return
	case len(to) == 0:
		b.add(rule.name.at, "per: table %s has no foreign key to or by %s%s", t.Name, quoted(rule.name.text), didYouMean(rule.name.text, columns))
		return
	case len(to) > 1:
		slices.Sort(columns)
		b.add(rule.name.at, "per: %s has several foreign keys to or by %s; name the column: %s", t.Name, quoted(rule.name.text), oneOf(slices.Compact(columns)))
		return
	}
	if rows && rule.high > 0 {
		b.add(rule.name.at, "per: the number of rows is that of the parents' children; leave rows out")
		return
	}
	out.Config.Shares = append(out.Config.Shares, seed.Share{Key: to[0], Curve: rule.curve, Low: rule.low, High: rule.high})
}
