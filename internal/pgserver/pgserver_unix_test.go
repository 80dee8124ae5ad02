//go:build unix

package pgserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// helperVariable makes TestMain a program that starts a server, tells where it
// is, and ends in the way that the variable names.
const helperVariable = "PGSERVER_TEST_HELPER"

func TestMain(m *testing.M) {
	if how := os.Getenv(helperVariable); how != "" {
		helper(how)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func helper(how string) {
	s, err := Start(context.Background(), Config{Persist: how == "persist"})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Printf("%s\n%d\n%s\n%s\n", s.dir, s.proc.pid(), s.DSN("postgres"), s.StopCommand())
	switch how {
	case "panic":
		panic("on purpose")
	case "exit", "persist":
	default:
		time.Sleep(time.Minute)
	}
}

type child struct {
	cmd       *exec.Cmd
	dir       string
	pid       int
	dsn, stop string
}

func startChild(t *testing.T, how string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"="+how)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	var lines []string
	for in := bufio.NewScanner(out); len(lines) < 4 && in.Scan(); {
		lines = append(lines, in.Text())
	}
	if len(lines) < 4 {
		t.Fatalf("the child printed %q", lines)
	}
	pid, err := strconv.Atoi(lines[1])
	if err != nil {
		t.Fatal(err)
	}
	return &child{cmd: cmd, dir: lines[0], pid: pid, dsn: lines[2], stop: lines[3]}
}

// gone waits until neither the process nor the directory is there.
func (c *child) gone(t *testing.T) {
	t.Helper()
	var alive bool
	var statErr error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		alive = syscall.Kill(c.pid, 0) == nil && !zombie(c.pid)
		_, statErr = os.Stat(c.dir)
		if !alive && errors.Is(statErr, os.ErrNotExist) {
			return
		}
	}
	t.Errorf("left behind: process alive %v, directory %v", alive, statErr)
}

// zombie reports whether the process has ended and nobody asked how: there are
// containers whose first process never does.
func zombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(text), ") Z ")
}

func TestNothingIsLeftBehind(t *testing.T) {
	for how, signal := range map[string]os.Signal{
		"kill": syscall.SIGKILL, "interrupt": syscall.SIGINT, "terminate": syscall.SIGTERM,
		"panic": nil, "exit": nil,
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			c := startChild(t, how)
			if signal == syscall.SIGINT { // as a terminal does: the whole group
				if err := syscall.Kill(-c.cmd.Process.Pid, syscall.SIGINT); err != nil {
					t.Fatal(err)
				}
			} else if signal != nil {
				if err := c.cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
			}
			c.gone(t)
		})
	}
}

func TestPersist(t *testing.T) {
	c := startChild(t, "persist")
	if err := c.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	if got := query(t, c.dsn, "select 1"); got != "1" {
		t.Errorf("select 1: %q", got)
	}
	if out, err := exec.Command("sh", "-c", c.stop).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%s: %v %s", c.stop, err, out)
	}
	c.gone(t)
}

func query(t *testing.T, dsn, sql string) string {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	r := conn.ExecParams(t.Context(), sql, nil, nil, nil, nil).Read()
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	return string(r.Rows[0][0])
}

