package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/maskdump"
	"github.com/pgstandin/pgstandin/internal/schemafile"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
	"github.com/pgstandin/pgstandin/leak"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
)

// lookAtTexts looks for credentials in the texts of the schema.
func (s *maskSetup) lookAtTexts(ctx context.Context, src *pipeline.Source) error {
	texts, err := pipeline.SchemaTexts(ctx, oneSession{src.Leader()})
	if err != nil {
		return err
	}
	g := s.job.newLeakGuard(leak.Options{})
	g.scanTexts(texts)
	res, err := g.settle(s.bound.rules.Leaks)
	for _, t := range texts {
		if slices.ContainsFunc(res.findings, func(f leakFinding) bool { return f.object == t.Object && f.accepted != "" }) {
			s.fine = append(s.fine, t.Text)
		}
	}
	return withStatus(exitVerify, err)
}

// accepts reports whether a constant of a statement is in a text of the schema that
// the rules accept.
func (s *maskSetup) accepts(constant []byte) bool {
	value, ok := sqlfile.AppendValue(nil, constant, false)
	return ok && slices.ContainsFunc(s.fine, func(text string) bool {
		return strings.Contains(text, string(value)) || strings.Contains(text, string(constant))
	})
}

// credentials fails at a credential in a statement that passes. What the schema has
// was looked at before: what the rules accept of it is accepted here.
func (s *maskSetup) credentials(x maskdump.Statement) error {
	rest := x.SQL
	for t := range sqlfile.Tokens(x.SQL) {
		if t.Kind == sqlfile.String && s.accepts(t.Text) {
			rest = bytes.ReplaceAll(rest, t.Text, []byte("''"))
		}
	}
	n, place := anonymize.Credentials(rest), placeOf(x.SQL)
	if n == 0 || slices.ContainsFunc(s.bound.rules.Leaks.Accept, func(a rules.Accepted) bool { return a.Table == nil && a.Object == place }) {
		return nil
	}
	leak := &leakError{[]string{"leak: " + place + ": " + plural(n, "credential")}}
	return withStatus(exitVerify, fmt.Errorf("%s:%d: %w", s.name(), x.Line, leak))
}

// placeOf names a statement: where it is about the database as the leak scan does.
func placeOf(sql []byte) string {
	t := sqlfile.First(sql, 3)
	switch {
	case len(t) > 2 && t[0].Is("comment") && t[2].Is("database"):
		return commentOnDatabase
	case len(t) > 1 && t[0].Is("alter") && (t[1].Is("database") || t[1].Is("role") || t[1].Is("user")):
		return settingOfDatabase
	}
	return schemafile.Label(sql)
}

// oneSession is pipeline.Sessions with one connection.
type oneSession struct{ conn *pgconn.PgConn }

func (o oneSession) Acquire(context.Context) (*pgconn.PgConn, error) { return o.conn, nil }

func (o oneSession) Release(*pgconn.PgConn, bool) {}
