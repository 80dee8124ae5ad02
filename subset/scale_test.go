package subset

import (
	"crypto/aes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// manyKeys are the kinds of keys that docs/subsets.md gives figures for: the
// i-th of each, all different.
var manyKeys = []struct {
	name string
	make func(buf []byte, i uint64) key
}{
	{"dense", func(_ []byte, i uint64) key { return key{n: i + 1} }},
	{"5% of a range", func(_ []byte, i uint64) key { return key{n: i*20 + mix(i)%20} }},
	{"random 64 bit", func(_ []byte, i uint64) key { return key{n: mix(i)} }},
	{"uuid", func(buf []byte, i uint64) key { return key{b: family("uuid").appendPacked(buf, uuidText(i))} }},
	{"text", func(buf []byte, i uint64) key { return key{b: fmt.Appendf(buf, "user-%020d@mail.example.org", mix(i))} }},
}

func uuidText(i uint64) []byte {
	var b [16]byte
	c, _ := aes.NewCipher(make([]byte, 16))
	binary.BigEndian.PutUint64(b[:], i)
	c.Encrypt(b[:], b[:])
	h := hex.EncodeToString(b[:])
	return []byte(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
}

// BenchmarkKeySet fills a set with PGSTANDIN_KEYS keys (a million if it is not
// set) under a limit of 200 MB, and looks them and as many others up. Heap is
// what Go's collector finds alive, per key.
func BenchmarkKeySet(b *testing.B) {
	n := uint64(1_000_000)
	if s := os.Getenv("PGSTANDIN_KEYS"); s != "" {
		n, _ = strconv.ParseUint(s, 10, 64)
	}
	for _, k := range manyKeys {
		b.Run(k.name, func(b *testing.B) {
			for range b.N {
				benchSet(b, n, k.make)
			}
		})
	}
}

func benchSet(b *testing.B, n uint64, mk func([]byte, uint64) key) {
	const limit = 200 << 20
	buf := make([]byte, 0, 64)
	before := heap()
	t := tuned()
	m := newMemory(limit, b.TempDir(), &t)
	s := m.newSet()
	var most int64
	start := time.Now()
	probes := min(n, 1_000_000)
	for i := range probes {
		mk(buf, mix(i)%n)
	}
	making := time.Since(start) // is no part of the figures
	start = time.Now()
	for i := range n {
		s.add(mk(buf, i))
		if i%65536 == 0 {
			most = max(most, m.used.Load())
		}
	}
	added := time.Since(start) - time.Duration(float64(making)*float64(n)/float64(probes))
	s.measure()
	live := heap() - before
	start = time.Now()
	for i := range probes {
		if !s.has(mk(buf, mix(i)%n)) {
			b.Fatal("a key is not in")
		}
	}
	hits := time.Since(start) - making
	start = time.Now()
	found := 0
	for i := range probes {
		if s.has(mk(buf, n+mix(i)%n)) {
			found++
		}
	}
	misses := time.Since(start) - making
	if s.len() != int64(n) || m.failure() != nil || found > 0 {
		b.Fatalf("%d keys, %d others, %v", s.len(), found, m.failure())
	}
	if most > limit || live > limit+limit/20 {
		b.Errorf("%d bytes counted at most, %d alive, of %d", most, live, limit)
	}
	if diff := live - m.used.Load(); diff < -live/5-1<<20 || diff > live/5+1<<20 {
		b.Errorf("%d bytes are counted, %d are alive", m.used.Load(), live)
	}
	disk := int64(0)
	if m.file != nil {
		disk = int64(m.file.blocks) * sealedSize
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(live)/float64(n), "heapB/key")
	b.ReportMetric(float64(disk)/float64(n), "diskB/key")
	b.ReportMetric(float64(n)/added.Seconds(), "adds/s")
	b.ReportMetric(float64(probes)/hits.Seconds(), "hits/s")
	b.ReportMetric(float64(probes)/misses.Seconds(), "misses/s")
	s.free()
	if err := m.close(); err != nil {
		b.Fatal(err)
	}
}

// heap is what is alive.
func heap() int64 {
	runtime.GC()
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	return int64(ms.HeapAlloc)
}
