package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestWrongPlace: a folder in place of a file, a file in place of a folder and no folder
// for temporary files are named as what they are, with what to do.
func TestWrongPlace(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, errOut := s.command(keyA, "mask", dir, "--rules", s.rules)
	if status != exitUsage || !strings.Contains(errOut, dir+" is a folder; mask reads a plain dump") {
		t.Errorf("mask: status %d: %s", status, errOut)
	}
	status, _, errOut = s.command(keyA, "snapshot", "--source", s.source, "--rules", s.rules, "--out", file)
	if status != exitFailed || !strings.Contains(errOut, "not a directory; name a folder") {
		t.Errorf("snapshot: status %d: %s", status, errOut)
	}
	for flag, more := range map[string][]string{
		"--report": {"snapshot", "--source", s.source, "--rules", s.rules, "--out", t.TempDir()},
		"--out":    {"seed", "--schema", file},
	} {
		status, _, errOut = s.command(keyA, append(more, flag, "s3://bucket/there")...)
		if status != exitUsage || !strings.Contains(errOut, flag+": that is a URL; name a path") {
			t.Errorf("%s: status %d: %s", flag, status, errOut)
		}
	}
	cmd := exec.Command(program(t), "refresh", "--source", s.source, "--target", s.target, "--rules", s.rules)
	cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA, "TMPDIR="+filepath.Join(dir, "none"))
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitFailed || !strings.Contains(string(out), "set TMPDIR to a folder that is there") {
		t.Errorf("TMPDIR: %s\n%s", cmd.ProcessState, out)
	}
}
