package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/internal/sqlexpr"
	"github.com/pgstandin/pgstandin/schema"
)

// bound is an expression resolved against a schema.
type bound struct {
	sql  string // as it is to run, with an empty search_path
	uses []int  // columns of the table that it is about
}

// bindExpr resolves an expression about table (nil: a query of its own). What
// is wrong is added to the problems; ok says that nothing was.
func (b *binder) bindExpr(e *exprRule, table *schema.Table) (out bound, ok bool) {
	out, ok = b.resolve(e, table)
	switch {
	case e == nil || !ok:
	case table == nil:
		ok = b.try(e, out.sql)
	default:
		ok = b.tryOn(e, table, "("+out.sql+")", "")
	}
	return out, ok
}

// bindOrder is bindExpr for a list to order by.
func (b *binder) bindOrder(e *exprRule, table *schema.Table) (bound, bool) {
	out, ok := b.resolve(e, table)
	if e != nil && ok {
		ok = b.tryOn(e, table, "pg_catalog.row_number() over (order by "+out.sql+")", "")
	}
	return out, ok
}

// resolve is bindExpr without asking the server.
func (b *binder) resolve(e *exprRule, table *schema.Table) (out bound, ok bool) {
	if e == nil {
		return bound{}, true
	}
	r := &resolver{b: b, e: e, x: e.expr, outer: table, before: len(b.list)}
	r.relations()
	r.columns()
	r.functions()
	r.types()
	r.operators()
	r.words()
	if len(b.list) > r.before {
		return bound{}, false
	}
	r.rewriting.Now = b.env.Now
	sql, err := e.expr.Rewrite(r.rewriting)
	if err != nil {
		b.add(e.at, "%s: %v", e.what, err)
		return bound{}, false
	}
	slices.Sort(r.uses)
	return bound{sql, slices.Compact(r.uses)}, true
}

// bindCondition is bindExpr for an expression that must be a boolean.
func (b *binder) bindCondition(e *exprRule, table *schema.Table) (bound, bool) {
	if e != nil && e.expr.Bare >= 0 {
		c := e.expr.Columns[e.expr.Bare]
		if i := table.Column(c.Parts[len(c.Parts)-1]); i >= 0 && table.Columns[i].Type.Base != "bool" {
			b.add(e.at, "%s: column %s is of type %s, not a condition; write a comparison", e.what, quoted(table.Columns[i].Name), table.Columns[i].Type.Name)
			return bound{}, false
		}
	}
	out, ok := b.resolve(e, table)
	if e != nil && ok {
		ok = b.tryOn(e, table, "1", " where ("+out.sql+")")
	}
	return out, ok
}

// resolver finds what the names of one expression mean.
type resolver struct {
	b         *binder
	e         *exprRule
	x         *sqlexpr.Expr
	outer     *schema.Table
	before    int
	tables    []*schema.Table // of x.Relations; nil where unknown
	found     []*schema.Column
	uses      []int
	rewriting sqlexpr.Rewriting
}

func (r *resolver) add(offset int, format string, args ...any) {
	r.b.add(r.e.place(offset), r.e.what+": "+format, args...)
}

func (r *resolver) relations() {
	r.tables = make([]*schema.Table, len(r.x.Relations))
	r.rewriting.Relations = make([]sqlexpr.Name, len(r.x.Relations))
	for i, rel := range r.x.Relations {
		text := schema.QuoteIdent(rel.Name.Name)
		if rel.Name.Schema != "" {
			text = schema.QuoteIdent(rel.Name.Schema) + "." + text
			if r.outer == nil && r.b.s.Table(schema.Name{Schema: rel.Name.Schema, Name: rel.Name.Name}) == nil {
				continue // a view, which a check may ask
			}
		}
		t, err := r.b.lookUp(text)
		if err != nil {
			r.add(rel.Offset, "%v", err)
			continue
		}
		r.tables[i] = t
		r.rewriting.Relations[i] = sqlexpr.Name{Schema: t.Name.Schema, Name: t.Name.Name}
	}
}

