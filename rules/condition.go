package rules

import (
	"fmt"

	"github.com/pgstandin/pgstandin/internal/sqlexpr"
	"github.com/pgstandin/pgstandin/schema"
)

// Condition checks a condition about rows of t that is not in the file, by the
// rules of a where in it, and returns it as it is to run with an empty
// search_path. what says in messages where it came from ("--where"). The error
// is Errors; another one only where env.Functions fails.
func (b *Bound) Condition(what, text string, t *schema.Table, env Env) (string, error) {
	r := &binder{problems: problems{file: what}, f: b.File, s: b.Schema, env: env}
	p := &fileParser{problems: problems{file: what}}
	e := p.parseExpr(&exprRule{text: text, what: "condition"}, sqlexpr.Parse)
	if e == nil {
		return "", p.err()
	}
	if e.expr.Truth == sqlexpr.NotBoolean {
		r.add(pos{}, "not a condition; write a comparison")
		return "", r.err()
	}
	var names []string
	for _, fn := range e.expr.Functions {
		names = append(names, fn.Name.Name)
	}
	if err := r.ask(names); err != nil {
		return "", fmt.Errorf("functions of the source: %w", err)
	}
	r.collectTypes()
	out, _ := r.bindCondition(e, t)
	if r.failed != nil {
		return "", fmt.Errorf("condition: %w", r.failed)
	}
	return out.sql, r.err()
}
