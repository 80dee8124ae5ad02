package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/subset"
)

// asked returns the entities of which texts of copied tables may quote what
// other tables hold.
func (b *bound) asked(sel *subset.Selection) map[string]bool {
	asked := map[string]bool{}
	for _, l := range sel.Leaves {
		if p := b.programs[l.Root]; l.How != subset.Nothing && p != nil && p.Asks() {
			asked[p.EntityDomain()] = true
		}
	}
	return asked
}

// asks reports whether texts of any table may quote what others hold.
func (b *bound) asks() bool {
	for _, p := range b.programs {
		if p != nil && p.Asks() {
			return true
		}
	}
	return false
}

// learn reads what the chosen rows say of the entities that texts may quote. It
// returns nil where there is nothing to ask or to learn.
func (j *job) learn(ctx context.Context, src *pipeline.Source, b *bound, sel *subset.Selection) (*anonymize.Known, error) {
	asked := b.asked(sel)
	if len(asked) == 0 {
		return nil, nil
	}
	specs := b.specs()
	known := anonymize.NewKnown(int64(j.run.memory))
	idle := idleRewriters{}
	var steps []func(context.Context) error
	for _, l := range sel.Leaves {
		p := b.programs[l.Root]
		if l.How == subset.Nothing || p == nil || !p.Teaches() || !asked[p.EntityDomain()] {
			continue
		}
		if idle[p] == nil {
			idle[p] = make(chan *anonymize.Rewriter, j.workers())
		}
		for _, c := range sel.Chunks(l, learnColumns(p, specs[l.Root]), chunkBytes) {
			steps = append(steps, func(ctx context.Context) error {
				rw := idle.take(p)
				if err := learnChunk(ctx, src, c, known, rw); err != nil {
					return fmt.Errorf("learn from %s: %w", l.Table.Name, err)
				}
				idle[p] <- rw
				return nil
			})
		}
	}
	if len(steps) == 0 {
		return nil, nil
	}
	err := pipeline.Steps(ctx, j.workers(), steps)
	if errors.Is(err, anonymize.ErrKnownFull) {
		return nil, fmt.Errorf("%w (%s); raise --memory", err, &j.run.memory)
	}
	if err != nil {
		return nil, err
	}
	return known, nil
}

// idleRewriters holds, of each program, those that no worker uses at the moment.
type idleRewriters map[*anonymize.Program]chan *anonymize.Rewriter

func (i idleRewriters) take(p *anonymize.Program) *anonymize.Rewriter {
	select {
	case rw := <-i[p]:
		return rw
	default:
		return p.NewRewriter()
	}
}

func learnChunk(ctx context.Context, src *pipeline.Source, c subset.Chunk, known *anonymize.Known, rw *anonymize.Rewriter) error {
	sql, err := c.Select()
	if err != nil {
		return err
	}
	return src.Rows(ctx, sql, func(row []byte) error { return rw.Learn(known, row) })
}

// learnColumns are the columns of a table as its program takes them, NULL in
// place of those that it does not learn from.
func learnColumns(p *anonymize.Program, spec *rules.TableRules) []subset.Column {
	columns := selected(spec)
	for i := range columns {
		if !p.Learns(i) {
			columns[i] = subset.Column{Expr: "null"} // without a name: no reference that is cut is meant
		}
	}
	return columns
}
