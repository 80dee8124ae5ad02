package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// bareCase makes a database with a case's schema and no rows.
func bareCase(t testing.TB, name string) string {
	t.Helper()
	dsn := pgtest.DB(t)
	if name == "shop" {
		text, err := os.ReadFile(shopSchema)
		if err != nil {
			t.Fatal(err)
		}
		pgtest.Exec(t, dsn, string(text))
		return dsn
	}
	pgtest.LoadCase(t, dsn, name)
	var all []string
	for _, r := range pgtest.Query(t, dsn, `select c.oid::regclass from pg_class c where c.relkind in ('r', 'p') and not c.relispartition
		and c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`) {
		all = append(all, r[0])
	}
	pgtest.Exec(t, dsn, "truncate "+strings.Join(all, ", "))
	return dsn
}

// Real schemas are filled with a thousand rows a table and no rule: every
// constraint is valid when it is made anew, and the result can be refreshed from.
func TestSeedCases(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"shop", "pagila", "northwind", "chinook", "bb_auctionmark", "gitlab11"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && name != "shop" {
				t.Skip("long")
			}
			dsn := bareCase(t, name)
			seeded(t, 0, "--target", dsn, "--rows", "1000", "--quiet")
			proveAnew(t, dsn)
			few := 0
			for _, line := range strings.Split(strings.TrimSpace(content(t, dsn)), "\n") {
				if fields := strings.Fields(line); fields[1] != "1000" {
					t.Log("not a thousand rows: ", fields[0], fields[1])
					few++
				}
			}
			if few > 12 {
				t.Errorf("%d tables have less than a thousand rows", few)
			}
			refreshSeeded(t, dsn)
		})
	}
}

// proveAnew makes every constraint again: the server looks at all rows.
func proveAnew(t testing.TB, dsn string) {
	t.Helper()
	for _, r := range pgtest.Query(t, dsn, `select format('alter table %s drop constraint %I; alter table %1$s add constraint %2$I %3$s', conrelid::regclass, conname, pg_get_constraintdef(oid))
		from pg_constraint where contype in ('f', 'c') and conrelid > 0 and conparentid = 0 and coninhcount = 0 and conrelid::regclass::text !~ '^(pg_catalog|information_schema)[.]'`) {
		pgtest.Exec(t, dsn, "set statement_timeout = '5min'; "+r[0])
	}
	// Not those of the catalog: some are the whole server's, and others hold them.
	for _, r := range pgtest.Query(t, dsn, `select indexrelid::regclass from pg_index join pg_class c on c.oid = indexrelid
		where (indisunique or indisexclusion) and relkind = 'i' and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)`) {
		pgtest.Exec(t, dsn, "reindex index "+r[0])
	}
}

// refreshSeeded takes a database that was filled as a source, with rules as init
// proposes them.
func refreshSeeded(t *testing.T, dsn string) {
	t.Helper()
	s := newStaging(t)
	s.source = dsn
	file := filepath.Join(t.TempDir(), "rules.yaml")
	status, out, errOut := s.command("", "init", "--source", dsn, "-o", file)
	if status != 0 && status != exitUndecided {
		t.Fatalf("init: status %d\n%s%s", status, out, errOut)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s.write(regexp.MustCompile(`(?m)^targets:.*$`).ReplaceAllString(string(text), `targets: ["*_staging"]`))
	s.must(keyA)
}

// What --out writes for a dumped schema is what a target gets, cycles and
// partitions included.
func TestSeedFilesOfCases(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pagila", "bb_auctionmark", "gitlab11"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && name != "pagila" {
				t.Skip("long")
			}
			dsn := bareCase(t, name)
			bin, _, err := pgserver.Find()
			if err != nil {
				t.Fatal(err)
			}
			dump, err := pgserver.Tool(bin, "pg_dump")
			if err != nil {
				t.Skip(err)
			}
			dir := t.TempDir()
			file := filepath.Join(dir, "schema.sql")
			if out, err := exec.Command(dump, "--schema-only", "--no-owner", "--no-acl", "-f", file, "-d", dsn).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			seeded(t, 0, "--schema", file, "--out", filepath.Join(dir, "rows"), "--rows", "60", "--quiet")
			loaded := pgtest.DB(t)
			psqlFile(t, loaded, dir, "schema.sql")
			psqlFile(t, loaded, filepath.Join(dir, "rows"), "load.sql")

			made := pgtest.DB(t)
			seeded(t, 0, "--target", made, "--schema", file, "--rows", "60", "--quiet")
			if got, want := content(t, loaded), content(t, made); got != want {
				t.Errorf("from files:\n%s\nwant\n%s", got, want)
			}
			proveAnew(t, loaded)
		})
	}
}
