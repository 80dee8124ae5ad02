package main

import (
	"net"
	"sync"
	"testing"
)

// wire is a proxy on loopback that can be cut, taken down, and stuck.
type wire struct {
	port   int
	server string

	mu    sync.Mutex
	gate  chan struct{} // closed while bytes flow
	down  bool
	conns map[net.Conn]bool
}

// newWire returns a proxy before a server's address. It ends with the test.
func newWire(t testing.TB, server string) *wire {
	t.Helper()
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{port: in.Addr().(*net.TCPAddr).Port, server: server, conns: map[net.Conn]bool{}, gate: make(chan struct{})}
	close(w.gate)
	t.Cleanup(func() { in.Close(); w.takeDown() })
	go func() {
		for {
			client, err := in.Accept()
			if err != nil {
				return
			}
			go w.serve(client)
		}
	}()
	return w
}

func (w *wire) serve(client net.Conn) {
	<-w.open()
	server, err := net.Dial("tcp", w.server)
	if err != nil {
		client.Close()
		return
	}
	w.mu.Lock()
	if w.down {
		w.mu.Unlock()
		client.Close()
		server.Close()
		return
	}
	w.conns[client], w.conns[server] = true, true
	w.mu.Unlock()
	go w.forward(client, server)
	w.forward(server, client)
}

func (w *wire) forward(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		<-w.open()
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				from.Close()
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (w *wire) open() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gate
}

// stick holds back all that passes, and the ends of connections too, until flow.
func (w *wire) stick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gate = make(chan struct{})
}

func (w *wire) flow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.gate:
	default:
		close(w.gate)
	}
}

// cut closes all connections there are.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
	}
	clear(w.conns)
}

// takeDown cuts, and lets nobody in any more, until repair.
func (w *wire) takeDown() {
	w.mu.Lock()
	w.down = true
	w.mu.Unlock()
	w.flow()
	w.cut()
}

func (w *wire) repair() {
	w.flow()
	w.cut()
	w.mu.Lock()
	w.down = false
	w.mu.Unlock()
}
