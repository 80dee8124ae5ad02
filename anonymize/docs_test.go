package anonymize

import (
	"flag"
	"fmt"
	"os"
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
