package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestMain gives all tests one environment, so that they can run side by side: no
// end and no key but what a test names, and credentials for s3Server. A test that
// wants another environment (t.Setenv, t.Chdir) runs alone.
func TestMain(m *testing.M) {
	for _, name := range []string{"PGSTANDIN_KEY", "PGSTANDIN_SOURCE", "PGSTANDIN_TARGET"} {
		os.Unsetenv(name)
	}
	for name, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "hush", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		os.Setenv(name, v)
	}
	var err error
	if scratch, err = os.MkdirTemp("", "pgstandin-tests-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(scratch)
	os.Exit(status)
}

// scratch is a folder that lasts as long as the tests.
var scratch string

var build = sync.OnceValues(func() (string, error) { return compile("pgstandin") })

// compile builds the command into a file of scratch.
func compile(name string, flags ...string) (string, error) {
	bin := filepath.Join(scratch, name)
	args := append([]string{"build", "-o", bin}, flags...)
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return bin, nil
}

// program returns the path of the command, for what needs a process of its own.
func program(t testing.TB) string {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// released is program as users have it: compiled with default.pgo.
func released(b *testing.B) string {
	b.Helper()
	bin, err := compile("released", "-pgo=auto")
	if err != nil {
		b.Fatal(err)
	}
	return bin
}

// superuser makes a superuser that only this test has, so that its sessions can be
// told from those of tests beside it. Databases that it owns have to be made after
// it, by newStaging, so that they are dropped before it.
func superuser(t *testing.T) string {
	t.Helper()
	random := make([]byte, 8)
	rand.Read(random)
	role := fmt.Sprintf("super_%x", random)
	admin := pgtest.Server(t)
	pgtest.Exec(t, admin, "create role "+role+" superuser login password 'right'")
	t.Cleanup(func() { pgtest.Exec(t, admin, "drop role "+role) })
	return role
}

func connectAs(role string) string { return " user=" + role + " password=right" }

// keyFile returns the path of a file with a key.
func keyFile(t testing.TB, key string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// runKeyed runs a command in this process, with a key unless that is "" or the
// command takes none.
func runKeyed(t testing.TB, key, stdin string, args ...string) (status int, out, errOut string) {
	t.Helper()
	if cmd, _, err := newRootCommand().Find(args); key != "" && err == nil && cmd.Flags().Lookup("key-file") != nil {
		args = append(slices.Clip(args), "--key-file", keyFile(t, key))
	}
	var o, e bytes.Buffer
	status = run(args, strings.NewReader(stdin), &o, &e)
	return status, o.String(), e.String()
}

// TestNoRulesFile: who has no rules yet is told of init.
func TestNoRulesFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "none.yaml")
	for _, args := range [][]string{{"check"}, {"plan"}, {"refresh", "--target", "dbname=staging"}} {
		var out, errs strings.Builder
		status := run(append(args, "--source", "dbname=shop", "--rules", file), strings.NewReader(""), &out, &errs)
		if want := "pgstandin init --source DSN -o " + file; status != exitUsage || !strings.Contains(errs.String(), want) {
			t.Errorf("%v: status %d\n%s%s", args, status, &out, &errs)
		}
	}
}
