package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// child runs a program to its end, and returns what it complained about. When
// ctx ends it is told to stop; it does not survive us either.
func child(ctx context.Context, program string, args, env []string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	said := complaints{program: filepath.Base(program)}
	cmd.Env, cmd.Stderr, cmd.WaitDelay = env, &said, 10*time.Second
	return said.error(ctx, runAttached(cmd))
}

// runAttached runs a command that does not survive us, to its end.
func runAttached(cmd *exec.Cmd) error {
	attach(cmd)
	done := make(chan error, 1)
	go func() {
		// The child is tied to the thread that starts it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		done <- cmd.Run()
	}()
	return <-done
}

// ChildError says which object pg_dump or pg_restore stopped at, and why as far
// as that can be said without quoting rows.
type ChildError struct {
	Program string
	Object  string // kind, schema, name and owner, as pg_restore lists it; or ""
	Reason  string // a message known to hold names only; or ""
	Status  string // how the program ended

	// harmless: all that it complained about are parameters that the server does
	// not know.
	harmless bool
}

// Error joins what is known.
func (e *ChildError) Error() string {
	parts := []string{e.Program}
	if e.Object != "" {
		parts = append(parts, e.Object)
	}
	if e.Reason != "" {
		reason := e.Reason
		if strings.HasSuffix(reason, "conflict with recovery") {
			reason += "; " + remedy(recoveryConflict)
		}
		parts = append(parts, reason)
	} else {
		parts = append(parts, e.Status+" (its own message may quote rows and is not shown; the server's log has it)")
	}
	return strings.Join(parts, ": ")
}

// complaints reads a child's error output as it comes, and keeps the first
// error's object and, if it cannot quote a row, its message.
type complaints struct {
	program string
	line    []byte
	entry   string // the entry that the next error is about
	first   *ChildError
	serious bool // any error but of an unknown parameter
}

// lineLimit is how much of one line is looked at.
const lineLimit = 1 << 14

func (c *complaints) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			c.line = append(c.line, p[:min(len(p), lineLimit-min(lineLimit, len(c.line)))]...)
			return n, nil
		}
		c.line = append(c.line, p[:min(i, lineLimit-min(lineLimit, len(c.line)))]...)
		c.read(string(c.line))
		c.line = c.line[:0]
		p = p[i+1:]
	}
}

func (c *complaints) read(line string) {
	if _, text, ok := strings.Cut(line, ": from TOC entry "); ok {
		if e, ok := parseEntry(text); ok {
			c.entry = e.what()
		}
		return
	}
	_, message, ok := strings.Cut(line, ": error: ")
	if !ok {
		return
	}
	c.serious = c.serious || !strings.Contains(message, "unrecognized configuration parameter")
	if c.first == nil || c.first.Reason == "" && c.first.Object == "" {
		c.first = &ChildError{Object: c.entry, Reason: safeMessage(message)}
	}
	c.entry = ""
}

// error makes an error of the child's end.
func (c *complaints) error(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("%s: %w", c.program, err)
	}
	c.read(string(c.line))
	e := &ChildError{}
	if c.first != nil {
		e = c.first
	}
	e.Program, e.Status, e.harmless = c.program, exit.ProcessState.String(), c.first != nil && !c.serious
	return e
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
	`could not import snapshot.*`, `invalid snapshot identifier: ` + ident, `snapshot ` + ident + ` does not exist`,
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
