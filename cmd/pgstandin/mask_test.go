package main

import (
	"bytes"
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
	if t, ok := s.t.(*testing.T); ok {
		t.Setenv("PGSTANDIN_KEY", keyA)
	}
	var o, e bytes.Buffer
	status = run(append([]string{"mask", "--rules", s.rules}, args...), strings.NewReader(dump), &o, &e)
	return status, o.String(), e.String()
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
	cmd := exec.Command("psql", "-X", "-q", "-d", dsn, "-v", "ON_ERROR_STOP=1", "-o", os.DevNull)
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

var dumpForms = map[string][]string{
	"copy": nil, "inserts": {"--inserts"}, "column inserts": {"--column-inserts", "--on-conflict-do-nothing"}, "many": {"--rows-per-insert=100"}, "clean": {"--clean", "--if-exists", "--create"},
}

var restrictLine = regexp.MustCompile(`(?m)^\\(un)?restrict \w+$`)

// TestMaskIsRefresh: a dump that is masked and loaded is, row for row, the target
// of a refresh with the same rules and secret.
func TestMaskIsRefresh(t *testing.T) {
	for _, name := range []string{"pagila", "northwind", "chinook", "shop"} {
		t.Run(name, func(t *testing.T) {
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
			schemaSQL := s.file("schema.sql", dumpAs(t, s.source, "--schema-only"))
			for form, how := range dumpForms {
				dump := dumpAs(t, s.source, how...)
				if form == "clean" {
					dump = regexp.MustCompile(`(?m)^(\\connect .*|(DROP|CREATE|ALTER) DATABASE .*)$`).ReplaceAllString(dump, "")
				}
				status, out, errOut := s.mask("", s.file("dump.sql", dump))
				if status != 0 {
					t.Fatalf("%s: status %d\n%s", form, status, errOut)
				}
				got := rowsByTable(t, loadDump(t, out))
				for table := range want {
					if got[table] != want[table] {
						t.Errorf("%s: %s differs from refresh: %s", form, table, firstLine(got[table], want[table]))
					}
				}
				if len(got) != len(want) {
					t.Errorf("%s: %d tables, want %d", form, len(got), len(want))
				}
				if name == "shop" {
					continue // its texts want the dump read twice
				}
				if status, again, errOut := s.mask(dump, "--schema", schemaSQL, "--quiet"); status != 0 || again != out || errOut != "" {
					t.Errorf("%s: with --schema: status %d, %v\n%s", form, status, again == out, errOut)
				}
			}
		})
	}
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
