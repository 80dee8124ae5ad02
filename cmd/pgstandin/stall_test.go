package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestStuck lets either end get stuck for good in the middle of a run: it ends by
// itself, with status 1, and staging is as it was.
func TestStuck(t *testing.T) {
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop+"insert into audit_logs select i, 1 + i % 100, repeat('x', 500), '2020-01-01' from generate_series(1000, 60000) i")
	s.write(smallRules)
	s.must(keyA)
	want := s.rowsOf("users")
	cfg, err := pgconn.ParseConfig(s.source)
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"source", "target"} {
		t.Run(end, func(t *testing.T) {
			w := newWire(t, net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port)))
			through := staging{t: t, source: s.source, target: s.target, rules: s.rules}
			port := fmt.Sprintf(" port=%d", w.port)
			if end == "source" {
				through.source += port
			} else {
				through.target += port
			}
			time.AfterFunc(1500*time.Millisecond, w.stick)
			start := time.Now()
			status, _, errOut := through.refresh(keyB, "--stall-timeout", "1s", "--max-rate", "2MB")
			w.flow()
			if status != exitFailed || time.Since(start) > 3*time.Minute {
				t.Errorf("status %d after %s: %s", status, time.Since(start), errOut)
			}
			if !strings.Contains(errOut, end) {
				t.Errorf("the error does not say which end: %s", errOut)
			}
			if got := s.rowsOf("users"); got != want {
				t.Error("staging is not as it was")
			}
		})
	}
	s.must(keyA)
}
