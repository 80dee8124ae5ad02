package rules

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/schema"
)

// The examples of the documents are rules files, or parts of one, that bind.
func TestDocs(t *testing.T) {
	s := testSchema(t)
	text, err := os.ReadFile("../docs/rules.md")
	tested := 0
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")
	for _, b := range blocks[1:] {
		b, _, _ = strings.Cut(b, "```")
		if !strings.HasPrefix(b, "version:") {
			b = "version: 1\n" + b
		}
		f, err := Parse("rules.md", []byte(b), nil)
		if err != nil {
			t.Errorf("%s\n%v", b, err)
			continue
		}
		_, err = f.Bind(s, Env{Now: noon})
		var found Errors
		errors.As(err, &found)
		for _, p := range found {
			if !strings.HasPrefix(p.Message, "no reference leads from a root") { // the examples are parts
				t.Errorf("%s\n%v", b, p)
			}
		}
		if strings.Contains(b, "\ntests:") {
			tested += runDocs(t, s, b)
		}
	}
	if tested == 0 {
		t.Error("no test was run")
	}
	if len(blocks) < 13 {
		t.Errorf("%d examples", len(blocks)-1)
	}
	// Every key has a word in the document.
	for _, k := range []string{"version", "vars", "targets", "target", "subset", "tables", "columns", "checks", "functions", "objects", "tests", "leaks", "seed"} {
		if !strings.Contains(string(text), "## `"+k+"`") {
			t.Errorf("nothing about %s", k)
		}
	}
}

// runDocs runs the tests of an example, all that it does not decide kept.
func runDocs(t *testing.T, s *schema.Schema, text string) int {
	b := bind(t, s, text+"columns: [{ match: '*.*.*', mask: keep }]\n")
	if err := b.RunTests(nil); err != nil {
		t.Error(err)
	}
	return b.Tests()
}
