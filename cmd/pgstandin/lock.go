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
)

const lockHead = "pgstandin lock 1"

// lockLine is what the lock file holds of one column.
type lockLine struct {
	table, column, typ, mask, source string
}

func (l lockLine) name() string { return l.table + "." + l.column }

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

func lockLines(ledger []rules.Decision) []lockLine {
	lines := make([]lockLine, 0, len(ledger))
	for _, d := range ledger {
		lines = append(lines, lockLine{d.Table.Name.String(), d.Column, d.Type, d.Mask, d.Source})
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
// of five fields between tabs.
func formatLock(lines []lockLine) string {
	var b strings.Builder
	b.WriteString(lockHead + "\n# table, column, type, mask, decided by; written by pgstandin check --write-lock\n")
	for _, l := range lines {
		for i, f := range []string{l.table, l.column, l.typ, l.mask, l.source} {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(lockEscape.Replace(f))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func parseLock(name, text string) ([]lockLine, error) {
	all := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if all[0] != lockHead {
		return nil, fmt.Errorf("%s:1: not a lock file of this version: its first line is not %q", name, lockHead)
	}
	var lines []lockLine
	for i, l := range all[1:] {
		if l == "" || strings.HasPrefix(l, "# ") {
			continue
		}
		f := strings.Split(l, "\t")
		if len(f) != 5 {
			return nil, fmt.Errorf("%s:%d: %d fields between tabs, want 5", name, i+2, len(f))
		}
		for k := range f {
			f[k] = lockUnescape.Replace(f[k])
		}
		lines = append(lines, lockLine{f[0], f[1], f[2], f[3], f[4]})
	}
	slices.SortFunc(lines, compareLock)
	return lines, nil
}

// lockDrift says how the columns differ from the locked ones, a line each. A
// changed mask that the rules give the column by name is no drift.
func lockDrift(locked, now []lockLine) []string {
	var out []string
	var gone, added []lockLine
	for len(locked) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(locked) > 0 && compareLock(locked[0], now[0]) < 0:
			gone, locked = append(gone, locked[0]), locked[1:]
		case len(locked) == 0 || compareLock(locked[0], now[0]) > 0:
			added, now = append(added, now[0]), now[1:]
		default:
			out = append(out, changedLock(locked[0], now[0])...)
			locked, now = locked[1:], now[1:]
		}
	}
	for _, g := range gone {
		line := fmt.Sprintf("- %s %s", g.name(), g.typ)
		for _, a := range added {
			if a.table == g.table && a.typ == g.typ {
				line += fmt.Sprintf(" (renamed to %s?)", a.column)
				break
			}
		}
		out = append(out, line)
	}
	for _, a := range added {
		out = append(out, fmt.Sprintf("+ %s %s: %s (%s)", a.name(), a.typ, maskOrNone(a.mask), a.source))
	}
	return out
}

func changedLock(was, is lockLine) []string {
	var out []string
	if was.typ != is.typ {
		out = append(out, fmt.Sprintf("~ %s: type %s, was %s", is.name(), is.typ, was.typ))
	}
	if was.mask != is.mask && is.source != rules.FromTable {
		out = append(out, fmt.Sprintf("~ %s: %s (%s), was %s (%s)", is.name(), maskOrNone(is.mask), is.source, maskOrNone(was.mask), was.source))
	}
	return out
}

func maskOrNone(mask string) string {
	if mask == "" {
		return "not copied"
	}
	return mask
}

// compareWithLock fails with exitUndecided where the ledger drifted from the
// lock file. Without a lock file nothing is compared.
func compareWithLock(rulesFile string, ledger []rules.Decision) error {
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
	drift := lockDrift(locked, lockLines(ledger))
	if len(drift) == 0 {
		return nil
	}
	return withStatus(exitUndecided, fmt.Errorf("drift from %s; look at each, then accept by check --write-lock:\n%s", name, strings.Join(drift, "\n")))
}
