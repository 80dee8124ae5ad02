package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgserver"
)

// fault is a kind of fault. before readies it, strike makes it at a random moment
// of a run; without strike it is there from the beginning.
type fault struct {
	name   string
	ends   []int // exit statuses beside 0; -1 is an end by a signal
	before func(*point)
	strike func(*point)
}

func asError[E error](err error, as *E) bool { return errors.As(err, as) }

// faults returns every kind that this machine can make.
func (m *matrix) faults() []*fault {
	failed := []int{exitFailed}
	beingMade := `datname like 'shop\_staging\_pgstandin%'`
	if m.inPlace {
		beingMade = "datname = 'shop_staging'"
	}
	list := []*fault{
		{"SIGKILL", []int{-1}, nil, send(syscall.SIGKILL)},
		{"SIGINT", []int{exitInterrupted}, nil, send(syscall.SIGINT)},
		{"SIGTERM", []int{exitInterrupted}, nil, send(syscall.SIGTERM)},
		{"a worker's session on the source ended", failed, nil, end(m.source, "datname = 'shop'", "backend_start desc")},
		{"the leader's session on the source ended", failed, nil, end(m.source, "datname = 'shop'", "backend_start")},
		{"a session on the new database ended", failed, nil, end(m.target, beingMade, "random()")},
		{"the session that holds the target's lock ended", failed, nil, end(m.target, "datname = 'postgres'", "backend_start")},
		{"the target restarted, fast", failed, nil, restart("fast")},
		// What was committed just before is lost, as runs do not wait for the disk; where
		// a run goes on over another connection, its own proof finds that.
		{"the target restarted, immediate", []int{exitFailed, exitVerify}, nil, restart("immediate")},
		{"connections to the source cut", failed, wired(0), func(p *point) { p.wires[0].cut() }},
		{"connections to the target cut", failed, wired(1), func(p *point) { p.wires[1].cut() }},
		{"the source out of reach from then on", failed, wired(0), func(p *point) { p.wires[0].takeDown() }},
		{"the target out of reach from then on", failed, wired(1), func(p *point) { p.wires[1].takeDown() }},
		{"the source stuck for a while", failed, wired(0), stuck(0)},
		{"the target stuck for a while", failed, wired(1), stuck(1)},
		{"the source stuck, then SIGTERM twice", []int{exitInterrupted, -1}, wired(0), stuckAndEnded(0)},
		{"the target stuck, then SIGTERM twice", []int{exitInterrupted, -1}, wired(1), stuckAndEnded(1)},
		{"time-outs of the role", failed, roleTimeouts, nil},
		{"--statement-timeout", failed, func(p *point) { p.args = []string{"--statement-timeout", p.upTo(50).String()} }, nil},
		{"a locked table of the source, --lock-timeout", failed, lockedTable, nil},
		{"alter table on the source, --yield", []int{exitFailed, exitUndecided}, yields, alter},
		{"TMPDIR missing", failed, func(p *point) { p.env = []string{"TMPDIR=" + filepath.Join(p.tmp, "none")} }, nil},
	}
	if m.mounts() {
		list = append(list, &fault{"TMPDIR full", failed, fullTMPDIR, nil})
	} else {
		m.t.Log("no file system can be mounted here: a full TMPDIR and a full disk of the target are not tried")
	}
	if m.small != "" {
		list = append(list, &fault{"the target's disk full", failed, nil, fillDisk})
	}
	only := os.Getenv("PGSTANDIN_FAULTS_ONLY")
	return slices.DeleteFunc(list, func(f *fault) bool { return !strings.Contains(f.name, only) })
}

// upTo is a random time of at most so many milliseconds, and at least one.
func (p *point) upTo(ms int) time.Duration {
	return time.Duration(1+p.rng.IntN(ms)) * time.Millisecond
}

// wired leads the run's connections to an end through the wire.
func wired(end int) func(*point) {
	return func(p *point) {
		p.via[end] = true
		p.undo = append(p.undo, p.wires[end].repair)
	}
}

func stuck(end int) func(*point) {
	return func(p *point) {
		p.wires[end].stick()
		p.sleep(p.upTo(1500))
		p.wires[end].flow()
	}
}

// stuckAndEnded expects that a run which hears nothing from an end still heeds
// signals: the first by cleaning up, which has a minute, the second at once.
func stuckAndEnded(end int) func(*point) {
	return func(p *point) {
		p.wires[end].stick()
		p.sleep(p.upTo(500))
		send(syscall.SIGTERM)(p)
		p.sleep(p.upTo(3000))
		send(syscall.SIGTERM)(p)
		p.sleep(5 * time.Second)
		if !p.ended() {
			p.t.Errorf("the run does not end while the other end is stuck:\n%s", p.out)
		}
	}
}

// roleTimeouts gives the role time-outs that no run would survive if they held.
func roleTimeouts(p *point) {
	for _, s := range []*pgserver.Server{p.source, p.target} {
		for _, name := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
			p.must(s, "postgres", fmt.Sprintf("alter role runner set %s = %d", name, 1+p.rng.IntN(30)))
		}
		p.undo = append(p.undo, func() { p.must(s, "postgres", "alter role runner reset all") })
	}
}

// lockedTable has a migration hold a table for a time, from the beginning.
func lockedTable(p *point) {
	p.args = []string{"--lock-timeout", "300ms"}
	began := make(chan struct{})
	ended := make(chan struct{})
	held := p.upTo(4000)
	go func() {
		defer close(ended)
		close(began)
		_, _ = query(p.source.DSN("shop"), fmt.Sprintf("begin; lock table orders; select pg_sleep(%g); commit", held.Seconds()))
	}()
	<-began
	p.undo = append(p.undo, func() { <-ended })
}

