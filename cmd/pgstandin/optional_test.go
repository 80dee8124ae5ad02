package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestOptionsWithoutEffect: what would change nothing is refused.
func TestOptionsWithoutEffect(t *testing.T) {
	dsn := pgtest.DB(t)
	t.Chdir(t.TempDir()) // no rules file is there
	for _, args := range [][]string{
		{"drift", "--source", dsn, "--target", dsn},
		{"grants", "--source", dsn},
		{"profile", "--source", dsn, "-o", filepath.Join(t.TempDir(), "profile.json")},
	} {
		if status, _, errOut := runKeyed(t, "", "", append(args, "--var", "a=b")...); status != exitUsage || !strings.Contains(errOut, "--var: there is no rules file; give --rules FILE") {
			t.Errorf("%s: status %d: %s", args[0], status, errOut)
		}
		if status, _, errOut := runKeyed(t, "", "", args...); status != exitDone {
			t.Errorf("%s: status %d: %s", args[0], status, errOut)
		}
	}
}

// TestPlanOfNothing: a document has its lists, although nothing is in them.
func TestPlanOfNothing(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	s.write("version: 1\ntargets: [\"*_staging\"]\n")
	status, out, errOut := s.command(keyA, "plan", "--source", s.source, "--rules", s.rules, "--json")
	if status != 0 || !strings.Contains(out, `"references": []`) || !strings.Contains(out, `"tables": []`) {
		t.Errorf("status %d: %s\n%s", status, errOut, out)
	}
}
