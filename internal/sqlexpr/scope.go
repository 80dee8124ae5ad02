package sqlexpr

import (
	"reflect"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v5"
)

// selectStmt visits a SELECT that stands in scope outer.
func (w *walker) selectStmt(s *pg.SelectStmt, outer int) {
	if s == nil || w.err != nil {
		return
	}
	if s.IntoClause != nil {
		w.fail(int32(w.base), "%s", refused["IntoClause"])
		return
	}
	if len(s.LockingClause) > 0 {
		w.fail(int32(w.base), "%s", refused["LockingClause"])
		return
	}
	depth := len(w.ctes)
	w.with(s.WithClause, outer)
	w.x.Scopes = append(w.x.Scopes, Scope{Parent: outer})
	scope := len(w.x.Scopes) - 1
	if s.Op != pg.SetOperation_SETOP_NONE {
		// ORDER BY and LIMIT of a set operation see its output columns only.
		w.x.Scopes[scope].Opaque = append(w.x.Scopes[scope].Opaque, "")
		w.selectStmt(s.Larg, outer)
		w.selectStmt(s.Rarg, outer)
	}
	for _, n := range s.FromClause {
		w.node(n, scope)
	}
	for _, n := range s.TargetList {
		t := n.GetResTarget()
		if t.GetName() != "" {
			w.x.Scopes[scope].Outputs = append(w.x.Scopes[scope].Outputs, t.GetName())
		}
		w.node(t.GetVal(), scope)
	}
	for _, list := range [][]*pg.Node{s.ValuesLists, s.DistinctClause, s.GroupClause, s.WindowClause, s.SortClause} {
		for _, n := range list {
			w.node(n, scope)
		}
	}
	for _, n := range []*pg.Node{s.WhereClause, s.HavingClause, s.LimitOffset, s.LimitCount} {
		w.node(n, scope)
	}
	w.ctes = w.ctes[:depth]
}

// with visits common table expressions and makes their names visible.
func (w *walker) with(c *pg.WithClause, outer int) {
	if c == nil {
		return
	}
	w.ctes = append(w.ctes, nil)
	top := len(w.ctes) - 1
	for _, n := range c.Ctes {
		cte := n.GetCommonTableExpr()
		if c.Recursive {
			w.ctes[top] = append(w.ctes[top], cte.GetCtename())
		}
		if cte.GetCtequery().GetSelectStmt() == nil {
			w.node(cte.GetCtequery(), outer)
			w.fail(cte.GetLocation(), "a common table expression that is not a SELECT")
			return
		}
		w.selectStmt(cte.GetCtequery().GetSelectStmt(), outer)
		if !c.Recursive {
			w.ctes[top] = append(w.ctes[top], cte.GetCtename())
		}
		w.fields(reflect.ValueOf(cte.GetSearchClause()), outer)
		w.fields(reflect.ValueOf(cte.GetCycleClause()), outer)
	}
}

func (w *walker) relation(r *pg.RangeVar, scope int) {
	if r.Catalogname != "" {
		w.fail(r.Location, "a name of another database; write schema.table")
		return
	}
	name := Name{r.Schemaname, r.Relname}
	alias := r.Relname
	if r.Alias != nil {
		alias = r.Alias.Aliasname
	}
	s := &w.x.Scopes[scope]
	if name.Schema == "" {
		for _, names := range w.ctes {
			if slices.Contains(names, name.Name) {
				s.Opaque = append(s.Opaque, alias)
				return
			}
		}
	}
	opaque := len(r.Alias.GetColnames()) > 0
	if opaque {
		s.Opaque = append(s.Opaque, alias)
	}
	s.Relations = append(s.Relations, len(w.x.Relations))
	w.x.Relations = append(w.x.Relations, Relation{name, alias, opaque, w.offset(r.Location), scope})
	w.x.edit.relations = append(w.x.edit.relations, r)
}

func (w *walker) opaque(scope int, a *pg.Alias) {
	w.x.Scopes[scope].Opaque = append(w.x.Scopes[scope].Opaque, a.GetAliasname())
}

// functionNames are the names by which a function in FROM without an alias is
// qualified.
func functionNames(f *pg.RangeFunction) []string {
	var out []string
	for _, n := range f.Functions {
		for _, i := range n.GetList().GetItems() {
			if name, ok := qualified(i.GetFuncCall().GetFuncname()); ok {
				out = append(out, name.Name)
			}
		}
	}
	return out
}
