package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// hookGrace is how long a command that is told to stop may take for it, and how
// long what it left in the background may hold its output open.
const hookGrace = 5 * time.Second

// Hook runs command by the shell, with the new database in its environment:
// PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD and so on for libpq, and
// PGSTANDIN_TARGET, a URL without the password. Nothing of the source is in it,
// and no secret of ours. Each line that it prints, on either output, is handed to
// line, from one goroutine, as it is: it may hold anything that the command reads.
// When ctx ends, so does the command, with all its process group.
func (t *Target) Hook(ctx context.Context, command string, line func(string)) error {
	if !t.created || t.swapped {
		return errors.New("target: the new database is not there")
	}
	if t.inplace != nil {
		return errors.New("target: in place no command can be run: the new schemas do not have their names yet")
	}
	env, err := t.hookEnv()
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	out := &lines{line: line}
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = env, out, out, hookGrace
	err = runAttached(cmd)
	endGroup(cmd) // of what runs on in the background nobody would ever know
	out.flush()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, exec.ErrWaitDelay):
		return errors.New("the command left something running in the background")
	case errors.As(err, &exit):
		return errors.New("the command ended with " + exit.ProcessState.String())
	}
	return err
}

// hookEnv is childEnv in the user's own language, with the database's URL.
func (t *Target) hookEnv() ([]string, error) {
	env, err := childEnv(t.at, t.cfg.DSN, t.build, writingOption)
	if err != nil {
		return nil, err
	}
	out := env[:0]
	for _, v := range env {
		if v != "LC_ALL=C" {
			out = append(out, v)
		}
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANGUAGE"} {
		if v, ok := os.LookupEnv(name); ok {
			out = append(out, name+"="+v)
		}
	}
	host, _, port := t.at.server()
	u := url.URL{Scheme: "postgres", User: url.User(t.at.cfg.User), Host: host, Path: "/" + t.build}
	if strings.HasPrefix(host, "/") {
		u.Host, u.RawQuery = "", url.Values{"host": {host}, "port": {strconv.Itoa(int(port))}}.Encode()
	} else if strings.Contains(host, ":") {
		u.Host = "[" + host + "]:" + strconv.Itoa(int(port))
	} else {
		u.Host += ":" + strconv.Itoa(int(port))
	}
	return append(out, "PGSTANDIN_TARGET="+u.String()), nil
}

// lines cuts what is written into lines, long ones in pieces.
type lines struct {
	line func(string)
	rest []byte
}

func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			l.rest = append(l.rest, p...)
			if len(l.rest) > lineLimit {
				l.flush()
			}
			return n, nil
		}
		l.line(string(append(l.rest, p[:i]...)))
		l.rest, p = l.rest[:0], p[i+1:]
	}
	return n, nil
}

func (l *lines) flush() {
	if len(l.rest) > 0 {
		l.line(string(l.rest))
		l.rest = l.rest[:0]
	}
}
