package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// seeded runs the command and wants a status of it.
func seeded(t testing.TB, status int, args ...string) (out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	if got := run(append([]string{"seed"}, args...), strings.NewReader(""), &o, &e); got != status {
		t.Fatalf("seed %s: status %d, want %d\n%s%s", strings.Join(args, " "), got, status, o.String(), e.String())
	}
	return o.String(), e.String()
}

// content is all rows of all tables of a database, as one text.
func content(t testing.TB, dsn string) string {
	t.Helper()
	var b strings.Builder
	for _, r := range pgtest.Query(t, dsn, `select c.oid::regclass from pg_class c where c.relkind in ('r', 'p') and not c.relispartition
		and c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) order by c.oid::regclass::text`) {
		row := pgtest.Query(t, dsn, "select count(*), md5(string_agg(x::text, '|' order by x::text)) from "+r[0]+" x")[0]
		fmt.Fprintln(&b, r[0], row[0], row[1])
	}
	return b.String()
}

const shopSchema = "shop/schema.sql"

// The same seed gives the same rows: by several connections, in one transaction
// of a role that may not switch triggers off, as files, as one file.
func TestSeedSameRows(t *testing.T) {
	t.Parallel()
	first := pgtest.DB(t)
	seeded(t, 0, "--target", first, "--schema", shopSchema, "--seed", "7", "--rows", "users=120", "--quiet")
	want := content(t, first)
	if strings.Contains(want, " 0 ") {
		t.Error("a table is empty:\n" + want)
	}

	again := pgtest.DB(t)
	owner := plainRole(t, again)
	_, said := seeded(t, 0, "--target", owner, "--schema", shopSchema, "--seed", "7", "--rows", "users=120", "--workers", "1")
	if !strings.Contains(said, "one transaction") {
		t.Error("the role was not an ordinary one:\n" + said)
	}
	if got := content(t, again); got != want {
		t.Errorf("in one transaction:\n%s\nwant\n%s", got, want)
	}

	other := pgtest.DB(t)
	seeded(t, 0, "--target", other, "--schema", shopSchema, "--seed", "8", "--rows", "users=120", "--quiet")
	if content(t, other) == want {
		t.Error("another seed gave the same rows")
	}

	for _, out := range []string{"rows", "rows.sql"} {
		dir := t.TempDir()
		name := filepath.Join(dir, out)
		seeded(t, 0, "--out", name, "--schema", shopSchema, "--seed", "7", "--rows", "users=120", "--quiet")
		dsn := pgtest.DB(t)
		psqlFile(t, dsn, "", shopSchema)
		if out == "rows" {
			psqlFile(t, dsn, name, "load.sql")
		} else {
			psqlFile(t, dsn, dir, out)
		}
		if got := content(t, dsn); got != want {
			t.Errorf("from %s:\n%s\nwant\n%s", out, got, want)
		}
	}
	for _, q := range pgtest.Query(t, first, "select format('%I.%I', schemaname, sequencename), last_value from pg_sequences") {
		if owner := pgtest.Query(t, again, "select last_value from "+q[0])[0][0]; owner != q[1] {
			t.Errorf("sequence %s is at %s and %s", q[0], q[1], owner)
		}
	}
}

// plainRole makes the database one of a role without any right beside it.
func plainRole(t testing.TB, dsn string) string {
	t.Helper()
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	role := "plain_" + cfg.Database
	pgtest.Exec(t, dsn, fmt.Sprintf("create role %[1]q login password 'x'; alter database %[2]q owner to %[1]q; alter schema public owner to %[1]q", role, cfg.Database))
	t.Cleanup(func() {
		pgtest.Exec(t, dsn, fmt.Sprintf("reassign owned by %[1]q to current_user; drop owned by %[1]q; drop role %[1]q", role))
	})
	return dsn + " user=" + role + " password=x"
}

// psqlFile runs a script in a folder.
func psqlFile(t testing.TB, dsn, dir, script string) {
	t.Helper()
	bin, _, err := pgserver.Find()
	if err != nil {
		t.Fatal(err)
	}
	tool, err := pgserver.Tool(bin, "psql")
	if err != nil {
		t.Skip(err)
	}
	cmd := exec.Command(tool, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("psql %s: %v\n%s", script, err, out)
	}
}

// Whatever must not be filled is refused, and nothing is changed.
func TestSeedRefuses(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DB(t)
	text, err := os.ReadFile(shopSchema)
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, dsn, string(text))
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(status int, want string, args ...string) {
		t.Helper()
		before := content(t, dsn)
		if _, said := seeded(t, status, append([]string{"--target", dsn}, args...)...); !strings.Contains(said, want) {
			t.Errorf("%s: not said: %s\n%s", strings.Join(args, " "), want, said)
		}
		if content(t, dsn) != before {
			t.Error("rows were changed")
		}
	}
	refused(2, "there is no table usrs; did you mean users?", "--rows", "usrs=1")
	refused(2, "write table=number", "--rows", "users")
	refused(2, "above 0", "--scale", "0")
	refused(2, "profile: not a file that \"pgstandin profile\" writes: invalid character", "--profile", shopSchema)
	if _, said := seeded(t, 2, "--out", "-", "--schema", shopSchema); !strings.Contains(said, "name a file or a folder") {
		t.Error(said)
	}
	missing := filepath.Join(t.TempDir(), "missing", "x.sql")
	if _, said := seeded(t, 2, "--schema", shopSchema, "--out", missing); strings.Count(said, "no such file") != 1 {
		t.Errorf("of one folder that is missing: %s", said)
	}
	refused(2, "give one of them", "--out", "x.sql", "--schema", shopSchema)
	refused(2, "already exists", "--schema", shopSchema) // it is there already
	pgtest.Exec(t, dsn, fmt.Sprintf("comment on database %q is 'pgstandin: protected'", cfg.Database))
	refused(1, "is protected by its comment")
	pgtest.Exec(t, dsn, fmt.Sprintf("comment on database %q is null", cfg.Database))
	seeded(t, 0, "--target", dsn, "--quiet")
	refused(1, "table public.users holds rows")
}

// A load that fails leaves no row.
func TestSeedFails(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		dsn := pgtest.DB(t)
		pgtest.Exec(t, dsn, `create function odd(int) returns boolean immutable language sql as 'select $1 % 7 > 0';
create table a (id int primary key); create table b (id int primary key, a int not null references a, n int not null, check (odd(n)))`)
		target := dsn
		if plain {
			target = plainRole(t, dsn)
			pgtest.Exec(t, dsn, "grant all on a, b to public")
		}
		_, said := seeded(t, 1, "--target", target)
		if !strings.Contains(said, "is not understood") || !strings.Contains(said, "b_n_check") && !strings.Contains(said, "b_check") {
			t.Error(said)
		}
		if !strings.Contains(said, "SQLSTATE 23514") || !strings.Contains(said, "say in the rules, under seed") || strings.Contains(said, "mask") {
			t.Errorf("no remedy for rows that are made:\n%s", said)
		}
		if got := content(t, dsn); strings.Count(got, " 0 ") != 2 {
			t.Errorf("rows are left:\n%s", got)
		}
	}
}
