package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/pgstandin/pgstandin/internal/lockfile"
)

// lock writes the lock file of the rules that were just written, if nothing in
// them waits to be looked at and there is none; else it says how to. It never
// replaces one: what drifted from it is for someone to accept.
func (w *initWork) lock(out io.Writer, text string, added bool) error {
	name := lockfile.Name(w.Name)
	_, err := os.Stat(name)
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("lock: %w", err)
	}
	check := "pgstandin check --rules " + w.Name
	if w.named {
		check = "pgstandin check --source DSN --rules " + w.Name
	}
	then := check + " --write-lock\n"
	switch {
	case there && added && w.added == 0:
	case there && added:
		fmt.Fprintf(out, "next: read what was added, then accept it for %s by %s", name, then)
	case there:
		fmt.Fprintf(out, "next: read it; %s is of other rules: replace it by %s", name, then)
	case added, w.doubtful() > 0:
		fmt.Fprintf(out, "next: read it, then check it and write %s by %s", name, then)
	default:
		b, err := w.Bind(text)
		if err != nil {
			return err
		}
		if err := writeLock(w.Name, b.Ledger, w.Schema); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: each column's type and decision; a source that drifts from it ends a run with status %d\n", name, exitUndecided)
		fmt.Fprintf(out, "next: read %s, then run %s (with --write-lock if you changed it)\n", w.Name, check)
	}
	return nil
}

// doubtful counts the columns to look at twice.
func (w *initWork) doubtful() int {
	n := 0
	for i := range w.Report.Findings {
		if w.Report.Findings[i].Confident < 0.5 {
			n++
		}
	}
	return n
}
