package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/keyed"
)

// dumpAs returns a plain dump of a database, as production makes it in UTC.
func dumpAs(t testing.TB, dsn string, how ...string) string {
	t.Helper()
	bin, _, err := pgserver.Find()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd := exec.Command(filepath.Join(bin, "pg_dump"), append([]string{"-d", dsn}, how...)...)
	cmd.Env = append(os.Environ(), "PGTZ=UTC")
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v: %s", err, errs.String())
	}
	return string(out)
}

// mask runs the command over a dump on standard input.
func (s *staging) mask(dump string, args ...string) (status int, out, errOut string) {
	s.t.Helper()
	return runKeyed(s.t, keyA, dump, append([]string{"mask", "--rules", s.rules}, args...)...)
}

func (s *staging) file(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// load loads a dump with psql, as its users do, into a new database.
func loadDump(t testing.TB, text string) string {
	t.Helper()
	dsn := pgtest.DB(t)
	if out, ok := psqlLoads(t, dsn, text); !ok {
		t.Fatalf("psql: %s", out)
	}
	return dsn
}

func psqlLoads(t testing.TB, dsn, text string) (string, bool) {
	t.Helper()
	cmd := exec.Command("psql", "-X", "-q", "-d", dsn, "-1", "-v", "ON_ERROR_STOP=1", "-o", os.DevNull)
	cmd.Stdin = strings.NewReader(text)
	cmd.Env = append(os.Environ(), "PGCLIENTENCODING=UTF8", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

var subsetOf = regexp.MustCompile(`(?m)^subset:\n(?:[ #].*\n|\n)+`)

// wholeRules are rules without what chooses rows.
func wholeRules(text string) string {
	text = subsetOf.ReplaceAllString(text, "")
	return regexp.MustCompile(`(?m)^    where: .*\n`).ReplaceAllString(text, "")
}

var dumpForms = [][]string{{"--inserts"}, {"--column-inserts", "--on-conflict-do-nothing"}, {"--rows-per-insert=100"}, {"--clean", "--if-exists"}}

// TestMaskIsRefresh: a dump that is masked and loaded is, row for row, the target
// of a refresh with the same rules and secret.
func TestMaskIsRefresh(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pagila", "northwind", "chinook", "shop"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStaging(t)
			var text []byte
			var err error
			if name == "shop" {
				pgtest.Exec(t, s.source, shop.Schema)
				pgtest.Exec(t, s.source, shop.Data(40))
				text = []byte(shop.Rules)
			} else {
				pgtest.LoadCase(t, s.source, name)
				if text, err = os.ReadFile(filepath.Join("..", "..", "testdata", "rules", name+".yaml")); err != nil {
					t.Fatal(err)
				}
			}
			s.write(strings.Replace(wholeRules(string(text)), `targets: ["staging"]`, `targets: ["*_staging"]`, 1))
			s.must(keyA)
			want := rowsByTable(t, s.target)
			compare := func(form, out string) {
				t.Helper()
				got := rowsByTable(t, loadDump(t, out))
				for table := range want {
					if got[table] != want[table] {
						t.Errorf("%s: %s differs from refresh: %s", form, table, firstLine(got[table], want[table]))
					}
				}
				if len(got) != len(want) {
					t.Errorf("%s: %d tables, want %d", form, len(got), len(want))
				}
			}
			dump := dumpAs(t, s.source)
			status, out, errOut := s.mask("", s.file("dump.sql", dump))
			if status != 0 {
				t.Fatalf("status %d\n%s", status, errOut)
			}
			compare("copy", out)
			setup := s.maskSetup(dumpAs(t, s.source, "--schema-only"), true)
			if name == "shop" {
				return // its texts want the dump read twice
			}
			if again := maskWith(t, setup, dump); again != out {
				t.Errorf("read once: %s", firstLine(again, out))
			}
			for _, how := range dumpForms {
				compare(fmt.Sprint(how), maskWith(t, setup, dumpAs(t, s.source, how...)))
			}
		})
	}
}

// maskSetup binds the rules to a schema.
func (s *staging) maskSetup(schemaSQL string, onePass bool) *maskSetup {
	s.t.Helper()
	o := &maskOptions{rules: rulesOptions{file: s.rules}, schema: s.file("schema.sql", schemaSQL), onePass: onePass, quiet: true, memory: 1 << 30}
	file, err := o.rules.parse()
	if err != nil {
		s.t.Fatal(err)
	}
	secret, err := keyed.ParseSecret([]byte(keyA))
	if err != nil {
		s.t.Fatal(err)
	}
	setup := &maskSetup{options: o, job: &job{file: file, secret: secret}, errOut: io.Discard}
	s.t.Cleanup(func() {
		if err := setup.Close(); err != nil {
			s.t.Error(err)
		}
	})
	if err := setup.prepare(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return setup
}

func maskWith(t testing.TB, setup *maskSetup, dump string) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := setup.mask(t.Context(), strings.NewReader(dump), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func firstLine(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return a[i] + "\nwant " + b[min(i, len(b)-1)]
		}
	}
	return "fewer rows"
}

func rowsByTable(t testing.TB, dsn string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, r := range pgtest.Query(t, dsn, "select oid::regclass from pg_class where relkind = 'r' and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)") {
		var rows []string
		for _, row := range pgtest.Query(t, dsn, "select t::text from "+r[0]+" t") {
			rows = append(rows, row[0])
		}
		slices.Sort(rows)
		out[r[0]] = strings.Join(rows, "\n")
	}
	return out
}
