package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

const lockHead = "pgstandin lock 1"

// lockLine is what the lock file holds of one column, or of a table that has
// none: then all but table is empty.
type lockLine struct {
	table, column, typ, mask, digest, source string
}

func (l *lockLine) fields() []*string {
	return []*string{&l.table, &l.column, &l.typ, &l.mask, &l.digest, &l.source}
}

func (l lockLine) name() string {
	if l.column == "" {
		return l.table
	}
	return l.table + "." + l.column
}

// lockName is the lock file of a rules file, never that file itself.
func lockName(rulesFile string) string {
	switch ext := filepath.Ext(rulesFile); ext {
	case ".yaml", ".yml":
		return strings.TrimSuffix(rulesFile, ext) + ".lock"
	}
	return rulesFile + ".lock"
}

var (
	lockEscape   = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)
	lockUnescape = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r")
)

// lockLines are the lines of a ledger, and of the tables without columns in s.
func lockLines(ledger []rules.Decision, s *schema.Schema) []lockLine {
	lines := make([]lockLine, 0, len(ledger))
	for _, d := range ledger {
		lines = append(lines, lockLine{d.Table.Name.String(), d.Column, d.Type, d.Mask, d.Digest, d.Source})
	}
	for _, t := range s.Roots() {
		if len(t.Columns) == 0 {
			lines = append(lines, lockLine{table: t.Name.String()})
		}
	}
	slices.SortFunc(lines, compareLock)
	return lines
}

func compareLock(a, b lockLine) int {
	if c := strings.Compare(a.table, b.table); c != 0 {
		return c
	}
	return strings.Compare(a.column, b.column)
}

// formatLock is the text of a lock file: a head, then a line a column, sorted,
// of six fields between tabs. It depends on names, types and decisions alone, so
// every server writes the same.
func formatLock(lines []lockLine) string {
	var b strings.Builder
	b.WriteString(lockHead + "\n# table, column, type, mask, digest of its parameters, decided by; written by pgstandin check --write-lock\n")
	for _, l := range lines {
		for i, f := range l.fields() {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(lockEscape.Replace(*f))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func parseLock(name, text string) ([]lockLine, error) {
	all := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	wrong := func(line int, format string, args ...any) error {
		return fmt.Errorf("%s:%d: %s; write the file again by check --write-lock", name, line, fmt.Sprintf(format, args...))
	}
	for i, l := range all {
		if isConflict(l) {
			return nil, wrong(i+1, "a merge left both sides of a conflict here")
		}
	}
	if all[0] != lockHead {
		switch {
		case strings.TrimSpace(text) == "":
			return nil, wrong(1, "the file is empty")
		case strings.HasPrefix(all[0], lockHead[:len(lockHead)-1]):
			return nil, wrong(1, "a lock file of another version of pgstandin: its first line is not %q", lockHead)
		}
		return nil, wrong(1, "not a lock file: its first line is not %q", lockHead)
	}
	var lines []lockLine
	at := map[string]int{} // columns, by their lines
	for i, l := range all[1:] {
		if l == "" || strings.HasPrefix(l, "# ") {
			continue
		}
		var line lockLine
		fields, texts := line.fields(), strings.Split(l, "\t")
		if len(texts) != len(fields) {
			return nil, wrong(i+2, "%d fields between tabs, want %d", len(texts), len(fields))
		}
		for k, text := range texts {
			*fields[k] = lockUnescape.Replace(text)
		}
		key := texts[0] + "\t" + texts[1]
		if first := at[key]; first > 0 {
			return nil, wrong(i+2, "%s is in line %d already, as after a merge that kept both sides", line.name(), first)
		}
		at[key] = i + 2
		lines = append(lines, line)
	}
	slices.SortFunc(lines, compareLock)
	return lines, nil
}

// isConflict reports whether a merge writes a line so between two sides.
func isConflict(line string) bool {
	if strings.Contains(line, "\t") {
		return false // a column, of whatever name
	}
	for _, mark := range []string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"} {
		if rest, ok := strings.CutPrefix(line, mark); ok && (rest == "" || rest[0] == ' ') {
			return true
		}
	}
	return false
}

// driftError says how columns differ from the lock file.
type driftError struct {
	name    string
	lines   []string
	renamed map[string]string // what a column that is gone may be called now, by its name in the file
}

func (e *driftError) Error() string {
	return fmt.Sprintf("drift from %s; look at each, then accept by check --write-lock:\n%s", e.name, strings.Join(e.lines, "\n"))
}

// suggest has errors of the rules name the same columns as the drift, where a name
// is missing that was renamed.
func (e *driftError) suggest(wrong rules.Errors) {
	for i, p := range wrong {
		if to := e.renamed[p.Missing]; to != "" {
			wrong[i].Near = to
		}
	}
}

// compareWithLock fails with exitUndecided where the ledger drifted from the
// lock file. Without a lock file nothing is compared.
func compareWithLock(rulesFile string, ledger []rules.Decision, s *schema.Schema) error {
	name := lockName(rulesFile)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return usageError(fmt.Errorf("lock: %w", err))
	}
	locked, err := parseLock(name, string(text))
	if err != nil {
		return usageError(err)
	}
	drift, renamed := lockDrift(locked, lockLines(ledger, s), s)
	if len(drift) == 0 {
		return nil
	}
	return withStatus(exitUndecided, &driftError{name, drift, renamed})
}
