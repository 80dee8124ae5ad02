package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// onFull runs a command whose standard output is a full disk.
func onFull(t *testing.T, args ...string) (status int, errOut string) {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	var errs strings.Builder
	status = run(args, strings.NewReader(""), full, &errs)
	return status, errs.String()
}

// TestFullOutput: whatever cannot print what it found fails and says so, with the
// status of what it did.
func TestFullOutput(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, whyShop)
	s.write(whyRules)
	s.must(keyA)
	key := keyFile(t, keyA)
	dest := t.TempDir()
	s.snapshot(keyA, "--out", dest)
	plain, long := filepath.Join(t.TempDir(), "dump.sql"), filepath.Join(t.TempDir(), "long.sql")
	text := string(dump(t, s.source))
	head, rows, _ := strings.Cut(text, " FROM stdin;\n")
	row, _, _ := strings.Cut(rows, "\n")
	for name, text := range map[string]string{plain: text, long: head + " FROM stdin;\n" + strings.Repeat(row+"\n", 1<<16) + rows} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	from := []string{"--source", s.source, "--rules", s.rules}
	both := append([]string{"--target", s.target}, from...)
	keyed := append([]string{"--key-file", key}, from...)
	for _, c := range []struct {
		status int
		args   string
		more   []string
	}{
		{exitFailed, "why users 7", keyed},
		{exitFailed, "why users 7 --json", keyed},
		{exitFailed, "preview users", keyed},
		{exitFailed, "preview users --expanded", keyed},
		{exitFailed, "preview users --json", keyed},
		{exitFailed, "plan", from},
		{exitFailed, "plan --exact --format dot", keyed},
		{exitFailed, "check", from},
		{exitFailed, "check --ledger", from},
		{exitFailed, "rehearse", append([]string{"--key-file", key}, both...)},
		{exitFailed, "verify", append([]string{"--key-file", key}, both...)},
		{exitFailed, "verify --json", append([]string{"--key-file", key}, both...)},
		{exitFailed, "drift", both},
		{exitFailed, "grants", from},
		{exitFailed, "init -o -", []string{"--source", s.source}},
		{exitFailed, "profile -o -", []string{"--source", s.source}},
		{exitFailed, "snapshots " + dest, nil},
		{exitFailed, "snapshots --json " + dest, nil},
		{exitFailed, "prune --dry-run --keep 1 " + dest, nil},
		{exitFailed, "mask --all-rows " + plain, []string{"--key-file", key, "--rules", s.rules}},
		{exitFailed, "mask --all-rows " + long, []string{"--key-file", key, "--rules", s.rules}},
		{exitFailed, "keygen", nil},
		{exitFailed, "version", nil},
		{exitFailed, "--version", nil},
		{exitFailed, "help why", nil},
		{exitFailed, "why --help", nil},
		{exitFailed, "exit-status", nil},
		{exitReport, "refresh --quiet", append([]string{"--key-file", key}, both...)},
		{exitReport, "refresh --json", append([]string{"--key-file", key}, both...)},
		{exitReport, "snapshot --out " + filepath.Join(dest, "second"), keyed},
		{exitReport, "restore --adopt " + dest, []string{"--target", s.target, "--rules", s.rules}},
		{exitReport, "rollback", []string{"--target", s.target}},
	} {
		args := append(strings.Fields(c.args), c.more...)
		status, errs := onFull(t, args...)
		if status != c.status || !strings.Contains(errs, "standard output: no space left on device") {
			t.Errorf("%s: status %d, want %d\n%s", c.args, status, c.status, errs)
		}
		if strings.Count(errs, "no space left") != 1 {
			t.Errorf("%s says it more than once:\n%s", c.args, errs)
		}
	}
}

// TestQuietJSON: with --quiet beside --json the result comes, and nothing else.
func TestQuietJSON(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, whyShop)
	s.write(whyRules)
	dest := t.TempDir()
	s.snapshot(keyA, "--out", dest)
	both := []string{"--target", s.target, "--rules", s.rules, "--quiet", "--json"}
	for _, args := range [][]string{
		append([]string{"refresh", "--source", s.source}, both...),
		append([]string{"restore", dest}, both...),
	} {
		status, out, errs := runKeyed(t, keyA, "", args...)
		if status != 0 || errs != "" || strings.Count(out, "\n") != 1 || !strings.Contains(out, `"event":"done"`) {
			t.Errorf("%s: status %d\n%s%s", args[0], status, out, errs)
		}
	}
}

// TestOneDocument: plan and why print one document as JSON, and say so.
func TestOneDocument(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plan", "why"} {
		if _, out, _ := runKeyed(t, "", "", name, "--help"); !strings.Contains(out, "as one JSON document") || strings.Contains(out, "event") {
			t.Errorf("%s --help:\n%s", name, out)
		}
	}
	status, _, errs := runKeyed(t, "", "", "plan", "--json", "--format", "dot")
	if status != exitUsage || !strings.Contains(errs, "--json and --format dot: give one of them") {
		t.Errorf("plan --json --format dot: status %d\n%s", status, errs)
	}
}

// TestDemoFlags: demo offers nothing that it does not do.
func TestDemoFlags(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--json", "--quiet"} {
		if status, _, errs := runKeyed(t, "", "", "demo", flag); status != exitUsage || !strings.Contains(errs, "unknown flag") {
			t.Errorf("demo %s: status %d\n%s", flag, status, errs)
		}
	}
}
