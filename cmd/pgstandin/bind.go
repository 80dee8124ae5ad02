package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/lockfile"
	"github.com/pgstandin/pgstandin/internal/trial"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

// bind reads the catalog over the leader's connection and binds the rules to
// it, with now as the run's time.
func (j *job) bind(ctx context.Context, src *pipeline.Source, now time.Time) (*bound, error) {
	s, err := catalog.Read(ctx, src.Leader())
	if err != nil {
		return nil, at("source", err)
	}
	b := &bound{schema: s, standby: src.Info().Standby}
	env := trial.Env(ctx, src.Leader(), now)
	if src.Snapshot().ID == "" { // an error would end the snapshot's transaction
		env = trial.With(ctx, src.Leader(), env)
		if !j.stream {
			env.Texts = func() ([]string, error) { return textNames(ctx, src) }
		}
	}
	if b.rules, err = j.file.Bind(s, env); err != nil {
		return nil, j.refused(err, s)
	}
	b.index()
	var planErr, maskErr error
	b.plan, planErr = b.rules.Plan()
	if planErr == nil && b.standby {
		planErr = b.rules.RefuseUnlogged(b.plan)
	}
	if j.secret != nil {
		b.programs, maskErr = b.rules.Compile(j.secret)
	}
	if err := rules.Join(planErr, maskErr); err != nil {
		return nil, errors.Join(j.refused(err, s), j.drift(b.rules.Ledger, s))
	}
	if err := errors.Join(j.drift(b.rules.Ledger, s), refuseObjects(j.file.Objects, s)); err != nil {
		return nil, err
	}
	return b, nil
}

// refused says what is wrong besides an error of the rules.
func (j *job) refused(err error, s *schema.Schema) error {
	objects := refuseObjects(j.file.Objects, s)
	var wrong rules.Errors
	var undecided *rules.UndecidedError
	isUndecided := errors.As(err, &undecided)
	switch {
	case errors.As(err, &wrong):
		if isUndecided { // where the rules name a column that was renamed, that comes first
			drift := j.drift(undecided.Ledger, s)
			if differs := (*lockfile.DriftError)(nil); errors.As(drift, &differs) && differs.Gone() {
				err = rules.Join(wrong.Renamed(differs.Renamed), undecided)
				return errors.Join(drift, rulesStatus(err), objects)
			}
		}
		return errors.Join(rulesStatus(err), objects)
	case isUndecided:
		return errors.Join(rulesStatus(err), j.drift(undecided.Ledger, s), objects)
	}
	return rulesStatus(err)
}

// rulesStatus gives errors of the rules their exit status.
func rulesStatus(err error) error {
	// A misspelt column leaves the right one undecided: the mistake comes first.
	var problems rules.Errors
	if errors.As(err, &problems) {
		return usageError(err)
	}
	var undecided *rules.UndecidedError
	if errors.As(err, &undecided) {
		return withStatus(exitUndecided, err)
	}
	return err
}

// textNames are the objects that a leak scan of this source and its copies may report.
func textNames(ctx context.Context, src *pipeline.Source) ([]string, error) {
	texts, err := pipeline.SchemaTexts(ctx, oneSession{src.Leader()})
	if err != nil {
		return nil, err
	}
	names := []string{commentOnDatabase, settingOfDatabase}
	for _, t := range texts {
		names = append(names, t.Object)
	}
	return names, nil
}

// What the leak scan calls the texts of the database itself.
const (
	commentOnDatabase = "comment on the database"
	settingOfDatabase = "setting of the database"
)

// made is what the rules make of the source's schema that is not made by default.
func (j *job) made() pipeline.Objects {
	return pipeline.Objects{ForeignTables: j.file.Objects == rules.ObjectsSchema}
}

// refuseObjects stops at what is neither a table nor decided by objects.
func refuseObjects(decided rules.Objects, s *schema.Schema) error {
	var found []string
	if n := s.LargeObjects; n > 0 {
		found = append(found, plural(int(n), "large object"))
	}
	for _, t := range s.ForeignTables {
		found = append(found, "foreign table "+t.String())
	}
	for _, t := range s.ConfigTables {
		found = append(found, "extension configuration table "+t.String())
	}
	switch {
	case len(found) == 0:
		return nil
	case decided == rules.ObjectsUndecided:
		return withStatus(exitUndecided, fmt.Errorf("undecided objects; write objects: none or objects: schema in the rules\n%s", strings.Join(found, "\n")))
	case decided == rules.ObjectsAll:
		return withStatus(exitUndecided, fmt.Errorf("objects: all is not built yet, because the contents of these cannot be masked; write objects: schema or objects: none\n%s", strings.Join(found, "\n")))
	}
	return nil
}
