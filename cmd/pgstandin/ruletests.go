package main

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
)

// runRuleTests runs the tests of a rules file. conn computes with what the file
// gives, and reads no table.
func runRuleTests(ctx context.Context, conn *pgconn.PgConn, b *rules.Bound) error {
	err := b.RunTests(func(sql string, args [][]byte) ([][]byte, error) {
		res := conn.ExecParams(ctx, sql, args, nil, nil, nil).Read()
		if res.Err != nil {
			return nil, refused(res.Err)
		}
		return res.Rows[0], nil
	})
	var failed rules.Errors
	if errors.As(err, &failed) {
		return usageError(err)
	}
	return err
}

// refusal is what a server says of an expression of the rules.
type refusal struct{ code, text string }

func (r refusal) Error() string { return r.text }

// Code returns the SQLSTATE.
func (r refusal) Code() string { return r.code }

// refused is SafeError without the advice that it has for rows that a server
// refuses. An error that is not the server's stays as it is.
func refused(err error) error {
	err = pipeline.SafeError(err)
	var server interface{ Code() string }
	if !errors.As(err, &server) || server.Code() == "" {
		return err
	}
	text, _, _ := strings.Cut(err.Error(), "; ")
	return refusal{server.Code(), text}
}
