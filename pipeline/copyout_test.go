package pipeline

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// dribble is a reader from which what it holds comes in pieces of any size.
type dribble struct {
	rnd  *rand.Rand
	most int
	data []byte
}

func (d *dribble) Read(p []byte) (int, error) {
	if len(d.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1+d.rnd.IntN(d.most))], d.data)
	d.data = d.data[n:]
	return n, nil
}

// TestRowTap: wherever a stream of messages is cut, the rows of a copy arrive
// in order and whole; all else passes as it came.
func TestRowTap(t *testing.T) {
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var stream, others, rows []byte
		noise := make([]byte, 4*largeReads)
		for i := range noise {
			noise[i] = byte(uint64(i) * (seed*2 + 3) >> 3)
		}
		sizes := []int{}
		copying := seed%8 != 0
		for range 1 + rnd.IntN(60) {
			kind, size := "dddNAH1"[rnd.IntN(7)], rnd.IntN(200)
			if rnd.IntN(20) == 0 {
				size = rnd.IntN(3 * largeReads)
			}
			body := noise[rnd.IntN(len(noise)-size):][:size]
			message := append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(size)+4), body...)
			stream = append(stream, message...)
			if kind == 'd' && copying {
				rows, sizes = append(rows, body...), append(sizes, size)
			} else {
				others = append(others, message...)
			}
		}
		c := newRowTap(&dribble{rnd: rnd, most: 1 << rnd.IntN(18), data: stream})
		var got pieces
		if copying {
			c.to = &got
		}
		passed, err := io.ReadAll(&dribbleOut{c, rnd})
		if err != errEnded {
			t.Fatal(seed, err)
		}
		if !bytes.Equal(passed, others) || !bytes.Equal(bytes.Join(got, nil), rows) {
			t.Fatalf("seed %d: %d of %d bytes passed, %d of %d bytes of rows", seed, len(passed), len(others), len(bytes.Join(got, nil)), len(rows))
		}
		for _, size := range sizes {
			if len(got[0]) != size {
				t.Fatalf("seed %d: a row of %d bytes came as one of %d", seed, size, len(got[0]))
			}
			got = got[1:]
		}
	}
}

// dribbleOut reads into buffers of any size.
type dribbleOut struct {
	c   io.Reader
	rnd *rand.Rand
}

func (d *dribbleOut) Read(p []byte) (int, error) {
	return d.c.Read(p[:min(len(p), 1+d.rnd.IntN(9000))])
}

// pieces keeps what is written, a piece a call.
type pieces [][]byte

func (p *pieces) Write(b []byte) (int, error) {
	*p = append(*p, bytes.Clone(b))
	return len(b), nil
}

// TestRowTapOddLengths: a message of a length that cannot be goes to pgconn,
// which refuses it.
func TestRowTapOddLengths(t *testing.T) {
	for _, head := range []string{"d\x00\x00\x00\x00", "d\x00\x00\x00\x03", "d\xff\xff\xff\xff", "d\x80\x00\x00\x00", "d\x7f\xff\xff\xff"} {
		c := newRowTap(strings.NewReader(head + "x"))
		c.to = failAfter{}.writer()
		got, err := io.ReadAll(c)
		if err != errEnded || string(got[:messageHead]) != head || c.err != nil || len(c.buf) > largeReads {
			t.Errorf("%q: %q %v, a buffer of %d bytes", head, got, err, len(c.buf))
		}
	}
}

// outConn is a connection of an endpoint to a database in which noisy(n) returns
// n and raises a notice now and then.
func outConn(t *testing.T) *pgconn.PgConn {
	t.Helper()
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `create function noisy(n int) returns int language plpgsql as $$ begin
if n % 100 = 0 then raise notice 'a notice of % bytes', repeat('x', n); end if; return n; end $$`)
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := newEndpoint(cfg, 0).connect(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeConn(context.Background(), conn) })
	return conn
}

// TestCopyOut compares copyOut with pgconn's own CopyTo, on one connection.
func TestCopyOut(t *testing.T) {
	conn := outConn(t)
	for _, sql := range []string{
		"copy (select noisy(g), repeat('é', g % 40) from generate_series(1, 5000) g) to stdout",
		"copy (select g, noisy(g), now() from generate_series(1, 5000) g) to stdout (format binary)",
		"copy (select repeat(g::text, g * 1000) from generate_series(1, 90) g) to stdout (format binary)",
		"copy (select 1 where false) to stdout", "copy (select from generate_series(1, 3)) to stdout", "copy (select repeat('y', 10000000)) to stdout",
	} {
		var want, got bytes.Buffer
		wantTag, err := conn.CopyTo(t.Context(), &want, sql)
		if err != nil {
			t.Fatal(err)
		}
		tag, err := copyOut(t.Context(), conn, &got, sql)
		if err != nil || tag != wantTag || !strings.HasPrefix(sql, "copy (select g, noisy") && !bytes.Equal(got.Bytes(), want.Bytes()) || got.Len() != want.Len() {
			t.Errorf("%s: %v %v, %d bytes; want %v, %d bytes", sql, tag, err, got.Len(), wantTag, want.Len())
		}
	}
	var got bytes.Buffer
	_, err := copyOut(t.Context(), conn, &got, "copy (select 1 / (3000 - g) from generate_series(1, 5000) g) to stdout")
	if codeOf(err) != "22012" || bytes.Count(got.Bytes(), []byte("\n")) > 2999 {
		t.Errorf("%v", err)
	}
	if one, err := oneOf(t.Context(), conn, "select 1"); err != nil || one[0] != "1" {
		t.Error(one, err)
	}
}

// TestCopyOutEnds: a writer that fails, and a context that ends, end the copy and
// the connection.
func TestCopyOutEnds(t *testing.T) {
	conn, broken := outConn(t), errors.New("a writer that broke")
	_, err := copyOut(t.Context(), conn, failAfter{3, broken}.writer(), "copy (select g from generate_series(1, 1000000) g) to stdout")
	if !errors.Is(err, broken) || !conn.IsClosed() {
		t.Errorf("%v, closed %v", err, conn.IsClosed())
	}
	settle(conn)
	conn = outConn(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err = copyOut(ctx, conn, io.Discard, "copy (select g from generate_series(1, 1000000000) g) to stdout")
	if err == nil || !conn.IsClosed() {
		t.Errorf("%v, closed %v", err, conn.IsClosed())
	}
	settle(conn)
}

type failAfter struct {
	calls int
	err   error
}

func (f failAfter) writer() io.Writer { return &f }

func (f *failAfter) Write(p []byte) (int, error) {
	if f.calls--; f.calls < 0 {
		return 0, f.err
	}
	return len(p), nil
}

// TestCopyOutAllocates: rows cost no allocation.
func TestCopyOutAllocates(t *testing.T) {
	stream := bytes.Repeat(append([]byte{'d', 0, 0, 0, 104}, make([]byte, 100)...), 10000)
	stream = bytes.Repeat(append(stream, 'Z', 0, 0, 0, 5, 'T'), 10)
	c := newRowTap(&dribble{rnd: rand.New(rand.NewPCG(1, 1)), most: largeReads, data: stream})
	c.to = io.Discard
	p := make([]byte, 100)
	if n := testing.AllocsPerRun(8, func() {
		if n, err := c.Read(p); n != 6 || err != nil {
			t.Fatal(n, err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
