// Package pgtest gives tests real databases.
//
// The server is started once per test process, by package pgserver, and is
// gone with that process; or it is the one that $PGSTANDIN_TEST_DSN names, a
// connection string of a superuser, of which only the databases that tests
// made are touched.
package pgtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
)

// DSNVariable names the environment variable that points tests at a server.
const DSNVariable = "PGSTANDIN_TEST_DSN"

// DirVariable names the environment variable that says in which folder servers are
// made, if not in that of temporary files: one in memory makes them faster.
const DirVariable = "PGSTANDIN_TEST_DIR"

// config suits many small databases whose tests want the same plans each time. Its
// servers keep little of their log of changes, for folders in memory.
func config() pgserver.Config {
	return pgserver.Config{Parent: os.Getenv(DirVariable), Log: os.Stderr, Settings: map[string]string{
		"shared_buffers": "32MB", "autovacuum": "off", "max_connections": "200", "max_wal_size": "512MB",
	}}
}

// server returns the DSN, in keyword/value form, of the maintenance database.
var server = sync.OnceValues(func() (string, error) {
	if dsn := os.Getenv(DSNVariable); dsn != "" {
		return keywords(dsn)
	}
	s, err := pgserver.Start(context.Background(), config())
	if err != nil {
		return "", err
	}
	return s.DSN("postgres"), nil // its watchdog stops it
})

var counter atomic.Int64

// Server returns the DSN of the server's maintenance database, as superuser.
// The server is shared by all tests of the process, or by more.
func Server(t testing.TB) string {
	t.Helper()
	dsn, err := server()
	if err != nil {
		t.Fatalf("test server: %v", err)
	}
	return dsn
}

// DB makes an empty database (UTF8, locale C.UTF-8 or else C) and returns its
// DSN in keyword/value form. When the test ends the database is dropped, with
// every other one whose name starts with its name, whoever is connected.
func DB(t testing.TB) string {
	t.Helper()
	dsn := Server(t)
	random := make([]byte, 4)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("t%d_%d_%s", os.Getpid(), counter.Add(1), hex.EncodeToString(random))
	t.Cleanup(func() { dropAll(t, dsn, name) })
	conn := Connect(t, dsn)
	var err error
	for _, locale := range []string{"C.UTF-8", "C"} {
		err = conn.Exec(context.Background(), fmt.Sprintf(
			"create database %s template template0 encoding 'UTF8' lc_collate '%s' lc_ctype '%[2]s'", name, locale)).Close()
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != "42809" { // the operating system has no such locale
			break
		}
	}
	if err != nil {
		t.Fatalf("create a test database: %v", err)
	}
	return dsn + " dbname=" + name
}

// dropAll drops the databases whose names start with prefix.
func dropAll(t testing.TB, dsn, prefix string) {
	conn := Connect(t, dsn)
	rows, err := conn.Exec(context.Background(), fmt.Sprintf(
		"select quote_ident(datname) from pg_database where starts_with(datname, '%s')", prefix)).ReadAll()
	if err != nil {
		t.Errorf("list test databases: %v", err)
		return
	}
	for _, row := range rows[0].Rows {
		if err := conn.Exec(context.Background(), fmt.Sprintf("drop database if exists %s with (force)", row[0])).Close(); err != nil {
			t.Errorf("drop a test database: %v", err)
		}
	}
}

// Connect returns a connection that is closed when the test ends.
func Connect(t testing.TB, dsn string) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// Exec runs a script over a connection of its own. The script may hold what
// pg_dump writes: COPY … FROM stdin with its data, \restrict and \unrestrict.
func Exec(t testing.TB, dsn, sql string) {
	t.Helper()
	conn, err := pgconn.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close(context.Background())
	if err := run(conn, strings.NewReader(sql)); err != nil {
		t.Fatal(err)
	}
}

