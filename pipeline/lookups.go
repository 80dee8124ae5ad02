package pipeline

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// lookups knows of which host an address is. It is for several goroutines.
type lookups struct {
	mu    sync.Mutex
	hosts map[string]string // by address, without its port
}

// noteLookups has cfg's LookupFunc note what it finds.
func noteLookups(cfg *pgconn.Config) *lookups {
	l := &lookups{hosts: map[string]string{}}
	lookup := cfg.LookupFunc
	cfg.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		addresses, err := lookup(ctx, host)
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, a := range addresses {
			l.hosts[a] = host
		}
		return addresses, err
	}
	return l
}

// host returns the host as it was looked up; an address that was not is its own.
func (l *lookups) host(address string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if host := l.hosts[address]; host != "" {
		return host
	}
	return address
}

// splitAddr takes apart what was dialled: a numeric address, or the directory of a
// socket, and the port.
func splitAddr(network, addr string) (address string, port uint16, ok bool) {
	address, number, found := strings.Cut(addr, "/.s.PGSQL.")
	if network != "unix" {
		var err error
		address, number, err = net.SplitHostPort(addr)
		found = err == nil
	}
	n, _ := strconv.ParseUint(number, 10, 16)
	return address, uint16(n), found
}
