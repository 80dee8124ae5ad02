package subset

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// hit is a reference from a row to a row.
type hit struct {
	child, parent uint64 // nowhere for the parent of an orphan
	at            uint64 // as in link
}

// parents lists where a reference of the given rows leads. Rows that do not
// hold the reference do not count.
func (e *explainer) parents(ctx context.Context, r *ref, rows []uint64) ([]hit, error) {
	return e.hits(ctx, rows, r.Child, func(l *leaf, cond func(alias string) string) (*layout, string) {
		lay := newLayout(e.g, l)
		lay.addLink(r, r.Parent, "", true)
		return lay, cond(lay.alias)
	})
}

// children lists the rows, among those that pass the restriction of their
// table, whose reference leads to one of the given rows.
func (e *explainer) children(ctx context.Context, r *ref, rows []uint64) ([]hit, error) {
	return e.hits(ctx, rows, r.Parent, func(l *leaf, cond func(alias string) string) (*layout, string) {
		lay := newLayoutOn(e.g, r.Child, r.child.table)
		lay.addLink(r, l.table, cond("p"), false)
		return lay, r.child.restriction()
	})
}

// hits runs one query for each table under t and batch of its rows.
func (e *explainer) hits(ctx context.Context, rows []uint64, t *schema.Table, shape func(*leaf, func(string) string) (*layout, string)) ([]hit, error) {
	var steps []Step
	var parts []*[]hit
	for _, x := range t.Leaves() {
		l := e.g.byOID[x.OID]
		for batch := range slices.Chunk(e.within(rows, l), int(max(1, e.w.p.tune.push))) {
			lay, where := shape(l, func(alias string) string {
				return alias + ".ctid operator(pg_catalog.=) any(" + string(appendTIDArray(nil, batch)) + ")"
			})
			oid := lay.field(lay.alias + ".tableoid")
			part := new([]hit)
			parts = append(parts, part)
			steps = append(steps, Step{Name: "links " + l.table.Name.String(), Run: func(ctx context.Context, src Source) error {
				*part = (*part)[:0]
				r := newRow(lay)
				return src.Query(ctx, lay.sql(where), func(fields [][]byte) error {
					if err := r.reset(fields); err != nil {
						return err
					}
					n, err := parseInt(fields[oid])
					if err != nil {
						return err
					}
					links, err := r.links(&lay.refs[0])
					for _, k := range links {
						h := hit{child: globalRow(e.g.byOID[uint32(n)].id, r.id), parent: k.key.n, at: k.at}
						if k.to == orphan {
							h.parent = nowhere
						}
						*part = append(*part, h)
					}
					return err
				})
			}})
		}
	}
	if len(steps) == 0 {
		return nil, nil
	}
	err := e.w.run(ctx, steps)
	var out []hit
	for _, p := range parts {
		out = append(out, *p...)
	}
	slices.SortFunc(out, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.child, b.child), cmp.Compare(a.parent, b.parent), cmp.Compare(a.at, b.at))
	})
	return out, err
}

