package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestConnectionStrings: what is wrong with one is said, and nothing of it quoted.
func TestConnectionStrings(t *testing.T) {
	services := filepath.Join(t.TempDir(), "services")
	if err := os.WriteFile(services, []byte("[shop]\nhost=localhost\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGSERVICEFILE", services)
	for dsn, want := range map[string]string{
		"service=hush":                                            "source: connection string is not valid: its service is not in " + services,
		"service=x servicefile=/hush/not":                         "the file with its service cannot be read; PGSERVICEFILE",
		"host=localhost sslmode=hush":                             "its sslmode is none of disable, allow,",
		"postgres://localhost/shop?sslmode=hush":                  "its sslmode is none of",
		"host=localhost port=hush":                                "its port is not a number from 1 to 65535",
		"host=localhost port=70000":                               "its port is not a number from 1 to 65535",
		"host=a,b port=1,2,3":                                     "another number of ports than of hosts",
		"host=localhost connect_timeout=hush":                     "its connect_timeout is not a number of seconds",
		"host=localhost target_session_attrs=hush":                "its target_session_attrs is none of",
		"host=localhost sslmode=verify-ca sslrootcert=/hush/none": "its sslrootcert, sslcert or sslkey cannot be read",
		"postgres://anna:hu/sh@localhost:5432/shop":               "write the signs / ? # @ : % of a password as %2F",
		"host=localhost password='hush":                           "write postgres://user@host:5432/database",
		"= hush":                                                  "write postgres://user@host:5432/database",
		"postgres:/anna:hush@localhost/shop":                      "write postgres://user@host:5432/database",
		"jdbc:postgresql://localhost/shop?user=a&password=hush":   "write postgres://user@host:5432/database",
		"anna:hush@localhost/shop":                                "write postgres://user@host:5432/database",
		"postgres://anna:12/hush@localhost:5432/shop":             "write postgres://user@host:5432/database",
	} {
		status, _, errs := runKeyed(t, "", "", "plan", "--source", dsn, "--rules", rulesOf(t))
		if status != exitUsage || !strings.Contains(errs, want) || strings.Contains(errs, "hu") || strings.Contains(errs, "70000") {
			t.Errorf("%s: status %d\n%s", dsn, status, errs)
		}
	}
	source := pgtest.DB(t)
	status, _, errs := runKeyed(t, "", "", "plan", "--source", source+" host=127.0.0.1 sslmode=require", "--rules", rulesOf(t))
	if status != exitFailed || !strings.Contains(errs, "refused TLS connection; the server has no TLS: turn it on there, or write sslmode=disable") {
		t.Errorf("status %d\n%s", status, errs)
	}
}

// TestConnectionStringWithLineEnd: a file or a variable that holds a connection
// string often ends with a line's end, which belongs to no database's name.
func TestConnectionStringWithLineEnd(t *testing.T) {
	t.Parallel()
	cfg, err := pgconn.ParseConfig(pgtest.DB(t))
	if err != nil {
		t.Fatal(err)
	}
	place := url.Values{"host": {cfg.Host}, "port": {fmt.Sprint(cfg.Port)}}.Encode()
	source := url.URL{Scheme: "postgres", User: url.UserPassword(cfg.User, cfg.Password), RawQuery: place}
	for _, dsn := range []string{
		source.String() + "&dbname=" + cfg.Database,
		fmt.Sprintf("dbname=%s host=%s port=%d user=%s password='%s' application_name=a://b/c@d", cfg.Database, cfg.Host, cfg.Port, cfg.User, cfg.Password),
		(&url.URL{Scheme: "postgres", User: source.User, Host: fmt.Sprintf("127.0.0.1:%d", cfg.Port), Path: cfg.Database}).String(),
	} {
		status, out, errs := runKeyed(t, "", "", "grants", "--source", " "+dsn+"\r\n")
		if status != exitDone || !strings.Contains(out, cfg.Database) {
			t.Errorf("%s: status %d\n%s%s", dsn, status, out, errs)
		}
	}
}

// TestPasswordInTheWrongPlace: what is given where it does not belong is named by the
// error, but for what nobody may see: logs are kept.
func TestPasswordInTheWrongPlace(t *testing.T) {
	t.Parallel()
	const dsn = "postgres://anna:hu/sh@stage/shop"
	for _, args := range [][]string{
		{"refresh", dsn, "--target", "dbname=x"}, {dsn}, {"preview", dsn, "--rules", rulesOf(t)},
		{"check", "--rules", dsn}, {"mask", dsn, "--rules", rulesOf(t)}, {"plan", "--format", dsn}, {"plan", "--workers", dsn},
		{"check", "host=stage password=hu/sh"}, {"check", `host=stage password='hu\'hu sh' user=anna`},
		{"plan", "--exact", "--source", "dbname=x", "--rules", rulesOf(t), "--key-file", keyA},
		{"check", "--rules", rulesOf(t), "--var", "hush"},
	} {
		status, out, errs := runKeyed(t, "", "", args...)
		if status != exitUsage || strings.Contains(out+errs, "hu") || strings.Contains(out+errs, keyA) {
			t.Errorf("%v: status %d\n%s%s", args, status, out, errs)
		}
	}
}

func rulesOf(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pgstandin.yaml")
	if err := os.WriteFile(name, []byte(keepAll), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
