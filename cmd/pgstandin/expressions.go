package main

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/pipeline"
)

// tryExpression asks the server to plan one SELECT. Nothing runs, but what the
// planner computes of constants. That a privilege or a lock is missing is no
// fault of the expression.
func tryExpression(ctx context.Context, conn *pgconn.PgConn, sql string) error {
	err := refused(conn.ExecParams(ctx, "explain (costs off) "+sql, nil, nil, nil, nil).Read().Err)
	var server refusal
	if !errors.As(err, &server) {
		return err
	}
	switch server.code[:2] {
	case "42":
		if server.code == "42501" {
			return nil
		}
		return server
	case "0A", "22", "P0":
		return server
	}
	return nil
}

// refusal is what a server says of an expression of the rules.
type refusal struct{ code, text string }

func (r refusal) Error() string { return r.text }

// Code returns the SQLSTATE.
func (r refusal) Code() string { return r.code }

// refused is SafeError with advice for expressions in place of that for rows
// that a server refuses. An error that is not the server's stays as it is.
func refused(err error) error {
	if err == nil {
		return nil
	}
	err = pipeline.SafeError(err)
	var server interface{ Code() string }
	if !errors.As(err, &server) || len(server.Code()) != 5 {
		return err
	}
	text, _, _ := strings.Cut(err.Error(), "; ")
	advice := map[string]string{
		"22P02": "a text is no value of the type that it is used as",
		"42725": "several functions or operators would do; write casts",
		"42804": "types do not go together; write a cast",
		"42846": "a type cannot be cast to the other",
		"42883": "no function or operator takes these types; write a cast",
	}[server.Code()]
	if advice != "" {
		text += ": " + advice
	}
	return refusal{server.Code(), text}
}
