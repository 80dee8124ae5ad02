package rules

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/subset"
)

func TestVariables(t *testing.T) {
	const text = `version: 1
vars: { share: 5%, table: users, n: 100, rows: none }
subset:
  roots: [{ table: "${table}", sample: "${share}" }]
  references: [{ from: "${table}(id)", limit: "${n}", to: posts }]
tables:
  a: { rows: "${rows}", columns: { x: { mask: regexp, match: "x", replace: "${1}$${name}" } } }
  b: { where: "x = '${from_outside}'" }
`
	t.Setenv(envPrefix+"share", "2%")
	t.Setenv(envPrefix+"from_outside", "y")
	f, err := Parse("r.yaml", []byte(text), map[string]string{"table": "customers"})
	if err != nil {
		t.Fatal(err)
	}
	if r := f.roots[0]; r.table.text != "customers" || r.sample.Share != 0.02 {
		t.Errorf("%+v", r)
	}
	if r := f.references[0]; r.from.table != "customers" || r.limit != 100 {
		t.Errorf("%+v", r)
	}
	if f.tables[0].rows != subset.NoRows || f.tables[0].columns[0].mask.mask.Params["replace"] != "${1}${name}" {
		t.Errorf("%+v", f.tables[0].columns[0].mask.mask)
	}
	if f.tables[1].where.text != "x = 'y'" {
		t.Error(f.tables[1].where.text)
	}
	// Another value is another hash; the same again is the same.
	again, err := Parse("other.yaml", []byte(text), map[string]string{"table": "customers"})
	if err != nil || again.Hash != f.Hash {
		t.Error("the same rules have another hash")
	}
	other, err := Parse("r.yaml", []byte(text), map[string]string{"table": "clients"})
	if err != nil || other.Hash == f.Hash {
		t.Error("other variables have the same hash")
	}
	if _, err := Parse("r.yaml", []byte(text), map[string]string{"tabel": "x"}); err == nil || !strings.Contains(err.Error(), "did you mean table?") {
		t.Errorf("%v", err)
	}
}

