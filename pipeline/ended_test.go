package pipeline_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
)

// cuttable is a connection that is at its end from some time on.
type cuttable struct {
	net.Conn
	cut *atomic.Bool
}

func (c cuttable) Read(p []byte) (int, error) {
	if c.cut.Load() {
		return 0, io.EOF
	}
	return c.Conn.Read(p)
}

// Where a connection ends, the error says that, of which side, and once.
func TestEndedConnectionIsNamed(t *testing.T) {
	var cut atomic.Bool
	through := func(cfg *pgconn.Config) *pgconn.Config {
		dial := cfg.DialFunc
		cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			return cuttable{conn, &cut}, err
		}
		return cfg
	}
	source, target := pgtest.DB(t), pgtest.DB(t)
	cfg := pipeline.TargetConfig{Conn: through(config(t, target))}
	src := openSource(t, pipeline.SourceConfig{Conn: config(t, source)})
	tgt, err := pipeline.OpenTarget(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer tgt.Close(context.Background())
	cut.Store(true)
	_, err = tgt.Preflight(t.Context(), src, pipeline.PreflightConfig{})
	for range 2 {
		if err == nil || !strings.HasPrefix(err.Error(), "target: ") || strings.Contains(err.Error(), "EOF") || strings.Contains(err.Error(), "preflight: preflight") ||
			!strings.HasSuffix(err.Error(), "the server, or something on the way to it, ended the connection") {
			t.Errorf("%v", err)
		}
		_, err = pipeline.OpenTarget(t.Context(), cfg)
	}
}
