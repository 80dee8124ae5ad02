package main

import (
	"strings"
	"testing"
)

// A value that makes no sense is a usage error that says what to write, and
// never quietly something else.
func TestFlagValues(t *testing.T) {
	t.Parallel()
	s := &staging{t: t}
	for _, args := range [][]string{
		{"refresh", "--workers", "0"}, {"refresh", "--workers", "-1"}, {"plan", "--workers", "many"}, {"demo", "--workers", "1001"},
		{"refresh", "--yield", "-5s"}, {"refresh", "--yield", "5"}, {"refresh", "--yield", "0s"},
		{"refresh", "--lock-timeout", "-1s"}, {"refresh", "--lock-timeout", "0"}, {"refresh", "--lock-timeout", "1us"},
	} {
		status, _, errOut := s.command(keyA, args...)
		if status != exitUsage || !strings.Contains(errOut, args[1]) || strings.Contains(errOut, "strconv") || !strings.Contains(errOut, "write a") {
			t.Errorf("%v: status %d, %s", args, status, errOut)
		}
	}
}

// "pgstandin --version" is what everybody tries first.
func TestVersionFlag(t *testing.T) {
	t.Parallel()
	s := &staging{t: t}
	status, out, errOut := s.command(keyA, "--version")
	_, want, _ := s.command(keyA, "version")
	if status != exitDone || out != want || errOut != "" {
		t.Errorf("status %d, %q, %q", status, out, errOut)
	}
}
