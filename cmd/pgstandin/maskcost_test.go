package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// repeated reads head, then n times a line, then tail.
type repeated struct {
	head, line, tail string
	n                int
	rest             string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		switch {
		case r.head != "":
			r.rest, r.head = r.head, ""
		case r.n > 0:
			r.rest, r.n = strings.Repeat(r.line, min(r.n, 100)), r.n-100
		case r.tail != "":
			r.rest, r.tail = r.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// TestMaskMemory: a statement of many rows is not held, and rows allocate nothing.
func TestMaskMemory(t *testing.T) {
	s := newStaging(t)
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  users: { columns: { email: email, note: keep, n: keep } }\n")
	setup := s.maskSetup("create table users (id int primary key, email text, note text, n int default 5);\n", false)
	for _, form := range []repeated{
		{head: "copy users (id, email, note) from stdin;\n", line: "1\tanna@corp.example\tO'Neil\\\\x\n", tail: "\\.\n"},
		{head: "copy users (note, email, id) from stdin;\n", line: "O'Neil\tanna@corp.example\t2\n", tail: "\\.\n"},
		{head: "insert into users values (0, null, null, default)", line: ",\n\t(1, 'anna@corp.example', E'O''Neil\\\\', -1.5)", tail: ";\n"},
	} {
		cost := func(rows int) uint64 {
			t.Helper()
			var before, after runtime.MemStats
			f := form
			f.n = rows
			runtime.ReadMemStats(&before)
			r, err := setup.mask(t.Context(), &f, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if r.Rows < int64(rows) {
				t.Errorf("%d rows of %d", r.Rows, rows)
			}
			return after.TotalAlloc - before.TotalAlloc - uint64(rows*len(form.line)) // what the test itself repeats
		}
		few, many := cost(1000), cost(101_000)
		if many > few+1<<20 {
			t.Errorf("%.40s: 100,000 more rows allocate %d bytes more", form.head, many-few)
		}
	}
}

// BenchmarkMaskDump masks the shop's rows as COPY and as INSERT; bytes are those of
// the dump.
func BenchmarkMaskDump(b *testing.B) {
	s := newStaging(b)
	pgtest.Exec(b, s.source, shop.Schema)
	pgtest.Exec(b, s.source, shop.Data(500))
	b.Setenv("PGSTANDIN_KEY", keyA)
	s.write(strings.Replace(wholeRules(shop.Rules), `targets: ["staging"]`, `targets: ["*_staging"]`, 1))
	setup := s.maskSetup(dumpAs(b, s.source, "--schema-only"), true)
	for name, how := range map[string][]string{"copy": nil, "inserts": {"--inserts"}, "rows-per-insert": {"--rows-per-insert=1000"}} {
		text := dumpAs(b, s.source, how...)
		b.Run(fmt.Sprint(name), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := setup.mask(b.Context(), strings.NewReader(text), io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
