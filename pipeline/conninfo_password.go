package pipeline

import (
	"context"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// passwords has each of several hosts get the password that the pass file has for
// it: pgconn looks it up for the first alone. A password that is given is for all.
func passwords(cfg *pgconn.Config, dsn string) {
	hosts := conninfo{cfg}.hosts()
	settings, err := dsnSettings(dsn)
	if err != nil || len(hosts) == 1 || os.Getenv("PGPASSWORD") != "" || settings["password"] != "" || urlPassword(dsn) {
		return
	}
	found := map[hostPort]string{}
	for _, h := range hosts {
		one := []string{"sslmode=disable", keyword("host", h.host), keyword("port", strconv.Itoa(int(h.port))),
			keyword("user", cfg.User), keyword("dbname", cfg.Database)}
		if file, ok := settings["passfile"]; ok {
			one = append(one, keyword("passfile", file))
		}
		if like, err := pgconn.ParseConfig(strings.Join(one, " ")); err == nil {
			found[h] = like.Password
		}
	}
	(&hostPasswords{found, noteLookups(cfg)}).use(cfg)
}

// urlPassword reports whether a URL has a password before its host.
func urlPassword(dsn string) bool {
	_, rest, ok := strings.Cut(dsn, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	i := strings.LastIndexByte(rest, '@')
	return ok && i >= 0 && strings.Contains(rest[:i], ":")
}

// hostPasswords knows the password of the host that a connection leads to.
type hostPasswords struct {
	found map[hostPort]string
	names *lookups
}

func (p *hostPasswords) use(cfg *pgconn.Config) {
	// The Config is that of one connection.
	cfg.AfterNetConnect = func(_ context.Context, one *pgconn.Config, conn net.Conn) (net.Conn, error) {
		addr := conn.RemoteAddr()
		if host, port, ok := splitAddr(addr.Network(), addr.String()); ok {
			if password, ok := p.found[hostPort{p.names.host(host), port}]; ok {
				one.Password = password
			}
		}
		return conn, nil
	}
}
