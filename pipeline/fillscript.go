package pipeline

import (
	"context"
	"fmt"

	"github.com/pgstandin/pgstandin/schema"
)

// FillScript is the statements of a Load in one transaction, for psql, without
// their semicolons: Before, then for each step Open, its rows, Close, then After.
type FillScript struct {
	Before []string
	Steps  []ScriptStep
	After  []string
}

// ScriptStep is the statements around the rows of a step. Into is what stands
// behind the word copy.
type ScriptStep struct {
	Open  []string
	Into  string
	Close []string
}

// Script writes what Load does for a database like this one, which nothing is
// loaded into.
func (f *Filling) Script(ctx context.Context, w FillWork) (FillScript, error) {
	out := FillScript{Before: []string{"begin"}}
	for _, s := range textSettings[:scriptSettings] {
		out.Before = append(out.Before, fmt.Sprintf("set local %s = '%s'", s.name, s.value))
	}
	out.Before = append(out.Before, "set constraints all deferred")
	l := &filler{f: f, work: w}
	before, after, err := l.apart(ctx, f.leader)
	if err != nil {
		return out, fmt.Errorf("target: %w", err)
	}
	out.Before = append(out.Before, before...)
	for i := range w.Steps {
		s := &w.Steps[i]
		if !s.Update {
			out.Steps = append(out.Steps, ScriptStep{Into: s.Table.SQL() + columnList(s.Columns)})
			continue
		}
		create, update := s.secondPass()
		out.Steps = append(out.Steps, ScriptStep{Open: []string{create}, Into: "pgstandin_late" + columnList(s.Columns), Close: update})
	}
	for _, u := range w.Updates {
		out.After = append(out.After, u.SQL)
	}
	out.After = append(out.After, "set constraints all immediate")
	out.After = append(out.After, after...)
	for _, q := range w.Sequences {
		out.After = append(out.After, fmt.Sprintf("select pg_catalog.setval(%s, %d)", schema.QuoteLiteral(q.Name.SQL()), q.Last))
	}
	for _, v := range w.Views {
		out.After = append(out.After, "refresh materialized view "+v.SQL())
	}
	for _, s := range w.Steps {
		if !s.Update {
			out.After = append(out.After, "analyze "+s.Table.SQL())
		}
	}
	out.After = append(out.After, "commit")
	return out, nil
}

// scriptSettings is how many of textSettings, from the first, values depend on.
const scriptSettings = 5
