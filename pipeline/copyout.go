package pipeline

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
)

// rowsConn is a connection to a server that hands the rows of COPY TO STDOUT to
// a writer before pgconn sees them. A server sends a message a row, and about
// 8 KB at a time; pgconn reads as much and decodes message after message, which
// for narrow rows costs more than they themselves do. All other messages pass
// through. It sits above TLS, and reads messages from the first one on, so that it
// always knows where one begins.
type rowsConn struct {
	net.Conn
	to atomic.Pointer[rowsSink] // nil: no copy is under way

	// What follows belongs to Read, which is called by one goroutine at a time.
	buf   []byte
	ahead []byte // of buf: what has come and is not given on yet
	pass  int    // bytes of a message that go on as they are
	row   int    // bytes of a row too long for buf that go to the sink
}

// rowsSink is where the rows of a copy go.
type rowsSink struct {
	w   io.Writer
	err error // of w; it ends the copy
}

// The buffer of a connection is small until it has a copy to read.
const smallReads, largeReads = 8 << 10, 64 << 10

const messageHead = 1 + 4 // type, and length with itself

func newRowsConn(conn net.Conn) *rowsConn {
	return &rowsConn{Conn: conn, buf: make([]byte, smallReads)}
}

// Read implements net.Conn. While there is a sink it returns no rows.
func (c *rowsConn) Read(p []byte) (int, error) {
	for {
		switch {
		case len(c.ahead) == 0:
		case c.pass > 0:
			n := copy(p, c.ahead[:min(c.pass, len(c.ahead))])
			c.pass -= n
			c.ahead = c.ahead[n:]
			return n, nil
		case c.row > 0:
			n := min(c.row, len(c.ahead))
			if err := c.sink(c.ahead[:n]); err != nil {
				return 0, err
			}
			c.row -= n
			c.ahead = c.ahead[n:]
			continue
		case len(c.ahead) >= messageHead:
			size := int(binary.BigEndian.Uint32(c.ahead[1:])) + 1
			switch {
			case c.ahead[0] != 'd' || c.to.Load() == nil || size < messageHead: // an impossible size pgconn refuses
				c.pass = max(size, messageHead)
				continue
			case size <= len(c.ahead):
				if err := c.sink(c.ahead[messageHead:size]); err != nil {
					return 0, err
				}
				c.ahead = c.ahead[size:]
				continue
			case size > len(c.buf):
				c.row = size - messageHead
				c.ahead = c.ahead[messageHead:]
				continue
			}
		}
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
}

// fill reads more behind what is there.
func (c *rowsConn) fill() error {
	if c.to.Load() != nil && len(c.buf) < largeReads {
		c.buf = make([]byte, largeReads)
	}
	n := copy(c.buf, c.ahead)
	more, err := c.Conn.Read(c.buf[n:])
	c.ahead = c.buf[:n+more]
	if more > 0 {
		return nil // an error comes again
	}
	return err
}

func (c *rowsConn) sink(rows []byte) error {
	to := c.to.Load()
	if to == nil { // the copy was given up meanwhile
		return net.ErrClosed
	}
	if _, err := to.w.Write(rows); err != nil {
		to.err = err
		return err
	}
	return nil
}

// copyOut runs a COPY TO STDOUT and writes its rows to w: on a connection of an
// endpoint each in one call, but for those that are longer than a buffer. An error
// of w ends the connection and is returned.
func copyOut(ctx context.Context, conn *pgconn.PgConn, w io.Writer, sql string) (pgconn.CommandTag, error) {
	c, ok := conn.Conn().(*rowsConn)
	if !ok {
		return conn.CopyTo(ctx, w, sql)
	}
	to := &rowsSink{w: w}
	c.to.Store(to)
	defer c.to.Store(nil)
	tag, err := conn.CopyTo(ctx, io.Discard, sql)
	if to.err != nil {
		err = to.err
	}
	return tag, err
}
