package deps

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/pgstandin/pgstandin"

// Modules that the table speaks of by a short name.
const (
	crypto     = "golang.org/x/crypto"
	sync       = "golang.org/x/sync"
	pgx        = "github.com/jackc/pgx/v5"
	pgQuery    = "github.com/pganalyze/pg_query_go/v5"
	roaring    = "github.com/RoaringBitmap/roaring/v2"
	gofakeit   = "github.com/brianvoe/gofakeit/v7"
	yaml       = "github.com/goccy/go-yaml"
	embedded   = "github.com/fergusstrange/embedded-postgres"
	gocloud    = "gocloud.dev"
	age        = "filippo.io/age"
	aws        = "github.com/aws/aws-sdk-go-v2"
	azure      = "github.com/Azure/azure-sdk-for-go"
	klauspost  = "github.com/klauspost/compress"
	lz4        = "github.com/pierrec/lz4/v4"
	everything = "*"
)

// table says what the files of a package may import besides the standard
// library; test files may import more. A package that is not in it is an error, and
// so is a row without a package.
var table = map[string][]string{
	"schema":               {},
	"internal/copyfmt":     {},
	"internal/textfold":    {},
	"internal/blockpipe":   {},
	"internal/sqlfile":     {},
	"internal/ownedfolder": {},
	"internal/pgarchive":   {klauspost, lz4},
	"keyed":                {crypto},
	"internal/sqlexpr":     {pgQuery},

	"subset":    {"schema", "keyed", roaring},
	"anonymize": {"keyed", "internal/copyfmt", "internal/textfold", gofakeit, crypto},
	"leak":      {"keyed", "internal/copyfmt", "internal/textfold"},

	"catalog":  {"schema", pgx},
	"discover": {"schema", "anonymize", "internal/textfold"},
	"rules":    {"schema", "keyed", "subset", "anonymize", "internal/sqlexpr", "seed", yaml},
	"seed":     {"schema", "keyed", "anonymize", "discover", "internal/copyfmt"},
	"pipeline": {"schema", "leak", "internal/copyfmt", "internal/blockpipe", "internal/ownedfolder", "internal/pgarchive", pgx, sync},

	"seed/fill": {"schema", "catalog", "seed", "pipeline", pgx},

	"report": {},

	"internal/draft":      {"schema", "keyed", "subset", "anonymize", "discover", "rules", "report", yaml},
	"internal/lockfile":   {"schema", "rules"},
	"internal/reidentify": {"schema", "rules", "report"},
	"internal/maskdump":   {"schema", "rules", "anonymize", "internal/copyfmt", "internal/sqlfile"},
	"internal/restorable": {"schema", "pipeline", "internal/pgarchive", pgQuery},
	"internal/survey":     {"schema", "discover", "rules", "seed", "pipeline", pgx},
	"internal/trial":      {"schema", "rules", "pipeline", pgx},
	"internal/schemafile": {"schema", "internal/pgserver", "internal/sqlfile", pgx},

	"store": {"internal/ownedfolder", gocloud, age, aws, azure},

	"internal/pgserver": {embedded},
	"internal/pgtest":   {"internal/pgserver", "internal/sqlfile", pgx},
	"internal/deps":     {},

	"cmd/pgstandin":      {everything},
	"cmd/pgstandin/shop": {},
}

// Only these start goroutines with a go statement.
var concurrent = []string{"pipeline", "internal/pgserver"}

// Only these have functions called later, by a timer or at the end of a context: store
// to renew a run's mark in a bucket and to end uploads with the run, cmd/pgstandin to
// say that a signal was heard, or what has been running for a while.
var later = []string{"store", "cmd/pgstandin"}

// Only these lie more than two folders below the root: the demo's SQL is data.
var deep = []string{"cmd/pgstandin/shop"}

// Only these keep state of the process: one server for all tests.
var stateful = []string{"internal/pgtest"}

// file is a parsed file that is no test.
type file struct {
	dir, name string // of the package, of the file, both below the root
	ast       *ast.File
}

// files parses every file of the module but tests and testdata.
func files(t *testing.T, fset *token.FileSet) []file {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	var out []file
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "vendor") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		parsed, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, file{dir: path.Dir(rel), name: rel, ast: parsed})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatal("no files")
	}
	return out
}

func TestImports(t *testing.T) {
	for _, f := range files(t, token.NewFileSet()) {
		allowed, known := table[f.dir]
		if !known {
			t.Errorf("%s: package %s is not in the table", f.name, f.dir)
			continue
		}
		for _, spec := range f.ast.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if !permitted(p, allowed) {
				t.Errorf("%s imports %s; package %s may import %q and the standard library", f.name, p, f.dir, allowed)
			}
		}
	}
}

