package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// sealed is a front on loopback that speaks TLS, with a certificate for 127.0.0.1,
// to whoever asks for it, and refuses all others.
type sealed struct {
	port    int
	ca      string // file
	carried atomic.Int64
}

func newSealed(t *testing.T, server string) *sealed {
	t.Helper()
	cert, key := pgtest.Certificate(t)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	s := &sealed{port: in.Addr().(*net.TCPAddr).Port, ca: filepath.Join(t.TempDir(), "ca.pem")}
	if err := os.WriteFile(s.ca, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	go func() {
		for {
			client, err := in.Accept()
			if err != nil {
				return
			}
			go s.serve(client, server, config)
		}
	}()
	return s
}

// serve answers what PostgreSQL's protocol calls SSLRequest, then carries bytes.
func (s *sealed) serve(client net.Conn, server string, config *tls.Config) {
	defer client.Close()
	var request [8]byte
	if _, err := io.ReadFull(client, request[:]); err != nil || !bytes.Equal(request[:], []byte{0, 0, 0, 8, 4, 210, 22, 47}) {
		return
	}
	if _, err := client.Write([]byte("S")); err != nil {
		return
	}
	plain, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer plain.Close()
	inside := tls.Server(client, config)
	go func() {
		defer plain.Close()
		_, _ = io.Copy(plain, inside)
	}()
	n, _ := io.Copy(inside, plain)
	s.carried.Add(n)
	_ = inside.Close()
}

// TestTLS: with both ends behind TLS, and certificates checked, a refresh makes
// the same rows as without, and a wrong certificate authority stops it.
func TestTLS(t *testing.T) {
	t.Parallel()
	s := newShop(t, 200)
	s.must(keyA)
	want := s.everyRow()
	cfg, err := pgconn.ParseConfig(s.source)
	if err != nil {
		t.Fatal(err)
	}
	server := net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port))
	front, other := newSealed(t, server), newSealed(t, server)
	dsn := func(database, ca string) string {
		return fmt.Sprintf("host=127.0.0.1 port=%d user=%s password='%s' dbname=%s sslmode=verify-full sslrootcert=%s", front.port, cfg.User, cfg.Password, database, ca)
	}
	plain := *s
	s.source, s.target = dsn(cfg.Database, front.ca), dsn(s.name, front.ca)
	pgtest.Exec(t, plain.target, "truncate users cascade")
	s.must(keyA)
	if got := plain.everyRow(); got != want {
		t.Error("other rows by TLS")
	}
	if front.carried.Load() < int64(len(want))/2 {
		t.Errorf("%d bytes went by TLS", front.carried.Load())
	}
	s.source = dsn(cfg.Database, other.ca)
	if status, _, errOut := s.refresh(keyA); status != 1 || !strings.Contains(errOut, "certificate") || strings.Contains(errOut, "panic") {
		t.Errorf("status %d: %s", status, errOut)
	}
}
