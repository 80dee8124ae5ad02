package copyfmt_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// encodings are the kinds that a server can hold: one byte, several, any bytes.
var encodings = []string{"UTF8", "LATIN1", "EUC_JP", "SQL_ASCII"}

// open makes a database of that encoding and connects to it in its encoding.
func open(t *testing.T, encoding string) *pgconn.PgConn {
	t.Helper()
	dsn := pgtest.DB(t)
	conn := pgtest.Connect(t, dsn)
	name := dsn[bytes.LastIndexByte([]byte(dsn), '=')+1:] + "_enc" // dropped with the test's own
	exec(t, conn, fmt.Sprintf("create database %s template template0 encoding '%s' lc_collate 'C' lc_ctype 'C'", name, encoding))
	conn = pgtest.Connect(t, dsn+"_enc")
	exec(t, conn, fmt.Sprintf("set client_encoding to '%s'", encoding))
	return conn
}

func exec(t *testing.T, conn *pgconn.PgConn, sql string) {
	t.Helper()
	if err := conn.Exec(context.Background(), sql).Close(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// randomValue returns text that is valid in the encoding, rich in what COPY and
// array literals treat specially.
func randomValue(r *rand.Rand, encoding string) []byte {
	special := []string{"\\", "\\N", "\\.", "\t", "\n", "\r", "\r\n", "\b\f\v", "\x01\x0e\x1f\x7f", "\"", "'", "{", "}", ",",
		"NULL", " ", "[1:1]=", "\\x41", "\\101", "a", "xyz", "0"}
	b := []byte{}
	for range r.IntN(12) {
		switch k := r.IntN(4); {
		case k < 2:
			b = append(b, special[r.IntN(len(special))]...)
		case encoding == "UTF8":
			b = append(b, string([]rune{'é', '€', '😀', '\U0010ffff', '\u0080', '\ufeff'}[r.IntN(6)])...)
		case encoding == "EUC_JP":
			b = append(b, byte(0xa1+r.IntN(94)), byte(0xa1+r.IntN(94)))
		default:
			b = append(b, byte(1+r.IntN(255)))
		}
	}
	return b
}

func copyOut(t *testing.T, conn *pgconn.PgConn, sql string) [][]byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := conn.CopyTo(context.Background(), &out, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	rows := bytes.Split(out.Bytes(), []byte("\n"))
	return rows[:len(rows)-1]
}

// values returns the first column of a query, as the server's text protocol has it.
func values(t *testing.T, conn *pgconn.PgConn, sql string) [][]byte {
	t.Helper()
	res := conn.ExecParams(context.Background(), sql, nil, nil, nil, nil).Read()
	if res.Err != nil {
		t.Fatalf("%s: %v", sql, res.Err)
	}
	var out [][]byte
	for _, row := range res.Rows {
		out = append(out, row[0])
	}
	return out
}

func TestServer(t *testing.T) {
	for _, encoding := range encodings {
		t.Run(encoding, func(t *testing.T) {
			conn := open(t, encoding)
			exec(t, conn, "create table a (i int, v text); create table b (i int, v text)")
			r := rand.New(rand.NewPCG(1, uint64(len(encoding))))
			var want [][]byte
			var rows []byte
			for i := range 1500 {
				v := randomValue(r, encoding)
				want = append(want, v)
				rows = append(fmt.Appendf(rows, "%d\t", i), append(copyfmt.AppendEscaped(nil, v), '\n')...)
			}
			// What we write, the server reads.
			if _, err := conn.CopyFrom(context.Background(), bytes.NewReader(rows), "copy a from stdin"); err != nil {
				t.Fatal(err)
			}
			compare(t, want, values(t, conn, "select v from a order by i"))
			// What the server writes, we read, and write alike.
			for i, v := range want {
				res := conn.ExecParams(context.Background(), "insert into b values ($1, $2)", [][]byte{fmt.Append(nil, i), v}, nil, nil, nil).Read()
				if res.Err != nil {
					t.Fatal(res.Err)
				}
			}
			var got [][]byte
			for _, field := range copyOut(t, conn, "copy (select v from b order by i) to stdout") {
				v := copyfmt.AppendUnescaped(nil, field)
				got = append(got, v)
				if again := copyfmt.AppendEscaped(nil, v); !bytes.Equal(again, field) {
					t.Fatalf("the server writes %q, we write %q", field, again)
				}
			}
			compare(t, want, got)
			testArrays(t, conn, want)
		})
	}
}

func compare(t *testing.T, want, got [][]byte) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(want[i], got[i]) {
			t.Fatalf("value %d is %q, want %q", i, got[i], want[i])
		}
	}
}

