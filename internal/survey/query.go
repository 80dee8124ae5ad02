package survey

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/discover"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/seed"
)

// Limits of a profile.
const (
	mostValues = 100       // values listed of a column
	mostLength = 60        // characters of a value or pattern that is listed
	mostGroups = 2_500_000 // children whose parents are counted, about
)

// Profile reads the profile of all tables.
func (p *Profiler) Profile(ctx context.Context) (*seed.Profile, error) {
	out := &seed.Profile{Format: seed.ProfileFormat, Version: seed.ProfileVersion, Minimum: int(p.Minimum)}
	rows := map[*schema.Table]int64{}
	for _, t := range p.Schema.Roots() {
		if p.lacks(t) {
			p.Sampler.notes = append(p.Sampler.notes, fmt.Sprintf("no rows of %s: it is unlogged, and a standby does not have them", t.Name))
			continue
		}
		n, err := p.numbers(ctx, "select count(*)"+t.From())
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
		rows[t] = n[0][0]
	}
	missing := discover.MissingReferences(p.Schema)
	for _, t := range p.Schema.Roots() {
		x := &profiledTable{p: p, t: t, rows: rows[t], alias: schema.QuoteIdent(t.Name.Name)}
		x.people(missing)
		one := seed.ProfileTable{Name: t.Name.String(), Rows: x.rows}
		if p.lacks(t) {
			out.Tables = append(out.Tables, one)
			continue
		}
		if err := x.columns(ctx, &one); err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
		for _, k := range p.Schema.ForeignKeys {
			if k.Child.Root() != t || k.Child != t || rows[k.Parent.Root()] < p.Minimum || k.Parent == t {
				continue
			}
			ref, err := x.reference(ctx, k, rows[k.Parent.Root()])
			if err != nil {
				return nil, fmt.Errorf("table %s, constraint %s: %w", t.Name, k.Name, err)
			}
			if len(ref.Children) > 0 {
				one.References = append(one.References, ref)
			}
		}
		out.Tables = append(out.Tables, one)
	}
	return out, nil
}

// lacks reports whether the source, being a standby, does not have the rows of a
// table, or not of all of its partitions.
func (p *Profiler) lacks(t *schema.Table) bool {
	return p.Standby && slices.ContainsFunc(t.Leaves(), func(l *schema.Table) bool { return l.Unlogged })
}

// numbers runs a query of numbers, NULL as 0.
func (p *Profiler) numbers(ctx context.Context, sql string) ([][]int64, error) {
	rows, err := p.Sampler.query(ctx, sql)
	if err != nil {
		return nil, err
	}
	var out [][]int64
	for _, r := range rows {
		var one []int64
		for _, v := range r {
			n, _ := strconv.ParseInt(string(v), 10, 64)
			one = append(one, n)
		}
		out = append(out, one)
	}
	return out, nil
}

// profiledTable is a table while its profile is read.
type profiledTable struct {
	p     *Profiler
	t     *schema.Table
	rows  int64
	alias string
	// owners are expressions of references to tables about people: what is listed
	// must be found with many of each.
	owners []string
	keyed  map[int]bool // columns of foreign keys, and those unique by themselves
	from   string       // the table, or a sample of it
}

// people finds references to tables with personal columns, and columns whose
// values say which row is which.
func (x *profiledTable) people(missing []discover.Reference) {
	x.keyed = map[int]bool{}
	about := func(t *schema.Table) bool {
		for c := range t.Columns {
			if x.p.personal(t, c) {
				return true
			}
		}
		return false
	}
	add := func(cols []int, parent *schema.Table) {
		for _, c := range cols {
			x.keyed[c] = true
		}
		if parent == nil || !about(parent.Root()) {
			return
		}
		var list []string
		for _, c := range cols {
			list = append(list, x.column(c))
		}
		if e := "(" + strings.Join(list, ", ") + ")"; !slices.Contains(x.owners, e) {
			x.owners = append(x.owners, e)
		}
	}
	for _, k := range x.p.Schema.ForeignKeys {
		if k.Child.Root() == x.t {
			add(k.Child.Translate(x.t, k.Columns), k.Parent)
		}
	}
	for i := range missing {
		if r := &missing[i]; r.Child.Root() == x.t && r.Parent != nil && r.Confident >= 0.5 {
			add(r.Child.Translate(x.t, r.Columns), r.Parent)
		}
	}
	for _, k := range x.t.Indexes {
		if k.Unique && len(k.Columns) == 1 && k.Columns[0] >= 0 {
			x.keyed[k.Columns[0]] = true
		}
	}
	if k := x.t.Primary(); k != nil {
		for _, c := range k.Columns {
			x.keyed[c] = x.keyed[c] || len(k.Columns) == 1
		}
	}
	x.from = x.t.From()
	if x.rows > x.p.Rows {
		x.from += fmt.Sprintf(" tablesample system (%s) repeatable (1)", strconv.FormatFloat(100*float64(x.p.Rows)/float64(x.rows), 'f', 6, 64))
	}
}

func (x *profiledTable) column(c int) string {
	return x.alias + "." + schema.QuoteIdent(x.t.Columns[c].Name)
}

// least is the number of rows, and of owners, that a group has, the smallest of
// them: it must reach the minimum.
func (x *profiledTable) least() string {
	list := []string{"count(*)"}
	for _, e := range x.owners {
		list = append(list, "count(distinct "+e+")")
	}
	return "least(" + strings.Join(list, ", ") + ")"
}