func (r *resolver) columns() {
	r.found = make([]*schema.Column, len(r.x.Columns))
	r.rewriting.Columns = make([][]string, len(r.x.Columns))
	for i, c := range r.x.Columns {
		if c.Star && (c.Scope == 0 || len(c.Parts) > 0 && r.names(c.Scope, c.Parts[len(c.Parts)-1]) == 0) && r.outer != nil {
			r.add(c.Offset, "a whole row; write columns")
			continue
		}
		if !c.Star {
			r.column(i, c)
		}
	}
}

// column resolves one column as PostgreSQL does: from the innermost SELECT out.
func (r *resolver) column(i int, c sqlexpr.Column) {
	for s := c.Scope; s > 0; s = r.x.Scopes[s].Parent {
		if r.inScope(i, s, c) {
			return
		}
	}
	name := c.Parts[len(c.Parts)-1]
	if r.outer != nil && r.qualifies(r.outer, c.Parts) {
		if col := r.outer.Column(name); col >= 0 {
			r.found[i] = &r.outer.Columns[col]
			r.uses = append(r.uses, col)
			if !r.captured(c.Scope) {
				r.rewriting.Columns[i] = []string{r.outer.Name.Name, name}
			}
			return
		}
		if len(c.Parts) == 1 && name == r.outer.Name.Name {
			r.add(c.Offset, "a whole row; write columns")
			return
		}
		r.b.addMissing(r.e.place(c.Offset), r.e.what+": ", r.outer, name)
		return
	}
	var names []string
	for s := c.Scope; s > 0; s = r.x.Scopes[s].Parent {
		for _, rel := range r.x.Scopes[s].Relations {
			if t := r.tables[rel]; t != nil {
				names = append(names, columnNames(t)...)
			}
		}
	}
	if r.outer != nil {
		names = append(names, columnNames(r.outer)...)
	}
	r.add(c.Offset, "no table here has a column %s%s", quoted(strings.Join(c.Parts, ".")), didYouMean(name, names))
}

// inScope reports whether a SELECT's own tables have the column.
func (r *resolver) inScope(i, s int, c sqlexpr.Column) bool {
	scope, name := r.x.Scopes[s], c.Parts[len(c.Parts)-1]
	for _, rel := range scope.Relations {
		t, alias := r.tables[rel], r.x.Relations[rel].Alias
		if t == nil || r.x.Relations[rel].Opaque {
			if t == nil && (len(c.Parts) == 1 || c.Parts[len(c.Parts)-2] == alias) {
				return true // a view's, or already an error
			}
			continue
		}
		if len(c.Parts) == 1 && name == alias {
			return true // the table's row
		}
		if len(c.Parts) > 1 && c.Parts[len(c.Parts)-2] != alias || len(c.Parts) > 2 && c.Parts[0] != t.Name.Schema {
			continue
		}
		if col := t.Column(name); col >= 0 {
			r.found[i] = &t.Columns[col]
			return true
		}
		if len(c.Parts) > 1 {
			r.b.addMissing(r.e.place(c.Offset), r.e.what+": ", t, name)
			return true
		}
	}
	if len(c.Parts) == 1 && slices.Contains(scope.Outputs, name) {
		return true
	}
	for _, o := range scope.Opaque {
		switch {
		case len(c.Parts) > 1 && c.Parts[len(c.Parts)-2] == o:
			return true
		case len(c.Parts) == 1:
			// It may be theirs, or the outer table's.
			if r.outer != nil && r.outer.Column(name) >= 0 {
				r.uses = append(r.uses, r.outer.Column(name))
			}
			return true
		}
	}
	return false
}

// names counts the things in FROM that go by a name.
func (r *resolver) names(scope int, name string) (n int) {
	for s := scope; s > 0; s = r.x.Scopes[s].Parent {
		for _, rel := range r.x.Scopes[s].Relations {
			if r.x.Relations[rel].Alias == name {
				n++
			}
		}
		for _, o := range r.x.Scopes[s].Opaque {
			if o == name {
				n++
			}
		}
	}
	return n
}

// qualifies reports whether a column's parts before the last can mean t.
func (r *resolver) qualifies(t *schema.Table, parts []string) bool {
	switch len(parts) {
	case 1:
		return true
	case 2:
		return parts[0] == t.Name.Name
	}
	return parts[0] == t.Name.Schema && parts[1] == t.Name.Name
}