// run sends a script in pieces that end before each COPY.
func run(conn *pgconn.PgConn, script io.Reader) error {
	in := sqlfile.NewReader(script, "script")
	var sql strings.Builder
	first := 0 // line of the piece
	flush := func() error {
		text := sql.String()
		sql.Reset()
		if err := conn.Exec(context.Background(), text).Close(); err != nil {
			return describe(err, text, first)
		}
		return nil
	}
	for {
		item, err := in.Next()
		if err == io.EOF {
			return flush()
		}
		if err != nil {
			return err
		}
		switch item.Kind {
		case sqlfile.Statement:
			if sql.Len() == 0 {
				first = item.Line - bytes.Count(item.Before(), []byte{'\n'})
			}
			sql.Write(item.Text)
		case sqlfile.Copy:
			if err := flush(); err != nil {
				return err
			}
			text := string(item.SQL())
			if _, err := conn.CopyFrom(context.Background(), in.Data(), text); err != nil {
				return describe(err, text, item.Line)
			}
		case sqlfile.Command:
			if name, _ := item.Command(); name == "connect" {
				return fmt.Errorf("script, line %d: \\connect: a script runs in one database", item.Line)
			}
		}
	}
}

// describe adds the line of the script to an error of the server.
func describe(err error, text string, first int) error {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		runes := []rune(text)
		at := min(max(int(pgErr.Position)-1, 0), len(runes))
		first += strings.Count(string(runes[:at]), "\n")
		if pgErr.Detail != "" {
			err = fmt.Errorf("%w: %s", err, pgErr.Detail)
		}
		if pgErr.Where != "" {
			err = fmt.Errorf("%w (%s)", err, pgErr.Where)
		}
	}
	return fmt.Errorf("script, line %d: %w", first, err)
}

// Query runs statements in one go and returns the rows of the last one, values
// as text, NULL as \N.
func Query(t testing.TB, dsn, sql string) [][]string {
	t.Helper()
	conn, err := pgconn.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close(context.Background())
	results, err := conn.Exec(context.Background(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	if len(results) == 0 {
		return nil
	}
	var rows [][]string
	for _, fields := range results[len(results)-1].Rows {
		row := make([]string, len(fields))
		for i, f := range fields {
			row[i] = string(f)
			if f == nil {
				row[i] = `\N`
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// LoadCase loads shared/cases/NAME, schema and rows, where a folder above the
// test's has it; else it skips the test.
func LoadCase(t testing.TB, dsn, name string) {
	t.Helper()
	cases := findUp(filepath.Join("shared", "cases"))
	if cases == "" {
		t.Skip("no shared/cases above this directory")
	}
	for _, file := range []string{"schema.sql", "data.sql"} {
		text, err := os.ReadFile(filepath.Join(cases, name, file))
		if errors.Is(err, os.ErrNotExist) && file == "data.sql" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgconn.Connect(context.Background(), dsn)
		if err != nil {
			t.Fatalf("connect: %v", err)
		}
		err = run(conn, bytes.NewReader(text))
		conn.Close(context.Background())
		if err != nil {
			t.Fatalf("%s/%s: %v", name, file, err)
		}
	}
}

// findUp returns the first existing path/name for path in the working
// directory and those above it, or "".
func findUp(name string) string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
		dir = filepath.Dir(dir)
	}
}

// keywords turns a connection URL into keyword/value form, to which other
// settings can be appended; such a form it returns as it is.
func keywords(dsn string) (string, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return dsn, nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("%s: not a connection URL", DSNVariable) // the cause would quote the password
	}
	values := map[string]string{}
	for name := range u.Query() {
		values[name] = u.Query().Get(name)
	}
	for name, value := range map[string]string{
		"host": u.Hostname(), "port": u.Port(), "user": u.User.Username(), "dbname": strings.TrimPrefix(u.Path, "/"),
	} {
		if value != "" {
			values[name] = value
		}
	}
	if password, ok := u.User.Password(); ok {
		values["password"] = password
	}
	var pairs []string
	for name, value := range values {
		pairs = append(pairs, name+"='"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)+"'")
	}
	sort.Strings(pairs)
	return strings.Join(pairs, " "), nil
}
