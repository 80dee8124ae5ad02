// Package schemafile loads a schema that is a file of SQL, as pg_dump and pg_dumpall write
// them, into a server: a throw-away one, or another that is there. Rows, owners, and what
// else no table is another for are passed over and counted; what the server refuses is
// told by the file's line, and of the server's words only those that hold no value.
package schemafile

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
)

// Error is something wrong with the file, and not with the server.
type Error struct{ err error }

// Error says what, behind the file's name and line where it has one.
func (e *Error) Error() string { return e.err.Error() }

// Unwrap returns what Error says.
func (e *Error) Unwrap() error { return e.err }

// Database is a throw-away server with one database, for the schema of a file.
type Database struct {
	name   string
	server *pgserver.Server
	loader *Loader
	conn   *pgconn.PgConn // of the loader; nil once Done
}

const database = "schema"

// Open starts a server and loads a file into it, whose name is for messages. log gets what
// there is to say about the server, safe reduces a server's error to what holds no value.
// The caller closes what it returns.
func Open(ctx context.Context, name string, in io.Reader, log io.Writer, safe func(error) error) (*Database, error) {
	d, err := Start(ctx, name, log, safe)
	if err != nil {
		return nil, err
	}
	r := sqlfile.NewReader(in, name)
	r.Inserts() // long ones are not held
	err = d.loader.Read(ctx, r)
	if err == nil {
		err = d.loader.Ended()
	}
	d.Done(ctx)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Start is Open for a file that the caller reads: its items go to the Loader, and when
// there are no more the caller calls Done.
func Start(ctx context.Context, name string, log io.Writer, safe func(error) error) (*Database, error) {
	server, err := pgserver.Start(ctx, pgserver.Config{Log: log, Settings: map[string]string{"lc_messages": "C", "shared_buffers": "32MB"}})
	if err != nil {
		return nil, fmt.Errorf("throw-away server: %w", err)
	}
	d := &Database{name: name, server: server}
	if err := d.make(ctx, safe); err != nil {
		return nil, errors.Join(fmt.Errorf("throw-away server: %w", safe(err)), d.Close())
	}
	return d, nil
}

func (d *Database) make(ctx context.Context, safe func(error) error) error {
	first, err := pgconn.Connect(ctx, d.server.DSN("postgres"))
	if err != nil {
		return err
	}
	defer first.Close(context.WithoutCancel(ctx))
	if err := first.Exec(ctx, "create database "+database+" template template0").Close(); err != nil {
		return err
	}
	if d.conn, err = pgconn.Connect(ctx, d.DSN()); err != nil {
		return err
	}
	d.loader = NewLoader(d.conn, Config{
		Name: d.name, End: "throw-away server", Server: d.server.Bin(), Version: d.server.Version() / 10000, Roles: true, Safe: safe,
	})
	return nil
}

// Name is that of the file.
func (d *Database) Name() string { return d.name }

// DSN is the connection string of the database.
func (d *Database) DSN() string { return d.server.DSN(database) }

// Loader is what loads the file, until Done.
func (d *Database) Loader() *Loader { return d.loader }

// PassedOver says what of the file was passed over.
func (d *Database) PassedOver() []PassedOver { return d.loader.PassedOver() }

// Conn is the loader's connection, nil once Done.
func (d *Database) Conn() *pgconn.PgConn { return d.conn }

// Done ends the loader's session. It may be called again.
func (d *Database) Done(ctx context.Context) {
	if d.conn != nil {
		d.conn.Close(context.WithoutCancel(ctx))
		d.conn = nil
	}
}

// Close ends the server.
func (d *Database) Close() error { return d.server.Stop() }