// captured reports whether the outer table's name means something else inside.
func (r *resolver) captured(scope int) bool { return r.names(scope, r.outer.Name.Name) > 0 }

func (r *resolver) functions() {
	r.rewriting.Functions = make([]sqlexpr.Name, len(r.x.Functions))
	for i, f := range r.x.Functions {
		if why := never(f.Name.Name); why != "" {
			r.add(f.Offset, "function %s is not allowed: it %s", quoted(f.Name.Name), why)
			continue
		}
		listed := r.b.listed(f.Name)
		known, builtin := r.b.known[f.Name.Name]
		builtin = builtin && (f.Name.Schema == "" || f.Name.Schema == "pg_catalog")
		switch {
		case len(listed) > 0 && (f.Name.Schema != "" || !builtin):
			if len(listed) > 1 {
				r.add(f.Offset, "function %s is listed in more than one schema; write schema.%s", quoted(f.Name.Name), quoted(f.Name.Name))
				continue
			}
			r.rewriting.Functions[i] = listed[0]
			continue
		case !builtin && f.Name.Schema != "" && f.Name.Schema != "pg_catalog":
			full := f.Name.Schema + "." + f.Name.Name
			r.add(f.Offset, "function %s is not PostgreSQL's own; if it only reads, list it: functions: [%s]", quoted(full), full)
		case !builtin:
			r.add(f.Offset, "function %s is not known to be safe: PostgreSQL has no function of that name that only computes; if it is yours and only reads, list it: functions: [schema.%s]", quoted(f.Name.Name), f.Name.Name)
		case !known.Stable:
			r.add(f.Offset, "function %s is volatile: it may write, or return something else each time", quoted(f.Name.Name))
		}
		if builtin && f.Scope == 0 && (known.Aggregate || f.Aggregate) {
			r.add(f.Offset, "%s is an aggregate or window function, and there is one row here; write it in a sub-select", quoted(f.Name.Name))
		}
	}
}

func (r *resolver) types() {
	r.rewriting.Types = make([]sqlexpr.Name, len(r.x.Types))
	for i, t := range r.x.Types {
		if t.Name.Schema == "" {
			r.rewriting.Types[i] = r.b.userTypes[t.Name.Name]
		}
	}
}

// operators finds those of extensions' types. They live in the extension's
// schema, and with an empty search_path PostgreSQL would silently take another
// one: = of text instead of that of citext.
func (r *resolver) operators() {
	for _, o := range r.x.Operators {
		if o.Name.Schema != "" {
			continue
		}
		for _, c := range o.Columns {
			col := r.found[c]
			if col == nil || col.Type.Extension == "" {
				continue
			}
			where := r.b.extensionSchema(col.Type.Extension)
			hint := fmt.Sprintf("%s::text", col.Name)
			if o.Syntax == "" {
				hint = fmt.Sprintf("operator(%s.%s) for that of %s, or %s", where, o.Name.Name, col.Type.Base, hint)
			}
			name := o.Syntax
			if name == "" {
				name = o.Name.Name
			}
			r.add(o.Offset, "%s on column %s, whose type %s is an extension's; write %s", name, quoted(col.Name), col.Type.Base, hint)
			break
		}
	}
}

var textual = []string{"text", "varchar", "bpchar", "char", "name", "citext", "json", "jsonb"}

func (r *resolver) words() {
	for _, w := range r.x.Words {
		harmless := len(w.Columns) > 0
		for _, c := range w.Columns {
			col := r.found[c]
			if col == nil || !slices.Contains(textual, col.Type.Base) && col.Type.Class != schema.EnumType {
				harmless = false
			}
		}
		if !harmless {
			r.add(w.Offset, "'%s' depends on when it is read; write now() or current_date, or '%s'::text if it is a text", w.Text, w.Text)
		}
	}
}

func columnNames(t *schema.Table) []string {
	out := make([]string, len(t.Columns))
	for i := range t.Columns {
		out[i] = t.Columns[i].Name
	}
	return out
}
