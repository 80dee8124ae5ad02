package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/report"
)

var updateJSON = flag.Bool("update", false, "write the generated parts of docs/json.md")

// documents are what --json prints, by the place that docs/json.md has for it.
var documents = map[string]any{
	"events": event{}, "plan": planDoc{}, "why": whyDoc{}, "preview": previewDoc{}, "rehearse": rehearsalReport{},
	"refresh": result{}, "restore": restoreResult{}, "rollback": rollbackResult{}, "seed": seedResult{}, "mask": maskResult{},
	"snapshots": []listedSnapshot{}, "prune": pruneResult{}, "drift": driftDoc{}, "grants": []grantsDoc{}, "verify": report.Leak{},
}

// TestDocsJSON compares the tables of docs/json.md with the types and their comments.
func TestDocsJSON(t *testing.T) {
	t.Parallel()
	const file, begin, end = "../../docs/json.md", "<!-- json:", "<!-- end -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	keys := jsonKeys{comments: fieldComments(t)}
	rest, made, seen := string(text), "", map[string]bool{}
	for {
		before, after, ok := strings.Cut(rest, begin)
		if made += before; !ok {
			break
		}
		name, after, ok1 := strings.Cut(after, " -->\n")
		_, after, ok2 := strings.Cut(after, end)
		doc := documents[name]
		if !ok1 || !ok2 || doc == nil || seen[name] {
			t.Fatalf("%s: the place %q", file, name)
		}
		seen[name] = true
		keys.table.Reset()
		keys.add("", reflect.TypeOf(doc))
		made += begin + name + " -->\n| key | | |\n|---|---|---|\n" + keys.table.String() + end
		rest = after
	}
	for name := range documents {
		if !seen[name] {
			t.Errorf("%s has no place for %s", file, name)
		}
	}
	if made == string(text) {
		return
	}
	if !*updateJSON {
		t.Fatalf("%s is not up to date; run go test ./cmd/pgstandin -run TestDocsJSON -update", file)
	}
	if err := os.WriteFile(file, []byte(made), 0o644); err != nil {
		t.Fatal(err)
	}
}

// jsonKeys lists the keys of documents, with the comments of their fields.
type jsonKeys struct {
	comments map[string]string // by PACKAGE.TYPE.FIELD
	table    strings.Builder
}

// add lists the keys of a type at a path.
func (k *jsonKeys) add(path string, t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice {
			path += "[]"
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[report.Report]() {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		tag, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && tag == "":
			k.add(path, f.Type)
			continue
		case !f.IsExported() || tag == "" || tag == "-":
			continue
		}
		at := strings.TrimPrefix(path+"."+tag, ".")
		words := []string{jsonType(f.Type)}
		if option == "omitempty" {
			words = append(words, "may be absent")
		}
		what := k.comments[t.PkgPath()+"."+t.Name()+"."+f.Name]
		fmt.Fprintf(&k.table, "| `%s` | %s | %s |\n", at, strings.Join(words, ", "), strings.ReplaceAll(what, "|", `\|`))
		k.add(at, f.Type)
	}
}

// jsonType is how a document has a type of Go.
func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		if name := jsonType(t.Elem()); name != "object" {
			return name + " or null"
		}
		return "object"
	case reflect.Slice:
		switch of := jsonType(t.Elem()); {
		case strings.HasPrefix(of, "list"):
			return "list of lists"
		case strings.HasSuffix(of, "null"):
			return "list of texts and null"
		default:
			return "list of " + of + "s"
		}
	case reflect.Struct, reflect.Interface, reflect.Map:
		return "object"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	}
	return "number"
}

// fieldComments reads the comments of fields of this module's types.
func fieldComments(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for pkg, dir := range map[string]string{reflect.TypeFor[event]().PkgPath(): ".", "github.com/pgstandin/pgstandin/report": "../../report"} {
		files, err := fs.Glob(os.DirFS(dir), "*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok {
					return true
				}
				if s, ok := spec.Type.(*ast.StructType); ok {
					for _, f := range s.Fields.List {
						for _, id := range f.Names {
							text := f.Comment.Text()
							if text == "" {
								text = f.Doc.Text()
							}
							out[pkg+"."+spec.Name.Name+"."+id.Name] = strings.Join(strings.Fields(text), " ")
						}
					}
				}
				return true
			})
		}
	}
	return out
}
