package pipeline_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/pipeline"
)

func TestSteps(t *testing.T) {
	var now, most, ran atomic.Int32
	steps := make([]func(context.Context) error, 20)
	for i := range steps {
		steps[i] = func(context.Context) error {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(2 * time.Millisecond)
			now.Add(-1)
			ran.Add(1)
			return nil
		}
	}
	if err := pipeline.Steps(t.Context(), 3, steps); err != nil || ran.Load() != 20 || most.Load() < 2 || most.Load() > 3 {
		t.Errorf("%v, %d ran, %d at once", err, ran.Load(), most.Load())
	}
	if err := pipeline.Steps(t.Context(), 0, nil); err != nil {
		t.Error(err)
	}
}

func TestStepsStopAtTheFirstError(t *testing.T) {
	cause := errors.New("cause")
	ended, after := false, false
	started := make(chan struct{})
	err := pipeline.Steps(t.Context(), 2, []func(context.Context) error{
		func(ctx context.Context) error { close(started); <-ctx.Done(); ended = true; return ctx.Err() },
		func(context.Context) error { <-started; return cause },
		func(context.Context) error { after = true; return nil },
	})
	if err != cause || !ended || after {
		t.Errorf("%v; the first ended: %v, a later one ran: %v", err, ended, after)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := pipeline.Steps(ctx, 1, []func(context.Context) error{func(context.Context) error { after = true; return nil }}); err != cause || after {
		t.Errorf("cancelled before: %v", err)
	}
}

func TestWhile(t *testing.T) {
	cause, other := errors.New("cause"), errors.New("other")
	wait := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	fail := func(context.Context) error { return cause }
	done := func(context.Context) error { return nil }
	for _, c := range []struct {
		name      string
		watch, fn func(context.Context) error
		want      error
	}{
		{"fn ends", wait, done, nil},
		{"fn fails", wait, fail, cause},
		{"watch fails", fail, wait, cause},
		{"watch fails, fn says something else", fail, func(ctx context.Context) error { <-ctx.Done(); return other }, cause},
		{"watch ends early", done, done, nil},
	} {
		if err := pipeline.While(t.Context(), c.watch, c.fn); err != c.want {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(5*time.Millisecond, func() { cancel(cause) })
	if err := pipeline.While(ctx, wait, wait); err != cause {
		t.Errorf("cancelled: got %v", err)
	}
}
