package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/internal/trial"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/seed"
	seedfill "github.com/pgstandin/pgstandin/seed/fill"
)

// allowed reports whether the rules name the target; nil where they name none.
func (r *seedRun) allowed() func(host string, port uint16, database string) bool {
	if r.file == nil || len(r.file.Targets) == 0 {
		return nil
	}
	return func(host string, port uint16, database string) bool {
		return r.file.Targets.Match(host, port, database, "")
	}
}

// config is what the flags and the rules say of rows. Flags come first.
func (r *seedRun) config(ctx context.Context) (cfg seed.Config, err error) {
	r.scale, r.number = r.o.scale, r.o.seed
	if r.file != nil {
		env := trial.Env(ctx, r.filling.Leader(), time.Now())
		env = trial.With(ctx, r.filling.Leader(), env)
		r.bound, err = r.file.BindSeed(r.schema, env)
		var wrong rules.Errors
		if errors.As(err, &wrong) {
			return cfg, usageError(err)
		}
		if err != nil {
			return cfg, err
		}
		cfg = r.bound.Config
		if !r.flags.Changed("scale") {
			r.scale = r.bound.Scale
		}
		if !r.flags.Changed("seed") && r.bound.SeedGiven {
			r.number = cfg.Seed
		}
	}
	scaled := func(n int64) int64 {
		if n == 0 {
			return 0
		}
		return max(1, int64(math.Round(float64(n)*r.scale)))
	}
	cfg.Seed, cfg.Base, cfg.Each = r.number, scaled(100), scaled(cfg.Each)
	rows, each, err := seedRows(r.schema, r.o.rows)
	if err != nil {
		return cfg, err
	}
	if each > 0 {
		cfg.Each = each
	}
	for t, n := range cfg.Rows {
		if _, named := rows[t]; !named {
			rows[t] = scaled(n)
		}
	}
	cfg.Rows = rows
	if r.o.profile != "" {
		f, err := os.Open(r.o.profile)
		if err != nil {
			return cfg, usageError(fmt.Errorf("profile: %w", err))
		}
		defer f.Close()
		if cfg.Profile, err = seed.ReadProfile(f); err != nil {
			return cfg, usageError(err)
		}
	}
	return cfg, nil
}

// work is the plan as the pipeline loads it, with what the rules compute.
func (r *seedRun) work() pipeline.FillWork {
	w := seedfill.Work(r.schema, r.plan)
	if r.bound == nil {
		return w
	}
	at := map[*schema.Table]int{}
	for _, e := range r.bound.Exprs {
		set := schema.QuoteIdent(e.Table.Columns[e.Column].Name) + " = " + e.SQL
		i, more := at[e.Table]
		if !more {
			i = len(w.Updates)
			at[e.Table] = i
			w.Updates = append(w.Updates, pipeline.FillUpdate{Table: e.Table.Name,
				SQL: "update " + e.Table.Name.SQL() + " as " + schema.QuoteIdent(e.Table.Name.Name) + " set " + set})
			continue
		}
		w.Updates[i].SQL = strings.Join([]string{w.Updates[i].SQL, set}, ", ")
	}
	return w
}
