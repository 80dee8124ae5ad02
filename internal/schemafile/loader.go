package schemafile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/sqlfile"
	"github.com/pgstandin/pgstandin/schema"
)

// Config says where a Loader loads a file. All of it is required, but for Roles, Whole
// and Exists.
type Config struct {
	Name    string            // of the file, in messages
	End     string            // of the server in errors: "target"
	Server  string            // which server that is, in remedies
	Version int               // the server's major version
	Roles   bool              // make roles that are missing
	Whole   bool              // the connection is in a transaction, which the file neither ends nor begins
	Exists  string            // the remedy where something is to be made that is there
	Safe    func(error) error // what of an error of the server's holds no value
}

// Loader runs the statements of a file. It is for one file and one user.
type Loader struct {
	cfg     Config
	conn    *pgconn.PgConn
	passed  [passedKinds]int
	dumped  int    // major version of the server that the file is a dump of; 0: unknown
	began   bool   // an item was run
	made    bool   // whether an object may have been made
	connect string // arguments of \connect
	missing []string
}

// NewLoader returns a loader that runs the statements by conn, which stays the caller's.
func NewLoader(conn *pgconn.PgConn, c Config) *Loader { return &Loader{cfg: c, conn: conn} }

// PassedOver counts statements of a kind that were passed over.
type PassedOver struct {
	Count int
	What  string // "with rows"
}

// PassedOver says what of the file was passed over.
func (l *Loader) PassedOver() []PassedOver {
	var out []PassedOver
	for kind, n := range l.passed {
		if n > 0 {
			out = append(out, PassedOver{n, passedNames[kind]})
		}
	}
	return out
}

var dumpedFrom = regexp.MustCompile(`(?m)^-- Dumped from database version (\d+)`)

// Read runs a file to its end. Its error is an *Error where the file is wrong.
func (l *Loader) Read(ctx context.Context, in *sqlfile.Reader) error {
	for {
		it, err := in.Next()
		if err == io.EOF {
			return l.Complete()
		}
		if err != nil {
			return &Error{err}
		}
		if err := l.Item(ctx, it); err != nil {
			return err
		}
	}
}

// Ended fails if a transaction goes on where the file ends.
func (l *Loader) Ended() error {
	if l.conn.TxStatus() != 'I' {
		return &Error{fmt.Errorf("%s: the file ends within a transaction: its COMMIT is missing", l.cfg.Name)}
	}
	return nil
}

// Item runs an item of the file. Rows are passed over.
func (l *Loader) Item(ctx context.Context, it *sqlfile.Item) error {
	if m := dumpedFrom.FindSubmatch(it.Before()); !l.began && m != nil {
		l.dumped, _ = strconv.Atoi(string(m[1]))
	}
	l.began = true
	switch it.Kind {
	case sqlfile.Copy, sqlfile.Insert:
		l.passed[passedRows]++
	case sqlfile.Command:
		return l.command(it)
	case sqlfile.Statement:
		return l.statement(ctx, it)
	}
	return nil
}

// Complete fails if extensions are missing. With one missing no other statement is run.
func (l *Loader) Complete() error {
	if len(l.missing) > 0 {
		return &Error{errors.New(strings.Join(l.missing, "\n"))}
	}
	return nil
}

func (l *Loader) command(it *sqlfile.Item) error {
	name, args := it.Command()
	if name != "connect" {
		return nil
	}
	if l.made && args != l.connect {
		return l.errorf(it.Line, "\\connect to another database: a schema file is of one; write it with pg_dump, not pg_dumpall")
	}
	l.connect = args
	l.passed[passedDatabase]++
	return nil
}

func (l *Loader) errorf(line int, format string, args ...any) error {
	return &Error{&sqlfile.Error{File: l.cfg.Name, Line: line, Text: fmt.Sprintf(format, args...)}}
}

