package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/pgstandin/pgstandin/pipeline"
)

// replacement is a target that a run is about to replace, and whom it tells.
type replacement struct {
	tgt    *pipeline.Target
	report reporter
	note   func(text string) // of what is for the report's readers, too
}

// lock makes this the only run on the target, and drops what dead ones left.
func (r replacement) lock(ctx context.Context) error {
	swept, err := r.tgt.Lock(ctx)
	if err != nil {
		return at("target", err)
	}
	for _, name := range swept {
		r.note("dropped " + name + ", which an earlier run left behind")
	}
	for _, why := range r.tgt.Undropped() {
		r.note(why)
	}
	return nil
}

// swap puts what was made in place.
func (r replacement) swap(ctx context.Context) (pipeline.SwapResult, error) {
	r.report.Step("swap")
	res, err := r.tgt.Swap(ctx)
	if err != nil {
		return res, err
	}
	r.report.Finish()
	if res.LeftErr != nil {
		r.report.Note(fmt.Sprintf("%s could not be dropped, which the next run tries again: %v", res.Left, res.LeftErr))
	}
	return res, nil
}

// drop drops what was made, unless it was swapped in, and adds to err that it could not.
func (r replacement) drop(ctx context.Context, err *error) {
	if dropErr := r.tgt.Drop(context.WithoutCancel(ctx)); dropErr != nil {
		*err = errors.Join(*err, fmt.Errorf("target: clean up: %w", dropErr))
	}
}
