package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// schemaFile is a file of SQL, loaded into a throw-away server.
type schemaFile struct {
	name     string // for messages
	server   *pgserver.Server
	database string
	passed   [passedKinds]int
}

// openSchema starts a server and loads the file of that name into it; "-" is in.
// The caller closes what it returns.
func openSchema(ctx context.Context, name string, in io.Reader, log io.Writer) (_ *schemaFile, err error) {
	f := &schemaFile{name: name, database: "schema"}
	if name == "-" {
		f.name = "standard input"
	} else {
		file, err := os.Open(name)
		if err != nil {
			return nil, usageError(fmt.Errorf("schema: %w", err))
		}
		defer file.Close()
		in = file
	}
	if err := f.start(ctx, log); err != nil {
		return nil, err
	}
	if err := f.load(ctx, in); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// startSchema starts a server for a schema that the caller reads, and gives to the
// loader item by item. The caller closes the file, and the loader's connection.
func startSchema(ctx context.Context, name string, log io.Writer) (*schemaFile, *schemaLoader, error) {
	f := &schemaFile{name: name, database: "schema"}
	if err := f.start(ctx, log); err != nil {
		return nil, nil, err
	}
	l, err := f.loader(ctx, nil)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, l, nil
}

func (f *schemaFile) start(ctx context.Context, log io.Writer) (err error) {
	f.server, err = pgserver.Start(ctx, pgserver.Config{Log: log, Settings: map[string]string{"lc_messages": "C", "shared_buffers": "32MB"}})
	if err != nil {
		return fmt.Errorf("throw-away server: %w", err)
	}
	return nil
}

// loader makes the database. The caller closes the loader's connection.
func (f *schemaFile) loader(ctx context.Context, in *sqlfile.Reader) (*schemaLoader, error) {
	if err := execScript(ctx, f.server.DSN("postgres"), "create database "+f.database+" template template0"); err != nil {
		return nil, fmt.Errorf("throw-away server: %w", pipeline.SafeError(err))
	}
	conn, err := pgconn.Connect(ctx, f.server.DSN(f.database))
	if err != nil {
		return nil, fmt.Errorf("throw-away server: %w", pipeline.SafeError(err))
	}
	return &schemaLoader{file: f, conn: conn, in: in, version: f.server.Version() / 10000, server: f.server.Bin(), end: "throw-away server", roles: true}, nil
}

// load makes the database and loads the file into it.
func (f *schemaFile) load(ctx context.Context, in io.Reader) error {
	r := sqlfile.NewReader(in, f.name)
	r.Inserts() // long ones are not held
	l, err := f.loader(ctx, r)
	if err != nil {
		return err
	}
	defer l.conn.Close(context.WithoutCancel(ctx))
	return l.load(ctx)
}

// Close ends the server.
func (f *schemaFile) Close() error { return f.server.Stop() }

// notes say what of the file was passed over, and what a file cannot tell.
func (f *schemaFile) notes() []string {
	return append(f.passedNotes(), "a file has no rows: whether masks have room for as many as there are was not checked")
}

// passedNotes say what of the file was passed over.
func (f *schemaFile) passedNotes() []string {
	var parts []string
	for kind, n := range f.passed {
		if n > 0 {
			parts = append(parts, count(int64(n))+" "+passedNames[kind])
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []string{"statements of " + f.name + " that were passed over: " + strings.Join(parts, ", ")}
}

// schemaLoader runs the statements of a file.
type schemaLoader struct {
	file    *schemaFile
	conn    *pgconn.PgConn
	in      *sqlfile.Reader // nil where the caller reads
	version int             // major one of the server
	server  string          // which server that is
	end     string          // its name in errors
	roles   bool            // roles that are missing are made
	dumped  int             // major version of the server that the file is a dump of; 0: unknown
	began   bool            // an item was run
	made    bool            // whether an object may have been made
	connect string          // arguments of \connect
	missing []string
}

var dumpedFrom = regexp.MustCompile(`(?m)^-- Dumped from database version (\d+)`)

// load runs the file, whose transactions must end with it.
func (l *schemaLoader) load(ctx context.Context) error {
	if err := l.run(ctx); err != nil {
		return err
	}
	return l.ended()
}

// ended fails if a transaction goes on.
func (l *schemaLoader) ended() error {
	if l.conn.TxStatus() != 'I' {
		return usageError(fmt.Errorf("%s: the file ends within a transaction: its COMMIT is missing", l.file.name))
	}
	return nil
}

func (l *schemaLoader) run(ctx context.Context) error {
	for {
		it, err := l.in.Next()
		if err == io.EOF {
			return l.complete()
		}
		if err != nil {
			return usageError(err)
		}
		if err := l.item(ctx, it); err != nil {
			return err
		}
	}
}

// item runs an item of a file. Rows are passed over.
func (l *schemaLoader) item(ctx context.Context, it *sqlfile.Item) error {
	if m := dumpedFrom.FindSubmatch(it.Before()); !l.began && m != nil {
		l.dumped, _ = strconv.Atoi(string(m[1]))
	}
	l.began = true
	switch it.Kind {
	case sqlfile.Copy, sqlfile.Insert:
		l.file.passed[passedRows]++
	case sqlfile.Command:
		return l.command(it)
	case sqlfile.Statement:
		return l.statement(ctx, it)
	}
	return nil
}

// complete fails if extensions are missing.
func (l *schemaLoader) complete() error {
	if len(l.missing) > 0 {
		return usageError(errors.New(strings.Join(l.missing, "\n")))
	}
	return nil
}

func (l *schemaLoader) command(it *sqlfile.Item) error {
	name, args := it.Command()
	if name != "connect" {
		return nil
	}
	if l.made && args != l.connect {
		return l.errorf(it.Line, "\\connect to another database: a schema file is of one; write it with pg_dump, not pg_dumpall")
	}
	l.connect = args
	l.file.passed[passedDatabase]++
	return nil
}

func (l *schemaLoader) errorf(line int, format string, args ...any) error {
	return usageError(&sqlfile.Error{File: l.file.name, Line: line, Text: fmt.Sprintf(format, args...)})
}

// statement runs a statement, unless it is one that makes nothing that the rules
// speak of.
func (l *schemaLoader) statement(ctx context.Context, it *sqlfile.Item) error {
	s := sortStatement(it.SQL())
	if s.passed >= 0 {
		l.file.passed[s.passed]++
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
		if kind < 0 && (role == "" || !l.roles || tries == 100) {
			return l.describe(it, err)
		}
		if inside {
			if err := l.exec(ctx, "rollback to savepoint pgstandin"); err != nil {
				return l.describe(it, err)
			}
		}
		if kind >= 0 {
			l.file.passed[kind]++
			return nil
		}
		if l.exec(ctx, "create role "+schema.QuoteIdent(role)+" nologin") != nil {
			return l.describe(it, err)
		}
	}
}

func (l *schemaLoader) exec(ctx context.Context, sql string) error {
	return l.conn.Exec(ctx, sql).Close()
}

// extension notes a CREATE EXTENSION that this server does not know: all of them
// are told at once.
func (l *schemaLoader) extension(ctx context.Context, it *sqlfile.Item, s sorted) error {
	res := l.conn.ExecParams(ctx, "select 1 from pg_catalog.pg_available_extensions where name = $1", [][]byte{[]byte(s.name)}, nil, nil, nil).Read()
	if res.Err != nil {
		return l.describe(it, res.Err)
	}
	if len(res.Rows) > 0 {
		return nil
	}
	l.missing = append(l.missing, fmt.Sprintf("%s:%d: extension %s is not installed for PostgreSQL %d, which runs here (%s); install its package, "+
		"or, if no table needs it, leave it out of the file", l.file.name, it.Line, schema.QuoteIdent(s.name), l.version, l.server))
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
func (l *schemaLoader) describe(it *sqlfile.Item, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return fmt.Errorf("%s: %w", l.end, err)
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
		what = pipeline.SafeError(pg).Error()
	}
	if label := labelOf(it.SQL()); label != "" {
		what = label + ": " + what
	}
	if l.dumped > l.version {
		what += fmt.Sprintf("; the file is a dump of PostgreSQL %d, and %d runs here (%s): install %[1]d, or name its programs' directory in PGSTANDIN_PG_BIN", l.dumped, l.version, l.server)
	}
	return l.errorf(line, "%s", what)
}

// labelOf is the beginning of a statement, as a message names it: key words and
// names before the first parenthesis or value.
func labelOf(sql []byte) string {
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
	return oneLine(b.String())
}
