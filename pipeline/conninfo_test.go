package pipeline_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
)

// ordinary are settings of libpq that have nothing to do with the server.
const ordinary = "keepalives=1 keepalives_idle=30 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=10000 " +
	"gssencmode=prefer krbsrvname=postgres gsslib=gssapi gssdelegation=0 fallback_application_name=backup sslcompression=0 " +
	"ssl_min_protocol_version=TLSv1.2 ssl_max_protocol_version=TLSv1.3 sslcrl='' requirepeer='' channel_binding=prefer " +
	"client_encoding=auto replication=false load_balance_hosts=random"

func TestOrdinarySettings(t *testing.T) {
	dsn := pgtest.DB(t)
	given, err := pgconn.ParseConfig(dsn)
	if err != nil || given.Host != "127.0.0.1" {
		t.Skipf("the server is not at 127.0.0.1: %v", err)
	}
	query := url.Values{}
	for setting := range strings.FieldsSeq(ordinary) {
		name, value, _ := strings.Cut(setting, "=")
		query.Set(name, strings.Trim(value, "'"))
	}
	service := filepath.Join(t.TempDir(), "services")
	text := "[prod]\n" + strings.ReplaceAll(ordinary, " ", "\n") + "\n"
	if err := os.WriteFile(service, []byte(strings.ReplaceAll(text, "''", "")), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, dsn := range map[string]string{
		"pairs": dsn + " " + ordinary,
		"URL": fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%s?sslmode=disable&%s", given.User, url.QueryEscape(given.Password),
			given.Port, given.Database, query.Encode()),
		"service":           dsn + " service=prod servicefile=" + service,
		"name and address":  strings.Replace(dsn, "host=127.0.0.1", "host=db.invalid hostaddr=127.0.0.1", 1),
		"address":           strings.Replace(dsn, "host=127.0.0.1", "hostaddr=127.0.0.1", 1),
		"address in a URL":  fmt.Sprintf("postgres://%s:%s@:%d/%s?sslmode=disable&hostaddr=127.0.0.1", given.User, url.QueryEscape(given.Password), given.Port, given.Database),
		"several addresses": strings.Replace(dsn, "host=127.0.0.1", "host=a.invalid,b.invalid hostaddr=127.0.0.9,127.0.0.1", 1),
		"no probes":         dsn + " keepalives=0 connect_timeout=3",
	} {
		cfg, err := pipeline.ParseConn(dsn)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		s := openSource(t, pipeline.SourceConfig{Conn: cfg, DSN: dsn})
		if what == "name and address" && s.Info().Host != "db.invalid" {
			t.Errorf("the host is called %s", s.Info().Host)
		}
	}
}

// What somebody relies on and is not there is no connection.
func TestRefusedSettings(t *testing.T) {
	for dsn, want := range map[string]string{
		"host=h sslcrl=/crl":                    "sslcrl: lists of revoked certificates are not looked at",
		"host=h sslcrldir=/crl":                 "sslcrldir: ",
		"hst=h dbname=x":                        "hst: there is no such setting; write host",
		"host=h dbnam=x":                        "dbnam: there is no such setting; write dbname",
		"host=h dbanme=x":                       "dbanme: there is no such setting; write dbname",
		"postgres://h/x?ssl_mode=require":       "ssl_mode: there is no such setting; write sslmode",
		"host=h Port=5433":                      "Port: there is no such setting; write port",
		"host=h username=x":                     "username: there is no such setting; write user",
		"host=/run requirepeer=postgres":        "requirepeer: the owner of the server's process is not looked at",
		"host=h gssencmode=require":             "gssencmode: connections are not encrypted by GSSAPI",
		"host=h replication=database":           "replication: a replication connection cannot be used",
		"host=h ssl_min_protocol_version=SSLv3": "ssl_min_protocol_version, ssl_max_protocol_version: write TLSv1",
		"host=h ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2": "the lower first",
		"host=h hostaddr=localhost":                      "hostaddr: not an IP address",
		"host=h hostaddr=127.0.0.1,127.0.0.2":            "hostaddr: 2 addresses for 1 hosts",
		"host=h,h port=1,2 hostaddr=127.0.0.1,127.0.0.2": "hostaddr: a host is there more than once",
		"postgres://u:hunter2@h/d?keepalives=hunter2":    "keepalives: not a number",
		"postgres://u:hunter2@h:x/d":                     "connection string is not valid",
		"host=h channel_binding=require sslcrl=/crl":     "sslcrl",
	} {
		if _, err := pipeline.ParseConn(dsn); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
	if cfg, err := pipeline.ParseConn("host=h requirepeer=postgres sslmode=require ssl_min_protocol_version=TLSv1.3"); err != nil || cfg.TLSConfig.MinVersion != 0x0304 {
		t.Errorf("the least version of TLS is not 1.3: %v", err)
	}
}

// Each of several hosts has the password that the pass file has for it, and so have
// the programs that are started.
func TestPasswordOfEachHost(t *testing.T) {
	given, err := pgconn.ParseConfig(pgtest.DB(t))
	if err != nil || given.Password == "" {
		t.Skip("the server asks for no password")
	}
	passfile := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(passfile, fmt.Appendf(nil, "localhost:1:*:*:wrong\n127.0.0.1:%d:*:%s:%s\n", given.Port, given.User, given.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, first := range []string{"127.0.0.1:1", "localhost:1"} {
		host, port, _ := strings.Cut(first, ":")
		for _, dsn := range []string{
			fmt.Sprintf("host=%s,127.0.0.1 port=%s,%d user=%s dbname=%s sslmode=disable passfile=%s", host, port, given.Port, given.User, given.Database, passfile),
			fmt.Sprintf("postgres://%s@%s,127.0.0.1:%d/%s?sslmode=disable&passfile=%s", given.User, first, given.Port, given.Database, passfile),
		} {
			cfg, err := pipeline.ParseConn(dsn)
			if err != nil {
				t.Fatal(err)
			}
			openSource(t, pipeline.SourceConfig{Conn: cfg, DSN: dsn})
		}
	}
}
