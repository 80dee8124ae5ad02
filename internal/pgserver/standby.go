package pgserver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// Standby starts a hot standby that follows the server: a server of its own,
// with the same roles and passwords, and settings as Config has them. It
// returns when queries are accepted, which may be before all of the server's
// changes are replayed. The server must not have turned replication off. The
// error wraps ErrNotFound if pg_basebackup is not beside the server's binaries.
func (s *Server) Standby(ctx context.Context, settings map[string]string) (*Server, error) {
	tool := filepath.Join(s.bin, "pg_basebackup")
	if !executable(tool) {
		return nil, fmt.Errorf("pg_basebackup in %s: %w", s.bin, ErrNotFound)
	}
	b := &Server{bin: s.bin, version: s.version, password: s.password}
	var err error
	if b.dir, err = makeDir(""); err != nil {
		return nil, err
	}
	fill := func(ctx context.Context) error {
		passfile := filepath.Join(b.dir, "pgpass")
		if err := writeOwned(passfile, fmt.Sprintf("127.0.0.1:%d:*:%s:%s", s.port, user, s.password)); err != nil {
			return fmt.Errorf("password file for pg_basebackup: %w", err)
		}
		from := fmt.Sprintf("host=127.0.0.1 port=%d user=%s sslmode=disable passfile=%s", s.port, user, quoteValue(passfile))
		out, err := output(ctx, b.dir, tool, "-d", from, "-D", b.DataDir(), "-R", "-X", "stream", "-c", "fast", "--no-sync")
		if err != nil {
			return fmt.Errorf("pg_basebackup from %s: %w%s", s.bin, err, quoteTail(out))
		}
		return nil
	}
	all := map[string]string{"hot_standby": "on"}
	for name, value := range settings {
		all[name] = value
	}
	if err := b.start(ctx, Config{Settings: all}, fill); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}
