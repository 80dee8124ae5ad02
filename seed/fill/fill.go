// Package fill puts synthetic rows into a database, for Go tests and for whoever
// has a program of his own: one call reads the schema, makes rows for it and loads
// them.
package fill

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/seed"
)

// Options say what rows to make; the zero value is 100 of each table without
// parents, and more of others.
type Options struct {
	// Rows is the number of rows of tables, by name: "orders", or "sales.orders"
	// where several schemas have one.
	Rows map[string]int64
	Base int64  // rows of tables without parents that Rows does not name; 100 if 0
	Seed uint64 // the same one gives the same rows
	// Configure, if not nil, may change what the other fields came to: what columns
	// hold, how children are spread, a profile.
	Configure func(*schema.Schema, *seed.Config) error
	Workers   int // connections, 2 if 0
}

// Database fills the empty tables of a database, a connection string or URL, and
// returns the number of rows of each table by its qualified name. Where a table
// that would get rows holds some, or the database's comment has the line
// "pgstandin: protected", nothing is changed and the error says so; a constraint
// that cannot be satisfied is a *seed.Error. If it fails later, the tables are
// empty again.
func Database(ctx context.Context, conn string, o Options) (map[string]int64, error) {
	cfg, err := pipeline.ParseConn(conn)
	if err != nil {
		return nil, err
	}
	f, err := pipeline.OpenFilling(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer f.Close(ctx)
	problems, err := f.Admit(ctx, nil)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, &pipeline.RefusedError{Problems: problems}
	}
	s, err := catalog.Read(ctx, f.Leader())
	if err != nil {
		return nil, err
	}
	plan, err := o.plan(s)
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	var tables []schema.Name
	for _, t := range s.Roots() {
		if n := plan.Rows(t); n > 0 {
			tables = append(tables, t.Name)
			out[t.Name.String()] = n
		}
	}
	full, err := f.Filled(ctx, tables)
	if err != nil {
		return nil, err
	}
	if len(full) > 0 {
		return nil, fmt.Errorf("table %s holds rows: only empty tables are filled", full[0])
	}
	workers := o.Workers
	if workers == 0 {
		workers = 2
	}
	_, err = f.Load(ctx, Work(s, plan), pipeline.FillOptions{Workers: workers, Step: func(string) {}, Progress: func(pipeline.Progress) {}})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (o *Options) plan(s *schema.Schema) (*seed.Plan, error) {
	cfg := seed.Config{Rows: map[*schema.Table]int64{}, Base: o.Base, Seed: o.Seed}
	for name, n := range o.Rows {
		i := slices.IndexFunc(s.Roots(), func(t *schema.Table) bool { return t.Name.String() == name })
		if i >= 0 {
			cfg.Rows[s.Roots()[i]] = n
			continue
		}
		switch found := s.Named(name); {
		case len(found) == 0:
			return nil, fmt.Errorf("there is no table %s", name)
		case len(found) > 1:
			return nil, fmt.Errorf("several schemas have a table %s: name one of them", name)
		case found[0].Root() != found[0]:
			return nil, fmt.Errorf("%s is a partition: name %s", name, found[0].Root().Name)
		default:
			cfg.Rows[found[0]] = n
		}
	}
	if o.Configure != nil {
		if err := o.Configure(s, &cfg); err != nil {
			return nil, err
		}
	}
	return seed.New(s, cfg)
}

// Work is a plan's steps as the pipeline loads them.
func Work(s *schema.Schema, p *seed.Plan) pipeline.FillWork {
	w := pipeline.FillWork{Keys: s.ForeignKeys, Views: s.MatViews}
	for i, step := range p.Steps {
		f := pipeline.FillStep{Table: step.Table.Name, Rows: step.Rows, Update: step.Update, Match: step.Match,
			NewRows: func() pipeline.RowGenerator { return p.Writer(i) }}
		for _, c := range step.Columns {
			f.Columns = append(f.Columns, step.Table.Columns[c].Name)
		}
		w.Steps = append(w.Steps, f)
		for _, l := range step.Late {
			if l.How == seed.Unchecked {
				w.Late = append(w.Late, l.Key)
			}
		}
	}
	for _, t := range s.Tables {
		for _, k := range t.Keys {
			if k.Deferrable {
				w.Deferrable = append(w.Deferrable, schema.Name{Schema: t.Name.Schema, Name: k.Name})
			}
		}
		for _, e := range t.Excludes {
			if strings.HasSuffix(e.Definition, " DEFERRABLE") || strings.HasSuffix(e.Definition, " INITIALLY DEFERRED") {
				w.Deferrable = append(w.Deferrable, schema.Name{Schema: t.Name.Schema, Name: e.Name})
			}
		}
	}
	for _, c := range p.Counters {
		q := c.Sequence
		w.Sequences = append(w.Sequences, pipeline.SequenceValue{Name: q.Name, Last: c.Last, Called: true,
			Table: q.Table.Name, Column: q.Table.Columns[q.Column].Name, Increment: q.Increment})
	}
	return w
}
