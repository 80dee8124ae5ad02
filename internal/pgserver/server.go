package pgserver

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Config says what server to start. The zero value is a server as Find finds
// it, gone when this process ends.
type Config struct {
	// Bin is the directory of the server binaries; "" means those that Find
	// returns, else downloaded ones.
	Bin string
	// Parent is the directory to make the server's own directory in; "" means that
	// of temporary files. Where another user runs the server because this process
	// is root's, and that user cannot get there, it is another one.
	Parent string
	// Settings are server settings by name, in postgresql.conf's spelling of
	// values without quotes. They win over this package's, which turn durability
	// and JIT off; listen_addresses and port are not among them.
	Settings map[string]string
	// Persist leaves the server and its directory in place when this process
	// ends without Stop; StopCommand tells how to end it then.
	Persist bool
	// Log gets a line before something slow happens (a download); nil for none.
	Log io.Writer
}

// Server is a running server. Its methods are safe for concurrent use.
type Server struct {
	bin      string
	version  int
	dir      string // all of it; removed by Stop
	port     int
	password string
	proc     *process

	stop    sync.Once
	stopErr error
}

// attempts bounds how often a start is repeated because another process took
// the port between our choice and the server's bind.
const attempts = 5

// Start makes a cluster and starts its server; it returns when connections are
// accepted. ctx bounds the start, not the server's life. On an error nothing is
// left running or on disk. The error wraps ErrNotFound if there are no binaries.
func Start(ctx context.Context, config Config) (*Server, error) {
	log := config.Log
	if log == nil {
		log = io.Discard
	}
	bin, version, err := binaries(ctx, config.Bin, log)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("password for a server: %w", err)
	}
	s := &Server{bin: bin, version: version, password: hex.EncodeToString(secret)}
	if s.dir, err = makeDir(config.Parent); err != nil {
		return nil, err
	}
	if err := s.start(ctx, config, s.initdb); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// start starts a server over the data directory that fill makes.
func (s *Server) start(ctx context.Context, config Config, fill func(context.Context) error) (err error) {
	if s.proc, err = watch(s.dir); err != nil {
		return err
	}
	if err := fill(ctx); err != nil {
		return err
	}
	for try := 1; ; try++ {
		if s.port, err = freePort(); err != nil {
			return fmt.Errorf("port for a server: %w", err)
		}
		err = s.proc.run(ctx, s.bin, s.dir, s.arguments(config.Settings))
		if err == nil {
			break
		}
		if try == attempts || ctx.Err() != nil || !strings.Contains(err.Error(), "could not bind") {
			return err
		}
	}
	if config.Persist {
		return s.proc.persist()
	}
	return nil
}

func binaries(ctx context.Context, bin string, log io.Writer) (string, int, error) {
	if bin != "" {
		version, err := Version(bin)
		if err != nil {
			return "", 0, fmt.Errorf("server binaries in %s: %w", bin, err)
		}
		return bin, version, nil
	}
	bin, version, err := Find()
	if err == nil || !errors.Is(err, ErrNotFound) {
		return bin, version, err
	}
	if bin, err = download(ctx, log); err != nil {
		return "", 0, err
	}
	version, err = Version(bin)
	return bin, version, err
}

// initdb makes the cluster. The locale is C.UTF-8 where the machine has it, so
// that lower() and its like know letters beyond ASCII, else C.
func (s *Server) initdb(ctx context.Context) error {
	pwfile := filepath.Join(s.dir, "password")
	if err := writeOwned(pwfile, s.password); err != nil {
		return fmt.Errorf("password file for initdb: %w", err)
	}
	defer os.Remove(pwfile)
	var out string
	var err error
	for _, locale := range []string{"C.UTF-8", "C"} {
		out, err = output(ctx, s.dir, filepath.Join(s.bin, "initdb"), "-D", s.DataDir(), "-U", user,
			"--pwfile="+pwfile, "--auth=scram-sha-256", "--encoding=UTF8", "--locale="+locale, "--no-sync")
		if err == nil || !strings.Contains(out, "locale") {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("initdb from %s: %w%s%s", s.bin, err, initdbRemedy(out), quoteTail(out))
	}
	return nil
}

// initdbRemedy is what to do about what initdb says, "" where that says it.
func initdbRemedy(out string) string {
	switch {
	case strings.Contains(out, "could not look up effective user ID"):
		return "; PostgreSQL does not run as a user without a name: run as one that /etc/passwd knows"
	case strings.Contains(out, "No space left on device"):
		return "; make room for temporary files, or set TMPDIR to another folder"
	}
	return ""
}

// arguments returns the postmaster's arguments.
func (s *Server) arguments(settings map[string]string) []string {
	all := map[string]string{
		"fsync":                   "off",
		"full_page_writes":        "off",
		"synchronous_commit":      "off",
		"unix_socket_directories": "",
		"jit":                     "off",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"max_wal_size":            "4GB",
		"checkpoint_timeout":      "30min",
	}
	for name, value := range settings {
		all[name] = value
	}
	all["listen_addresses"] = "127.0.0.1"
	all["port"] = strconv.Itoa(s.port)
	args := []string{"-D", s.DataDir()}
	for name, value := range all {
		args = append(args, "-c", name+"="+value)
	}
	return args
}

const user = "postgres"

// DSN returns the keyword/value connection string of a superuser for database
// db, which need not exist yet. It holds the password.
func (s *Server) DSN(db string) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=%s password=%s dbname=%s sslmode=disable",
		s.port, user, s.password, quoteValue(db))
}

// URL is DSN in the form of a URL.
func (s *Server) URL(db string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(user, s.password),
		Host:     "127.0.0.1:" + strconv.Itoa(s.port),
		Path:     "/" + db,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Bin returns the directory of the server's binaries.
func (s *Server) Bin() string { return s.bin }

// Tool returns the path of a client program of the server's version if there
// is one beside it, else as function Tool does.
func (s *Server) Tool(name string) (string, error) { return Tool(s.bin, name) }

// Version returns the server's version as server_version_num has it.
func (s *Server) Version() int { return s.version }

// Port returns the port on 127.0.0.1.
func (s *Server) Port() int { return s.port }

// DataDir returns the cluster's directory; it belongs to the server's user.
func (s *Server) DataDir() string { return filepath.Join(s.dir, "data") }

// StopCommand returns the shell command that ends a server started with
// Persist, and removes all of it, after this process has ended.
func (s *Server) StopCommand() string {
	return fmt.Sprintf("kill -QUIT %d; sleep 1; rm -rf %s", s.proc.pid(), s.dir)
}

// Stop ends the server at once, with whatever runs on it, and removes its
// directory. Calls after the first return what the first did.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		if s.proc != nil {
			s.stopErr = s.proc.stop()
		}
		if err := os.RemoveAll(s.dir); err != nil {
			s.stopErr = errors.Join(s.stopErr, fmt.Errorf("remove a server's directory: %w", err))
		}
		if s.proc != nil {
			s.proc.unwatch()
		}
	})
	return s.stopErr
}

func quoteValue(s string) string {
	if s != "" && !strings.ContainsAny(s, " '\\\t\n=") {
		return s
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// quoteTail indents the last lines of a program's output for an error.
func quoteTail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > 12 {
		lines = lines[len(lines)-12:]
	}
	if len(lines) == 1 && lines[0] == "" {
		return ""
	}
	return "\n\t" + strings.Join(lines, "\n\t")
}

// startTimeout bounds the wait for a server that neither gets ready nor ends.
const startTimeout = 60 * time.Second
