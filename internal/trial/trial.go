// Package trial asks a server whether it takes what rules say: expressions, values of
// columns, and the tests of a rules file. No row is read.
package trial

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

// Env answers what rules ask of the server: which functions only read. now is the run's
// time.
func Env(ctx context.Context, conn *pgconn.PgConn, now time.Time) rules.Env {
	return rules.Env{Now: now, Functions: func(names []string) (map[string]rules.Function, error) {
		res := conn.ExecParams(ctx, rules.FunctionQuery(names), nil, nil, nil, nil).Read()
		if res.Err != nil {
			return nil, fmt.Errorf("source: functions: %w", pipeline.SafeError(res.Err))
		}
		known := map[string]rules.Function{}
		for _, r := range res.Rows {
			known[string(r[0])] = rules.Function{Stable: string(r[1]) == "t", Aggregate: string(r[2]) == "t"}
		}
		return known, nil
	}}
}

// With is env whose expressions and values are tried over conn. Where conn is in a
// transaction, one that the server refuses ends it.
func With(ctx context.Context, conn *pgconn.PgConn, env rules.Env) rules.Env {
	env.Try = func(sql string) error { return tryExpression(ctx, conn, sql) }
	env.Holds = func(v rules.Value) error {
		if err := tryValue(ctx, conn, v.Type, v.Text); err != nil {
			return err
		}
		return tryChecks(ctx, conn, v)
	}
	return env
}

// tryExpression asks the server to plan one SELECT. Nothing runs, but what the
// planner computes of constants. That a privilege or a lock is missing is no
// fault of the expression.
func tryExpression(ctx context.Context, conn *pgconn.PgConn, sql string) error {
	return itsFault(conn.ExecParams(ctx, "explain (costs off) "+sql, nil, nil, nil, nil).Read().Err, expressionAdvice())
}

// expressionAdvice says by SQLSTATE what is wrong with an expression.
func expressionAdvice() map[string]string {
	return map[string]string{
		"22P02": "a text is no value of the type that it is used as",
		"42725": "several functions or operators would do; write casts",
		"42804": "types do not go together; write a cast",
		"42846": "a type cannot be cast to the other",
		"42883": "no function or operator takes these types; write a cast",
	}
}

// inputOf asks how the server reads a type's text: the function, how many
// arguments it takes, and the type that it is told.
const inputOf = `select pg_catalog.format('%I.%I', n.nspname, p.proname), p.pronargs,
       case when t.typelem operator(pg_catalog.<>) 0 then t.typelem else t.oid end
from pg_catalog.pg_type t join pg_catalog.pg_proc p on p.oid operator(pg_catalog.=) t.typinput
join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) p.pronamespace
where t.oid operator(pg_catalog.=) `

// tryValue asks the server to read a text as COPY does, by the function that reads
// the type: a cast would cut what is too long, and plan over a domain's check.
func tryValue(ctx context.Context, conn *pgconn.PgConn, t *schema.Type, text string) error {
	res := conn.ExecParams(ctx, inputOf+strconv.FormatUint(uint64(t.OID), 10), nil, nil, nil, nil).Read()
	if res.Err != nil {
		return fmt.Errorf("source: types: %w", pipeline.SafeError(res.Err))
	}
	if len(res.Rows) == 0 {
		return fmt.Errorf("source: type %s is gone since the catalog was read; run it again", t.Name)
	}
	typmod := int64(t.Typmod)
	if t.Domain != nil { // its own is in the domain
		typmod = -1
	}
	args := []string{schema.QuoteLiteral(text) + "::pg_catalog.cstring", string(res.Rows[0][2]), strconv.FormatInt(typmod, 10)}
	n, err := strconv.Atoi(string(res.Rows[0][1]))
	if err != nil {
		return fmt.Errorf("source: types: %w", err)
	}
	return itsFault(conn.ExecParams(ctx, "select ("+string(res.Rows[0][0])+"("+strings.Join(args[:n], ", ")+")) is null", nil, nil, nil, nil).Read().Err, map[string]string{
		"22007": "dates are read as 2020-02-29, or the month first",
		"22008": "dates are read as 2020-02-29, or the month first",
	})
}

// tryChecks asks the server whether the checks of a column's table take a value. One
// that needs more than the column, as the whole row, is left to the run.
func tryChecks(ctx context.Context, conn *pgconn.PgConn, v rules.Value) error {
	for _, k := range v.Checks {
		res := conn.ExecParams(ctx, "select ("+k.Expr+") is not false from (select "+schema.QuoteLiteral(v.Text)+"::"+v.Type.Name+" as "+schema.QuoteIdent(v.Column)+") as pgstandin",
			nil, nil, nil, nil).Read()
		if err := itsFault(res.Err, nil); err != nil {
			var server refusal
			if errors.As(err, &server) && strings.HasPrefix(server.code, "42") {
				continue
			}
			return err
		}
		if len(res.Rows) == 1 && string(res.Rows[0][0]) == "f" {
			return refusal{"23514", "check violation (SQLSTATE 23514), constraint " + schema.QuoteIdent(k.Name)}
		}
	}
	return nil
}

// RunTests runs the tests of a rules file over conn. What fails are rules.Errors.
func RunTests(ctx context.Context, conn *pgconn.PgConn, b *rules.Bound) error {
	return b.RunTests(func(sql string, args [][]byte) ([][]byte, error) {
		res := conn.ExecParams(ctx, sql, args, nil, nil, nil).Read()
		if res.Err != nil {
			return nil, refused(res.Err, expressionAdvice())
		}
		return res.Rows[0], nil
	})
}

// itsFault returns what a server says against an expression or a value; nil where
// something else is missing.
func itsFault(err error, advice map[string]string) error {
	err = refused(err, advice)
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
	case "0A", "22", "23", "3F", "54", "P0":
		return server
	}
	return nil
}

// refusal is what a server says of an expression of the rules.
type refusal struct{ code, text string }

func (r refusal) Error() string { return r.text }

// Code returns the SQLSTATE.
func (r refusal) Code() string { return r.code }

// refused is SafeError with advice, by SQLSTATE, in place of that for rows that a
// server refuses. An error that is not the server's stays as it is.
func refused(err error, advice map[string]string) error {
	if err == nil {
		return nil
	}
	err = pipeline.SafeError(err)
	var server interface{ Code() string }
	if !errors.As(err, &server) || len(server.Code()) != 5 {
		return err
	}
	text, _, _ := strings.Cut(err.Error(), "; ")
	if advice[server.Code()] != "" {
		text += ": " + advice[server.Code()]
	}
	return refusal{server.Code(), text}
}
