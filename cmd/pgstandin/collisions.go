package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/pgstandin/pgstandin/pipeline"
)

// tryUnique tries on the source's rows whether expressions of the rules keep unique
// columns unique.
func (j *copyJob) tryUnique(ctx context.Context, src *pipeline.Source, b *bound) error {
	for i, c := range b.rules.Collisions() {
		if i == 0 {
			j.report.Step("try expressions of unique columns")
		}
		collides := false
		if err := src.Query(ctx, c.SQL, func([][]byte) error { collides = true; return nil }); err != nil {
			return b.blame(fmt.Errorf("values of %s: %w", c.Column, err), c.Table, true)
		}
		if collides {
			return usageError(c.Problem())
		}
	}
	return nil
}

// tried are notes on unique columns of which only the rows tell whether they stay so.
func (b *bound) tried() (notes []string) {
	for _, c := range b.rules.Collisions() {
		notes = append(notes, fmt.Sprintf("unique column %s is computed by mask sql: a run tries on the source's rows, before it writes, whether its values differ", c.Column))
	}
	slices.Sort(notes)
	return slices.Compact(notes)
}
