package main

import (
	"context"
	"fmt"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/leak"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// originals takes what is read of the source: a leak.Collector, or a leak.Confirmer.
type originals interface {
	Row()
	Original(value []byte, shared int)
	Edited(value, out []byte, shared int)
	Whole(shape leak.Shape, value []byte)
	Output(value []byte, parts bool)
	Every() bool // it wants what every mask makes
	Err() error
	Flush() error
}

// originalsReader reads originals of a source.
type originalsReader struct {
	src     *pipeline.Source
	b       *bound
	known   *anonymize.Known // what other tables say of entities; nil where masks look nothing up
	guard   *leakGuard
	workers int
}

// read gives every original of some parts to what takes them, one a step; a step that
// gets none has nothing to do.
func (o *originalsReader) read(ctx context.Context, parts originalParts, taker func() originals) error {
	var steps []func(context.Context) error
	add := func(x originalPart, columns []subset.Column, read func(context.Context, string, originals) error) {
		for _, chunk := range x.chunks(columns) {
			steps = append(steps, func(ctx context.Context) error {
				c := taker()
				if c == nil {
					return nil
				}
				sql, err := chunk.Select()
				if err != nil {
					return err
				}
				if err := read(ctx, sql, c); err != nil {
					return fmt.Errorf("originals of %s: %w", x.leaf.Name, err)
				}
				return o.guard.full(c.Flush())
			})
		}
	}
	for _, x := range parts {
		if columns, types := x.whole(o.b); len(columns) > 0 {
			add(x, columns, func(ctx context.Context, sql string, c originals) error {
				return readWhole(ctx, o.src, sql, types, c)
			})
		}
		if p := x.program; p != nil && !p.Nothing() {
			columns := selected(x.spec)
			for i := range columns {
				if columns[i].Expr = ""; !p.Reads(i) {
					columns[i] = subset.Column{Expr: "null"}
				}
			}
			add(x, columns, func(ctx context.Context, sql string, c originals) error {
				rw := p.NewRewriter()
				if o.known != nil && p.MayLookUp() {
					rw.LookUpIn(o.known)
				}
				rw.Watch(newWitness(c), c.Every())
				var row []byte
				return o.src.Rows(ctx, sql, func(in []byte) (err error) {
					row, err = rw.AppendRow(row[:0], in)
					if err == nil {
						err = c.Err()
					}
					return o.guard.full(err)
				})
			})
		}
	}
	return pipeline.Steps(ctx, o.workers, steps)
}

func readWhole(ctx context.Context, src *pipeline.Source, sql string, types []*schema.Type, c originals) error {
	shapes := make([]leak.Shape, len(types))
	for i, t := range types {
		of := rules.TypeOf(t)
		shapes[i] = maskedShape(&of)
	}
	return src.Query(ctx, sql, func(fields [][]byte) error {
		c.Row()
		for i, v := range fields {
			if len(v) > 0 {
				c.Whole(shapes[i], v)
			}
		}
		return c.Err()
	})
}

// confirm reads the originals again, if there are suspects: of the tables that hold
// some first, where most were made by a mask (the fake number of a text has one of a
// column within it), and no further than until masks made them all.
func (o *originalsReader) confirm(ctx context.Context, parts originalParts) error {
	g := o.guard
	if g.suspects.Len() == 0 {
		return nil
	}
	holds := map[schema.Name]bool{}
	for name, at := range g.places {
		if at.table != nil && g.suspects.In(name) {
			holds[at.table.Name] = true
		}
	}
	var near, far originalParts
	for _, p := range parts {
		if holds[p.leaf.Root().Name] {
			near = append(near, p)
		} else {
			far = append(far, p)
		}
	}
	confirmer := func() originals {
		if g.suspects.Cleared() {
			return nil
		}
		return g.filter.Confirmer(g.suspects)
	}
	for _, parts := range []originalParts{near, far} {
		if err := o.read(ctx, parts, confirmer); err != nil {
			return err
		}
	}
	return nil
}
