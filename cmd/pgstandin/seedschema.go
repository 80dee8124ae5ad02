package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/schemafile"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
	"github.com/pgstandin/pgstandin/pipeline"
)

// makeSchema loads the schema's file into the target, in one transaction.
func (r *seedRun) makeSchema(ctx context.Context, cfg *pgconn.Config) (*schemafile.Made, error) {
	name, in, err := openSchemaText(r.o.schema, r.in)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("target: %w", pipeline.SafeError(err))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	info := r.filling.Info()
	l := schemafile.NewLoader(conn, schemafile.Config{Name: name, End: "target", Server: info.Host, Version: info.Major(), Whole: true, Safe: pipeline.SafeError,
		Exists: "if the schema is there already, leave out --schema, or give an empty database"})
	// Whatever the role's and the database's own settings are.
	for _, sql := range []string{"set client_encoding = 'UTF8'; set default_transaction_read_only = off", "begin"} {
		if err := conn.Exec(ctx, sql).Close(); err != nil {
			return nil, fmt.Errorf("target: %w", pipeline.SafeError(err))
		}
	}
	if err := l.Read(ctx, sqlfile.NewReader(in, name)); err != nil {
		return nil, schemaStatus(err)
	}
	made, err := l.Made(ctx, r.filling.Leader(), cfg)
	if err != nil {
		return nil, fmt.Errorf("target: schema: %w", err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// Not cut off: else nobody knew whether it is there.
	if err := conn.Exec(context.WithoutCancel(ctx), "commit").Close(); err != nil {
		return nil, fmt.Errorf("target: schema: %w", pipeline.SafeError(err))
	}
	for _, note := range passedNotes(name, l.PassedOver()) {
		r.report.Note(note)
	}
	return made, nil
}
