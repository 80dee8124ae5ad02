package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestPlan prints a plan in every form, estimated and exact, and compares the
// exact one with what a refresh copies.
func TestPlan(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, shop.Schema)
	pgtest.Exec(t, s.source, shop.Data(2000))
	pgtest.Exec(t, s.source, "analyze")
	s.write(strings.Replace(shop.Rules, "targets:", "targets: [\"*_staging\"] #", 1))
	plan := func(key string, args ...string) string {
		t.Helper()
		status, out, errOut := s.command(key, append([]string{"plan", "--source", s.source, "--rules", s.rules}, args...)...)
		if status != 0 {
			t.Fatalf("plan %v: status %d\n%s", args, status, errOut)
		}
		return out
	}
	for _, args := range [][]string{nil, {"--exact"}} {
		text := plan(keyA, args...)
		if strings.Contains(text, "…") {
			t.Errorf("something is cut, although this is no terminal:\n%s", text)
		}
		for _, want := range []string{"public.users", "root", "rows: none", "reference each other", "orders_payment_method_id_fkey"} {
			if !strings.Contains(text, want) {
				t.Errorf("the plan lacks %q:\n%s", want, text)
			}
		}
	}
	read := func(text string) (doc planDoc) {
		t.Helper()
		if err := json.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	guess, exact := read(plan("", "--format", "json")), read(plan(keyA, "--json", "--exact"))
	s.must(keyA)
	if len(exact.Tables) != 11 || len(guess.Tables) != 11 {
		t.Fatalf("%d and %d tables", len(guess.Tables), len(exact.Tables))
	}
	for i, x := range exact.Tables {
		got := pgtest.Query(t, s.target, "select count(*) from "+x.Table)[0][0]
		if got != fmt.Sprint(x.Rows) {
			t.Errorf("%s: the plan has %d rows, the target %s", x.Table, x.Rows, got)
		}
		if g := guess.Tables[i]; g.Table != x.Table || g.Rows > 2*x.Rows+20 || x.Rows > 2*g.Rows+20 {
			t.Errorf("%s: estimated %d rows, found %d", x.Table, g.Rows, x.Rows)
		}
		if x.Rows > 0 && x.Rows < x.SourceRows && x.Passes+x.Conditions+x.LookUps == 0 {
			t.Errorf("%s: nothing says how its rows were found", x.Table)
		}
	}
	cut := 0
	for _, r := range exact.References {
		if r.SetToNull > 0 {
			cut++
			n := pgtest.Query(t, s.source, "select count(*) from orders where payment_method_id is not null")[0][0]
			if r.Child != "public.orders" || len(r.Cuts) != 1 || n == "0" {
				t.Errorf("%+v", r)
			}
		}
	}
	if cut != 1 {
		t.Errorf("%d references were cut, want that to payment_methods", cut)
	}
	// On a terminal of 80 characters every line fits, and names are whole where there
	// is room for them.
	for _, doc := range []planDoc{guess, exact} {
		var out strings.Builder
		if err := printPlanText(&out, &doc, 80); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(out.String(), "\n") {
			if utf8.RuneCountInString(line) > 80 {
				t.Errorf("a line is wider than 80: %s", line)
			}
		}
		if !strings.Contains(out.String(), "public.payment_methods ") {
			t.Errorf("a name is cut:\n%s", out.String())
		}
	}
	dot, mermaid := plan("", "--format", "dot"), plan("", "--format", "mermaid")
	if n := strings.Count(dot, " -> "); n != len(guess.References) || strings.Count(dot, "[label=") != n+11 {
		t.Errorf("%d arrows for %d references:\n%s", n, len(guess.References), dot)
	}
	if n := strings.Count(mermaid, "--> ") + strings.Count(mermaid, "-->|") + strings.Count(mermaid, "-.->|"); n != len(guess.References) {
		t.Errorf("%d arrows for %d references:\n%s", n, len(guess.References), mermaid)
	}
	status, _, errOut := s.command("", "plan", "--source", s.source, "--rules", s.rules, "--format", "yaml")
	if status != exitUsage || !strings.Contains(errOut, "mermaid") {
		t.Errorf("status %d: %s", status, errOut)
	}
	status, _, errOut = s.command("", "plan", "--exact", "--source", s.source, "--rules", s.rules)
	if status != exitUsage || !strings.Contains(errOut, "PGSTANDIN_KEY") {
		t.Errorf("status %d: %s", status, errOut)
	}
}
