package pipeline

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// SafeError returns err without what the server said in words, which may quote
// rows: of the message, detail, hint and context nothing is left, only SQLSTATE
// with its standard name, the names of table, column, type and constraint, and
// for well-known SQLSTATEs a remedy of ours. What callers wrote around the
// server's error stays. An error without a server's error in it is returned as
// it is.
//
// The result has a method Code() string, the SQLSTATE; errors.Is finds context
// errors that were in err, and errors.As no *pgconn.PgError.
func SafeError(err error) error { return safeError(err, remedy) }

// madeError is SafeError for rows that were made: no mask is to blame.
func madeError(err error) error { return safeError(err, remedyOfMade) }

// expressionError is SafeError for a query that stores nothing: where a value does
// not fit, it is an expression of the rules that it does not fit.
func expressionError(err error) error { return safeError(err, expressionRemedy) }

func safeError(err error, remedy func(code string) string) error {
	found := serverErrors(nil, err)
	if len(found) == 0 {
		return err
	}
	e := &serverError{
		code: found[0].Code, text: err.Error(),
		canceled: errors.Is(err, context.Canceled), late: errors.Is(err, context.DeadlineExceeded),
	}
	safe := make([]string, len(found))
	for i, pg := range found {
		safe[i] = describe(pg, remedy)
		e.text = strings.ReplaceAll(e.text, pg.Error(), mark(i))
	}
	for _, pg := range found {
		if quotes(e.text, pg) { // it was printed in another way
			e.text = strings.Join(safe, "; ")
			return e
		}
	}
	for i := range found {
		e.text = strings.ReplaceAll(e.text, mark(i), safe[i])
	}
	return e
}

// mark stands in for a server error's text: no error has zero bytes.
func mark(i int) string { return "\x00" + strconv.Itoa(i) + "\x00" }

// serverErrors appends all server errors in the tree of err.
func serverErrors(list []*pgconn.PgError, err error) []*pgconn.PgError {
	switch e := err.(type) {
	case nil:
	case *pgconn.PgError:
		list = append(list, e)
	case interface{ Unwrap() error }:
		list = serverErrors(list, e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			list = serverErrors(list, inner)
		}
	}
	return list
}

