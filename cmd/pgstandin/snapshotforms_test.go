package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// clientsVariable names a folder with PostgreSQL's client programs of version 16 or
// later, for what older ones do not read.
const clientsVariable = "PGSTANDIN_TEST_CLIENTS"

// fresh makes an empty database beside the target and returns its DSN.
func (s *staging) fresh(what string) string {
	s.t.Helper()
	name := s.name + "_" + what
	pgtest.Exec(s.t, s.source, "drop database if exists "+name)
	pgtest.Exec(s.t, s.source, "create database "+name+" template template0")
	return s.source + " dbname=" + name
}

func unpacked(t *testing.T, file string, a pgarchive.Algorithm) []byte {
	t.Helper()
	packed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := pgarchive.NewReader(bytes.NewReader(packed), a)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestSnapshotForms: every format and compression holds the same.
func TestSnapshotForms(t *testing.T) {
	t.Parallel()
	s := newShop(t, 100)
	want := s.restored(s.snapshot(keyA))
	restore := map[string]func(t *testing.T, dir, dsn string){
		"tar": func(t *testing.T, dir, dsn string) {
			pgTool(t, "pg_restore", "-l", filepath.Join(dir, "snapshot.tar"))
			pgTool(t, "pg_restore", "--exit-on-error", "-d", dsn, filepath.Join(dir, "snapshot.tar"))
		},
		"plain": func(t *testing.T, dir, dsn string) {
			pgTool(t, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", filepath.Join(dir, "snapshot.sql"))
		},
	}
	for _, c := range []struct{ format, compress, file string }{
		{"directory", "none", ""}, {"directory", "gzip:1", ""}, {"directory", "gzip:9", ""}, {"tar", "", ""}, {"plain", "", ""},
		{"plain", "gzip", "snapshot.sql.gz"}, {"plain", "zstd:3", "snapshot.sql.zst"}, {"plain", "lz4", "snapshot.sql.lz4"},
	} {
		t.Run(c.format+"/"+c.compress, func(t *testing.T) {
			s := *s
			s.t = t
			args := []string{"--format", c.format}
			if c.compress != "" {
				args = append(args, "--compress", c.compress)
			}
			dir, dsn := s.snapshot(keyA, args...), s.fresh("form")
			switch {
			case c.file != "":
				compression, err := pgarchive.ParseCompression(c.compress)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "snapshot.sql"), unpacked(t, filepath.Join(dir, c.file), compression.Algorithm), 0o600); err != nil {
					t.Fatal(err)
				}
				restore["plain"](t, dir, dsn)
			case restore[c.format] != nil:
				restore[c.format](t, dir, dsn)
			default:
				pgTool(t, "pg_restore", "--exit-on-error", "-j", "2", "-d", dsn, dir)
			}
			sameDatabase(t, want, dsn)
		})
	}
	t.Run("standard output", func(t *testing.T) {
		status, out, errOut := s.command(keyA, "snapshot", "--source", s.source, "--rules", s.rules, "--out", "-", "--format", "plain")
		if status != 0 || !strings.Contains(errOut, "went to standard output") {
			t.Fatalf("status %d\n%s", status, errOut)
		}
		file := filepath.Join(t.TempDir(), "dump.sql")
		if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
		dsn := s.fresh("form")
		pgTool(t, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", file)
		sameDatabase(t, want, dsn)
	})
}

// TestSnapshotNewCompression restores what only pg_restore 16 and later reads, and
// with it what older ones read, too.
func TestSnapshotNewCompression(t *testing.T) {
	t.Parallel()
	clients := os.Getenv(clientsVariable)
	if clients == "" {
		t.Skipf("%s is not set: zstd and lz4 are not restored", clientsVariable)
	}
	s := newShop(t, 3000)
	want := s.restored(s.snapshot(keyA))
	for _, compress := range []string{"none", "gzip", "zstd", "zstd:19", "lz4", "lz4:9"} {
		t.Run(compress, func(t *testing.T) {
			s := *s
			s.t = t
			dir, dsn := s.snapshot(keyA, "--compress", compress), s.fresh("form")
			restore := filepath.Join(clients, "pg_restore")
			list, err := exec.Command(restore, "-l", dir).CombinedOutput()
			if algorithm, _, _ := strings.Cut(compress, ":"); err != nil || !strings.Contains(string(list), "Compression: "+algorithm) {
				t.Errorf("%v\n%.600s", err, list)
			}
			// It sets parameters that an older server does not know, and says so.
			out, err := exec.Command(restore, "-j", "2", "-d", dsn, dir).CombinedOutput()
			if err != nil && strings.Count(string(out), "error:") != strings.Count(string(out), "unrecognized configuration parameter") {
				t.Fatalf("%v\n%s", err, out)
			}
			sameDatabase(t, want, dsn)
		})
	}
}

// TestSnapshotIsFiltered: what pg_restore picks of an archive it picks of a
// snapshot.
func TestSnapshotIsFiltered(t *testing.T) {
	t.Parallel()
	s := newShop(t, 100)
	dir := s.snapshot(keyA)
	want := s.restored(dir)
	count := func(dsn, table string) string { return pgtest.Query(t, dsn, "select count(*) from "+table)[0][0] }
	tables := func(dsn string) int {
		n, err := strconv.Atoi(pgtest.Query(t, dsn, "select count(*) from pg_tables where schemaname = 'public'")[0][0])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}

	dsn := s.fresh("filter")
	pgTool(t, "pg_restore", "-d", dsn, "--exit-on-error", "-t", "countries", dir)
	if tables(dsn) != 1 || count(dsn, "countries") != count(want, "countries") {
		t.Error("-t brings another table")
	}

	dsn = s.fresh("filter")
	pgTool(t, "pg_restore", "-d", dsn, "--exit-on-error", "--section=pre-data", dir)
	if tables(dsn) != tables(want) || count(dsn, "users") != "0" {
		t.Error("the pre-data section holds rows, or not all tables")
	}
	pgTool(t, "pg_restore", "-d", dsn, "--exit-on-error", "-j", "2", "--section=data", dir)
	pgTool(t, "pg_restore", "-d", dsn, "--exit-on-error", "-j", "2", "--section=post-data", dir)
	sameDatabase(t, want, dsn)

	// Rows come in an order that foreign keys allow. Those of a cycle do not: here
	// a table that references itself or users and organizations each other.
	dsn = s.fresh("filter")
	pgTool(t, "pg_restore", "-d", dsn, "--exit-on-error", "--schema-only", dir)
	pgTool(t, "pg_restore", "-d", dsn, "--exit-on-error", "--data-only", "--disable-triggers", dir)
	sameDatabase(t, want, dsn)

	// Over what is there, and with the statement that makes a database.
	pgTool(t, "pg_restore", "-d", dsn, "--exit-on-error", "--clean", "--if-exists", "-j", "2", dir)
	sameDatabase(t, want, dsn)
	if script := pgTool(t, "pg_restore", "-f", "-", "-C", "--schema-only", dir); !strings.Contains(script, "CREATE DATABASE ") {
		t.Error("-C makes no database")
	}

	list := pgTool(t, "pg_restore", "-l", dir)
	var kept []string
	for _, line := range strings.Split(list, "\n") {
		if !strings.Contains(line, "TABLE DATA public users") {
			kept = append(kept, line)
		}
	}
	use := filepath.Join(t.TempDir(), "use.list")
	if err := os.WriteFile(use, []byte(strings.Join(kept, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	script := pgTool(t, "pg_restore", "-f", "-", "-L", use, dir)
	if strings.Contains(script, "COPY public.users ") || !strings.Contains(script, "COPY public.orders ") {
		t.Error("-L does not choose")
	}
}

// TestSnapshotDataOnly: without cycles the rows go into a schema with its keys.
func TestSnapshotDataOnly(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table a_last (id int primary key, m int not null);
		create table middle (id int primary key, z int not null);
		create table z_first (id int primary key);
		alter table a_last add foreign key (m) references middle; alter table middle add foreign key (z) references z_first;
		insert into z_first select generate_series(1, 100); insert into middle select i, i from generate_series(1, 100) i; insert into a_last select i, i from generate_series(1, 100) i`)
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables: {}\n")
	dir := s.snapshot(keyA)
	want, dsn := s.restored(dir), s.fresh("data")
	pgTool(t, "pg_restore", "-d", dsn, "--exit-on-error", "--schema-only", dir)
	pgTool(t, "pg_restore", "-d", dsn, "--exit-on-error", "--data-only", dir)
	sameDatabase(t, want, dsn)
}

// TestSnapshotMovesRows: where a mask changes the partition key, rows find their
// partition when they are restored, and keys of other tables wait for them.
func TestSnapshotMovesRows(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	var ddl strings.Builder
	ddl.WriteString("create table events (id int primary key, at date not null) partition by hash (id);\n")
	for i := range 4 {
		fmt.Fprintf(&ddl, "create table events_%d partition of events for values with (modulus 4, remainder %[1]d);\n", i)
	}
	ddl.WriteString(`create table notes (id int primary key, event_id int not null references events, body text);
		insert into events select i, date '2024-01-01' + i from generate_series(1, 2000) i;
		insert into notes select i, 1 + i % 2000, 'n' from generate_series(1, 3000) i; create index on events (at)`)
	pgtest.Exec(t, s.source, ddl.String())
	s.write(`version: 1
targets: ["*_staging"]
tables:
  events: { columns: { id: { mask: number, permute: true }, at: keep } }
  notes: { columns: { body: keep } }
`)
	s.must(keyA)
	dir := s.snapshot(keyA)
	for range 3 {
		sameDatabase(t, s.target, s.restored(dir, "-j", "4"))
	}
	want := s.restored(dir)
	s.mustRestore(filepath.Dir(dir), "-j", "2")
	sameDatabase(t, want, s.target)
}

// TestSnapshotToS3: to a bucket as to a folder, encrypted or not, and what went wrong
// leaves nothing there that is offered.
func TestSnapshotToS3(t *testing.T) {
	t.Parallel()
	s := newShop(t, 100)
	want := s.restored(s.snapshot(keyA))
	dest := s3Server(t)
	identity, public := newIdentity(t)
	for i, more := range [][]string{nil, {"--encrypt-to", public, "--compress", "zstd"}} {
		name := fmt.Sprint("s3-", i)
		status, out, errOut := s.trySnapshot(keyA, dest, append(more, "--name", name)...)
		if status != 0 || !strings.Contains(out, "Snapshot "+name+" is in s3://snaps/standin") {
			t.Fatalf("status %d\n%s%s", status, out, errOut)
		}
		s.mustRestore(dest, "--snapshot", name, "--identity", identity)
		sameDatabase(t, want, s.target)
	}
	status, _, errOut := s.trySnapshot(keyA, dest, "--name", "s3-0")
	if status != 1 || !strings.Contains(errOut, "already exists") {
		t.Errorf("status %d: %s", status, errOut)
	}
	status, _, errOut = s.trySnapshot(keyA, strings.Replace(dest, "//snaps", "//nowhere", 1), "--name", "x")
	if status != 1 || strings.Contains(errOut, "hush") {
		t.Errorf("status %d: %s", status, errOut)
	}
}
