package anonymize

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

var updateThroughput = flag.Bool("throughput", false, "measure every kind and write the table of docs/masks.md")

// TestThroughput writes the table of throughput; without -throughput it checks
// that the table has every kind.
func TestThroughput(t *testing.T) {
	const file, begin, end = "../docs/masks.md", "-throughput -->\n", "<!-- end of throughput -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(text), begin)
	table, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the table", file)
	}
	if !*updateThroughput {
		for _, s := range samples() {
			if !strings.Contains(table, "| `"+s.kind) {
				t.Errorf("%s has no line for %s; run go test ./anonymize -run TestThroughput -throughput", file, s.kind)
			}
		}
		return
	}
	type line struct {
		what string
		ns   float64
	}
	var lines []line
	var used []sample
	var base float64
	seen := map[string]bool{}
	for _, s := range samples() {
		what := s.kind
		for _, name := range []string{"noise", "bucket", "permute", "shift", "truncate", "test", "country"} {
			if v, ok := s.params[name]; ok {
				what += fmt.Sprintf(" %s: %v", name, v)
			}
		}
		if seen[what] {
			continue
		}
		seen[what] = true
		lines, used = append(lines, line{what: what}), append(used, s)
	}
	for range 6 { // what is measured at another time is slow for other reasons
		for i := range lines {
			if ns := nanoseconds(t, used[i]); lines[i].ns == 0 || ns < lines[i].ns {
				lines[i].ns = ns
			}
			if used[i].kind == "hash" {
				base = lines[i].ns
			}
		}
	}
	var b strings.Builder
	b.WriteString("| mask | ns a value | times `hash` |\n|---|---:|---:|\n")
	for _, k := range Kinds() {
		for _, l := range lines {
			if name, params, _ := strings.Cut(l.what, " "); name == k.Name {
				what := "`" + name + "`"
				if params != "" {
					what += " " + params
				}
				fmt.Fprintf(&b, "| %s | %.0f | %.1f |\n", what, l.ns, l.ns/base)
			}
		}
	}
	if err := os.WriteFile(file, []byte(head+begin+b.String()+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// nanoseconds measures a row of one column, the best of many short times: what
// else the machine does only adds to it.
func nanoseconds(t *testing.T, s sample) float64 {
	p, err := compileFilled(testSecret(t, 1), Table{Entity: -1, Columns: []Column{{Name: "c", Type: Type{Name: s.typ}, Mask: &Mask{Kind: s.kind, Params: s.params}}}})
	if err != nil {
		t.Fatal(err)
	}
	r, row := p.NewRewriter(), copyfmt.AppendEscaped(nil, []byte(s.values[0]))
	best := 0.0
	for range 6 {
		result := testing.Benchmark(func(b *testing.B) {
			var dst []byte
			for b.Loop() {
				dst, _ = r.AppendRow(dst[:0], row)
			}
		})
		if ns := float64(result.T.Nanoseconds()) / float64(result.N); best == 0 || ns < best {
			best = ns
		}
	}
	return best
}
