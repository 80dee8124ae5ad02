package leak

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/keyed"
)

// BenchmarkPut puts fingerprints that are there already into a filter of 12 million.
func BenchmarkPut(b *testing.B) {
	secret, err := keyed.ParseSecret([]byte(strings.Repeat("3c", 32)))
	if err != nil {
		b.Fatal(err)
	}
	const distinct = 12_000_000
	f := New(secret, Options{Expect: distinct})
	c := f.Collector()
	fp := func(i int) uint64 { return mix(uint64(i%distinct)*0x9e3779b97f4a7c15, 0xd6e8feb86659fd93) }
	for i := range distinct {
		c.add(occur(fp(i), ofWord))
	}
	if err := c.Flush(); err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		c.add(occur(fp(i), ofWord))
		i++
	}
	if err := c.Flush(); err != nil {
		b.Fatal(err)
	}
}
