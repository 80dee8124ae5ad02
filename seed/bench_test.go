package seed_test

import (
	"testing"

	"github.com/pgstandin/pgstandin/seed"
)

// BenchmarkRows makes rows of each table of the shop.
func BenchmarkRows(b *testing.B) {
	s := read(b, load(b, "shop"))
	p, err := seed.New(s, seed.Config{Seed: 1, Each: 500_000})
	if err != nil {
		b.Fatal(err)
	}
	for i, step := range p.Steps {
		b.Run(step.Table.Name.Name, func(b *testing.B) {
			w, buf, bytes := p.Writer(i), make([]byte, 0, 1<<16), 0
			b.ReportAllocs()
			for n := range b.N {
				if buf, err = w.Append(buf[:0], int64(n)%step.Rows); err != nil {
					b.Fatal(err)
				}
				bytes += len(buf)
			}
			b.SetBytes(int64(bytes / b.N))
		})
	}
}
