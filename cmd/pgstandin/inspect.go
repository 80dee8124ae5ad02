package main

import (
	"context"
	"time"

	"github.com/pgstandin/pgstandin/pipeline"
)

// look opens the source of a command that writes nothing, and calls fn with the
// rules bound to it.
func (j *job) look(ctx context.Context, source *sourceOptions, fn func(ctx context.Context, src *pipeline.Source, b *bound) error) (err error) {
	if j.source, err = source.config(); err != nil {
		return err
	}
	return j.lookAt(ctx, fn)
}

// lookAt is look where the source is known.
func (j *job) lookAt(ctx context.Context, fn func(ctx context.Context, src *pipeline.Source, b *bound) error) error {
	src, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer src.Close(ctx)
	b, err := j.bind(ctx, src, time.Now())
	if err != nil {
		return err
	}
	return fn(ctx, src, b)
}

// lookWithin is look and within.
func (j *job) lookWithin(ctx context.Context, source *sourceOptions, fn func(ctx context.Context, src *pipeline.Source, b *bound) error) error {
	return j.look(ctx, source, func(ctx context.Context, src *pipeline.Source, first *bound) error {
		return j.within(ctx, src, first, func(ctx context.Context, b *bound) error { return fn(ctx, src, b) })
	})
}

// within calls fn within a snapshot of every table, with the rules bound to what it
// shows, for as long as nobody in production waits behind it.
func (j *job) within(ctx context.Context, src *pipeline.Source, first *bound, fn func(ctx context.Context, b *bound) error) error {
	return pipeline.While(ctx, src.Watch, func(ctx context.Context) error {
		b, _, err := j.begin(ctx, src, first)
		if err != nil {
			return err
		}
		if err := j.fillPools(ctx, src, b); err != nil {
			return err
		}
		return fn(ctx, b)
	})
}
