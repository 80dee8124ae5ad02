package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/lockfile"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// schemaCheck runs check --schema over a text, with rules beside it.
type schemaCheck struct {
	t             *testing.T
	schema, rules string // files
}

func newSchemaCheck(t *testing.T, schema, rules string) *schemaCheck {
	t.Helper()
	dir := t.TempDir()
	c := &schemaCheck{t, filepath.Join(dir, "schema.sql"), filepath.Join(dir, "pgstandin.yaml")}
	c.write(c.schema, schema)
	c.write(c.rules, rules)
	return c
}

func (c *schemaCheck) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c *schemaCheck) run(more ...string) (status int, out, errOut string) {
	var o, e bytes.Buffer
	status = run(append([]string{"check", "--schema", c.schema, "--rules", c.rules}, more...), strings.NewReader(""), &o, &e)
	return status, o.String(), strings.ReplaceAll(e.String(), c.schema, "schema.sql")
}

// expect runs it and wants a status, and texts in what it prints.
func (c *schemaCheck) expect(status int, texts ...string) string {
	c.t.Helper()
	got, out, errOut := c.run()
	if got != status {
		c.t.Fatalf("status %d, want %d\n%s%s", got, status, out, errOut)
	}
	for _, text := range texts {
		if !strings.Contains(out+errOut, text) {
			c.t.Errorf("no %q in\n%s%s", text, out, errOut)
		}
	}
	return out + errOut
}

const keepAll = "version: 1\ncolumns:\n  - { match: \"*.*\", mask: keep }\nsubset: { unreached: all }\n"

// What check says of a live source it says of its dump, and the lock file of one
// is that of the other.
func TestCheckSchemaOfCases(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"northwind", "pagila", "chinook", "gitlab11"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := pgtest.DB(t)
			pgtest.LoadCase(t, source, name)
			dir := t.TempDir()
			rules := filepath.Join(dir, "pgstandin.yaml")
			s := &staging{t: t, source: source, rules: rules}
			if status, out, errOut := s.command("", "init", "--source", source, "-o", rules, "--sample", "0"); status != 0 {
				t.Fatalf("init: status %d\n%s%s", status, out, errOut)
			}
			status, live, errOut := s.command("", "check", "--source", source, "--rules", rules, "--write-lock", "--ledger")
			if status != 0 {
				t.Fatalf("status %d\n%s%s", status, live, errOut)
			}
			lock, err := os.ReadFile(lockfile.Name(rules))
			if err != nil {
				t.Fatal(err)
			}
			c := newSchemaCheck(t, "", "")
			c.schema, c.rules = "../../../shared/cases/"+name+"/schema.sql", rules
			status, out, errOut := c.run("--write-lock", "--ledger")
			if status != 0 {
				t.Fatalf("status %d\n%s%s", status, out, errOut)
			}
			if ledger, _, _ := strings.Cut(live, "\n\n"); !strings.HasPrefix(out, ledger) {
				t.Errorf("another ledger than that of the source\n%s\n%s", out, live)
			}
			if again, err := os.ReadFile(lockfile.Name(rules)); err != nil || !bytes.Equal(lock, again) {
				t.Errorf("the lock file of the schema file is not that of the source: %v\n%s\n%s", err, lock, again)
			}
		})
	}
}

func TestCheckSchemaUsage(t *testing.T) {
	c := newSchemaCheck(t, "", keepAll)
	if status, _, errOut := c.run("--source", "postgres://nobody@nowhere/x"); status != 2 || !strings.Contains(errOut, "--schema and --source") {
		t.Errorf("status %d: %s", status, errOut)
	}
	c.schema += ".gone"
	var o, e bytes.Buffer
	for _, v := range []string{"PGSTANDIN_SOURCE", "PGHOST", "PGDATABASE", "PGSERVICE", "PGUSER"} {
		t.Setenv(v, "")
	}
	if status := run([]string{"check", "--rules", c.rules}, strings.NewReader(""), &o, &e); status != 2 || !strings.Contains(e.String(), "or --schema FILE") {
		t.Errorf("status %d: %s", status, &e)
	}
	c.expect(2, "no such file")
}

const (
	emailTable = "create table users (id int primary key, email text not null);\n"
	emailRules = "version: 1\ncolumns:\n  - { match: \"*.email*\", mask: email }\n"
)

// No source is asked for, even if the environment names one.
func TestCheckSchemaAsksNoSource(t *testing.T) {
	t.Setenv("PGSTANDIN_SOURCE", "postgres://nobody@nowhere.invalid/x")
	c := newSchemaCheck(t, emailTable, emailRules)
	c.expect(0, "pgstandin.yaml: good for", "was not checked")
}

// A pull request changes the schema: what nobody decided, or drifted, is status 3.
func TestCheckSchemaDrift(t *testing.T) {
	t.Parallel()
	const table = emailTable
	c := newSchemaCheck(t, emailTable, emailRules)
	c.expect(0, "pgstandin.yaml: good for", "was not checked")
	if status, out, errOut := c.run("--write-lock"); status != 0 {
		t.Fatalf("status %d\n%s%s", status, out, errOut)
	}
	c.expect(0)
	c.write(c.schema, table+"alter table users add email_2 varchar(50);\n")
	c.expect(3, "+ public.users.email_2")
	c.write(c.schema, table+"alter table users add bio text;\n")
	c.expect(3, "bio")
	c.write(c.schema, strings.Replace(table, "text", "varchar(90)", 1))
	c.expect(3, "public.users.email")
	c.write(c.rules, "version: 1\ncolumns:\n  - { match: \"*.email*\", mask: email }\n  - { match: \"*.*\", mask: keep }\ntables:\n  userz: { rows: none }\n")
	c.expect(2, "pgstandin.yaml:6", "userz")
}

func TestCheckSchemaReadsStandardInput(t *testing.T) {
	t.Parallel()
	c := newSchemaCheck(t, "", keepAll)
	var o, e bytes.Buffer
	if status := run([]string{"check", "--schema", "-", "--rules", c.rules}, strings.NewReader("create table a (id int);\n\\x\n"), &o, &e); status != 2 || !strings.Contains(e.String(), "standard input:2: backslash") {
		t.Errorf("status %d\n%s%s", status, &o, &e)
	}
}
