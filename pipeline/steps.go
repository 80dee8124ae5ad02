package pipeline

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// Steps runs independent steps, at most workers at a time. The first error
// cancels the others and is returned, when all have ended.
func Steps(ctx context.Context, workers int, steps []func(context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, workers))
	for _, step := range steps {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			return step(ctx)
		})
	}
	return g.Wait()
}

// While runs fn, and watch beside it for as long. An error of watch cancels fn
// and is returned in its place; when fn is done watch is cancelled, and what it
// says then is dropped. Both have ended when While returns.
func While(ctx context.Context, watch, fn func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	seen := make(chan error, 1)
	go func() {
		err := watch(watching)
		if err != nil && watching.Err() == nil {
			cancel(err)
		} else {
			err = nil
		}
		seen <- err
	}()
	err := fn(ctx)
	stop()
	if watched := <-seen; watched != nil {
		return watched
	}
	if err != nil && errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
