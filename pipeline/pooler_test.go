package pipeline_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// A pooler that lends one session to several clients would keep what a run sets, and
// give it to them: they could not write any more.
func TestPoolerThatSharesSessionsIsRefused(t *testing.T) {
	dsn := pgtest.DB(t)
	at := pooler(t, dsn, true)
	s, err := pipeline.OpenSource(t.Context(), pipeline.SourceConfig{Conn: config(t, at)})
	if err == nil {
		s.Close(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), "pooler") || !strings.Contains(err.Error(), "pool_mode = session") {
		t.Errorf("source: %v", err)
	}
	target, err := pipeline.OpenTarget(t.Context(), pipeline.TargetConfig{Conn: config(t, at), MaintenanceDB: config(t, at).Database + "_work"})
	if err == nil {
		target.Close(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), "pooler") {
		t.Errorf("target: %v", err)
	}
	const settings = "select name, setting from pg_settings where source not in ('default', 'client') and context in ('user', 'superuser') order by 1"
	if got, want := fmt.Sprint(pgtest.Query(t, at, settings)), fmt.Sprint(pgtest.Query(t, dsn, settings)); got != want {
		t.Errorf("the shared session has %s, a fresh one %s", got, want)
	}
}

// A name may have several addresses, with a pooler at each, which come in turn.
func TestPoolersThatShareSessionsAreRefused(t *testing.T) {
	dsn := pgtest.DB(t)
	port := poolerAt(t, "127.0.0.1:0", dsn, true)
	poolerAt(t, fmt.Sprintf("127.0.0.2:%d", port), dsn, true)
	cfg := config(t, fmt.Sprintf("%s host=poolers.test port=%d sslmode=disable", dsn, port))
	var turn atomic.Int32
	cfg.LookupFunc = func(context.Context, string) ([]string, error) {
		addrs := []string{"127.0.0.1", "127.0.0.2"}
		if turn.Add(1)%2 == 0 {
			slices.Reverse(addrs)
		}
		return addrs, nil
	}
	s, err := pipeline.OpenSource(t.Context(), pipeline.SourceConfig{Conn: cfg})
	if err == nil {
		s.Close(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), "pool_mode = session") {
		t.Errorf("got %v", err)
	}
}

func TestPoolerOfWholeSessionsServes(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table users (id int primary key); insert into users values (1)")
	s := begin(t, pooler(t, dsn, false), 2, "users")
	if got := collect(t, s, "select id from public.users"); len(got) != 1 {
		t.Errorf("rows %v", got)
	}
}

// Programs that are started say nothing that a pooler does not know.
func TestTargetBehindAPoolerOfWholeSessions(t *testing.T) {
	source, target, db := pair(t)
	pgtest.Exec(t, source, "create table users (id int primary key); insert into users values (1)")
	server(t, "create database "+schema.QuoteIdent(db))
	at := pooler(t, target, false)
	if _, err := (refresh{source: source, target: pipeline.TargetConfig{Conn: config(t, at), DSN: at}}).run(t); err != nil {
		t.Error(err)
	}
}

// pooler listens for clients, gives them made-up numbers of backends, and returns the DSN
// that leads to it. Where sessions are shared there is one, for a transaction at a time.
func pooler(t *testing.T, dsn string, share bool) string {
	t.Helper()
	return fmt.Sprintf("%s host=127.0.0.1 port=%d sslmode=disable", dsn, poolerAt(t, "127.0.0.1:0", dsn, share))
}

// poolerAt is pooler at an address; it returns the port.
func poolerAt(t *testing.T, addr, dsn string, share bool) int {
	t.Helper()
	in, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	var clients sync.WaitGroup
	t.Cleanup(func() { _ = in.Close(); clients.Wait() })
	var one *pooled
	if share {
		one = newPooled(t, dsn)
	}
	clients.Go(func() {
		for {
			c, err := in.Accept()
			if err != nil {
				return
			}
			clients.Go(func() {
				defer c.Close()
				serve(t, c, one, dsn)
			})
		}
	})
	return in.Addr().(*net.TCPAddr).Port
}

// pooled is one session on the server.
type pooled struct {
	mu     sync.Mutex // of the client that has a transaction on it
	conn   net.Conn
	server *pgproto3.Frontend
	params map[string]string
}

func newPooled(t *testing.T, dsn string) *pooled {
	conn, err := pgconn.Connect(context.Background(), dsn)
	if err != nil {
		t.Error(err)
		return nil
	}
	h, err := conn.Hijack()
	if err != nil {
		t.Error(err)
	}
	t.Cleanup(func() { _ = h.Conn.Close() })
	return &pooled{conn: h.Conn, server: h.Frontend, params: h.ParameterStatuses}
}

// serve begins a client's session, on p, or on one of its own on the server of dsn. As
// pgbouncer does, it refuses options.
func serve(t *testing.T, c net.Conn, p *pooled, dsn string) {
	client := pgproto3.NewBackend(c, c)
	m, err := client.ReceiveStartupMessage()
	start, is := m.(*pgproto3.StartupMessage)
	if err != nil || !is {
		return
	}
	if start.Parameters["options"] != "" {
		client.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "08P01", Message: "unsupported startup parameter: options"})
		_ = client.Flush()
		return
	}
	if p == nil {
		if p = newPooled(t, dsn+" dbname="+start.Parameters["database"]); p == nil {
			return
		}
		defer p.conn.Close()
	}
	client.Send(&pgproto3.AuthenticationOk{})
	for name, value := range p.params {
		client.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	client.Send(&pgproto3.BackendKeyData{ProcessID: 1 << 30, SecretKey: []byte("none")})
	client.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	p.pass(client)
}

func (p *pooled) pass(client *pgproto3.Backend) {
	held := false
	for client.Flush() == nil {
		asked, err := client.Receive()
		if _, ends := asked.(*pgproto3.Terminate); err != nil || ends {
			break
		}
		if !held {
			p.mu.Lock()
			held = true
		}
		p.server.Send(asked)
		switch asked.(type) {
		case *pgproto3.Query, *pgproto3.Sync, *pgproto3.CopyDone, *pgproto3.CopyFail:
			held = p.answer(client) != 'I'
			if !held {
				p.mu.Unlock()
			}
		}
	}
	if held {
		p.mu.Unlock()
	}
}

// answer passes on what the server says until it waits, and returns how its transaction
// stands.
func (p *pooled) answer(client *pgproto3.Backend) byte {
	if p.server.Flush() != nil {
		return 0
	}
	for {
		m, err := p.server.Receive()
		if err != nil {
			return 0
		}
		client.Send(m)
		if client.Flush() != nil {
			return 0
		}
		switch m := m.(type) {
		case *pgproto3.ReadyForQuery:
			return m.TxStatus
		case *pgproto3.CopyInResponse:
			return 'T'
		}
	}
}