// permitted reports whether a package with that row may import p.
func permitted(p string, row []string) bool {
	if p == "C" {
		return false // C comes in through a library alone
	}
	first, _, _ := strings.Cut(p, "/")
	if !strings.Contains(first, ".") {
		return true
	}
	for _, a := range row {
		if !strings.Contains(a, ".") && a != everything {
			a = module + "/" + a
			if p == a {
				return true
			}
			continue // of our own packages, that one and not those below it
		}
		if a == everything || p == a || strings.HasPrefix(p, a+"/") {
			return true
		}
	}
	return false
}

func TestPermitted(t *testing.T) {
	for _, c := range []struct {
		path string
		row  []string
		want bool
	}{
		{"fmt", nil, true},
		{"net/url", nil, true},
		{"C", []string{everything}, false},
		{module + "/schema", nil, false},
		{module + "/schema", []string{"schema"}, true},
		{module + "/schema/deep", []string{"schema"}, false},
		{pgx + "/pgconn", []string{pgx}, true},
		{pgx + "x", []string{pgx}, false},
		{"example.com/new", []string{"schema", pgx}, false},
		{"example.com/new", []string{everything}, true},
	} {
		if got := permitted(c.path, c.row); got != c.want {
			t.Errorf("permitted(%s, %q): %v", c.path, c.row, got)
		}
	}
}

// The compiler refuses cycles; here are the table's words.
func TestTable(t *testing.T) {
	exists := map[string]bool{}
	for _, f := range files(t, token.NewFileSet()) {
		exists[f.dir] = true
	}
	for _, dir := range slices.Concat(slices.Collect(maps.Keys(table)), concurrent, deep, stateful) {
		if !exists[dir] {
			t.Errorf("there is no package %s", dir)
		}
	}
	for dir, row := range table {
		for _, a := range row {
			if _, known := table[a]; !known && a != everything && !strings.Contains(a, ".") {
				t.Errorf("%s may import %s, which is not in the table", dir, a)
			}
		}
		if strings.Count(dir, "/") > 1 && !slices.Contains(deep, dir) {
			t.Errorf("%s is more than two folders below the root", dir)
		}
		if slices.Contains([]string{"pkg", "utils", "util", "common", "types", "helpers"}, path.Base(dir)) {
			t.Errorf("%s: the name says nothing", dir)
		}
		src := filepath.Join(build.Default.GOROOT, "src")
		for _, pattern := range []string{path.Base(dir), filepath.Join("*", path.Base(dir))} {
			same, _ := filepath.Glob(filepath.Join(src, pattern))
			same = slices.DeleteFunc(same, func(p string) bool {
				rel, _ := filepath.Rel(src, p)
				return strings.HasPrefix(rel, "cmd") || strings.HasPrefix(rel, "internal") || strings.HasPrefix(rel, "vendor")
			})
			if len(same) > 0 {
				t.Errorf("%s is named like %s of the standard library", dir, same[0])
			}
		}
	}
}

func TestStatements(t *testing.T) {
	fset := token.NewFileSet()
	for _, f := range files(t, fset) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			how, delayed := starts(n)
			if how != "" && !slices.Contains(concurrent, f.dir) && !(delayed && slices.Contains(later, f.dir)) {
				t.Errorf("%v: %s starts a goroutine outside %q", fset.Position(n.Pos()), how, concurrent)
			}
			if n, ok := n.(*ast.FuncDecl); ok && n.Name.Name == "init" && n.Recv == nil {
				t.Errorf("%v: func init", fset.Position(n.Pos()))
			}
			return true
		})
	}
}

// starts says how a node starts a goroutine, "" if it does not: by a go statement, a
// method Go as those of sync.WaitGroup and errgroup.Group, or, delayed, an AfterFunc of
// time or context, called or handed on.
func starts(n ast.Node) (how string, delayed bool) {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "a go statement", false
	case *ast.SelectorExpr:
		switch n.Sel.Name {
		case "Go":
			return "a method Go", false
		case "AfterFunc":
			return "AfterFunc", true
		}
	}
	return "", false
}

