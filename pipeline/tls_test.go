package pipeline_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

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
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dsn := server.DSN("postgres")
	// The server's own user writes the files, which nobody else may read.
	write := func(name, kind string, der []byte) {
		text := strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
		pgtest.Exec(t, dsn, "copy (select unnest(string_to_array("+schema.QuoteLiteral(text)+", e'\n'))) to program 'umask 077; cat > "+name+"'")
	}
	write("server.key", "PRIVATE KEY", private)
	write("server.crt", "CERTIFICATE", der)
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