func yields(p *point) {
	p.args = []string{"--yield", (100*time.Millisecond + p.upTo(1000)).String()}
	p.undo = append(p.undo, func() { p.must(p.source, "shop", "alter table orders drop column if exists extra") })
}

// alter is a migration of the source. It waits for the run, or the run for it.
func alter(p *point) {
	begin := time.Now()
	if _, err := query(p.source.DSN("shop"), "alter table orders add column extra text"); err != nil {
		p.t.Errorf("the migration: %v", err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		p.t.Errorf("the migration waited for %v", took)
	}
}

// mounts says whether this process can mount a file system.
func (m *matrix) mounts() bool {
	dir := m.t.TempDir()
	if exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "none", dir).Run() != nil {
		return false
	}
	m.unmount(dir)
	return true
}

func (m *matrix) unmount(dir string) {
	if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
		m.t.Errorf("umount: %v: %s", err, out)
	}
}

// fullTMPDIR gives the run a folder for temporary files with little room or none.
func fullTMPDIR(p *point) {
	dir := p.t.TempDir()
	size := fmt.Sprintf("size=%dk", 4*(1+p.rng.IntN(16)))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", size, "none", dir).CombinedOutput(); err != nil {
		p.t.Fatalf("mount: %v: %s", err, out)
	}
	p.undo = append(p.undo, func() { p.unmount(dir) })
	p.env = []string{"TMPDIR=" + dir}
	if p.rng.IntN(2) == 0 {
		p.fillUp(dir, 0)
	}
}

func send(s os.Signal) func(*point) {
	return func(p *point) { _ = p.cmd.Process.Signal(s) }
}

// end ends the first session of the run that there is.
func end(s *pgserver.Server, where, order string) func(*point) {
	return func(p *point) {
		for !p.ended() {
			p.step = p.out.at()
			ended := p.must(s, "postgres", "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity where usename = 'runner' and "+where+" order by "+order+" limit 1) x")
			if ended[0][0] != "0" {
				return
			}
			p.sleep(5 * time.Millisecond)
		}
		p.step = "after the end"
	}
}

// restart restarts the target's server.
func restart(how string) func(*point) {
	return func(p *point) {
		if err := p.control(p.target, "stop", "-m", how); err != nil {
			p.t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond) // whoever watches the process takes its pid file away
		p.startServer(p.target)
	}
}

// startServer starts a server that was stopped, with the arguments that it had.
func (m *matrix) startServer(s *pgserver.Server) {
	m.t.Helper()
	options, err := os.ReadFile(filepath.Join(s.DataDir(), "postmaster.opts"))
	if err != nil {
		m.t.Fatal(err)
	}
	_, arguments, _ := strings.Cut(strings.TrimSpace(string(options)), " ")
	if err := m.control(s, "start", "-o", arguments); err != nil {
		m.t.Fatal(err)
	}
}

// control runs pg_ctl as the user that the server runs as.
func (m *matrix) control(s *pgserver.Server, args ...string) error {
	info, err := os.Stat(s.DataDir())
	if err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(s.Bin(), "pg_ctl"), append([]string{"-D", s.DataDir(), "-l", filepath.Join(s.DataDir(), "restarted.log"), "-w", "-t", "60"}, args...)...)
	cmd.Dir = s.DataDir()
	if owner := info.Sys().(*syscall.Stat_t); os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("pg_ctl %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// smallDisk makes a file system of 400 MB for a server, and returns where it is,
// or "" where that cannot be done.
func (m *matrix) smallDisk() string {
	dir, err := os.MkdirTemp("", "pgstandin-disk-") // t.TempDir's lets no other user pass
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { os.Remove(dir) })
	if exec.Command("mount", "-t", "tmpfs", "-o", "size=400m,mode=1777", "none", dir).Run() != nil {
		return ""
	}
	m.t.Cleanup(func() { m.unmount(dir) })
	if err := os.Chmod(dir, 0o1777); err != nil {
		m.t.Fatal(err)
	}
	return dir
}

// fillUp fills a folder's file system but for so many bytes.
func (p *point) fillUp(dir string, leave int64) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		p.t.Fatal(err)
	}
	left := int64(st.Bavail*uint64(st.Bsize)) - leave
	if left <= 0 {
		return
	}
	f, err := os.CreateTemp(dir, "filler-")
	if err != nil {
		return // no room for that either
	}
	defer f.Close()
	for block := make([]byte, 64<<10); left > 0; left -= int64(len(block)) {
		if _, err := f.Write(block[:min(left, int64(len(block)))]); err != nil {
			return
		}
	}
}

// fillDisk leaves a little room or none on the disk of the target, whose server
// may crash of it, and takes what is freed. After the run there is room again.
func fillDisk(p *point) {
	leave := int64(p.rng.IntN(2 << 20))
	for !p.ended() {
		p.fillUp(p.small, leave)
		p.sleep(20 * time.Millisecond)
	}
	p.undo = append(p.undo, func() {
		files, err := filepath.Glob(filepath.Join(p.small, "filler-*"))
		if err != nil {
			p.t.Error(err)
		}
		for _, file := range files {
			os.Remove(file)
		}
		time.Sleep(200 * time.Millisecond)
		if p.control(p.target, "status") != nil {
			p.startServer(p.target)
		}
	})
}
