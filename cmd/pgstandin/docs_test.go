package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/pgstandin/pgstandin/rules"
)

// docFiles are the documents that show command lines.
func docFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("documents: %v, %v", files, err)
	}
	return append(files, "../../README.md", "../../CONTRIBUTING.md", "../../ARCHITECTURE.md")
}

// commandLine finds a command of ours, as it begins a line of an example, stands
// behind a bracket or a semicolon, or between backquotes.
var commandLine = regexp.MustCompile("(?m)(?:^|[;(`$] *|&& )pgstandin +([a-z][^`\n]*)")

// shownCommands returns the arguments of each command that text shows. A form
// with ellipses or capitals for what the reader puts in is one too.
func shownCommands(text string) [][]string {
	text = strings.ReplaceAll(text, "\\\n", " ")
	var out [][]string
	for _, m := range commandLine.FindAllStringSubmatch(text, -1) {
		line, _, _ := strings.Cut(m[1], "#")
		for _, end := range []string{">", "|", ";", ")", "&&"} {
			line, _, _ = strings.Cut(line, " "+end)
			line = strings.TrimSuffix(line, end)
		}
		out = append(out, strings.Fields(line))
	}
	return out
}

// Every command line that a document shows is one that this program takes: the
// subcommand is there, and so are its flags.
func TestDocsShowCommandsThatExist(t *testing.T) {
	t.Parallel()
	shown := map[string]int{}
	for _, name := range docFiles(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		inCode := codeOf(string(text))
		for _, args := range shownCommands(inCode) {
			shown[args[0]]++
			if err := takes(args); err != "" {
				t.Errorf("%s: pgstandin %s: %s", name, strings.Join(args, " "), err)
			}
		}
	}
	for _, c := range []string{"keygen", "check", "plan", "refresh"} {
		if shown[c] == 0 {
			t.Errorf("no document shows pgstandin %s", c)
		}
	}
}

// So are those that the program itself shows.
func TestHelpShowsCommandsThatExist(t *testing.T) {
	t.Parallel()
	root := newRootCommand()
	for _, c := range append(root.Commands(), root) {
		for _, args := range shownCommands(strings.ReplaceAll(c.Example, "\n  ", "\n")) {
			if err := takes(args); err != "" {
				t.Errorf("help of %s: pgstandin %s: %s", c.Name(), strings.Join(args, " "), err)
			}
		}
		if c.Short == "" {
			t.Errorf("%s has no short help", c.Name())
		}
	}
}

// takes says why the program would not take these arguments.
func takes(args []string) string {
	root := newRootCommand()
	c, rest, err := root.Find(args)
	if err != nil || c == root {
		return "no such command"
	}
	var flags []string
	for _, a := range rest {
		if strings.HasPrefix(a, "-") {
			flags = append(flags, a)
		}
	}
	for _, f := range flags {
		if why := hasFlag(c, f); why != "" {
			return why
		}
	}
	return ""
}

func hasFlag(c *cobra.Command, text string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(text, "-"), "=")
	if name == "" || name == "help" || name == "version" {
		return ""
	}
	if strings.HasPrefix(text, "--") && c.Flags().Lookup(name) != nil {
		return ""
	}
	if len(name) == 1 && c.Flags().ShorthandLookup(name) != nil {
		return ""
	}
	return "no flag " + text
}

// codeOf returns the blocks of code of a document, and what stands between
// backquotes, the latter with them.
func codeOf(text string) string {
	var out strings.Builder
	for i, part := range strings.Split(text, "```") {
		if i%2 == 1 {
			_, body, _ := strings.Cut(part, "\n")
			out.WriteString(body)
			continue
		}
		for _, m := range regexp.MustCompile("`[^`]+`").FindAllString(part, -1) {
			out.WriteString("\n" + strings.ReplaceAll(m, "\n", " ") + "\n")
		}
	}
	return out.String()
}

// Every flag and make target that the README names is there, and its rules
// file is one.
func TestREADME(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(text)
	if strings.Contains(readme, "<!--") {
		t.Error("a placeholder is left")
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)(?:^|\x60|\$ )make ([a-z]+)`).FindAllStringSubmatch(codeOf(readme), -1) {
		if !strings.Contains(string(makefile), "\n"+m[1]+": ") {
			t.Errorf("make %s: no such target", m[1])
		}
	}
	_, yaml, found := strings.Cut(readme, "```yaml\n")
	yaml, _, _ = strings.Cut(yaml, "```")
	if !found {
		t.Fatal("no rules file")
	}
	if _, err := rules.Parse("README.md", []byte(yaml), nil); err != nil {
		t.Errorf("the rules file: %v", err)
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#:]+)`).FindAllStringSubmatch(readme, -1) {
		if _, err := os.Stat("../../" + m[1]); err != nil {
			t.Errorf("link: %v", err)
		}
	}
}

// Every test that ARCHITECTURE.md names as the proof of a promise is in the package
// that it names, and three words or so say what it shows.
func TestDocsNameTests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| promise | proved by |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	found := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != 2 {
			t.Errorf("not two cells: %s", line)
			continue
		}
		for proof := range strings.SplitSeq(cells[1], "), ") {
			found++
			m := regexp.MustCompile("^`([a-z/]+)\\.(Test[A-Za-z0-9]+)` \\([^()]+\\)?$").FindStringSubmatch(proof)
			if m == nil {
				t.Errorf("%s: %q is not `package.Test` (what it shows)", cells[0], proof)
				continue
			}
			if !hasTest(t, m[1], m[2]) {
				t.Errorf("%s: package %s has no %s", cells[0], m[1], m[2])
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d tests are named", found)
	}
}

func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
