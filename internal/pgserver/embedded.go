package pgserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// embeddedVersion is the release that is downloaded where no binaries are.
const embeddedVersion = embeddedpostgres.V17

// download returns the directory of server binaries in the cache, and fetches
// them into it first if need be. They lack pg_dump, pg_restore and psql.
func download(ctx context.Context, log io.Writer) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, string(embeddedVersion))
	bin := filepath.Join(home, "bin")
	if executable(filepath.Join(bin, "postgres")) && executable(filepath.Join(bin, "initdb")) {
		return bin, nil
	}
	fmt.Fprintf(log, "no PostgreSQL server binaries on this machine: downloading %s into %s\n", embeddedVersion, home)
	done := make(chan error, 1)
	go func() { done <- fetch(cache, home) }()
	select {
	case err = <-done:
	case <-ctx.Done():
		return "", fmt.Errorf("download of server binaries: %w", context.Cause(ctx))
	}
	if executable(filepath.Join(bin, "postgres")) && executable(filepath.Join(bin, "initdb")) {
		return bin, nil
	}
	return "", fmt.Errorf("%w, and their download did not succeed (%v): %s", ErrNotFound, err, remedy)
}

// fetch fills home. The library knows only how to start a server, so one is
// started in a scratch directory and stopped; run by root that start fails, as
// PostgreSQL refuses to run there, but the binaries are in place by then.
func fetch(cache, home string) error {
	scratch, err := os.MkdirTemp("", "pgstandin-fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	port, err := freePort()
	if err != nil {
		return err
	}
	db := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(embeddedVersion).
		CachePath(cache).
		BinariesPath(home).
		RuntimePath(filepath.Join(scratch, "run")).
		DataPath(filepath.Join(scratch, "data")).
		Port(uint32(port)).
		Logger(io.Discard))
	if err := db.Start(); err != nil {
		return err
	}
	return db.Stop()
}

// cacheDir is where downloads stay. Root's own cache is closed to the user
// that the server runs as, so root uses the system's.
func cacheDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/pgstandin/postgresql", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cache directory for server binaries: %w", err)
	}
	return filepath.Join(dir, "pgstandin", "postgresql"), nil
}

// freePort returns a port of 127.0.0.1 that was free a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
