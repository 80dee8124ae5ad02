//go:build unix

package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a postmaster and the watchdog that outlives us to end it.
type process struct {
	watchdog *exec.Cmd
	lifeline io.WriteCloser // the watchdog acts when this closes, as it does when we die
	dir      string

	server *exec.Cmd
	exited chan struct{} // closed after the postmaster ended
}

// watchdog waits until its standard input ends, then ends the postmaster whose
// pid is in the data directory and removes the directory. The line "keep"
// makes it leave both alone. It runs in a session of its own, so that signals
// of the terminal do not reach it.
const watchdog = `trap '' HUP INT QUIT TERM PIPE
keep=
while read -r line; do keep=$line; done
[ "$keep" = keep ] && exit 0
if read -r pid 2>/dev/null <"$1/data/postmaster.pid"; then
	kill -QUIT "$pid" 2>/dev/null
	n=0
	while kill -0 "$pid" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done
fi
n=0
until rm -rf "$1" 2>/dev/null || [ $n -ge 20 ]; do sleep 0.5; n=$((n+1)); done`

// watch starts the watchdog over dir. It comes first: whatever happens from
// here on, dir goes when we do.
func watch(dir string) (*process, error) {
	attr, err := attributes()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/bin/sh", "-c", watchdog, "pgstandin-watchdog", dir)
	cmd.SysProcAttr = attr
	cmd.Dir = "/"
	cmd.Env = environment(dir)
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("watchdog of a server: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("watchdog of a server: %w", err)
	}
	return &process{watchdog: cmd, lifeline: lifeline, dir: dir}, nil
}

// run starts the postmaster and waits until it accepts connections. After an
// error it may be called again.
func (p *process) run(ctx context.Context, bin, dir string, args []string) error {
	attr, err := attributes()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("log of a server: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
	cmd.SysProcAttr = attr
	cmd.Dir = dir
	cmd.Env = environment(dir)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("postgres from %s: %w%s", bin, err, reach(err))
	}
	p.server, p.exited = cmd, make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait() // ProcessState has it
		// A stale file would have the watchdog signal whoever has that pid then.
		os.Remove(filepath.Join(dir, "data", "postmaster.pid"))
		close(exited)
		// Were p collected while the server runs, the lifeline would close.
		runtime.KeepAlive(p)
	}(cmd, p.exited)
	return p.ready(ctx, dir)
}

// ready waits for the postmaster to say in its pid file that it is ready.
func (p *process) ready(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout,
		fmt.Errorf("not ready within %v", startTimeout))
	defer cancel()
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
		if lines := strings.Split(string(text), "\n"); err == nil && len(lines) > 7 &&
			lines[0] == strconv.Itoa(p.pid()) && strings.TrimSpace(lines[7]) == "ready" {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.exited:
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			return fmt.Errorf("start of a server: %s%s", p.server.ProcessState, quoteTail(string(log)))
		case <-ctx.Done():
			err := context.Cause(ctx)
			return errors.Join(fmt.Errorf("start of a server: %w", err), p.stop())
		}
	}
}

// persist tells the watchdog to leave everything when we end.
func (p *process) persist() error {
	if _, err := io.WriteString(p.lifeline, "keep\n"); err != nil {
		return fmt.Errorf("watchdog of a server: %w", err)
	}
	return nil
}

func (p *process) pid() int {
	if p.server == nil {
		return 0
	}
	return p.server.Process.Pid
}

// stop ends the postmaster by immediate shutdown, then by force.
func (p *process) stop() error {
	if p.server == nil {
		return nil
	}
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		if err := p.server.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stop of a server: %w", err)
		}
		select {
		case <-p.exited:
			return nil
		case <-time.After(15 * time.Second):
		}
	}
	return fmt.Errorf("stop of a server: process %d does not end", p.pid())
}

// unwatch ends the watchdog, whose work has been done.
func (p *process) unwatch() {
	p.lifeline.Close()
	_ = p.watchdog.Wait()
}

// attributes makes a process start in a session of its own, and as an ordinary
// user if we are root.
func attributes() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	uid, gid, err := account()
	if err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	return attr, nil
}

// account returns whom the server runs as if we are root.
func account() (uid, gid uint32, err error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := osuser.Lookup(name)
		if err != nil {
			continue
		}
		id, err1 := strconv.ParseUint(u.Uid, 10, 32)
		group, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && id != 0 {
			return uint32(id), uint32(group), nil
		}
	}
	return 0, 0, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as: " +
		"run as another user")
}

// makeDir makes the server's directory, in parent if its user can reach that; ""
// means the directory of temporary files.
func makeDir(parent string) (string, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	parents := []string{parent}
	root := os.Geteuid() == 0
	if root {
		parents = append(parents, "/tmp", "/var/tmp")
	}
	for _, parent := range parents {
		if root && !traversable(parent) {
			continue
		}
		sweepEmpty(parent)
		dir, err := os.MkdirTemp(parent, dirPrefix)
		if err != nil {
			return "", fmt.Errorf("directory for a server: %w; set TMPDIR to a folder that is there and can be written", err)
		}
		if err := own(dir); err != nil {
			return "", errors.Join(fmt.Errorf("directory for a server: %w", err), os.Remove(dir))
		}
		return dir, nil
	}
	return "", fmt.Errorf("directory for a server: other users cannot enter %s: set TMPDIR to one that they can",
		strings.Join(parents, " or "))
}

// dirPrefix begins the names of servers' directories.
const dirPrefix = "pgstandin-pg-"

// sweepEmpty removes what watchdogs left that may not remove the directory itself from
// parent, after they had emptied it. A young one may be of somebody who begins.
func sweepEmpty(parent string) {
	dirs, _ := filepath.Glob(filepath.Join(parent, dirPrefix+"*"))
	for _, dir := range dirs {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() && time.Since(info.ModTime()) > 10*time.Minute {
			_ = os.Remove(dir) // one with something in it stays
		}
	}
}

// traversable reports whether every user may pass through dir and all above it.
func traversable(dir string) bool {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
		dir = filepath.Dir(dir)
	}
}

func own(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := account()
	if err != nil {
		return err
	}
	return os.Chown(path, int(uid), int(gid))
}

// writeOwned writes a file that only the server's user can read.
func writeOwned(path, text string) error {
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		return err
	}
	return own(path)
}

// output runs a program as the server's user and returns all that it printed.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	attr, err := attributes()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = attr
	cmd.Dir = dir
	cmd.Env = environment(dir)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // its children too
	text, err := cmd.CombinedOutput()
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return string(text), fmt.Errorf("%w%s", err, reach(err))
	}
	return string(text), nil
}

// reach explains a refusal to execute a program that we ourselves could.
func reach(err error) string {
	if os.Geteuid() == 0 && errors.Is(err, os.ErrPermission) {
		return " (the server runs as another user than root, who cannot reach that file)"
	}
	return ""
}

// environment is ours without what would steer PostgreSQL.
func environment(dir string) []string {
	env := []string{"LC_ALL=C", "TZ=UTC", "HOME=" + dir}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "PG") || strings.HasPrefix(name, "LC_") || name == "LANG" || name == "TZ" || name == "HOME" {
			continue
		}
		env = append(env, kv)
	}
	return env
}
