//go:build !linux

package pipeline

import (
	"os"
	"os/exec"
)

// attach tells the child to stop when the run does. There is no way here to tie
// it to our own end; it ends when its work does.
func attach(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
}

// endGroup ends the child; what that has started it has to end itself.
func endGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = cmd.Process.Kill()
	}
}
