//go:build unix

package pgserver

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

func change(t *testing.T, s *Server, sql string) {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), s.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.Exec(t.Context(), sql).Close(); err != nil {
		t.Fatal(err)
	}
}

// TestStandby: a standby is read-only, follows its server, and can be stopped
// alone.
func TestStandby(t *testing.T) {
	primary, err := Start(t.Context(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer primary.Stop()
	change(t, primary, "create table t as select 1 as i")
	standby, err := primary.Standby(t.Context(), nil)
	if errors.Is(err, ErrNotFound) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer standby.Stop()
	if got := query(t, standby.DSN("postgres"), "select pg_is_in_recovery()"); got != "t" {
		t.Errorf("in recovery: %q", got)
	}
	change(t, primary, "insert into t values (2)")
	for try := 0; query(t, standby.DSN("postgres"), "select sum(i) from t") != "3"; try++ {
		if try == 100 {
			t.Fatal("a new row does not come")
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err := standby.Stop(); err != nil {
		t.Error(err)
	}
	if got := query(t, primary.DSN("postgres"), "select 1"); got != "1" {
		t.Errorf("select 1: %q", got)
	}
}