// statement runs a statement, unless it is one that makes nothing that the rules
// speak of.
func (l *Loader) statement(ctx context.Context, it *sqlfile.Item) error {
	s := sortStatement(it.SQL())
	if s.passed >= 0 {
		l.passed[s.passed]++
		return nil
	}
	if s.verb == "create" && s.object == "extension" {
		if err := l.extension(ctx, it, s); err != nil || len(l.missing) > 0 {
			return err
		}
	}
	if len(l.missing) > 0 || s.verb == ";" {
		return nil // only what else is missing is of interest
	}
	if l.cfg.Whole && (s.verb == "begin" || s.verb == "start" || s.verb == "commit" || s.verb == "end") {
		return nil
	}
	if l.cfg.Whole && (s.verb == "rollback" || s.verb == "abort") {
		return l.errorf(it.Line, "%s: the file is loaded in one transaction: take the statement out, with what it undoes", strings.ToUpper(s.verb))
	}
	l.made = l.made || s.verb != "set" && s.verb != "select"
	inside := l.conn.TxStatus() == 'T' && !(s.verb == "set" && s.object == "transaction")
	if inside {
		if err := l.exec(ctx, "savepoint pgstandin"); err != nil {
			return l.describe(it, err)
		}
	}
	for tries := 0; ; tries++ {
		err := l.exec(ctx, string(it.SQL()))
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		kind := s.forgive(err)
		role := missingRole(err)
		if kind < 0 && (role == "" || !l.cfg.Roles || tries == 100) {
			return l.describe(it, err)
		}
		if inside {
			if err := l.exec(ctx, "rollback to savepoint pgstandin"); err != nil {
				return l.describe(it, err)
			}
		}
		if kind >= 0 {
			l.passed[kind]++
			return nil
		}
		if l.exec(ctx, "create role "+schema.QuoteIdent(role)+" nologin") != nil {
			return l.describe(it, err)
		}
	}
}

func (l *Loader) exec(ctx context.Context, sql string) error {
	return l.conn.Exec(ctx, sql).Close()
}

// extension notes a CREATE EXTENSION that this server does not know: all of them
// are told at once.
func (l *Loader) extension(ctx context.Context, it *sqlfile.Item, s sorted) error {
	res := l.conn.ExecParams(ctx, "select 1 from pg_catalog.pg_available_extensions where name = $1", [][]byte{[]byte(s.name)}, nil, nil, nil).Read()
	if res.Err != nil {
		return l.describe(it, res.Err)
	}
	if len(res.Rows) > 0 {
		return nil
	}
	l.missing = append(l.missing, fmt.Sprintf("%s:%d: extension %s is not installed for PostgreSQL %d, which runs here (%s); install its package, "+
		"or, if no table needs it, leave it out of the file", l.cfg.Name, it.Line, schema.QuoteIdent(s.name), l.cfg.Version, l.cfg.Server))
	return nil
}

// missingRole returns the role that an error says is not there, or "".
func missingRole(err error) string {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "42704" {
		return ""
	}
	name, ok := strings.CutPrefix(pg.Message, `role "`)
	name, end := strings.CutSuffix(name, `" does not exist`)
	if !ok || !end {
		return ""
	}
	return name
}

// describe says where a statement went wrong. Of the server's words it takes
// only those that hold nothing but names and key words.
func (l *Loader) describe(it *sqlfile.Item, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return fmt.Errorf("%s: %w", l.cfg.End, err)
	}
	line, what := it.Line, "SQLSTATE "+pg.Code
	if pg.Position > 0 {
		runes := bytes.Runes(it.SQL())
		line += strings.Count(string(runes[:min(int(pg.Position)-1, len(runes))]), "\n")
	}
	switch {
	case len(pg.Code) == 5 && strings.Contains(" 42 0A 3F 2B ", " "+pg.Code[:2]+" ") && !strings.ContainsAny(pg.Message, "'$"):
		what = pg.Message + " (" + what + ")"
	default:
		what = l.cfg.Safe(pg).Error()
	}
	if label := Label(it.SQL()); label != "" {
		what = label + ": " + what
	}
	if l.cfg.Exists != "" && slices.Contains([]string{"42P06", "42P07", "42710", "42723"}, pg.Code) {
		what += "; " + l.cfg.Exists
	}
	if l.dumped > l.cfg.Version {
		what += fmt.Sprintf("; the file is a dump of PostgreSQL %d, and %d runs here (%s): install %[1]d, or name its programs' directory in PGSTANDIN_PG_BIN", l.dumped, l.cfg.Version, l.cfg.Server)
	}
	return l.errorf(line, "%s", what)
}

// Label is the beginning of a statement, as a message names it: key words and
// names before the first parenthesis or value.
func Label(sql []byte) string {
	var b strings.Builder
	tight := true
	for i, t := range sqlfile.First(sql, 12) {
		dot := t.IsSign('.')
		if !dot && t.Kind != sqlfile.Word && t.Kind != sqlfile.Quoted || i > 0 && t.Is("as") {
			break
		}
		if !dot && !tight {
			b.WriteByte(' ')
		}
		tight = dot
		switch t.Kind {
		case sqlfile.Word:
			b.WriteString(t.Name())
		default:
			b.Write(t.Text)
		}
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, b.String())
}
