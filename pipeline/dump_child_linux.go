package pipeline

import (
	"os/exec"
	"syscall"
)

// attach makes the child end with us, and puts it in a process group of its
// own: an interrupt at the terminal is ours to handle.
func attach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}
