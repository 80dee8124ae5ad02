package subset

import (
	"context"
	"errors"
	"strings"
)

// probe has the server check the expressions of the rules, without reading a
// row, so that a mistake in one is said with its place before anything else.
func (w *walk) probe(ctx context.Context) error {
	var steps []Step
	var found []*Problem
	try := func(lay *layout, line int, text string) {
		x := &Problem{}
		found = append(found, x)
		steps = append(steps, Step{Name: "check expressions", Run: func(ctx context.Context, src Source) error {
			err := src.Query(ctx, lay.sql("false"), func([][]byte) error { return nil })
			if code := sqlState(err); strings.HasPrefix(code, "42") {
				*x = Problem{line, text + " (SQLSTATE " + code + ")"}
				return nil
			}
			return err
		}})
	}
	condition := func(n *node, sql string, line int, what string) {
		lay := newLayoutOn(w.g, n.table, n.table)
		lay.field("((" + sql + ") is true)")
		try(lay, line, what+": the server does not take it as a condition: "+sql)
	}
	for i := range w.p.roots {
		if r := &w.p.roots[i]; r.Where != "" {
			condition(w.g.byTable[r.Table], r.Where, r.Line, "root "+r.Table.Name.String()+": where")
		}
	}
	for _, n := range w.g.nodes {
		if sql := n.restriction(); sql != "" {
			condition(n, sql, 0, "table "+n.table.Name.String()+": where")
		}
	}
	for _, r := range w.g.refs {
		if r.When != "" {
			condition(r.child, r.When, r.Line, "reference "+r.name()+": when")
		}
		if r.Expr != "" {
			lay := newLayoutOn(w.g, r.Child, r.child.table)
			plain := *r.Reference
			plain.When = ""
			lay.addLink(&ref{Reference: &plain, parentCols: r.parentCols}, r.Parent, "", false)
			c := r.Parent.Columns[r.parentCols[0]]
			try(lay, r.Line, "reference "+r.name()+": the expression does not compare with "+c.Name+" of type "+c.Type.Name+": write a cast")
		}
		if r.Order != "" {
			lay := newLayoutOn(w.g, r.Child, r.child.table)
			lay.field("pg_catalog.row_number() over (order by " + r.Order + ")")
			try(lay, r.Line, "reference "+r.name()+": order: the server does not take it: "+r.Order)
		}
	}
	if len(steps) == 0 {
		return nil
	}
	if err := w.run(ctx, steps); err != nil {
		return err
	}
	var probs Problems
	for _, x := range found {
		if x.Text != "" {
			probs = append(probs, *x)
		}
	}
	return probs.err()
}

// sqlState is the server's code for an error, "" if it is none of its.
func sqlState(err error) string {
	var coded interface{ Code() string }
	var state interface{ SQLState() string }
	switch {
	case errors.As(err, &coded):
		return coded.Code()
	case errors.As(err, &state):
		return state.SQLState()
	}
	return ""
}
