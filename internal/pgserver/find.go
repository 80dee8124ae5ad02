package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"
)

// BinVariable names the environment variable that holds the directory of the
// PostgreSQL binaries to use.
const BinVariable = "PGSTANDIN_PG_BIN"

// ErrNotFound is wrapped by errors that mean: no PostgreSQL server binaries
// are on this machine.
var ErrNotFound = errors.New("no PostgreSQL server binaries found")

const remedy = "install them (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; " +
	"macOS: brew install postgresql) or set " + BinVariable + " to the directory that holds initdb and postgres"

// Find returns the directory of the server binaries that Start would use, and
// their version as server_version_num has it (150018). It never downloads. If
// $PGSTANDIN_PG_BIN is set, that directory is used or an error returned, never
// another one. The error wraps ErrNotFound if there are none.
func Find() (bin string, version int, err error) {
	if dir := os.Getenv(BinVariable); dir != "" {
		version, err := Version(dir)
		if err != nil {
			return "", 0, fmt.Errorf("%s=%s: %w", BinVariable, dir, err)
		}
		return dir, version, nil
	}
	for _, dir := range candidates() {
		if version, err := Version(dir); err == nil {
			return dir, version, nil
		}
	}
	return "", 0, fmt.Errorf("%w: %s", ErrNotFound, remedy)
}

// Tool returns the path of a client program (pg_dump, pg_restore, psql): the
// one beside the server binaries in bin ("" for none), else the one in PATH,
// else the newest one where packages put them.
func Tool(bin, name string) (string, error) {
	if bin != "" {
		if path := filepath.Join(bin, name); executable(path) {
			return path, nil
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range candidates() {
		if path := filepath.Join(dir, name); executable(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: not found; install PostgreSQL's client programs (Debian, Ubuntu: apt-get install postgresql-client)", name)
}

// candidates returns directories that may hold server binaries, best first.
func candidates() []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real // initdb looks for its share directory relative to itself
		}
		dirs = append(dirs, filepath.Dir(path))
	}
	var packaged []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
		"/usr/pgsql-*/bin",                  // PostgreSQL's own RPMs
		"/usr/libexec/postgresql*",          // Alpine
		"/opt/homebrew/opt/postgresql*/bin", // macOS
		"/usr/local/opt/postgresql*/bin",
		"/usr/local/pgsql*/bin", // built from source
	} {
		found, _ := filepath.Glob(pattern)
		packaged = append(packaged, found...)
	}
	sort.SliceStable(packaged, func(i, j int) bool { return majorOf(packaged[i]) > majorOf(packaged[j]) })
	return append(dirs, packaged...)
}

// majorOf reads the major version in a directory's name; -1 if it has none.
func majorOf(dir string) int {
	digits := regexp.MustCompile(`(\d+)(/bin)?$`).FindStringSubmatch(dir)
	if digits == nil {
		return -1
	}
	major, _ := strconv.Atoi(digits[1])
	return major
}

// Version returns the version of the server binaries in dir, as
// server_version_num has it. It fails unless initdb is there too.
func Version(dir string) (int, error) {
	for _, name := range []string{"postgres", "initdb"} {
		if !executable(filepath.Join(dir, name)) {
			return 0, fmt.Errorf("no %s in that directory", name)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("postgres --version: %w", err)
	}
	return parseVersion(string(out))
}

func parseVersion(text string) (int, error) {
	m := regexp.MustCompile(`(\d+)(?:\.(\d+)|devel|beta\d+|rc\d+)`).FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("postgres --version: no version in %q", strings.TrimSpace(text))
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return major*10000 + minor, nil
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0)
}
