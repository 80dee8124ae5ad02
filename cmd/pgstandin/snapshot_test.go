package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// snapshot writes a snapshot called "one" into a new folder and returns its path.
func (s *staging) snapshot(key string, more ...string) string {
	s.t.Helper()
	dir := s.t.(*testing.T).TempDir()
	status, out, errOut := s.trySnapshot(key, dir, more...)
	if status != 0 {
		s.t.Fatalf("snapshot: status %d\n%s%s", status, out, errOut)
	}
	return filepath.Join(dir, "one")
}

func (s *staging) trySnapshot(key, dir string, more ...string) (status int, out, errOut string) {
	s.t.Helper()
	return s.command(key, append([]string{"snapshot", "--source", s.source, "--rules", s.rules, "--workers", "2", "--out", dir, "--name", "one"}, more...)...)
}

// restored makes a database beside the target and restores a snapshot into it with
// stock pg_restore.
func (s *staging) restored(dir string, args ...string) string {
	s.t.Helper()
	name := s.name + "_restored"
	pgtest.Exec(s.t, s.source, "drop database if exists "+name)
	pgtest.Exec(s.t, s.source, "create database "+name+" template template0")
	dsn := s.source + " dbname=" + name
	pgTool(s.t, "pg_restore", append(append([]string{"--exit-on-error", "-d", dsn}, args...), dir)...)
	return dsn
}

// pgTool runs one of PostgreSQL's client programs and returns what it printed.
func pgTool(t testing.TB, program string, args ...string) string {
	t.Helper()
	out, err := tryPgTool(t, program, args...)
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return out
}

func tryPgTool(t testing.TB, program string, args ...string) (string, error) {
	t.Helper()
	bin, _, err := pgserver.Find()
	if err != nil {
		t.Fatal(err)
	}
	path, err := pgserver.Tool(bin, program)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	return string(out), err
}

// canonical is a plain dump of a database with the rows of each table sorted, without
// comments, and without owners, of which a refresh has its own.
func canonical(t *testing.T, dsn string) string {
	t.Helper()
	lines := strings.SplitAfter(pgTool(t, "pg_dump", "--no-owner", "--no-privileges", "-d", dsn), "\n")
	var out strings.Builder
	for i := 0; i < len(lines); i++ {
		switch {
		case strings.HasPrefix(lines[i], "--"), lines[i] == "\n", strings.HasPrefix(lines[i], `\`): // \restrict has another word each time
		case strings.HasPrefix(lines[i], "COPY "):
			end := i + slices.Index(lines[i:], "\\.\n")
			slices.Sort(lines[i+1 : end])
			out.WriteString(strings.Join(lines[i:end+1], ""))
			i = end
		default:
			out.WriteString(lines[i])
		}
	}
	return out.String()
}

// sameDatabase compares two databases, schema, rows and sequences.
func sameDatabase(t *testing.T, want, got string) {
	t.Helper()
	a, b := strings.Split(canonical(t, want), "\n"), strings.Split(canonical(t, got), "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("the databases differ from line %d on\nwant %.300q\ngot  %.300q", i+1, a[i:min(len(a), i+5)], b[i:min(len(b), i+5)])
		}
	}
}

func newShop(t *testing.T, users int) *staging {
	t.Helper()
	s := newStaging(t)
	pgtest.Exec(t, s.source, shop.Schema)
	pgtest.Exec(t, s.source, shop.Data(users))
	s.write(strings.ReplaceAll(shop.Rules, `targets: ["staging"]`, `targets: ["*_staging"]`))
	return s
}

// TestSnapshotEqualsRefresh: what pg_restore makes of a snapshot is what a refresh
// with the same rules and key makes.
func TestSnapshotEqualsRefresh(t *testing.T) {
	s := newShop(t, 300)
	s.must(keyA)
	dir := s.snapshot(keyA)
	sameDatabase(t, s.target, s.restored(dir, "-j", "2"))
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err != nil {
		t.Error(err)
	}
	list := pgTool(t, "pg_restore", "-l", dir)
	if !strings.Contains(list, "Dump Version: 1.14") {
		t.Errorf("%.800s", list)
	}
}

// TestSnapshotOfCases does so with databases that this project did not write.
func TestSnapshotOfCases(t *testing.T) {
	for _, name := range []string{"pagila", "northwind", "chinook"} {
		t.Run(name, func(t *testing.T) {
			s := newStaging(t)
			pgtest.LoadCase(t, s.source, name)
			s.rules = filepath.Join("..", "..", "testdata", "rules", name+".yaml")
			s.must(keyA)
			sameDatabase(t, s.target, s.restored(s.snapshot(keyA), "-j", "2"))
		})
	}
}