// testArrays compares arrays of the values of table a with the server's own.
func testArrays(t *testing.T, conn *pgconn.PgConn, want [][]byte) {
	exec(t, conn, "create table c (i int, l text[])")
	var all [][]byte
	var rows []byte
	var r copyfmt.ArrayReader
	for _, field := range copyOut(t, conn, "copy (select array_agg(v order by i) from a group by i / 5 order by i / 5) to stdout") {
		text := copyfmt.AppendUnescaped(nil, field)
		r.Reset(text)
		var again []byte
		for {
			tok, v, err := r.Next()
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if tok == copyfmt.ArrayEnd {
				break
			}
			if tok != copyfmt.ArrayElement {
				again = append(again, r.Raw()...)
				continue
			}
			if !bytes.Equal(v, want[0]) {
				t.Fatalf("%q: read element %q, want %q", text, v, want[0])
			}
			want = want[1:]
			again = copyfmt.AppendArrayElement(again, v)
		}
		if !bytes.Equal(again, text) {
			t.Fatalf("the server writes %q, we write %q", text, again)
		}
		rows = fmt.Appendf(rows, "%d\t", len(all))
		rows = append(copyfmt.AppendEscaped(rows, again), '\n')
		all = append(all, field)
	}
	if _, err := conn.CopyFrom(context.Background(), bytes.NewReader(rows), "copy c from stdin"); err != nil {
		t.Fatal(err)
	}
	compare(t, all, copyOut(t, conn, "copy (select l from c order by i) to stdout"))
}

// What the server reads in odd fields, AppendUnescaped reads in them.
func TestServerReadsOddEscapes(t *testing.T) {
	conn := open(t, "SQL_ASCII")
	exec(t, conn, "create table a (i int, v text)")
	r := rand.New(rand.NewPCG(3, 4))
	pieces := []string{`\`, `\x`, `\1`, `\77`, `\377`, `\12`, `\b`, `\f`, `\n`, `\r`, `\t`, `\v`, `\\`, `\.`, `\N`, `\X`, `\8`, `\q`,
		`\x4`, `\xfF`, `\xg`, `1`, `7`, `8`, `a`, `F`, `g`, `N`, `.`, "\xff", "\x01", " "}
	var rows []byte
	var want [][]byte
	for len(want) < 3000 {
		var field []byte
		for range 1 + r.IntN(5) {
			field = append(field, pieces[r.IntN(len(pieces))]...)
		}
		value := copyfmt.AppendUnescaped(nil, field)
		// A zero byte is no text; an escaped full stop ends the data, and a
		// backslash at the end would escape the newline.
		pairs := bytes.ReplaceAll(field, []byte(`\\`), nil)
		if copyfmt.IsNull(field) || bytes.IndexByte(value, 0) >= 0 || bytes.Contains(pairs, []byte(`\.`)) || bytes.HasSuffix(pairs, []byte(`\`)) {
			continue
		}
		rows = append(fmt.Appendf(rows, "%d\t", len(want)), append(field, '\n')...)
		want = append(want, value)
	}
	if _, err := conn.CopyFrom(context.Background(), bytes.NewReader(rows), "copy a from stdin"); err != nil {
		t.Fatal(err)
	}
	compare(t, want, values(t, conn, "select v from a order by i"))
	// At the very end of the data a single backslash stands for nothing.
	exec(t, conn, "truncate a")
	if _, err := conn.CopyFrom(context.Background(), bytes.NewReader([]byte("1\tend\\")), "copy a from stdin"); err != nil {
		t.Fatal(err)
	}
	compare(t, [][]byte{copyfmt.AppendUnescaped(nil, []byte(`end\`))}, values(t, conn, "select v from a"))
}