func TestSampleForms(t *testing.T) {
	for text, want := range map[string]subset.Sample{
		"5%": {Share: 0.05}, "0.05": {Share: 0.05}, "100%": {Share: 1}, "0.5 %": {Share: 0.005}, `"5%"`: {Share: 0.05},
		"10000 rows": {Rows: 10000}, "1 row": {Rows: 1}, "'0.25'": {Share: 0.25},
	} {
		f, err := Parse("r.yaml", []byte("version: 1\nsubset: { roots: [{ table: users, sample: "+text+" }], budget: 1.5GB }"), nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := f.roots[0].sample; got.Share != want.Share || got.Rows != want.Rows {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
		if f.budget.Bytes != 3<<29 {
			t.Errorf("budget %d", f.budget.Bytes)
		}
	}
}

// Editors on Windows put a byte order mark before the text.
func TestByteOrderMark(t *testing.T) {
	f, err := Parse("r.yaml", []byte("\ufeffversion: 1\ntargets: [staging]\n"), nil)
	if err != nil || len(f.Targets) != 1 {
		t.Errorf("%v", err)
	}
	if _, err = Parse("r.yaml", []byte("\ufeffversio: 1\n"), nil); err == nil || !strings.Contains(err.Error(), "r.yaml:1:1: unknown key versio") {
		t.Errorf("%v", err)
	}
}

func TestTargetsMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, host string
		port          uint16
		name, source  string
		want          bool
	}{
		{"staging", "db", 5432, "staging", "production", true},
		{"staging", "db", 5432, "staging", "staging", false},
		{"db/staging", "db", 5432, "staging", "staging", true},
		{"db/staging", "DB", 5432, "staging", "staging", true},
		{"db/staging", "db2", 5432, "staging", "production", false},
		{"db:5433/staging", "db", 5432, "staging", "production", false},
		{"db:5432/staging", "db", 5432, "staging", "production", true},
		{"*.internal/*", "a.b.internal", 1, "anything", "x", true},
		{"[::1]:5432/x", "::1", 5432, "x", "y", true},
		{"::1/x", "::1", 5432, "x", "y", true},
		{"/var/run/postgresql/x", "/var/run/postgresql", 5432, "x", "y", true},
		{"/var/run/postgresql:5433/x", "/var/run/postgresql", 5432, "x", "y", false},
		{"*_staging", "db", 5432, "eu_staging", "eu", true},
		{"*_staging", "db", 5432, "staging", "eu", false},
		{"Staging", "db", 5432, "staging", "eu", false},
		{"a?", "db", 5432, "ab", "eu", true},
	} {
		f, err := Parse("r.yaml", []byte("version: 1\ntargets: ['"+c.pattern+"']"), nil)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if got := f.Targets.Match(c.host, c.port, c.name, c.source); got != c.want {
			t.Errorf("%s: %s:%d/%s from %s: %v", c.pattern, c.host, c.port, c.name, c.source, got)
		}
	}
	var none Targets
	if none.Match("db", 5432, "x", "y") {
		t.Error("without targets a database may be replaced")
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]string{
		"a": "a", "A b": "A b", "a.b": "a|b", `"a.b".c`: "a.b|c", `"a""b"`: `a"b`, `a."b c"`: "a|b c", " a . b ": "a|b", "é.ü": "é|ü",
		"": "!", "a.": "!", ".a": "!", `"a`: "!", `""`: "!", `"a"b`: "!", "a(b": "!", `a"b`: "!",
	} {
		parts, err := splitName(text)
		got := strings.Join(parts, "|")
		if err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// Whatever the file is, Parse returns it or says what is wrong with it, with
// places inside the file.
func FuzzParse(f *testing.F) {
	f.Add([]byte(example))
	a, err := txtar.ParseFile("testdata/errors.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, x := range a.Files {
		if strings.HasSuffix(x.Name, ".yaml") {
			f.Add(x.Data)
		}
	}
	if text, err := os.ReadFile("../cmd/pgstandin/shop/rules.yaml"); err == nil {
		f.Add(text)
	}
	for _, s := range []string{"0::", "*-0", "&{0", ">\n>", "? a\n: b", "[[[[", "a: {b: [c, {d: e}", "version: 1\ntables: { ? : }", "version: 1\ncolumns: [{match: \"\\u0000\"}]", "\xef\xbb\xbfversion: 1", "version: 1\r\ntables: {}\r\n", "version: 1\ntargets: [!!binary x, .inf, .nan, 0x1, 2001-01-01]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse("f.yaml", text, nil)
		if err == nil {
			if file == nil || file.Hash == "" {
				t.Fatal("no file")
			}
			return
		}
		var found Errors
		if !errors.As(err, &found) || len(found) == 0 {
			t.Fatalf("%T %v", err, err)
		}
		lines := strings.Count(string(text), "\n") + strings.Count(string(text), "\r") + 2
		for _, p := range found {
			if p.Message == "" || p.Line < 0 || p.Line > lines || p.Column < 0 {
				t.Fatalf("%+v", p)
			}
		}
	})
}

// What can be read of a wrong file binds without a panic, and what was wrong
// with it is said again.
func FuzzBind(f *testing.F) {
	dsn := pgtest.DB(f)
	sql, err := os.ReadFile("testdata/schema.sql")
	if err != nil {
		f.Fatal(err)
	}
	pgtest.Exec(f, dsn, string(sql))
	s := readSchema(f, dsn)
	f.Add([]byte(example))
	for _, name := range []string{"testdata/errors.txtar", "testdata/tests.txtar"} {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			f.Add(file.Data)
			f.Add([]byte(string(file.Data) + testedRules))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse("f.yaml", text, nil)
		if file == nil {
			return
		}
		b, bindErr := file.Bind(s, Env{Now: noon})
		var first, all Errors
		if errors.As(err, &first) && (!errors.As(bindErr, &all) || len(all) < len(first)) {
			t.Errorf("%v became %v", err, bindErr)
		}
		for _, p := range first {
			if !slices.Contains(all, p) {
				t.Errorf("%v is not among %v", p, all)
			}
		}
		if b != nil {
			if _, err := b.Plan(); err == nil {
				_ = b.RunTests(nil) // tests fail, but do not panic
			}
		}
	})
}
