package pipeline

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// stderrLimit is how much of a child's error output is kept, from its start.
const stderrLimit = 1 << 18

// child runs a program to its end and returns the beginning of its error
// output, which may quote rows: see childError. When ctx ends it is told to
// stop; it does not survive us either.
func child(ctx context.Context, program string, args, env []string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var stderr head
	cmd.Env, cmd.Stderr, cmd.WaitDelay = env, &stderr, 10*time.Second
	attach(cmd)
	done := make(chan error, 1)
	go func() {
		// The child is tied to the thread that starts it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		done <- cmd.Run()
	}()
	err := <-done
	return stderr.b, err
}

// head keeps the first bytes that are written to it.
type head struct{ b []byte }

func (h *head) Write(p []byte) (int, error) {
	h.b = append(h.b, p[:min(len(p), stderrLimit-len(h.b))]...)
	return len(p), nil
}

// ChildError says which object pg_dump or pg_restore stopped at, and why as far
// as that can be said without quoting rows.
type ChildError struct {
	Program string
	Object  string // kind, schema, name and owner, as pg_restore lists it; or ""
	Reason  string // a message known to hold names only; or ""
	Status  string // how the program ended
}

// Error joins what is known.
func (e *ChildError) Error() string {
	parts := []string{e.Program}
	if e.Object != "" {
		parts = append(parts, e.Object)
	}
	if e.Reason != "" {
		parts = append(parts, e.Reason)
	} else {
		parts = append(parts, e.Status+" (its own message may quote rows and is not shown; the server's log has it)")
	}
	return strings.Join(parts, ": ")
}

// childError makes an error of a child's end.
func childError(ctx context.Context, program string, stderr []byte, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("%s: %w", program, err)
	}
	e := &ChildError{Program: program, Status: exit.ProcessState.String()}
	in := lines(stderr)
	for in.Scan() {
		line := in.Text()
		if _, object, ok := strings.Cut(line, ": from TOC entry "); ok {
			if x, ok := parseEntry(object); ok {
				e.Object = x.what()
			}
			continue
		}
		_, message, ok := strings.Cut(line, ": error: ")
		if !ok {
			_, message, ok = strings.Cut(line, "ERROR:  ")
		}
		if !ok {
			continue
		}
		if e.Reason = safeMessage(message); e.Reason != "" || strings.Contains(message, "ERROR:  ") {
			return e
		}
	}
	return e
}

func lines(text []byte) *bufio.Scanner {
	in := bufio.NewScanner(bytes.NewReader(text))
	in.Buffer(nil, stderrLimit+1)
	return in
}

// ident is an identifier in a message, quotation marks included.
const ident = `("[^"]*"|[^" ]+)`

// safeMessages are those messages of servers and clients, by their whole text,
// in which only names, addresses and settings vary.
var safeMessages = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`could not create unique index ` + ident,
	`could not create exclusion constraint ` + ident,
	`insert or update on table ` + ident + ` violates foreign key constraint ` + ident,
	`check constraint ` + ident + ` of relation ` + ident + ` is violated by some row`,
	`column ` + ident + ` of relation ` + ident + ` contains null values`,
	`permission denied (?:for|to) [a-z -]+(?: ` + ident + `)?`,
	`must be (?:owner|member|superuser|able)[a-z _-]*(?: ` + ident + `)?`,
	`(?:relation|type|function|role|schema|extension|collation|operator class|operator|language|server|access method|foreign-data wrapper|text search [a-z]+|parameter) ` + ident + ` (?:does not exist|already exists|is not available)`,
	`(?:operator class|data type|type|column|collation) ` + ident + ` (?:does not exist|has no default operator class)[a-z ]*(?: ` + ident + `)?`,
	`extension ` + ident + ` (?:is not available|must be installed in schema ` + ident + `|has no installation script[^:]*)`,
	`could not open extension control file ` + ident + `: [A-Za-z ]+`,
	`could not (?:extend|write|open|create) file ` + ident + `: [A-Za-z ]+`,
	`unrecognized configuration parameter ` + ident,
	`canceling statement due to (?:lock timeout|statement timeout|user request|conflict with recovery)`,
	`deadlock detected`, `out of memory`, `out of shared memory`, `the database system is (?:shutting down|in recovery mode|starting up)`,
	`could not import snapshot.*`, `invalid snapshot identifier: ` + ident,
	`server closed the connection unexpectedly`, `terminating connection due to .*`,
	`too many connections for [a-z]+ ` + ident, `sorry, too many clients already`, `remaining connection slots are reserved.*`,
	`aborting because of server version mismatch`, `unsupported version \([0-9.]+\) in file header`,
}, `|`) + `)$`)

// safeMessage returns the message if it is one that cannot quote a row.
func safeMessage(message string) string {
	message = strings.TrimSpace(message)
	if strings.HasPrefix(message, "connection to server") {
		return message // speaks of addresses, roles and databases
	}
	if _, after, ok := strings.Cut(message, "ERROR:  "); ok {
		message = after
	}
	if _, after, ok := strings.Cut(message, "FATAL:  "); ok {
		message = after
	}
	if safeMessages.MatchString(message) {
		return message
	}
	return ""
}

// onlyUnknownParameters reports whether every error is one of a parameter that
// the server does not know, which pg_restore sets for all versions.
func onlyUnknownParameters(stderr []byte) bool {
	found := false
	in := lines(stderr)
	for in.Scan() {
		line := in.Text()
		if !strings.Contains(line, ": error: ") {
			continue
		}
		if !strings.Contains(line, "unrecognized configuration parameter") {
			return false
		}
		found = true
	}
	return found && len(stderr) < stderrLimit
}
