package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// runWatched runs a program and returns what it printed, and the most memory, in
// MiB, that one process of it had resident, looked at twenty times a second; 0 if
// this is not Linux. What the kernel counts itself (ru_maxrss) is no less than what the
// process had that started it, since exec keeps that.
func runWatched(cmd *exec.Cmd) (out []byte, peak int64, err error) {
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return text.Bytes(), peak >> 10, err
		case <-tick.C:
			peak = max(peak, peakOf(strconv.Itoa(cmd.Process.Pid)))
		}
	}
}

// peakOf is the most memory, in KiB, that a process, or one that it started, had
// resident until now; 0 if it has ended.
func peakOf(pid string) (peak int64) {
	status, _ := os.ReadFile("/proc/" + pid + "/status")
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Sscan(rest, &peak)
		}
	}
	tasks, _ := os.ReadDir("/proc/" + pid + "/task")
	for _, t := range tasks {
		children, _ := os.ReadFile("/proc/" + pid + "/task/" + t.Name() + "/children")
		for child := range strings.FieldsSeq(string(children)) {
			peak = max(peak, peakOf(child))
		}
	}
	return peak
}

// TestRunWatched: the memory of a process that another one starts is seen, and not
// that of the one that starts both.
func TestRunWatched(t *testing.T) {
	if _, err := os.Stat("/proc/thread-self/children"); err != nil {
		t.Skip("which processes a process started is read from /proc")
	}
	own := make([]byte, 256<<20)
	for i := range own {
		own[i] = 1
	}
	// dd has one block of 64 MiB; it waits until the other end is read.
	out, peak, err := runWatched(exec.Command("sh", "-c", "dd if=/dev/zero bs=64M count=1 2>/dev/null | { sleep 0.5; wc -c; }"))
	if err != nil || strings.TrimSpace(string(out)) != strconv.Itoa(64<<20) {
		t.Fatalf("%v: %s", err, out)
	}
	if peak < 64 || peak > 100 {
		t.Errorf("%d MiB, of a process that had 64, started by one that has more than %d", peak, len(own)>>20)
	}
}
