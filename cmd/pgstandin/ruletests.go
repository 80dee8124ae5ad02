package main

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/rules"
)

// runRuleTests runs the tests of a rules file. conn computes with what the file
// gives, and reads no table.
func runRuleTests(ctx context.Context, conn *pgconn.PgConn, b *rules.Bound) error {
	err := b.RunTests(func(sql string, args [][]byte) ([][]byte, error) {
		res := conn.ExecParams(ctx, sql, args, nil, nil, nil).Read()
		if res.Err != nil {
			return nil, refused(res.Err, expressionAdvice())
		}
		return res.Rows[0], nil
	})
	var failed rules.Errors
	if errors.As(err, &failed) {
		return usageError(err)
	}
	return err
}
