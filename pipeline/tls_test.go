package pipeline_test

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// TestChannelBinding: a server's TLS and its check of the password are bound to
// each other where the connection string asks for that.
func TestChannelBinding(t *testing.T) {
	server, err := pgserver.Start(t.Context(), pgserver.Config{Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	}()
	dsn := server.DSN("postgres")
	// The server's own user writes the files, which nobody else may read.
	write := func(name string, text []byte) {
		lines := schema.QuoteLiteral(strings.TrimSpace(string(text)))
		pgtest.Exec(t, dsn, "copy (select unnest(string_to_array("+lines+", e'\n'))) to program 'umask 077; cat > "+name+"'")
	}
	cert, key := pgtest.Certificate(t)
	write("server.key", key)
	write("server.crt", cert)
	pgtest.Exec(t, dsn, "alter system set ssl = on")
	pgtest.Exec(t, dsn, "select pg_reload_conf(), pg_sleep(0.5)")
	dsn = strings.ReplaceAll(dsn, "sslmode=disable", "")
	for _, binding := range []string{"require", "prefer", "disable"} {
		cfg, err := pgconn.ParseConfig(dsn + " sslmode=require channel_binding=" + binding)
		if err != nil {
			t.Fatal(err)
		}
		src, err := pipeline.OpenSource(t.Context(), pipeline.SourceConfig{Conn: cfg})
		if err != nil {
			t.Errorf("channel binding %s: %v", binding, err)
			continue
		}
		if got, err := src.Leader().Exec(t.Context(), "select ssl from pg_stat_ssl where pid = pg_backend_pid()").ReadAll(); err != nil || string(got[0].Rows[0][0]) != "t" {
			t.Errorf("channel binding %s: no TLS, %v", binding, err)
		}
		src.Close(t.Context())
	}
}
