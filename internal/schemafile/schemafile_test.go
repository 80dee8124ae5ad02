package schemafile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
	"github.com/pgstandin/pgstandin/pipeline"
)

// pgDump is what pg_dump writes of a database.
func pgDump(t *testing.T, dsn string, more ...string) string {
	t.Helper()
	return dumpBy(t, "pg_dump", dsn, more...)
}

func dumpBy(t *testing.T, name, dsn string, more ...string) string {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s in PATH", name)
	}
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	var errOut bytes.Buffer
	cmd := exec.Command(program, append([]string{"-d", dsn}, more...)...)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+cfg.Password) // pg_dumpall connects again
	cmd.Stderr = &errOut
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &errOut)
	}
	return string(text)
}

// schemaServer is a server for many files.
func schemaServer(t *testing.T) *pgserver.Server {
	t.Helper()
	server, err := pgserver.Start(t.Context(), pgserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// loadInto loads a file's text into a database of its own. Its roles are gone
// with it.
func loadInto(t *testing.T, server *pgserver.Server, text string) (*Loader, error) {
	t.Helper()
	t.Cleanup(func() {
		pgtest.Exec(t, server.DSN("postgres"), "drop database if exists loaded")
		for _, r := range pgtest.Query(t, server.DSN("postgres"), "select quote_ident(rolname) from pg_roles where oid > 16384 and rolname not like 'of %'") {
			pgtest.Exec(t, server.DSN("postgres"), "drop role "+r[0])
		}
	})
	pgtest.Exec(t, server.DSN("postgres"), "drop database if exists loaded")
	pgtest.Exec(t, server.DSN("postgres"), "create database loaded template template0")
	conn, err := pgconn.Connect(t.Context(), server.DSN("loaded"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	l := NewLoader(conn, Config{Name: "schema.sql", End: "server", Server: server.Bin(), Version: server.Version() / 10000, Roles: true, Safe: pipeline.SafeError})
	if err := l.Read(t.Context(), sqlfile.NewReader(strings.NewReader(text), "schema.sql")); err != nil {
		return l, err
	}
	return l, l.Ended()
}

// A raw dump of a database with everything that a throw-away server does not
// have: owners, members, policies for roles, tablespaces, rows.
func TestLoadRawDump(t *testing.T) {
	t.Parallel()
	server := schemaServer(t)
	pgtest.Exec(t, server.DSN("postgres"), "create database source template template0")
	source := server.DSN("source")
	pgtest.Exec(t, source, `create role "of Owner"; create role "of reader"; create role "of po""licy";
		create schema s authorization "of Owner"; grant usage on schema s to "of reader";
		create table s.users (id int primary key, email text unique, note text default 'a;b');
		insert into s.users values (1, 'canary@mail.example', E'x\\.\n\\.\n');
		alter table s.users owner to "of Owner"; grant select, insert (email) on s.users to "of reader";
		alter table s.users enable row level security;
		create policy p on s.users for select to "of reader", "of po""licy" using (id > 0);
		alter default privileges for role "of Owner" in schema s grant select on tables to "of reader";
		alter default privileges for role "of Owner" revoke all on functions from public;
		create function s.f(n int) returns int security definer language sql as $$ select $1; $$;
		create materialized view s.m as select count(*) from s.users;
		create foreign data wrapper w; create server there foreign data wrapper w options (host 'x');
		create user mapping for "of reader" server there options (password 'canary');
		alter database source set search_path to s; alter role "of reader" in database source set work_mem to '8MB'`)
	columns := func(database string) string {
		return fmt.Sprint(pgtest.Query(t, server.DSN(database), `select (select relname from pg_class where oid = attrelid), attname, format_type(atttypid, atttypmod), attnotnull
			from pg_attribute where attrelid in (select oid from pg_class where relnamespace = 's'::regnamespace) and attnum > 0 order by 1, 2`))
	}
	want := columns("source")
	var dumps []string
	for _, how := range [][]string{{}, {"--schema-only"}, {"-C"}, {"-C", "--clean", "--inserts"}, {"--clean"}, {"--clean", "--if-exists"}, {"--use-set-session-authorization"}, {"-n", "s"}, {"-O", "-x"}} {
		t.Run(strings.Join(how, " "), func(t *testing.T) {
			text := pgDump(t, source, how...)
			dumps = append(dumps, text)
			// The roles are of the server, here as in the dump's: take them away.
			text = strings.ReplaceAll(text, `"of `, `"into `)
			l, err := loadInto(t, server, text)
			if err != nil {
				t.Fatal(err)
			}
			if got := columns("loaded"); got != want {
				t.Errorf("%s, want %s", got, want)
			}
			if n := pgtest.Query(t, server.DSN("loaded"), "select count(*) from s.users")[0][0]; n != "0" {
				t.Errorf("%s rows", n)
			}
			if got := pgtest.Query(t, server.DSN("loaded"), "select array_length(polroles, 1) from pg_policy"); len(got) != 1 || got[0][0] != "2" {
				t.Errorf("policies %q", got)
			}
			if notes := fmt.Sprint(l.PassedOver()); slices.Contains(how, "-C") != strings.Contains(notes, "about databases") {
				t.Errorf("notes\n%s", notes)
			}
			if strings.Contains(text, "\n\\restrict ") {
				bad := strings.Replace(text, "\n\\unrestrict ", "\n\\unrestrict x", 1)
				if _, err := loadInto(t, server, bad[strings.Index(bad, "\\restrict "):]); err == nil || !strings.Contains(err.Error(), "unrestrict") {
					t.Error("loaded in spite of another key")
				}
			}
		})
	}
	t.Run("all databases", func(t *testing.T) {
		text := dumpBy(t, "pg_dumpall", server.DSN("postgres"))
		if _, err := loadInto(t, server, strings.ReplaceAll(text, `"of `, `"into `)); err != nil {
			t.Errorf("where one of them has objects: %v", err)
		}
	})
	t.Run("two databases", func(t *testing.T) {
		pgtest.Exec(t, server.DSN("postgres"), "create table also (id int)")
		_, err := loadInto(t, server, dumpBy(t, "pg_dumpall", server.DSN("postgres")))
		if err == nil || !strings.Contains(err.Error(), "to another database") {
			t.Error(err)
		}
	})
	for name, more := range map[string]string{ // what later versions write, and an early one does not know
		"later": "SET transaction_timeout = 0;\nSET no_such_setting = off;\nGRANT MAINTAIN ON TABLE s.users TO x;\nSELECT * FROM pg_catalog.pg_restore_relation_stats('relname', 'x');\n",
		"block": "BEGIN;\nSET no_such_setting = 1;\nCREATE POLICY q ON s.users TO nobody_yet USING (true);\nDROP TABLE gone;\nCOMMIT;\nCREATE SCHEMA public;\n",
		"roles": "CREATE ROLE postgres;\nALTER ROLE postgres WITH NOSUPERUSER;\nCREATE TABLESPACE fast LOCATION '/fast';\nSET default_tablespace = fast;\nSET ROLE x;\n",
	} {
		t.Run(name, func(t *testing.T) {
			text := dumps[0]
			if i := strings.LastIndex(text, "\n\\unrestrict "); i >= 0 {
				text = text[:i+1] + more + text[i+1:]
			}
			if _, err := loadInto(t, server, text); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	server := schemaServer(t)
	for _, c := range []struct {
		schema string
		want   []string
	}{
		{"create table a (id int);\n\\i other.sql\n", []string{`schema.sql:2: backslash command \i`, "put the file's text in its place"}},
		{"create table a (id int);\n\ncreate tabel b (\n id int);\n", []string{`schema.sql:3: create tabel b: syntax error at or near "tabel" (SQLSTATE 42601)`}},
		{"create table public.a (\n  id int,\n  x nonsense\n);\n", []string{`schema.sql:3: create table public.a: type "nonsense" does not exist (SQLSTATE 42704)`}},
		{"create table a (id int default 'canary');\n", []string{"schema.sql:1: create table a: ", "22P02"}},
		{"create table a (id int);\ninsrt into a values ('canary');\n", []string{`schema.sql:2: insrt into a values: syntax error at or near "insrt"`}},
		{"select 1 from x 'canary';\n", []string{"schema.sql:1: select: syntax error (SQLSTATE 42601)"}},
		{"do $$ begin raise 'canary %', 1; end $$;\n", []string{"schema.sql:1: do: raise exception (SQLSTATE P0001)"}},
		{"create extension no_such;\ncreate table a (x no_such);\ncreate extension if not exists \"nor this\" with schema public;\n",
			[]string{`schema.sql:1: extension "no_such" is not installed`, `schema.sql:3: extension "nor this" is not installed`, "install its package"}},
		{"begin;\ncreate table a (id int);\n", []string{"schema.sql: the file ends within a transaction"}},
		{"\\connect a\ncreate table a (id int);\n\\connect b\n", []string{`schema.sql:3: \connect to another database`}},
		{"", []string{"schema.sql:1: empty; what was to write it"}},
		{"PGDMP\x01\x0e", []string{"schema.sql:1: an archive", "pg_restore --file=dump.sql ARCHIVE, with --schema-only where no row is needed"}},
		{"-- Dumped from database version 99.1\ncreate table a (id int) using future;\n", []string{"schema.sql:2: ", "a dump of PostgreSQL 99", "PGSTANDIN_PG_BIN"}},
		{"create table a (id int);\n\\restrict k\n", []string{"schema.sql:2: no \\unrestrict"}},
	} {
		t.Run("", func(t *testing.T) {
			_, err := loadInto(t, server, c.schema)
			if wrong := (*Error)(nil); !errors.As(err, &wrong) {
				t.Fatalf("%q: %v", c.schema, err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("%q: a value is in\n%v", c.schema, err)
			}
		})
	}
}

func TestSortStatement(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]int{
		"create table a (id int);": -1, "alter table a add b int, owner to x;": -1, "alter table a owner to x;": passedOwner, "ALTER TABLE ONLY a.b OWNER TO \"x y\"": passedOwner,
		"alter function f(int, int) owner to x;": passedOwner, "alter table a rename owner to b;": -1, "create user mapping for x server y;": passedOwner, "create user x;": passedDatabase,
		"set role x;": passedOwner, "set default_tablespace = '';": -1, "set default_tablespace = x;": passedDatabase, "select setval('s', 1);": -1, "comment on database x is 'y';": passedDatabase,
		"comment on table x is 'y';": -1, "INSERT into x default values;": passedRows, "create role": passedDatabase, ";": -1, "": -1, "create": -1, "set": -1,
	} {
		if got := sortStatement([]byte(sql)).passed; got != want {
			t.Errorf("%q: %d, want %d", sql, got, want)
		}
	}
	for sql, want := range map[string]string{
		"CREATE TABLE public.\"A b\" (x int)": `create table public."A b"`, "ALTER TABLE ONLY a ADD CONSTRAINT c CHECK (x = 'v')": "alter table only a add constraint c check",
		"create view v as select 1": "create view v", "select 'x'": "select", "'x'": "", "comment on table a is 'x'": "comment on table a is",
	} {
		if got := Label([]byte(sql)); got != want {
			t.Errorf("%q: %q, want %q", sql, got, want)
		}
	}
}

// No file makes the sorting of its statements panic.
func FuzzSortStatement(f *testing.F) {
	for _, s := range []string{"create or replace", "set x = ''", "alter x owner to y;", "select a.b(", "comment on", "create extension if not exists \"x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := sqlfile.NewReader(strings.NewReader(text), "x")
		for {
			it, err := r.Next()
			if err != nil {
				return
			}
			if it.Kind == sqlfile.Statement {
				s := sortStatement(it.SQL())
				_ = fmt.Sprint(s, Label(it.SQL()))
			}
		}
	})
}
