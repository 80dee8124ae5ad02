package main

import (
	"context"
	"time"

	"github.com/pgstandin/pgstandin/pipeline"
)

// look opens the source of a command that writes nothing, and calls fn with the
// rules bound to it.
func (j *job) look(ctx context.Context, source *sourceOptions, fn func(ctx context.Context, src *pipeline.Source, b *bound) error) (err error) {
	j.yield = 30 * time.Second
	if j.source, j.sourceDSN, err = source.config(); err != nil {
		return err
	}
	src, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer src.Close(context.WithoutCancel(ctx))
	b, err := j.bind(ctx, src, time.Now())
	if err != nil {
		return err
	}
	return fn(ctx, src, b)
}

// lookWithin does as look, within a snapshot of every table, for as long as
// nobody in production waits behind it.
func (j *job) lookWithin(ctx context.Context, source *sourceOptions, fn func(ctx context.Context, src *pipeline.Source, b *bound) error) error {
	return j.look(ctx, source, func(ctx context.Context, src *pipeline.Source, first *bound) error {
		return pipeline.While(ctx, src.Watch, func(ctx context.Context) error {
			b, _, err := j.begin(ctx, src, first)
			if err != nil {
				return err
			}
			return fn(ctx, src, b)
		})
	})
}