// quotes reports whether text holds any of the server's words.
func quotes(text string, pg *pgconn.PgError) bool {
	for _, words := range []string{pg.Message, pg.Detail, pg.Hint, pg.Where, pg.InternalQuery} {
		if words != "" && strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// serverError is a server's error without its words.
type serverError struct {
	code, text     string
	canceled, late bool
}

func (e *serverError) Error() string { return e.text }

// Code returns the SQLSTATE.
func (e *serverError) Code() string { return e.code }

func (e *serverError) Is(target error) bool {
	return e.canceled && target == context.Canceled || e.late && target == context.DeadlineExceeded
}

// describe says what is safe to say of a server's error.
func describe(pg *pgconn.PgError, remedy func(code string) string) string {
	var b strings.Builder
	if name := condition(pg.Code); name != "" {
		b.WriteString(strings.ReplaceAll(name, "_", " ") + " (SQLSTATE " + pg.Code + ")")
	} else {
		b.WriteString("SQLSTATE " + pg.Code)
	}
	if pg.TableName != "" {
		b.WriteString(", table " + schema.Name{Schema: pg.SchemaName, Name: pg.TableName}.String())
	}
	if pg.ColumnName != "" {
		b.WriteString(", column " + schema.QuoteIdent(pg.ColumnName))
	}
	if pg.DataTypeName != "" {
		b.WriteString(", type " + schema.Name{Schema: pg.SchemaName, Name: pg.DataTypeName}.String())
	}
	if pg.ConstraintName != "" {
		b.WriteString(", constraint " + schema.QuoteIdent(pg.ConstraintName))
	}
	hint := remedy(pg.Code)
	switch {
	case noRoomForLocks(pg):
		hint = moreLocks
	case pg.Code == "XX000" && pg.File == "mcxt.c":
		hint = "a value, or its text, is longer than 1 GB, the most that the server can take; the text of bytea is twice as long as the value"
	}
	if hint != "" {
		b.WriteString("; " + hint)
	}
	return b.String()
}

// outOfMemory is the SQLSTATE of a server without memory, or, where its lock.c says
// so, without room in the table of locks.
const outOfMemory = "53200"

func noRoomForLocks(pg *pgconn.PgError) bool { return pg.Code == outOfMemory && pg.File == "lock.c" }

const moreLocks = "the server has no more room for locks, which all its sessions share: raise max_locks_per_transaction there"

// recoveryConflict is the SQLSTATE of a session on a standby that replay ended
// or cancelled, as of a serialization failure.
const recoveryConflict = "40001"

// lockNotAvailable is the SQLSTATE of a wait for a lock that reached lock_timeout.
const lockNotAvailable = "55P03"

// tooManyConnections is the SQLSTATE of a server, database or role that has no room
// for one more session.
const tooManyConnections = "53300"

// expressionRemedy is remedy for a query that stores nothing.
func expressionRemedy(code string) string {
	if ofValue(code) {
		return "an expression of the rules does not fit the values of some rows"
	}
	return remedy(code)
}

// ofValue reports whether an SQLSTATE says that an expression cannot be computed of a
// value: a data exception, but for the encoding's, or what a domain demands.
func ofValue(code string) bool {
	switch code {
	case "22021", "22P05":
		return false
	case "23514", "23502":
		return true
	}
	return strings.HasPrefix(code, "22")
}

// OfExpression reports whether err is the source's, of an expression of the rules
// that does not fit the values of some rows. What Error says ends with just that.
func OfExpression(err error) bool {
	var e *sideError
	return errors.As(err, &e) && e.side == "source" && ofValue(codeOfSafe(e.err))
}

// codeOfSafe is the SQLSTATE of what SafeError returned.
func codeOfSafe(err error) string {
	var safe *serverError
	if errors.As(err, &safe) {
		return safe.code
	}
	return ""
}

// remedy says what to do about an SQLSTATE, or nothing.
func remedy(code string) string {
	switch code {
	case "28P01":
		return "check the password (PGPASSWORD, a pass file, or the connection string)"
	case "28000":
		return "check pg_hba.conf, the role, and its right to log in"
	case "3D000":
		return "there is no such database: check its name"
	case "42501":
		return "the role lacks a privilege: grant it, or connect as the owner"
	case "53100":
		return "the server's disk is full: free space there"
	case outOfMemory:
		return "the server is out of memory: use fewer --workers"
	case tooManyConnections:
		return "raise max_connections or the role's connection limit, or use fewer --workers if there are several"
	case "54000":
		return "a row is larger than a page holds, or a value larger than an index does or than 1 GB: did a mask make it longer than it was?"
	case "57014":
		return "the statement was cancelled: by someone, by --statement-timeout where that is given, or by a time limit of the server"
	case "57P01", "57P02":
		return "the server ended the session: it was shut down or crashed, or someone ended it"
	case "57P03":
		return "the server is starting up or shutting down: try again later"
	case recoveryConflict:
		return "on a standby, replay of the primary's changes conflicts with long queries: set hot_standby_feedback = on, " +
			"or raise max_standby_streaming_delay, or read from the primary"
	case "40P01":
		return "another session locked the same objects in another order: try again"
	case lockNotAvailable:
		return "another session holds a lock: try again when no migration runs"
	case "25P03", "57P05":
		return "the server ended the session for being idle"
	case "25006":
		return "the server is a standby, or the database or role is read-only"
	case "22001", "22003", "22P02", "22007", "22008", "23514", "23502":
		return "a value does not fit the column: check the column's mask"
	case "23505":
		return "two rows have the same key: check that the mask of its columns is injective"
	case "23503":
		return "a row's parent is missing"
	case "22021":
		return "a value is not valid in the database's encoding"
	case "22P05":
		return "a value has a character that UTF8, in which rows are read, has not: correct it in the source"
	case "XX001", "XX002":
		return "the server found damaged data or a damaged index"
	}
	return ""
}

// remedyOfMade is remedy for rows that were made.
func remedyOfMade(code string) string {
	switch code {
	case "22001", "22003", "22P02", "22007", "22008", "23514", "23502":
		return "a value that was made does not fit: say in the rules, under seed, what the column holds"
	case "23505", "23P01":
		return "two rows that were made exclude each other: say in the rules, under seed, what the columns hold, or make fewer rows"
	}
	return remedy(code)
}
