package anonymize

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the generated part of docs/masks.md")

// TestDocs compares the table of kinds in docs/masks.md with the one in code.
func TestDocs(t *testing.T) {
	const file, begin, end = "../docs/masks.md", "-update -->\n", "<!-- end -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the table of kinds", file)
	}
	var b strings.Builder
	fmt.Fprint(&b, "| mask | what comes out | parameters | takes | injective | follows entity |\n|---|---|---|---|---|---|\n")
	mark := map[bool]string{true: "yes"}
	for _, k := range Kinds() {
		params := ""
		if len(k.Params) > 0 {
			params = "`" + strings.Join(k.Params, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", k.Name, k.Doc, params, k.Takes, mark[k.Injective], mark[k.Entity])
	}
	want := head + begin + b.String() + end + tail
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s is not up to date; run go test ./anonymize -run TestDocs -update", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestDocsParameters: the page says of each parameter of each kind what it takes, and of no other.
func TestDocsParameters(t *testing.T) {
	text, err := os.ReadFile("../docs/masks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n### Parameters\n")
	section, _, ok := strings.Cut(rest, "\n## ")
	if !ok {
		t.Fatal("there is no table of parameters")
	}
	told := map[string]bool{}
	quoted := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(section) {
		cells := strings.Split(line, " | ")
		if len(cells) < 4 || !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, param := range quoted.FindAllStringSubmatch(cells[0], -1) {
			for _, of := range quoted.FindAllStringSubmatch(cells[1], -1) {
				told[param[1]+" of "+of[1]] = true
			}
		}
	}
	var want []string
	for _, k := range Kinds() {
		for _, param := range k.Params {
			want = append(want, param+" of "+k.Name)
			family, _, _ := strings.Cut(k.Name, ".")
			if !told[param+" of "+k.Name] && !told[param+" of "+family+".…"] {
				t.Errorf("the page lacks %s of %s", param, k.Name)
			}
		}
	}
	for what := range told {
		prefix, ofAll := strings.CutSuffix(what, ".…")
		if !slices.ContainsFunc(want, func(w string) bool { return w == what || ofAll && strings.HasPrefix(w, prefix+".") }) {
			t.Errorf("there is no %s", what)
		}
	}
}
