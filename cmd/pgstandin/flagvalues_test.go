package main

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/pflag"
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
		{"seed", "--scale", "abc"}, {"seed", "--seed", "-1"}, {"seed", "--seed", "x"}, {"preview", "--rows", "1.5"}, {"prune", "--keep", "all"},
	} {
		status, _, errOut := s.command(keyA, args...)
		if status != exitUsage || !strings.Contains(errOut, args[1]) || strings.Contains(errOut, "strconv") || !strings.Contains(errOut, "write a") && !strings.Contains(errOut, "below zero") {
			t.Errorf("%v: status %d, %s", args, status, errOut)
		}
	}
}

// TestNameless: what names nothing, or a folder, is refused before anything is read.
func TestNameless(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct{ args, want string }{
		{"help refesh", `unknown command "refesh"`},
		{"grants --source dbname=x --source-role=", "--source-role: the value is empty; give one, or leave the flag out for pgstandin_reader"},
		{"plan --exact --source dbname=x --rules " + rulesOf(t) + " --key-file " + dir, "key file " + dir + ": it is a folder; name the file in it"},
		{"restore /nowhere --target dbname=x --rules " + rulesOf(t) + " --identity " + dir, "identity " + dir + ": it is a folder"},
	} {
		status, _, errOut := runKeyed(t, "", "", strings.Fields(c.args)...)
		if status != exitUsage || !strings.Contains(errOut, c.want) {
			t.Errorf("%s: status %d\n%s", c.args, status, errOut)
		}
	}
}

// An empty value is what a variable that is not set leaves in a script. Taken for a
// flag that is not given, it would be a report that nobody signs, or rows in a target
// where a file was meant.
func TestEmptyValues(t *testing.T) {
	t.Parallel()
	needed := map[string][]string{
		"preview": {"t"}, "why": {"t", "1"}, "snapshots": {"d"}, "restore": {"d"}, "prune": {"d"}, "verify-report": {"f"},
	}
	for _, cmd := range newRootCommand().Commands() {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == "bool" {
				return
			}
			status, _, errOut := runKeyed(t, "", "", slices.Concat([]string{cmd.Name()}, needed[cmd.Name()], []string{"--" + f.Name + "="})...)
			if status != exitUsage || !strings.Contains(errOut, "--"+f.Name) ||
				!strings.Contains(errOut, "the value is empty; give one, or leave the flag out") && !strings.Contains(errOut, `invalid argument ""`) {
				t.Errorf("%s --%s=: status %d, %s", cmd.Name(), f.Name, status, errOut)
			}
		})
	}
}

// What flags do begins in one column of the help.
func TestFlagsAreAligned(t *testing.T) {
	t.Parallel()
	for _, cmd := range newRootCommand().Commands() {
		at := -1
		for line := range strings.Lines(cmd.LocalFlags().FlagUsages()) {
			name := strings.LastIndex(line[:min(len(line), 60)], "   ") // the gap before the text
			if column := utf8.RuneCountInString(line[:name]); at >= 0 && column != at {
				t.Errorf("%s: %q begins in column %d, others in %d", cmd.Name(), line, column, at)
			} else {
				at = column
			}
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
