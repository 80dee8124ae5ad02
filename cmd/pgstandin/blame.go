package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// blame adds to an error of the source about a value of a table which expressions
// of the rules, or of more, may have met it.
func (b *bound) blame(err error, t *schema.Table, masks bool, more ...string) error {
	if t == nil || !pipeline.OfExpression(err) {
		return err
	}
	places := append(b.rules.Expressions(t.Root(), masks), more...)
	if len(places) == 0 {
		return err
	}
	return fmt.Errorf("%w: %s", err, strings.Join(places, " or "))
}

// blameJob is blame for an error of a copy, whose jobs have the names of tables.
func (b *bound) blameJob(err error) error {
	var job *pipeline.JobError
	if !errors.As(err, &job) {
		return err
	}
	for _, t := range b.schema.Tables {
		if t.Name.String() == job.Job {
			return b.blame(err, t, true)
		}
	}
	return err
}

// blamed is a step of a walk whose errors say which table it reads.
func (b *bound) blamed(s subset.Step, src subset.Source) func(context.Context) error {
	return func(ctx context.Context) error {
		err := s.Run(ctx, src)
		if err == nil || s.Table == nil || !pipeline.OfExpression(err) {
			return err
		}
		return b.blame(fmt.Errorf("%s: %w", s.Table.Name, err), s.Table, false)
	}
}
