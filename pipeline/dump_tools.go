package pipeline

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// tools are the programs of one PostgreSQL installation.
type tools struct {
	dump, restore           string
	dumpMajor, restoreMajor int
}

// places are where packages put PostgreSQL's programs.
var places = []string{
	"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin",
	"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/opt/homebrew/opt/libpq/bin", "/usr/local/opt/libpq/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// findTools finds a pg_dump that can read servers of that major version, and a
// pg_restore that can read what it writes.
func (t *Target) findTools(ctx context.Context, major int) error {
	if t.tools.dump != "" && t.tools.dumpMajor >= major {
		return nil
	}
	dump, dumpMajor, err := findTool(ctx, "pg_dump", t.cfg.PgDump, major)
	if err != nil {
		return err
	}
	restore, restoreMajor, err := findTool(ctx, "pg_restore", t.cfg.PgRestore, dumpMajor)
	if err != nil {
		return err
	}
	t.tools = tools{dump, restore, dumpMajor, restoreMajor}
	return nil
}

// findTool returns the first program of that name with at least that version:
// the configured one alone, or else from PATH, or else the oldest that suffices
// from where packages put them.
func findTool(ctx context.Context, program, configured string, major int) (string, int, error) {
	paths := []string{configured}
	if configured == "" {
		paths = nil
		if p, err := exec.LookPath(program); err == nil {
			paths = append(paths, p)
		}
		for _, place := range places {
			found, _ := filepath.Glob(filepath.Join(place, program))
			sort.Strings(found)
			paths = append(paths, found...)
		}
	}
	var seen []string
	for _, p := range paths {
		v, err := toolVersion(ctx, p)
		if err != nil {
			seen = append(seen, fmt.Sprintf("%s (%v)", p, err))
			continue
		}
		if v >= major {
			return p, v, nil
		}
		seen = append(seen, fmt.Sprintf("%s (version %d)", p, v))
	}
	remedy := fmt.Sprintf("install PostgreSQL's client programs, version %d or later (postgresql-client-%d), or put their folder in PATH", major, major)
	if len(seen) == 0 {
		return "", 0, fmt.Errorf("%s is not installed; %s", program, remedy)
	}
	return "", 0, fmt.Errorf("%s of version %d or later is needed, found %s; %s", program, major, strings.Join(seen, ", "), remedy)
}

// toolVersion asks a program for its major version.
func toolVersion(ctx context.Context, path string) (int, error) {
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = bareEnv()
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("does not run: %w", err)
	}
	f := strings.Fields(string(out)) // pg_dump (PostgreSQL) 15.18 (Debian …)
	if len(f) < 3 {
		return 0, fmt.Errorf("says no version")
	}
	digits := strings.FieldsFunc(f[2], func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0, fmt.Errorf("says no version")
	}
	v, err := strconv.Atoi(digits[0])
	return v, err
}
