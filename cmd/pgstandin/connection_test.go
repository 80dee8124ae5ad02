package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// A connection string for psql does here too, for the programs that are started as
// well: settings of libpq, an address beside the name, several hosts of which the
// pass file knows the one that answers.
func TestConnectionStringOfPsql(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	cfg, err := pgconn.ParseConfig(s.source)
	if err != nil || cfg.Host != "127.0.0.1" || cfg.Password == "" {
		t.Skipf("a server at 127.0.0.1 with a password: %v", err)
	}
	passfile := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(passfile, fmt.Appendf(nil, "two.invalid:%d:*:%s:%s\n", cfg.Port, cfg.User, cfg.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	const more = " keepalives=1 keepalives_idle=30 gssencmode=disable sslcompression=0 client_encoding=auto fallback_application_name=x tcp_user_timeout=9000"
	both := func(database string) string {
		return fmt.Sprintf("host=one.invalid,two.invalid hostaddr=127.0.0.9,127.0.0.1 port=1,%d user=%s dbname=%s passfile=%s sslmode=disable", cfg.Port, cfg.User, database, passfile) + more
	}
	s.source, s.target = both(cfg.Database), both(s.name)
	s.must(keyA)
	status, _, errOut := s.command("", "check", "--rules", s.rules, "--source", s.source+" sslcrl=/etc/crl.pem")
	if status != exitUsage || !strings.Contains(errOut, "source: connection string or service file: sslcrl: lists of revoked certificates are not looked at") {
		t.Errorf("status %d: %s", status, errOut)
	}
	status, _, errOut = s.command("", "check", "--rules", s.rules, "--source", s.source+" conect_timeout=3")
	if status != exitUsage || !strings.Contains(errOut, "conect_timeout: there is no such setting; write connect_timeout") {
		t.Errorf("status %d: %s", status, errOut)
	}
	status, _, errOut = s.command("", "check", "--rules", s.rules, "--source", s.source+" nonsense=3")
	if status != exitFailed || !strings.Contains(errOut, `"nonsense" (SQLSTATE 42704); is it a setting of the connection string`) {
		t.Errorf("status %d: %s", status, errOut)
	}
}

// TestNoConnection says once what is wrong with an address, and what to do.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	s := &staging{t: t}
	for dsn, want := range map[string][2]string{
		"host=127.0.0.1 port=1 user=x dbname=x":             {"127.0.0.1:1 (", "no server listens there: check host and port"},
		"host=nowhere.invalid user=x dbname=x":              {"lookup nowhere.invalid", ""},
		"host=/nonexistent user=x dbname=x":                 {"(/nonexistent)", "no server listens at this socket"},
		"host=127.0.0.1,127.0.0.2 port=1,1 user=x dbname=x": {"127.0.0.2:1 (", "no server listens there"},
		"host=127.0.0.1,nowhere.invalid port=1 user=x":      {"check host and port, and whether it is started\n", "check the name of the host\n"},
		"postgres://x@127.0.0.1:1/x?sslmode=allow":          {"127.0.0.1:1 (", "no server listens there"},
	} {
		status, _, errOut := s.command("", "grants", "--source", dsn)
		if status != exitFailed || strings.Count(errOut, want[0]) != 1 || !strings.Contains(errOut, want[1]) {
			t.Errorf("%s: status %d: %s", dsn, status, errOut)
		}
	}
}