// columns profiles each column but generated ones.
func (x *profiledTable) columns(ctx context.Context, out *seed.ProfileTable) error {
	list := []string{"count(*)"}
	var cols []int
	for c := range x.t.Columns {
		if x.t.Columns[c].Generated == "" {
			cols, list = append(cols, c), append(list, "count("+x.column(c)+")")
		}
	}
	counts, err := x.p.numbers(ctx, "select "+strings.Join(list, ", ")+x.from)
	if err != nil {
		return err
	}
	all := counts[0][0]
	for i, c := range cols {
		there := counts[0][i+1]
		one := seed.ProfileColumn{Name: x.t.Columns[c].Name, Personal: x.p.personal(x.t, c)}
		switch nulls := all - there; {
		case nulls >= x.p.Minimum && there >= x.p.Minimum:
			one.Null = share(nulls, all)
		case nulls >= x.p.Minimum:
			one.Null = 1
		}
		if there >= 2*x.p.Minimum {
			if err := x.shape(ctx, c, there, &one); err != nil {
				return fmt.Errorf("column %s: %w", one.Name, err)
			}
		}
		out.Columns = append(out.Columns, one)
	}
	return nil
}

// share is a part of all, in steps of a thousandth.
func share(n, of int64) float64 { return math.Round(1000*float64(n)/float64(max(of, 1))) / 1000 }

// shape profiles the values of a column that are there.
func (x *profiledTable) shape(ctx context.Context, c int, there int64, out *seed.ProfileColumn) error {
	typ := &x.t.Columns[c].Type
	text := isText(typ)
	if text {
		if err := x.lengths(ctx, c, there, out); err != nil {
			return err
		}
	}
	if out.Personal || x.keyed[c] {
		return nil
	}
	number, time := isNumber(typ.Base), isTime(typ.Base)
	if !text && !number && !time && typ.Base != "bool" && typ.Class != schema.EnumType {
		return nil
	}
	listed := 0.0
	if !time || typ.Base == "date" {
		var err error
		if listed, err = x.values(ctx, c, there, out); err != nil {
			return err
		}
	}
	switch {
	case listed >= 0.5 && (text || listed >= 0.8):
	case number || time:
		out.Values = nil
		return x.histogram(ctx, c, there, time, out)
	case text:
		return x.patterns(ctx, c, there, out)
	}
	return nil
}

func isText(t *schema.Type) bool {
	return t.Class == schema.Base && slices.Contains([]string{"text", "varchar", "bpchar", "citext"}, t.Base)
}

func isNumber(base string) bool {
	return slices.Contains([]string{"int2", "int4", "int8", "numeric", "float4", "float8"}, base)
}

func isTime(base string) bool {
	return slices.Contains([]string{"date", "timestamp", "timestamptz"}, base)
}

// values lists the frequent values.
func (x *profiledTable) values(ctx context.Context, c int, there int64, out *seed.ProfileColumn) (listed float64, err error) {
	v := x.column(c) + "::pg_catalog.text"
	if x.t.Columns[c].Type.Base == "bool" {
		v = "case when " + x.column(c) + " then 't' else 'f' end"
	}
	rows, err := x.frequent(ctx, v, c, there)
	out.Values = rows
	for _, e := range rows {
		listed += e.Share
	}
	return listed, err
}

// patterns lists the frequent patterns of texts.
func (x *profiledTable) patterns(ctx context.Context, c int, there int64, out *seed.ProfileColumn) (err error) {
	v := x.column(c) + "::pg_catalog.text"
	for _, r := range [][2]string{{`[^\x01-\x7f]`, "a"}, {"[[:lower:]]", "a"}, {"[[:upper:]]", "A"}, {"[[:digit:]]", "9"}, {"[[:cntrl:]]", " "}} {
		v = "pg_catalog.regexp_replace(" + v + ", " + schema.QuoteLiteral(r[0]) + ", " + schema.QuoteLiteral(r[1]) + ", 'g')"
	}
	out.Patterns, err = x.frequent(ctx, v, c, there)
	return err
}

// frequent lists the values of an expression that enough rows have, and enough
// of each owner.
func (x *profiledTable) frequent(ctx context.Context, expr string, c int, there int64) ([]seed.ProfileValue, error) {
	rows, err := x.p.Sampler.query(ctx, fmt.Sprintf("select %s, count(*)%s where %s is not null and pg_catalog.length(%s::pg_catalog.text) <= %d group by 1 having %s >= %d order by 2 desc, 1 limit %d",
		expr, x.from, x.column(c), x.column(c), mostLength, x.least(), x.p.Minimum, mostValues))
	var out []seed.ProfileValue
	for _, r := range rows {
		n, _ := strconv.ParseInt(string(r[1]), 10, 64)
		out = append(out, seed.ProfileValue{Value: string(r[0]), Share: share(n, there)})
	}
	return out, err
}

// lengths says how long texts are.
func (x *profiledTable) lengths(ctx context.Context, c int, there int64, out *seed.ProfileColumn) error {
	rows, err := x.p.numbers(ctx, fmt.Sprintf("select pg_catalog.ceil(pg_catalog.log(2, greatest(pg_catalog.length(%s::pg_catalog.text), 1)))::int, count(*)%s where %s is not null group by 1 having %s >= %d order by 1",
		x.column(c), x.from, x.column(c), x.least(), x.p.Minimum))
	for _, r := range rows {
		to := 1 << r[0]
		out.Lengths = append(out.Lengths, seed.ProfileLength{From: to/2 + 1, To: to, Share: share(r[1], there)})
		if to == 1 {
			out.Lengths[len(out.Lengths)-1].From = 0
		}
	}
	return err
}
