package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// farAway returns the address of a proxy on loopback behind which a server is
// so far away: all that passes, in either direction, arrives that much later, in
// any amount.
func farAway(t testing.TB, server string, delay time.Duration) (port int) {
	t.Helper()
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	go func() {
		for {
			client, err := in.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			go late(there, client, delay)
			go late(client, there, delay)
		}
	}()
	return in.Addr().(*net.TCPAddr).Port
}

type parcel struct {
	due  time.Time
	data []byte
}

// late copies from to to, each byte by delay later. The queue holds more than
// the link's bandwidth times its delay, so that latency alone is imitated.
func late(to, from net.Conn, delay time.Duration) {
	queue := make(chan parcel, 4096)
	go func() {
		defer to.Close()
		for p := range queue {
			time.Sleep(time.Until(p.due))
			if _, err := to.Write(p.data); err != nil {
				from.Close()
			}
		}
	}()
	defer close(queue)
	for {
		buf := make([]byte, 64<<10)
		n, err := from.Read(buf)
		if n > 0 {
			queue <- parcel{time.Now().Add(delay), buf[:n]}
		}
		if err != nil {
			return
		}
	}
}

// through returns dsn by way of a proxy.
func through(t testing.TB, dsn string, delay time.Duration) string {
	t.Helper()
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	port := farAway(t, net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port)), delay)
	return fmt.Sprintf("host=127.0.0.1 port=%d user=%s password=%s dbname=%s sslmode=disable", port, cfg.User, cfg.Password, cfg.Database)
}

// BenchmarkLatency refreshes staging from a shop with both ends near, and so many
// milliseconds away. What the distance adds is the number of round trips that
// wait for one another; the copying itself must not suffer.
func BenchmarkLatency(b *testing.B) {
	r := newRace(b)
	r.shop("shop", 20_000)
	rules := r.dir + "/latency.yaml"
	if err := os.WriteFile(rules, []byte(everything(b)), 0o600); err != nil {
		b.Fatal(err)
	}
	var near float64
	for _, delay := range []time.Duration{0, 5 * time.Millisecond, 25 * time.Millisecond} {
		b.Run(fmt.Sprintf("%s each way", delay), func(b *testing.B) {
			source, target := through(b, r.source.DSN("shop"), delay), through(b, r.target.DSN("staging"), delay)
			var wall, data float64
			for b.Loop() {
				r.prepare()
				cmd := exec.Command(r.bin, "refresh", "--source", source, "--target", target, "--rules", rules)
				cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA, "PGSTANDIN_PG_BIN="+r.source.Bin())
				l, out, err := r.measure(cmd)
				if err != nil {
					b.Fatal(err)
				}
				wall, data = wall+l.wall, data+copySeconds(out)
				if testing.Verbose() {
					b.Log("\n" + out)
				}
			}
			n := float64(b.N)
			if delay == 0 {
				near = wall / n
			} else {
				b.ReportMetric((wall/n-near)/(2*delay.Seconds()), "trips")
			}
			b.ReportMetric(wall/n, "s/op")
			b.ReportMetric(data/n, "s-rows")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// copySeconds finds how long rows were copied in what a run printed.
func copySeconds(out string) (seconds float64) {
	for line := range strings.Lines(out) {
		if rest, ok := strings.CutPrefix(line, "copy rows "); ok {
			fmt.Sscanf(strings.TrimSpace(rest), "%f", &seconds)
		}
	}
	return seconds
}
