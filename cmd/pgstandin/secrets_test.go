package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestSecretsStayInside looks for both passwords and the key in the command lines of
// all processes and in all sessions while a run lasts, in what it prints and writes,
// and in what is printed when connections fail.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	var name string
	t.Cleanup(func() { // when their databases are gone
		for _, end := range []string{"reader", "runner"} {
			pgtest.Exec(t, pgtest.Server(t), fmt.Sprintf("drop role if exists %s_%s", name, end))
		}
	})
	s := newStaging(t)
	name = strings.TrimSuffix(s.name, "_staging")
	pgtest.Exec(t, s.source, shop.Schema)
	pgtest.Exec(t, s.source, shop.Data(200))
	dsn := func(end, password, database string) string {
		return fmt.Sprintf("%s user=%s_%s password=%s dbname=%s", s.source, name, end, password, database)
	}
	passwords := []string{"Src/Pa55w0rd:%41@x", "Tgt#Pa55w0rd?y"}
	for i, end := range []string{"reader", "runner"} {
		pgtest.Exec(t, s.source, fmt.Sprintf("create role %s_%s superuser login password '%s'", name, end, passwords[i]))
	}
	s.write(strings.Replace(shop.Rules, `targets: ["staging"]`, `targets: ["*_staging"]`, 1))
	bin := program(t)
	dir := t.TempDir()
	secrets := append(passwords, keyA, "Src%2FPa55", "Tgt%23Pa55")
	look := func(where string, text []byte) {
		t.Helper()
		for i, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("secret %d is in %s: %s", i, where, bytes.ReplaceAll(text, []byte(secret), []byte("HERE")))
			}
		}
	}
	start := func(source, target string, more ...string) (*exec.Cmd, *bytes.Buffer) {
		var out bytes.Buffer
		cmd := exec.Command(bin, append([]string{"refresh", "--rules", s.rules, "--report", dir, "--show-sql"}, more...)...)
		cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA, "PGSTANDIN_SOURCE="+source, "PGSTANDIN_TARGET="+target)
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, &out
	}
	cmd, out := start(dsn("reader", passwords[0], name), dsn("runner", passwords[1], s.name), "--before-swap", "sleep 0.5")
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	children := map[string]bool{}
	for ended := false; !ended; {
		select {
		case err := <-done:
			if ended = true; err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		case <-time.After(time.Millisecond):
		}
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, file := range files {
			line, _ := os.ReadFile(file) // it may be gone
			look("a command line", line)
			for _, tool := range []string{"pg_dump", "pg_restore", "sleep"} {
				if bytes.Contains(line, []byte(tool)) && descends(filepath.Base(filepath.Dir(file)), strconv.Itoa(cmd.Process.Pid)) {
					children[tool] = true
				}
			}
		}
		for _, row := range pgtest.Query(t, pgtest.Server(t), "select a::text from pg_stat_activity a where pid <> pg_backend_pid()") {
			look("a session", []byte(row[0]))
		}
	}
	if !children["pg_dump"] || !children["sleep"] {
		t.Errorf("of the run's children only %v were seen", children)
	}
	look("the output", out.Bytes())
	for _, file := range []string{"report.json", "report.html"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		look(file, text)
	}
	refusedSource(t, s, passwords[0], func(source string) []byte {
		cmd, out := start(source, dsn("runner", passwords[1], s.name))
		_ = cmd.Wait()
		look("an error", out.Bytes())
		return out.Bytes()
	})
}

// descends reports whether a process was started by another one, or by one that it
// started, and so on. Both are process numbers.
func descends(pid, from string) bool {
	for pid != from {
		stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
		_, rest, _ := strings.Cut(string(stat), ") ") // state, parent
		fields := strings.Fields(rest)
		if err != nil || len(fields) < 2 || fields[1] == "0" {
			return false
		}
		pid = fields[1]
	}
	return true
}

// refusedSource connects by strings that are wrong in many ways, and expects a word about
// the source.
func refusedSource(t *testing.T, s *staging, password string, try func(source string) []byte) {
	t.Helper()
	user := strings.TrimSuffix(s.name, "_staging") + "_reader"
	for _, source := range []string{
		"postgres://" + user + ":" + password + "@" + s.host + "/x",
		"postgres://" + user + ":Src%2FPa55w0rd@localhost:none/x",
		"host=localhost port=1 user=" + user + " password=" + password,
		"host=localhost port=none user=" + user + " password=" + password,
		s.source + " user=nobody_" + user + " password=" + password,
		s.source + " sslmode=sometimes password=" + password,
		s.source + " password='" + password,
		s.source + " dbname=none_" + user + " password=" + password,
	} {
		if out := try(source); !bytes.Contains(out, []byte("source")) {
			t.Errorf("%s", out)
		}
	}
}
