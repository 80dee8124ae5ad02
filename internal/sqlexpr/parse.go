package sqlexpr

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v5"
	"github.com/pganalyze/pg_query_go/v5/parser"
)

const (
	maxBytes = 1 << 20
	// The parser's own recursion is bounded by the number of tokens that can
	// nest; lists of constants do not count.
	maxNesting = 2000
)

// Parse reads one scalar expression. Errors are of type *Error.
func Parse(text string) (*Expr, error) {
	// Only an expression can be an argument: neither a SELECT without brackets,
	// nor an alias, nor a clause.
	stmt, err := parse(text, "SELECT COALESCE(", "\n)", kindExpr)
	if err != nil {
		return nil, err
	}
	args := stmt.TargetList[0].GetResTarget().GetVal().GetCoalesceExpr().GetArgs()
	if len(args) != 1 {
		return nil, &Error{0, fmt.Sprintf("%d expressions separated by commas; write one", len(args))}
	}
	stmt.TargetList[0].GetResTarget().Val = args[0]
	return analyze(text, kindExpr, stmt)
}

// ParseOrder reads the list after ORDER BY. Errors are of type *Error.
func ParseOrder(text string) (*Expr, error) {
	stmt, err := parse(text, "SELECT 1 ORDER BY ", "\n", kindOrder)
	if err != nil {
		return nil, err
	}
	if stmt.LimitCount != nil || stmt.LimitOffset != nil || len(stmt.LockingClause) > 0 {
		return nil, &Error{0, "more than an ORDER BY list; write expressions, each with asc or desc"}
	}
	for _, n := range stmt.SortClause {
		if n.GetSortBy().GetNode().GetAConst() != nil {
			return nil, &Error{0, "a constant orders nothing; write a column"}
		}
	}
	return analyze(text, kindOrder, stmt)
}

// ParseQuery reads one SELECT that writes and locks nothing. Errors are of type
// *Error.
func ParseQuery(text string) (*Expr, error) {
	stmt, err := parse(text, "", "\n", kindQuery)
	if err != nil {
		return nil, err
	}
	return analyze(text, kindQuery, stmt)
}

// parse reads prefix + text + suffix and makes sure that text is not a way out
// of it.
func parse(text, prefix, suffix string, k kind) (*pg.SelectStmt, error) {
	if err := scan(text); err != nil {
		return nil, err
	}
	tree, err := pg.Parse(prefix + text + suffix)
	if err != nil {
		return nil, syntaxError(err, text, len(prefix))
	}
	const single = "write one SELECT"
	if len(tree.Stmts) != 1 {
		return nil, &Error{0, fmt.Sprintf("%d statements; %s", len(tree.Stmts), single)}
	}
	stmt := tree.Stmts[0].GetStmt().GetSelectStmt()
	if stmt == nil {
		return nil, &Error{0, "not a query; " + single}
	}
	if k == kindQuery {
		return stmt, nil
	}
	if len(stmt.TargetList) != 1 || stmt.Op != pg.SetOperation_SETOP_NONE || len(stmt.FromClause) > 0 ||
		stmt.WhereClause != nil || stmt.IntoClause != nil || stmt.WithClause != nil ||
		len(stmt.GroupClause) > 0 || stmt.HavingClause != nil || len(stmt.WindowClause) > 0 ||
		k == kindExpr && (len(stmt.SortClause) > 0 || stmt.LimitCount != nil || stmt.LimitOffset != nil || len(stmt.LockingClause) > 0) {
		return nil, &Error{0, "more than one expression"}
	}
	if k == kindExpr && stmt.TargetList[0].GetResTarget().GetVal().GetCoalesceExpr() == nil {
		return nil, &Error{0, "more than one expression"}
	}
	return stmt, nil
}

// scan refuses what must not reach the parser: texts that would close the
// bracket we open, hold a second statement, or nest without bound.
func scan(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return &Error{0, "empty; write an expression"}
	case len(text) > maxBytes:
		return &Error{0, fmt.Sprintf("longer than %d bytes", maxBytes)}
	case strings.IndexByte(text, 0) >= 0:
		return &Error{strings.IndexByte(text, 0), "a zero byte"}
	case !utf8.ValidString(text):
		return &Error{0, "not valid UTF-8"}
	}
	res, err := pg.Scan(text)
	if err != nil {
		return syntaxError(err, text, 0)
	}
	depth, nesting, tokens := 0, 0, 0
	for _, t := range res.Tokens {
		switch t.Token {
		case pg.Token_SQL_COMMENT, pg.Token_C_COMMENT:
			continue
		case pg.Token_ASCII_40: // (
			depth++
		case pg.Token_ASCII_41: // )
			if depth--; depth < 0 {
				return &Error{int(t.Start), "a closing bracket without an opening one"}
			}
		case pg.Token_ASCII_59: // ;
			return &Error{int(t.Start), "a semicolon; write one expression or query, without one"}
		case pg.Token_PARAM:
			return &Error{int(t.Start), "a parameter; there are none here, write the value"}
		}
		tokens++
		switch t.Token {
		case pg.Token_ASCII_44, pg.Token_ICONST, pg.Token_FCONST, pg.Token_SCONST, pg.Token_IDENT:
		default:
			if nesting++; nesting > maxNesting {
				return &Error{int(t.Start), "too long; write lists as = any('{...}') or shorten it"}
			}
		}
	}
	switch {
	case tokens == 0:
		return &Error{0, "only a comment; write an expression"}
	case depth > 0:
		return &Error{len(text), "a bracket is not closed"}
	}
	return nil
}

// syntaxError translates the parser's error; its position counts characters of
// the whole text, from 1.
func syntaxError(err error, text string, prefix int) error {
	var pe *parser.Error
	if !errors.As(err, &pe) {
		return &Error{0, "too long or too deeply nested"}
	}
	at := pe.Cursorpos - 1 - prefix
	offset := 0
	for ; at > 0 && offset < len(text); at-- {
		_, n := utf8.DecodeRuneInString(text[offset:])
		offset += n
	}
	msg := pe.Message
	if strings.HasPrefix(msg, "memory exhausted") {
		msg = "too deeply nested"
	}
	if offset >= len(text) && strings.HasPrefix(msg, "syntax error") {
		msg = "syntax error at the end"
	}
	return &Error{offset, msg}
}