func TestStarts(t *testing.T) {
	for body, want := range map[string]string{
		"go f()":                            "a go statement",
		"wg.Go(f)":                          "a method Go",
		"h(&wg.Go)":                         "a method Go",
		"defer context.AfterFunc(ctx, f)()": "AfterFunc",
		"x := time.AfterFunc(d, f); _ = x":  "AfterFunc",
		"f(); x.Begin(time.After(d))":       "",
	} {
		parsed, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc g() { "+body+" }", 0)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		ast.Inspect(parsed, func(n ast.Node) bool {
			if how, delayed := starts(n); how != "" {
				got = how
				if delayed != (how == "AfterFunc") {
					t.Errorf("%q: delayed %v", body, delayed)
				}
			}
			return true
		})
		if got != want {
			t.Errorf("%q: %q, want %q", body, got, want)
		}
	}
}

// Exported functions, types and methods of exported types have comments. What only
// the program itself can call needs none.
func TestComments(t *testing.T) {
	fset := token.NewFileSet()
	for _, f := range files(t, fset) {
		if f.ast.Name.Name == "main" {
			continue
		}
		for _, decl := range f.ast.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || base(d.Recv.List[0].Type).IsExported()) {
					t.Errorf("%v: %s has no comment", fset.Position(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if x, ok := s.(*ast.TypeSpec); ok && d.Doc == nil && x.Doc == nil && x.Name.IsExported() {
						t.Errorf("%v: %s has no comment", fset.Position(x.Pos()), x.Name.Name)
					}
				}
			}
		}
	}
}

// State of a package is what is assigned after its declaration, or declared
// without a value; errors, patterns, tables and embedded files are not.
func TestNoState(t *testing.T) {
	fset := token.NewFileSet()
	byDir := map[string][]*ast.File{}
	for _, f := range files(t, fset) {
		if !slices.Contains(stateful, f.dir) {
			byDir[f.dir] = append(byDir[f.dir], f.ast)
		}
	}
	for _, parsed := range byDir {
		for _, problem := range state(parsed) {
			t.Errorf("%v: package variable %s: %s", fset.Position(problem.pos), problem.name, problem.what)
		}
	}
}

type problem struct {
	pos        token.Pos
	name, what string
}

// state lists what makes variables of a package its state.
func state(parsed []*ast.File) []problem {
	var problems []problem
	names, specs := map[string]bool{}, map[any]bool{}
	for _, f := range parsed {
		for _, decl := range f.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, spec := range gen.Specs {
				v := spec.(*ast.ValueSpec)
				specs[v] = true
				for _, name := range v.Names {
					names[name.Name] = true
				}
				if len(v.Values) == 0 && !embeds(gen.Doc) && !embeds(v.Doc) {
					problems = append(problems, problem{v.Pos(), v.Names[0].Name, "has no value, so it can only be state"})
				}
			}
		}
	}
	for _, f := range parsed {
		ast.Inspect(f, func(n ast.Node) bool {
			var targets []ast.Expr
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					targets = n.Lhs
				}
			case *ast.IncDecStmt:
				targets = []ast.Expr{n.X}
			}
			for _, e := range targets {
				// The parser leaves names of the package's other files unresolved.
				if id := base(e); id != nil && names[id.Name] && (id.Obj == nil || specs[id.Obj.Decl]) {
					problems = append(problems, problem{n.Pos(), id.Name, "is assigned to"})
				}
			}
			return true
		})
	}
	return problems
}

func TestState(t *testing.T) {
	parse := func(text string) *ast.File {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\n"+text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for text, want := range map[string]int{
		"var a = 1":                                     0,
		"var a int":                                     1,
		"//go:embed x\nvar a string":                    0,
		"var (\n//go:embed x\na string\n)":              0,
		"var a = 1\nfunc f() { a = 2 }":                 1,
		"var a = 1\nfunc f() { a++ }":                   1,
		"var a = T{}\nfunc f() { a.b[1] = 2 }":          1,
		"var a = 1\nfunc f() { a := 1; a = 2 }":         0,
		"var a = 1\nfunc f() { var a int; a = 2 }":      0,
		"var a = 1\nfunc f(a int) { a = 2 }":            0,
		"var a = 1\nfunc f() (a int) { a = 2; return }": 0,
	} {
		if got := len(state([]*ast.File{parse(text)})); got != want {
			t.Errorf("%q: %d problems, want %d", text, got, want)
		}
	}
	if got := len(state([]*ast.File{parse("var a = 1"), parse("func f() { a = 2 }")})); got != 1 {
		t.Errorf("in two files: %d problems, want 1", got)
	}
}

func embeds(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// base returns the variable that an assignment to e changes, or the type that e, a
// receiver's, is of.
func base(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}