// within lists the rows of a leaf, as it knows them.
func (e *explainer) within(rows []uint64, l *leaf) (out []uint64) {
	for _, row := range rows {
		if x, id := e.leaf(row); x == l {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// one runs a query over one row's table under its logical name, and returns
// the fields of the first row that passes, nil when none does.
func (e *explainer) one(ctx context.Context, lay *layout, where string) (*row, error) {
	var out *row
	err := e.w.run(ctx, []Step{{Name: "row", Run: func(ctx context.Context, src Source) error {
		out = nil
		return src.Query(ctx, lay.sql(where), func(fields [][]byte) error {
			if out != nil {
				return nil
			}
			out = newRow(lay)
			kept := make([][]byte, len(fields))
			for i, f := range fields {
				if f != nil {
					kept[i] = append([]byte{}, f...)
				}
			}
			return out.reset(kept)
		})
	}}})
	return out, err
}

// find looks a row up by its key.
func (e *explainer) find(ctx context.Context, n *node, cols []int, key []string) (uint64, error) {
	lay := newLayoutOn(e.g, n.table, n.table)
	oid := lay.field(lay.alias + ".tableoid")
	var where []string
	for i, c := range cols {
		where = append(where, e.g.equal(lay.alias, &n.table.Columns[c], strings.TrimSpace(schema.QuoteLiteral(key[i])), nil))
	}
	r, err := e.one(ctx, lay, and(where...))
	if r == nil || err != nil {
		return nowhere, keyError(n.table, cols, key, err)
	}
	t, err := parseInt(r.fields[oid])
	if err != nil {
		return nowhere, err
	}
	return globalRow(e.g.byOID[uint32(t)].id, r.id), nil
}

// keyError says what the server's refusal of a key's text means.
func keyError(t *schema.Table, cols []int, key []string, err error) error {
	if !strings.HasPrefix(sqlState(err), "22") {
		return err
	}
	var types []string
	for _, c := range cols {
		types = append(types, t.Columns[c].Name+" "+t.Columns[c].Type.Name)
	}
	return KeyError("the key of " + t.Name.String() + " is (" + strings.Join(types, ", ") + "): a value that was given is not of its type" + timeForm(t, cols, key))
}

// timeForm says how moments of a key are written, as the end of a message; "" if it
// has none that is written otherwise.
func timeForm(t *schema.Table, cols []int, key []string) string {
	for i, c := range cols {
		year, zone := yearFirst.MatchString(key[i]), zoned.MatchString(key[i])
		switch base := t.Columns[c].Type.Base; {
		case base == "timestamptz" && year && !zone:
			return "; a time without a zone is in UTC"
		case !year && (base == "timestamp" || base == "timestamptz"):
			return "; a time is written year first and in UTC: 2022-06-01 10:05:00"
		case !year && base == "date":
			return "; a date is written year first: 2022-06-01"
		}
	}
	return ""
}

var (
	yearFirst = regexp.MustCompile(`^\s*\d{4,}-?\d\d?-?\d\d?`)
	zoned     = regexp.MustCompile(`:[\d.]+\s*([-+]\d|[A-Za-z])`)
)

// only says that a row is this one.
func only(lay *layout, id uint64) string {
	return lay.alias + ".ctid operator(pg_catalog.=) " + "any(" + string(appendTIDArray(nil, []uint64{id})) + ")"
}

// passes reports whether a row passes the restriction of its table.
func (e *explainer) passes(ctx context.Context, row uint64) (bool, error) {
	l, id := e.leaf(row)
	if l.node.restrict.Rows == NoRows {
		return false, nil
	}
	where := l.node.restriction()
	if where == "" {
		return true, nil
	}
	lay := newLayout(e.g, l)
	r, err := e.one(ctx, lay, and(only(lay, id), where))
	return r != nil, err
}

// name reads a row's key.
func (e *explainer) name(ctx context.Context, row uint64) (Row, error) {
	l, id := e.leaf(row)
	out := Row{Table: l.node.table, row: row}
	t := l.node.table
	cols := identity(t)
	if len(cols) == 0 {
		t = l.table
		cols = identity(t)
	}
	if len(cols) == 0 {
		out.Place = string(appendTID(nil, id)) + " of " + l.table.Name.String()
		return out, nil
	}
	lay := newLayout(e.g, l)
	var at []int
	for _, c := range cols {
		at = append(at, lay.field(lay.column(t, c)))
	}
	r, err := e.one(ctx, lay, only(lay, id))
	if err != nil || r == nil {
		return out, err
	}
	for i, c := range cols {
		v := r.fields[at[i]]
		out.Key = append(out.Key, Value{Column: t.Columns[c].Name, Text: string(v), Null: v == nil})
	}
	return out, nil
}
