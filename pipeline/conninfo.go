package pipeline

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// ConnStringError is the error for what is no connection string at all.
type ConnStringError struct {
	Cause error // pgconn's, which may quote a password: not to be printed
}

// Error quotes nothing of the string.
func (e *ConnStringError) Error() string { return "connection string is not valid" }

// ParseConn is pgconn.ParseConfig for all settings that libpq knows, in dsn and in
// the service that it names: pgconn sends those that it does not know to the server,
// which refuses them. Some are done here, some have no effect and are left out; what
// would be less safe without is an error, which quotes no password; what cannot be read
// at all a *ConnStringError.
func ParseConn(dsn string) (*pgconn.Config, error) {
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return nil, &ConnStringError{err}
	}
	if address := cfg.RuntimeParams["hostaddr"]; address != "" && isSocket(cfg.Host) {
		// There is no name: the address is it.
		if cfg, err = pgconn.ParseConfig(withSetting(dsn, "host", address)); err != nil {
			return nil, &ConnStringError{err}
		}
	}
	c := conninfo{cfg}
	if err := errors.Join(c.refuse(), c.tlsVersions(), c.keepAlive(), c.addresses(), c.misspelt()); err != nil {
		return nil, err
	}
	for _, name := range withoutEffect {
		delete(cfg.RuntimeParams, name)
	}
	passwords(cfg, dsn)
	return cfg, nil
}

// withoutEffect are settings of libpq that are not asked for and change nothing here:
// names and encodings are set in every session, a server is chosen by the first
// connection, a silent one is noticed in another way, and GSS encryption and
// compression are never asked for.
var withoutEffect = []string{
	"client_encoding", "fallback_application_name", "gssdelegation", "gsslib", "load_balance_hosts",
	"sslcompression", "sslkeylogfile", "tcp_user_timeout",
}

// conninfo has in RuntimeParams what pgconn did not know.
type conninfo struct{ *pgconn.Config }

// take returns a setting, from the environment if it is not there, and removes it.
func (c conninfo) take(name string) string {
	value := c.RuntimeParams[name]
	delete(c.RuntimeParams, name)
	if variable := variables[name]; value == "" && variable != "" {
		value = os.Getenv(variable)
	}
	return value
}

// refuse is for what somebody relies on and is not done here.
func (c conninfo) refuse() error {
	var list []error
	add := func(name, why string) { list = append(list, fmt.Errorf("%s: %s", name, why)) }
	for _, name := range []string{"sslcrl", "sslcrldir"} {
		if c.take(name) != "" {
			add(name, "lists of revoked certificates are not looked at; take it out of the connection string if that will do")
		}
	}
	if c.take("requirepeer") != "" && slices.ContainsFunc(c.hosts(), func(h hostPort) bool { return isSocket(h.host) }) {
		add("requirepeer", "the owner of the server's process is not looked at; take it out of the connection string if that will do")
	}
	if c.take("gssencmode") == "require" {
		add("gssencmode", "connections are not encrypted by GSSAPI; use TLS, with sslmode")
	}
	switch strings.ToLower(c.take("replication")) {
	case "", "false", "off", "no", "0":
	default:
		add("replication", "a replication connection cannot be used; take it out of the connection string")
	}
	return errors.Join(list...)
}

// tlsVersions sets the bounds of TLS versions.
func (c conninfo) tlsVersions() error {
	known := map[string]uint16{"": 0, "tlsv1": tls.VersionTLS10, "tlsv1.1": tls.VersionTLS11, "tlsv1.2": tls.VersionTLS12, "tlsv1.3": tls.VersionTLS13}
	least, ok := known[strings.ToLower(c.take("ssl_min_protocol_version"))]
	most, also := known[strings.ToLower(c.take("ssl_max_protocol_version"))]
	if !ok || !also || most > 0 && least > most {
		return errors.New("ssl_min_protocol_version, ssl_max_protocol_version: write TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3, the lower first")
	}
	configs := []*tls.Config{c.TLSConfig}
	for _, f := range c.Fallbacks {
		configs = append(configs, f.TLSConfig)
	}
	for _, t := range configs {
		if t != nil {
			t.MinVersion, t.MaxVersion = least, most
		}
	}
	return nil
}

// keepAlive sets how a silent connection is probed.
func (c conninfo) keepAlive() error {
	var values [4]int
	given := false
	for i, name := range []string{"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"} {
		text := c.take(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return fmt.Errorf("%s: not a number", name)
		}
		values[i], given = n, true
		if i == 0 && n == 0 {
			values[0] = -1
		}
	}
	if !given {
		return nil
	}
	d := net.Dialer{Timeout: c.ConnectTimeout, KeepAlive: -1}
	if values[0] >= 0 {
		seconds := func(n int) time.Duration { return time.Duration(n) * time.Second }
		d.KeepAliveConfig = net.KeepAliveConfig{Enable: true, Idle: seconds(values[1]), Interval: seconds(values[2]), Count: values[3]}
	}
	c.DialFunc = d.DialContext
	return nil
}

// addresses has hosts found at their hostaddr, without a look-up.
func (c conninfo) addresses() error {
	text := c.take("hostaddr")
	if text == "" {
		return nil
	}
	hosts, list := c.hosts(), strings.Split(text, ",")
	if len(hosts) != len(list) {
		return fmt.Errorf("hostaddr: %d addresses for %d hosts; each host has one, and may be there once", len(list), len(hosts))
	}
	at, seen := map[string][]string{}, map[string]bool{}
	for i, address := range list {
		if seen[hosts[i].host] { // a name is looked up without its port
			return errors.New("hostaddr: a host is there more than once; write its addresses in place of it")
		}
		seen[hosts[i].host] = true
		if address == "" {
			continue
		}
		if net.ParseIP(address) == nil {
			return errors.New("hostaddr: not an IP address")
		}
		at[hosts[i].host] = []string{address}
	}
	lookup := c.LookupFunc
	c.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		if found := at[host]; found != nil {
			return found, nil
		}
		return lookup(ctx, host)
	}
	return nil
}

type hostPort struct {
	host string
	port uint16
}

// hosts are the servers that are tried, in their order.
func (c conninfo) hosts() []hostPort {
	list := []hostPort{{c.Host, c.Port}}
	for _, f := range c.Fallbacks {
		if h := (hostPort{f.Host, f.Port}); h != list[len(list)-1] { // else the same without TLS
			list = append(list, h)
		}
	}
	return list
}

func isSocket(host string) bool { return strings.HasPrefix(host, "/") }

// withSetting adds a setting to a connection string.
func withSetting(dsn, name, value string) string {
	if !isURL(dsn) {
		return dsn + " " + keyword(name, value)
	}
	sep := "?"
	if strings.Contains(dsn, "?") {
		sep = "&"
	}
	return dsn + sep + name + "=" + url.QueryEscape(value)
}

func isURL(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// keyword spells a setting of a connection string that is no URL.
func keyword(name, value string) string {
	return name + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}
