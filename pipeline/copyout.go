package pipeline

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"github.com/jackc/pgx/v5/pgconn"
)

// rowTap is what pgconn reads a server's messages from. It hands the rows of
// COPY TO STDOUT to a writer before pgconn sees them; all other messages pass. A
// server sends a message a row, and about 8 KB at a time; pgconn reads as much and
// decodes message after message, which for narrow rows costs more than they
// themselves do. It reads messages from the first one on, so that it always knows
// where one begins, and belongs to the goroutine that uses the connection.
type rowTap struct {
	in    io.Reader
	to    io.Writer // of rows; nil: no copy is under way
	err   error     // of to; it ended the copy
	buf   []byte
	ahead []byte // of buf: what has come and is not given on yet
	pass  int    // bytes of a message that go on as they are
}

// The buffer of a connection is small until it has a copy to read, and for a
// longer row as long as that.
const smallReads, largeReads = 8 << 10, 64 << 10

// messageHead is a message's type, and its length, the length's own four bytes
// among them; no message of a server is longer than longestMessage (PostgreSQL,
// libpq.h).
const messageHead, longestMessage = 1 + 4, 1 << 30

// rowsKey is where a connection of an endpoint has its rowTap.
const rowsKey = "pgstandin.rows"

// errEnded is what a connection has at its end, to which nobody means to read.
var errEnded = errors.New("the server, or something on the way to it, ended the connection")

func newRowTap(in io.Reader) *rowTap {
	return &rowTap{in: in, buf: make([]byte, smallReads)}
}

// Read implements io.Reader. While there is a writer it returns no rows.
func (r *rowTap) Read(p []byte) (int, error) {
	for {
		need := 0
		switch {
		case len(r.ahead) == 0:
		case r.pass > 0:
			n := copy(p, r.ahead[:min(r.pass, len(r.ahead))])
			r.pass -= n
			r.ahead = r.ahead[n:]
			return n, nil
		case len(r.ahead) >= messageHead:
			size := int(binary.BigEndian.Uint32(r.ahead[1:])) + 1
			if r.ahead[0] != 'd' || r.to == nil || size < messageHead || size > longestMessage { // pgconn refuses impossible sizes
				r.pass = max(size, messageHead)
				continue
			}
			if need = size; size <= len(r.ahead) {
				if _, r.err = r.to.Write(r.ahead[messageHead:size]); r.err != nil {
					return 0, r.err
				}
				r.ahead = r.ahead[size:]
				continue
			}
		}
		if err := r.fill(need); err != nil {
			return 0, err
		}
	}
}

// fill reads more behind what is there: nothing, or the beginning of a message of
// need bytes, or of its head.
func (r *rowTap) fill(need int) error {
	size := len(r.buf)
	if r.to != nil || size > smallReads {
		size = max(largeReads, need)
	}
	buf := r.buf
	if size != len(buf) {
		buf = make([]byte, size)
	}
	n := copy(buf, r.ahead)
	more, err := r.in.Read(buf[n:])
	r.buf, r.ahead = buf, buf[:n+more]
	if more > 0 {
		return nil // an error comes again
	}
	if err == io.EOF {
		err = errEnded
	}
	return err
}

// copyOut runs a COPY TO STDOUT and writes its rows to w, each in one call. An error
// of w ends the connection and is returned.
func copyOut(ctx context.Context, conn *pgconn.PgConn, w io.Writer, sql string) (pgconn.CommandTag, error) {
	r, ok := conn.CustomData()[rowsKey].(*rowTap)
	if !ok { // a connection that no endpoint made
		return conn.CopyTo(ctx, w, sql)
	}
	r.to = w
	defer func() { r.to = nil }()
	tag, err := conn.CopyTo(ctx, io.Discard, sql)
	if r.err != nil {
		err = r.err
	}
	return tag, err
}
