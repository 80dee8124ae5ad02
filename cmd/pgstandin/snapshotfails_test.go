package main

import (
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// published returns the names of what is in a store's folder.
func published(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestSnapshotRefuses: one clear error each, and nothing is published.
func TestSnapshotRefuses(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	there := filepath.Dir(s.snapshot(keyA))
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what   string
		dir    string
		args   []string
		status int
		want   string
	}{
		{"name exists", there, nil, 1, "already exists"},
		{"destination is a file", file, nil, -1, "file"},
		{"no permission", closed, nil, 1, "permission denied"},
		{"no destination", "", nil, 2, "--out"},
		{"unknown kind of URL", "ftp://host/x", nil, 2, "ftp"},
		{"unknown compression", t.TempDir(), []string{"--compress", "bzip2"}, 2, "write none, gzip, lz4 or zstd"},
		{"level", t.TempDir(), []string{"--compress", "gzip:12"}, 2, "gzip has levels 1 to 9"},
		{"format", t.TempDir(), []string{"--format", "custom"}, 2, "write directory, tar or plain"},
		{"compressed tar", t.TempDir(), []string{"--format", "tar", "--compress", "gzip"}, 2, "no compressed tar"},
		{"bad name", t.TempDir(), []string{"--name", "../x"}, 2, "--name"},
		{"recipient", t.TempDir(), []string{"--encrypt-to", "age1x"}, 2, "--encrypt-to"},
		{"standard output", "-", nil, 2, "only --format plain"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if c.what == "no permission" && os.Getuid() == 0 {
				t.Skip("nothing is forbidden to root")
			}
			status, _, errOut := s.trySnapshot(keyA, c.dir, c.args...)
			if c.status >= 0 && status != c.status || status == 0 || !strings.Contains(errOut, c.want) {
				t.Errorf("status %d: %s", status, errOut)
			}
			if strings.Count(strings.TrimSpace(errOut), "pgstandin: ") > 1 {
				t.Errorf("more than one error: %s", errOut)
			}
		})
	}
	if got := published(t, there); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// TestSnapshotLeak: an original that a mask did not catch ends the run with status
// 4, in every format, and nothing is published.
func TestSnapshotLeak(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, email text unique not null, bio text, j jsonb, b bytea);
		insert into users select i, 'anna.berg' || i || '@mail.example', E'tab\t \\ my address is anna.berg' || i || '@mail.example', null, null from generate_series(1, 50) i;
		update users set bio = 'x', b = convert_to('see anna.berg7@mail.example', 'UTF8') where id = 7;
		update users set bio = 'x', j = '{"a": ["anna.berg8@mail.example"]}' where id = 8`)
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  users: { columns: { email: email, bio: keep, j: keep, b: keep } }\n")
	refreshed, _, want := s.refresh(keyA)
	if refreshed != exitVerify {
		t.Fatal(refreshed)
	}
	for _, format := range []string{"directory", "tar", "plain"} {
		dir := t.TempDir()
		status, _, errOut := s.trySnapshot(keyA, dir, "--format", format)
		if status != exitVerify || !strings.Contains(errOut, "nothing was published") {
			t.Errorf("%s: status %d: %s", format, status, errOut)
		}
		for _, place := range []string{"public.users.bio: 48 values", "public.users.j: 1 value ", "public.users.b: 1 value "} {
			if !strings.Contains(errOut, place) || !strings.Contains(want, place) {
				t.Errorf("%s: no %q in\n%s\nnor in\n%s", format, place, errOut, want)
			}
		}
		if strings.Contains(errOut, "anna") {
			t.Error("a value is in the message")
		}
		if got := published(t, dir); len(got) > 0 {
			t.Errorf("%s: left %q", format, got)
		}
	}
	status, out, errOut := s.command(keyA, "snapshot", "--source", s.source, "--rules", s.rules, "--out", "-", "--format", "plain")
	if status != exitVerify || out != "" {
		t.Errorf("standard output: status %d, %d bytes: %s", status, len(out), errOut)
	}
}

// TestSnapshotKilled kills runs at random moments: what is left is not offered, and
// the next run removes it.
func TestSnapshotKilled(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop+`insert into audit_logs select i, 1 + i % 100, md5(i::text) || repeat('x', 2000), '2020-01-01' from generate_series(1000, 30000) i`)
	s.write(smallRules)
	bin := program(t)
	tmp, dir := t.TempDir(), t.TempDir()
	start := func(more ...string) *exec.Cmd {
		cmd := exec.Command(bin, append([]string{"snapshot", "--source", s.source, "--rules", s.rules, "--workers", "2", "--out", dir, "--quiet"}, more...)...)
		cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA, "TMPDIR="+tmp)
		return cmd
	}
	begin := time.Now()
	if out, err := start("--name", "whole").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	took := time.Since(begin)
	for range 12 {
		format := []string{"directory", "tar", "plain"}[rand.IntN(3)]
		cmd := start("--name", "killed", "--format", format)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(took * 3 / 2))
		_ = cmd.Process.Signal(syscall.SIGKILL)
		err := cmd.Wait()
		_, whole := os.Stat(filepath.Join(dir, "killed", "manifest.json"))
		if whole == nil != (err == nil) && err == nil {
			t.Errorf("a run that ended well left no snapshot")
		}
		if _, there := os.Stat(filepath.Join(dir, "killed")); there == nil && whole != nil {
			t.Error("a snapshot without a manifest has its name")
		}
		if whole == nil {
			if err := os.RemoveAll(filepath.Join(dir, "killed")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if out, err := start("--name", "last").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := strings.Join(published(t, dir), " "); got != "last whole" {
		t.Errorf("left %q", got)
	}
	if got := published(t, tmp); len(got) > 0 {
		t.Errorf("temporary files are left: %q, %q", got, published(t, filepath.Join(tmp, got[0])))
	}
	sameDatabase(t, s.restored(filepath.Join(dir, "whole")), restoredTo(s, "last", filepath.Join(dir, "last")))
}

func restoredTo(s *staging, what, dir string) string {
	dsn := s.fresh(what)
	pgTool(s.t, "pg_restore", "--exit-on-error", "-d", dsn, dir)
	return dsn
}

// TestSnapshotSaysItOnce: what the libraries below log for themselves is not on the
// terminal; the error is, once.
func TestSnapshotSaysItOnce(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop+`insert into audit_logs select i, 1 + i % 100, md5(i::text) || repeat('x', 2000), '2020-01-01' from generate_series(1000, 30000) i`)
	s.write(smallRules)
	dest := s3ServerBehind(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && r.URL.Query().Has("uploadId") { // all parts are there
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	cmd := exec.Command(program(t), "snapshot", "--source", s.source, "--rules", s.rules, "--out", dest, "--quiet", "--format", "tar", "--compress", "none", "--name", "x")
	cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); err == nil {
		t.Fatal("a snapshot that could not be stored")
	}
	for i, line := range strings.Split(strings.TrimSpace(stderr.String()), "\n") {
		if i == 0 != strings.HasPrefix(line, "pgstandin: ") || i > 0 && !strings.HasPrefix(line, "  ") {
			t.Errorf("line %d: %s", i, line)
		}
	}
}

// TestSnapshotWithoutSpace: one error, and nothing is left of what was written.
func TestSnapshotWithoutSpace(t *testing.T) {
	t.Parallel()
	small := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", small).CombinedOutput(); err != nil {
		t.Skipf("no small file system can be had here: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", small).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop+`insert into audit_logs select i, 1 + i % 100, md5(i::text), '2020-01-01' from generate_series(1000, 30000) i`)
	s.write(smallRules)
	check := func(what string, status int, errOut string) {
		t.Helper()
		if status != exitFailed || strings.Count(errOut, "no space left on device") != 1 {
			t.Errorf("%s: status %d: %s", what, status, errOut)
		}
		if got := published(t, small); len(got) > 0 {
			t.Errorf("%s: left %q", what, got)
		}
	}
	status, _, errOut := s.trySnapshot(keyA, small, "--quiet")
	check("destination", status, errOut)
	var errs strings.Builder
	cmd := exec.Command(program(t), "snapshot", "--source", s.source, "--rules", s.rules, "--workers", "2", "--out", t.TempDir(), "--quiet", "--format", "plain")
	cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA, "TMPDIR="+small)
	cmd.Stderr = &errs
	_ = cmd.Run()
	check("temporary folder", cmd.ProcessState.ExitCode(), errs.String())
}