func start(t *testing.T, config Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestServer(t *testing.T) {
	s := start(t, Config{Settings: map[string]string{"work_mem": "7MB", "port": "1", "shared_buffers": "16MB"}})
	for sql, want := range map[string]string{
		"show work_mem":           "7MB",
		"show fsync":              "off",
		"show server_version_num": strconv.Itoa(s.Version()),
		"show server_encoding":    "UTF8",
		"show data_directory":     s.DataDir(),
		"select current_database() || rolsuper from pg_roles where rolname = user": "postgrestrue",
		"select string_agg(distinct auth_method, ',') from pg_hba_file_rules":      "scram-sha-256",
	} {
		if got := query(t, s.DSN("postgres"), sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	if got := query(t, s.URL("template1"), "select current_database()"); got != "template1" {
		t.Errorf("by URL: connected to %q", got)
	}
	config, err := pgconn.ParseConfig(s.DSN("an odd 'name\\"))
	if err != nil || config.Database != "an odd 'name\\" {
		t.Errorf("database of the DSN: %q, %v", config.Database, err)
	}
	wrong, _ := pgconn.ParseConfig(s.DSN("postgres"))
	wrong.Password = "guess"
	if _, err := pgconn.ConnectConfig(t.Context(), wrong); err == nil {
		t.Error("the server lets a wrong password in")
	}
	if _, err := os.Stat(filepath.Join(s.dir, "password")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the password file is still there: %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

// A server whose Server value nobody holds any more lives on with the process.
func TestServerOutlivesItsValue(t *testing.T) {
	dsn, pid := func() (string, int) {
		s, err := Start(t.Context(), Config{})
		if err != nil {
			t.Fatal(err)
		}
		return s.DSN("postgres"), s.proc.pid()
	}()
	for range 3 {
		runtime.GC()
		time.Sleep(300 * time.Millisecond)
	}
	if got := query(t, dsn, "select 1"); got != "1" {
		t.Errorf("select 1: %q", got)
	}
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil { // the watchdog removes the rest
		t.Error(err)
	}
}

func TestStartFails(t *testing.T) {
	empty, tmp := t.TempDir(), publicDir(t)
	t.Setenv("TMPDIR", tmp)
	_, err := Start(t.Context(), Config{Settings: map[string]string{"shared_buffers": "many"}})
	if err == nil || !strings.Contains(err.Error(), "shared_buffers") {
		t.Errorf("an invalid setting: %v", err)
	}
	_, err = Start(t.Context(), Config{Bin: empty})
	if err == nil || !strings.Contains(err.Error(), empty+": no postgres") {
		t.Errorf("no binaries: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err = Start(ctx, Config{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("time out: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(tmp, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// publicDir returns a temporary directory that every user may enter.
func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgstandin-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestInitdbFails(t *testing.T) {
	real, _, err := Find()
	if err != nil {
		t.Skip(err)
	}
	bin := publicDir(t)
	os.Symlink(filepath.Join(real, "postgres"), filepath.Join(bin, "postgres"))
	for says, want := range map[string]string{
		"no such thing": "no such thing",
		"could not look up effective user ID 12345: user does not exist": "run as one that /etc/passwd knows",
		"could not write to file: No space left on device":               "set TMPDIR to another folder",
	} {
		os.WriteFile(filepath.Join(bin, "initdb"), []byte("#!/bin/sh\necho "+says+" >&2\nexit 1\n"), 0o755)
		_, err = Start(t.Context(), Config{Bin: bin})
		if err == nil || !strings.Contains(err.Error(), "initdb") || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
}

// TestNoFolder: a folder that cannot be written says what to do.
func TestNoFolder(t *testing.T) {
	t.Setenv("TMPDIR", "/proc")
	if _, err := makeDir(""); err == nil || !strings.Contains(err.Error(), "set TMPDIR to a folder that is there") {
		t.Errorf("%v", err)
	}
}

func TestFind(t *testing.T) {
	t.Setenv(BinVariable, "/nowhere")
	if _, _, err := Find(); err == nil || !strings.Contains(err.Error(), BinVariable+"=/nowhere") {
		t.Errorf("a wrong %s: %v", BinVariable, err)
	}
	t.Setenv(BinVariable, "")
	bin, version, err := Find()
	if err != nil {
		t.Skip(err)
	}
	if version < 100000 {
		t.Errorf("version %d", version)
	}
	t.Setenv(BinVariable, bin)
	if again, _, err := Find(); again != bin || err != nil {
		t.Errorf("%s, %v", again, err)
	}
	if path, err := Tool(bin, "pg_dump"); err == nil && filepath.Dir(path) != bin {
		t.Errorf("pg_dump of %s: %s", bin, path)
	}
	if _, err := Tool(bin, "pg_nothing"); err == nil {
		t.Error("a tool that does not exist was found")
	}
}

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]int{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)": 150018,
		"postgres (PostgreSQL) 18beta2":                        180000,
		"postgres (PostgreSQL) 19devel":                        190000,
	} {
		if got, err := parseVersion(text); got != want || err != nil {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	if _, err := parseVersion("sh: not found"); err == nil {
		t.Error("no version was found in nonsense")
	}
}

func TestNewestFirst(t *testing.T) {
	if majorOf("/usr/lib/postgresql/9.6/bin") >= majorOf("/usr/lib/postgresql/15/bin") {
		t.Error("9.6 comes before 15")
	}
	if majorOf("/usr/local/pgsql/bin") != -1 {
		t.Error("a version in a name without one")
	}
}

// TestSweepEmpty: an old empty directory of a server goes, whatever may be in use stays.
func TestSweepEmpty(t *testing.T) {
	parent := t.TempDir()
	long := time.Now().Add(-time.Hour)
	for _, name := range []string{"pgstandin-pg-old", "pgstandin-pg-new", "pgstandin-pg-full/data", "other"} {
		if err := os.MkdirAll(filepath.Join(parent, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"pgstandin-pg-old", "pgstandin-pg-full", "other"} {
		if err := os.Chtimes(filepath.Join(parent, name), long, long); err != nil {
			t.Fatal(err)
		}
	}
	sweepEmpty(parent)
	left, _ := filepath.Glob(filepath.Join(parent, "*"))
	if got := strings.ReplaceAll(strings.Join(left, " "), parent+"/", ""); got != "other pgstandin-pg-full pgstandin-pg-new" {
		t.Errorf("left: %s", got)
	}
}
