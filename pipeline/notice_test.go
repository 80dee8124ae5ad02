package pipeline

import (
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// No session is closed with a ROLLBACK that has nothing to end: the server writes a
// warning into its log for each.
func TestCloseIsQuiet(t *testing.T) {
	var mu sync.Mutex
	var said []string
	cfg, err := pgconn.ParseConfig(pgtest.DB(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, n.Message)
	}
	quiet := func(what string, open string, conn *pgconn.PgConn, end func()) {
		t.Helper()
		if err := run(t.Context(), conn, open); err != nil {
			t.Fatal(err)
		}
		end()
		mu.Lock()
		defer mu.Unlock()
		if len(said) > 0 {
			t.Errorf("%s: %q", what, slices.Compact(said))
		}
		said = nil
	}
	for _, open := range []string{"select", "begin"} {
		f, err := OpenFilling(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if problems, err := f.Admit(t.Context(), nil); err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
		quiet("filling, "+open, open, f.leader, func() { f.Close(t.Context()) })

		tgt, err := OpenTarget(t.Context(), TargetConfig{Conn: cfg})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tgt.Lock(t.Context()); err != nil {
			t.Fatal(err)
		}
		quiet("target, "+open, open, tgt.admin, func() { tgt.Close(t.Context()) })
	}
	// Whoever waited may lock at once, after a transaction too.
	f, err := OpenFilling(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close(t.Context())
	if problems, err := f.Admit(t.Context(), nil); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}
