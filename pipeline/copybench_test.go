package pipeline_test

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
)

// BenchmarkCopy compares a Copy of 300,000 rows with the two COPYs joined by an
// io.Pipe, and says what our own process costs.
func BenchmarkCopy(b *testing.B) {
	const table = `create unlogged table t (id bigint, name text, email text, phone text, note text, at timestamptz, n numeric)`
	const columns = "id, name, email, phone, note, at, n"
	source, target := bothEnds(b, table)
	pgtest.Exec(b, source, `insert into t select g, 'User ' || g, 'user' || g || '@example.com', '555-' || g, repeat('lorem ', 12), now(), g / 7.0
from generate_series(1, 300000) g`)
	pgtest.Exec(b, source, "vacuum analyze t")
	src := begin(b, source, 2, "t")
	conns := loadInto{config(b, target)}
	bytes := int64(len(copyText(b, source, "select * from t")))

	measure := func(name string, fn func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(bytes)
			b.ReportAllocs()
			var cpu time.Duration
			for b.Loop() {
				b.StopTimer()
				pgtest.Exec(b, target, "truncate t")
				before := ownCPU()
				b.StartTimer()
				if err := fn(); err != nil {
					b.Fatal(err)
				}
				cpu += ownCPU() - before
			}
			b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N)/300000, "cpu-ns/row")
		})
	}
	for _, format := range []string{"text", "binary"} {
		measure("bare/"+format, func() error { return bare(src, conns, "select "+columns+" from only public.t", format) })
	}
	for _, workers := range []int{1, 2} {
		for i, kind := range []string{"relay/text", "recode/text", "relay/binary", "recode/binary"} {
			job := pipeline.Job{Binary: ways[i].binary, NewRewriter: ways[i].rewriter, Name: "t", Into: name("t"), Columns: []string{"id", "name", "email", "phone", "note", "at", "n"},
				Chunks: blocksOf(b, source, "t", columns, 1500)}
			measure(fmt.Sprintf("%s/%d", kind, workers), func() error {
				_, err := pipeline.Copy(b.Context(), src, conns, []pipeline.Job{job}, pipeline.CopyOptions{Workers: workers})
				return err
			})
		}
	}
}

// bare relays by io.Pipe.
func bare(src pipeline.Sessions, tgt pipeline.TargetConns, sql, format string) error {
	ctx := context.Background()
	from, err := src.Acquire(ctx)
	if err != nil {
		return err
	}
	defer src.Release(from, true)
	into, err := tgt.Connect(ctx)
	if err != nil {
		return err
	}
	defer tgt.Disconnect(ctx, into)
	r, w := io.Pipe()
	go func() {
		_, err := from.CopyTo(ctx, w, "copy ("+sql+") to stdout (format "+format+")")
		w.CloseWithError(err)
	}()
	_, err = into.CopyFrom(ctx, r, "copy public.t from stdin (format "+format+")")
	return err
}

// ownCPU is the processor time of this process.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
