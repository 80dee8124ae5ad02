package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Exit statuses.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUndecided   = 3
	exitVerify      = 4
	exitReport      = 5
	exitInterrupted = 130
)

const exitTable = `  0    done
  1    failed; the target is untouched
  2    usage or rules error
  3    columns that nobody decided, or that drifted
  4    verification failed; the target is untouched
  5    done, but the report or the result could not be written
  130  interrupted; the target is untouched
`

func newExitStatusTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-status",
		Short: "What the exit statuses mean",
		Long:  "Exit statuses of every command:\n\n" + exitTable,
	}
}

// statusError is an error that decides the exit status.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

func withStatus(status int, err error) error {
	if err == nil {
		return nil
	}
	return &statusError{status, err}
}

// leaves says what is left where a run failed, or was interrupted.
type leaves struct {
	err  error
	what string
	told bool // err says it
}

func (e *leaves) Error() string {
	if e.told {
		return e.err.Error()
	}
	return e.err.Error() + "\n" + e.what
}

func (e *leaves) Unwrap() error { return e.err }

// at says at which end an error happened, where it does not say so itself.
func at(end string, err error) error {
	if strings.HasPrefix(err.Error(), end+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", end, err)
}

// ofTarget says that an error of a database that was opened as a source is the
// target's.
func ofTarget(err error) error {
	if err == nil {
		return nil
	}
	return &targetError{err}
}

// targetError is the error of a target that was opened as a source.
type targetError struct{ err error }

func (e *targetError) Error() string {
	text := strings.TrimPrefix(e.err.Error(), "source: ")
	return "target: " + strings.TrimPrefix(text, "target: ")
}

func (e *targetError) Unwrap() error { return e.err }

func usageError(err error) error { return withStatus(exitUsage, err) }

func exitCode(err error) int {
	var s *statusError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &s):
		return s.status
	case strings.HasPrefix(err.Error(), "unknown command"):
		return exitUsage
	}
	return exitFailed
}

// endStatus is the status that a command ends with, which may have been interrupted.
func endStatus(err error, interrupted bool) int {
	code := exitCode(err)
	if interrupted && code != exitReport {
		return exitInterrupted
	}
	return code
}

// errorText is what is printed of err where a command ends with code: one problem a
// line, and what it means for the target.
func errorText(err error, code int) string {
	if code != exitInterrupted {
		return withoutPasswords(strings.TrimRight(err.Error(), "\n"))
	}
	if left := (*leaves)(nil); errors.As(err, &left) {
		return "interrupted; " + left.what
	}
	return "interrupted"
}

func printError(w io.Writer, err error, code int) {
	lines := strings.Split(errorText(err, code), "\n")
	fmt.Fprintln(w, "pgstandin: "+lines[0])
	for _, l := range lines[1:] {
		fmt.Fprintln(w, "  "+l)
	}
}
