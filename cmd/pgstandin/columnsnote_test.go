package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// Where patterns with typos leave nothing masked, every command says so, and the report
// does not call the result clean.
func TestNothingMasked(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, "create table people (id int primary key, full_name text, email text); insert into people values (1, 'Anna Berg', 'anna@corp.example')")
	s.write(`version: 1
targets: ["*_staging"]
columns: [{ match: "*.emial", mask: email }, { type: texxt, mask: scrub }, { match: "*", mask: keep }]
`)
	const want = `2 patterns of columns match no column: "*.emial" on line 3 (did you mean email?), type texxt on line 3 (did you mean text?)`
	for _, name := range []string{"check", "plan"} {
		if status, out, errOut := runKeyed(t, keyA, "", name, "--source", s.source, "--rules", s.rules); status != 0 || !strings.Contains(strings.Join(strings.Fields(out+errOut), " "), want) {
			t.Errorf("%s: status %d\n%s%s", name, status, out, errOut)
		}
	}
	dir := filepath.Join(t.TempDir(), "report")
	status, out, errOut := s.refresh(keyA, "--report", dir)
	if status != 0 || !strings.Contains(errOut, want) || !strings.Contains(out, "there were no originals of masked columns to look for") {
		t.Errorf("refresh: status %d\n%s%s", status, out, errOut)
	}
	r, _, page := readReport(t, dir)
	if !slices.Contains(r.Notes, want) || r.Verdict.State != "done" || !strings.Contains(r.Verdict.Text, "No column is masked") || strings.Contains(page, "Clean.") || strings.Contains(page, "No original value") {
		t.Errorf("%+v %q", r.Verdict, r.Notes)
	}
}
