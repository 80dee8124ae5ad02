package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// Every make target that the README names is there, and its rules file is one.
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
}

// Links between documents lead to files that are there, and to headings in them.
func TestDocsLinks(t *testing.T) {
	t.Parallel()
	for _, name := range append(docFiles(t), "../../CHANGELOG.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(([^):]+)\)`).FindAllStringSubmatch(string(text), -1) {
			file, heading, _ := strings.Cut(m[1], "#")
			to := name
			if file != "" {
				to = filepath.Join(filepath.Dir(name), file)
			}
			there, err := os.ReadFile(to)
			if info, e := os.Stat(to); e == nil && info.IsDir() {
				continue
			}
			if err != nil {
				t.Errorf("%s: link: %v", name, err)
			} else if heading != "" && !slices.Contains(anchors(string(there)), heading) {
				t.Errorf("%s: %s has no heading %s", name, to, heading)
			}
		}
	}
}

// anchors returns the headings of a document as links name them.
func anchors(text string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		plain := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		out = append(out, strings.ReplaceAll(plain, " ", "-"))
	}
	return out
}

// Every environment variable of ours that the code reads is in a document.
func TestDocsVariables(t *testing.T) {
	t.Parallel()
	var docs strings.Builder
	for _, name := range docFiles(t) {
		docs.WriteString(readDoc(t, strings.TrimPrefix(name, "../../")))
	}
	found := 0
	err := filepath.WalkDir("../..", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range regexp.MustCompile(`"(PGSTANDIN_[A-Z_]+)"`).FindAllStringSubmatch(string(text), -1) {
			found++
			// The last is what a test tells itself by.
			if !strings.Contains(docs.String(), m[1]) && m[1] != "PGSTANDIN_TEST_WRITE_SNAPSHOTS" {
				t.Errorf("%s: no document has %s", name, m[1])
			}
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("%d variables, %v", found, err)
	}
}

// Examples of the rules file are rules.
func TestDocsRules(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"docs/rules.md", "docs/subsets.md", "docs/leaks.md", "docs/seed.md"} {
		examples := 0
		for i, part := range strings.Split(readDoc(t, name), "```") {
			text, found := strings.CutPrefix(part, "yaml\n")
			if i%2 == 0 || !found {
				continue
			}
			examples++
			if strings.HasPrefix(text, "references:") {
				text = "subset:\n" + regexp.MustCompile("(?m)^").ReplaceAllString(text, "  ")
			}
			if !strings.Contains(text, "version:") {
				text = "version: 1\n" + text
			}
			if _, err := rules.Parse(name, []byte(text), nil); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		}
		if examples == 0 {
			t.Errorf("%s has no example", name)
		}
	}
}

// The README has a table of all commands, each with a page that tells of it.
func TestDocsListCommands(t *testing.T) {
	t.Parallel()
	var have []string
	for _, c := range newRootCommand().Commands() {
		if c.Runnable() && !c.Hidden && c.Name() != "help" {
			have = append(have, c.Name())
		}
	}
	var listed []string
	for _, cells := range docTable(t, "README.md", "| command | what it does | page |") {
		name := strings.Trim(cells[0], "`")
		listed = append(listed, name)
		pages := regexp.MustCompile(`\[[^\]]+\]\(([^)#]*)`).FindAllStringSubmatch(cells[2], -1)
		if len(pages) == 0 {
			t.Errorf("%s: no page", name)
		}
		for _, page := range pages {
			text := readDoc(t, cmp.Or(page[1], "README.md"))
			if !strings.Contains(text, "pgstandin "+name) && !strings.Contains(text, "make "+name) && !strings.Contains(text, "`"+name) {
				t.Errorf("%s: %s does not tell of it", name, page[1])
			}
		}
	}
	slices.Sort(have)
	slices.Sort(listed)
	if !slices.Equal(have, listed) {
		t.Errorf("the README lists\n%v, the program has\n%v", listed, have)
	}
}

// docs/operations.md has the exit statuses that the help has, in its words.
func TestDocsExitStatuses(t *testing.T) {
	t.Parallel()
	var have strings.Builder
	for _, cells := range docTable(t, "docs/operations.md", "| status | meaning | for example |") {
		fmt.Fprintf(&have, "  %-3s  %s\n", cells[0], cells[1])
	}
	if have.String() != exitTable {
		t.Errorf("the page has\n%sthe help has\n%s", have.String(), exitTable)
	}
}

// readDoc reads a document, named from the root of the repository.
func readDoc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// docTable returns the cells of the table of a document that has these titles.
func docTable(t *testing.T, name, titles string) [][]string {
	t.Helper()
	_, rest, found := strings.Cut(readDoc(t, name), "\n"+titles+"\n|---|")
	if !found {
		t.Fatalf("%s has no table %s", name, titles)
	}
	columns := strings.Count(titles, "|") - 1
	var rows [][]string
	for line := range strings.Lines(rest) {
		if strings.Trim(line, "-|\n") == "" && len(rows) == 0 {
			continue // the rest of the line below the titles
		}
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(line, "|")
		if len(cells) != columns+2 {
			t.Fatalf("%s: not %d cells: %s", name, columns, line)
		}
		cells = cells[1 : len(cells)-1]
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

// Every test that ARCHITECTURE.md names as the proof of a promise is in the package
// that it names, and a few words say what it shows.
func TestDocsNameTests(t *testing.T) {
	t.Parallel()
	named := 0
	for _, cells := range docTable(t, "ARCHITECTURE.md", "| promise | proved by |") {
		for proof := range strings.SplitSeq(cells[1]+", ", "), ") {
			if proof == "" {
				continue
			}
			named++
			m := regexp.MustCompile("^`([a-z/]+)\\.(Test[A-Za-z0-9]+)` \\([^()]+$").FindStringSubmatch(proof)
			if m == nil {
				t.Errorf("%s: %q is not `package.Test` (what it shows)", cells[0], proof)
				continue
			}
			if !hasTest(t, m[1], m[2]) {
				t.Errorf("%s: package %s has no %s", cells[0], m[1], m[2])
			}
		}
	}
	if named < 20 {
		t.Errorf("only %d tests are named", named)
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
