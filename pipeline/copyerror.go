package pipeline

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// sideError says at which end of a copy an error was. It holds no data.
type sideError struct {
	side      string // "source", "target"; "" where the caller says it
	err       error  // a SafeError
	transient bool   // trying again may help
}

// Error begins with the side.
func (e *sideError) Error() string {
	text := e.err.Error()
	if e.side == "" || strings.HasPrefix(text, e.side+": ") {
		return text
	}
	return e.side + ": " + text
}

// Unwrap gives access to a *YieldError or an error of the context.
func (e *sideError) Unwrap() error { return e.err }

func isTransient(err error) bool {
	var e *sideError
	return errors.As(err, &e) && e.transient
}

// failure is for errors of connections that had been made. columns are those
// whose names may be read from the server's words.
func failure(ctx context.Context, side string, err error, columns []string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var yield *YieldError
	code := codeOf(err)
	e := &sideError{side: side, transient: !errors.As(err, &yield) && (code == "" || lost(code))}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.ColumnName == "" {
		if column := columnIn(pg.Where, columns); column != "" {
			named := *pg
			named.ColumnName = column
			err = &named
		}
	}
	safe := SafeError
	if side == "source" {
		safe = expressionError
	}
	e.err = safe(err)
	return e
}

// connectFailure is for connections that could not be had.
func connectFailure(ctx context.Context, side string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var n *netError
	return &sideError{side: side, err: SafeError(err), transient: errors.As(err, &n) || lost(codeOf(err))}
}

// lost reports whether an SQLSTATE says that the session or the server ended, or
// has no room just now.
func lost(code string) bool {
	switch code {
	case "57P01", "57P02", "57P03", "57P05", "25P03", tooManyConnections:
		return true
	}
	return strings.HasPrefix(code, "08")
}

// columnIn finds which of the columns the context of a COPY error names:
// `COPY orders, line 7, column total: "..."`. The value behind it is not read.
func columnIn(where string, columns []string) string {
	if !strings.HasPrefix(where, "COPY ") {
		return ""
	}
	_, rest, ok := strings.Cut(where, ", line ")
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	rest, named := strings.CutPrefix(rest[digits:], ", column ")
	if !ok || digits == 0 || !named {
		return ""
	}
	found := ""
	for _, c := range columns {
		behind, ok := strings.CutPrefix(rest, c)
		if ok && len(c) > len(found) && (behind == "" || behind[0] == ':' || behind[0] == '\n') {
			found = c
		}
	}
	return found
}
