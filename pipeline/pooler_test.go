package pipeline_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
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

func TestPoolerOfWholeSessionsServes(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table users (id int primary key); insert into users values (1)")
	s := begin(t, pooler(t, dsn, false), 2, "users")
	if got := collect(t, s, "select id from public.users"); len(got) != 1 {
		t.Errorf("rows %v", got)
	}
}

// pooler listens for clients, gives them made-up numbers of backends, and returns the DSN
// that leads to it. Where sessions are shared there is one, for a transaction at a time.
func pooler(t *testing.T, dsn string, share bool) string {
	t.Helper()
	in, err := net.Listen("tcp", "127.0.0.1:0")
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
				session := one
				if session == nil {
					session = newPooled(t, dsn)
				}
				session.serve(c)
			})
		}
	})
	return fmt.Sprintf("%s host=127.0.0.1 port=%d sslmode=disable", dsn, in.Addr().(*net.TCPAddr).Port)
}

// pooled is one session on the server.
type pooled struct {
	mu     sync.Mutex // of the client that has a transaction on it
	server *pgproto3.Frontend
	params map[string]string
}

func newPooled(t *testing.T, dsn string) *pooled {
	conn, err := pgconn.Connect(context.Background(), dsn)
	if err != nil {
		t.Error(err)
		return &pooled{}
	}
	h, err := conn.Hijack()
	if err != nil {
		t.Error(err)
	}
	t.Cleanup(func() { _ = h.Conn.Close() })
	return &pooled{server: h.Frontend, params: h.ParameterStatuses}
}

func (p *pooled) serve(c net.Conn) {
	client := pgproto3.NewBackend(c, c)
	if _, err := client.ReceiveStartupMessage(); err != nil || p.server == nil {
		return
	}
	client.Send(&pgproto3.AuthenticationOk{})
	for name, value := range p.params {
		client.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	client.Send(&pgproto3.BackendKeyData{ProcessID: 1 << 30, SecretKey: []byte("none")})
	client.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
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
		case *pgproto3.Query, *pgproto3.Sync:
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

// answer passes on what the server says, and returns how its transaction stands.
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
		if ready, is := m.(*pgproto3.ReadyForQuery); is {
			return ready.TxStatus
		}
	}
}
