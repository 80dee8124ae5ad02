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
	before := heap()
	t := tuned()
	m := newMemory(limit, b.TempDir(), &t)
	s := m.newSet()
	var most int64
	var adding time.Duration
	keys := newBatch(mk)
	for from := uint64(0); from < n; from += uint64(len(keys.keys)) {
		keys.fill(func(i uint64) (uint64, bool) { return from + i, from+i < n })
		start := time.Now()
		for _, k := range keys.keys {
			s.add(k)
		}
		adding += time.Since(start)
		most = max(most, m.used.Load())
	}
	s.measure()
	live := heap() - before
	probe := func(of uint64, want bool) float64 {
		var looking time.Duration
		probes := min(n, 1<<20)
		for from := uint64(0); from < probes; from += uint64(len(keys.keys)) {
			keys.fill(func(i uint64) (uint64, bool) { return of + mix(from+i)%n, true })
			start := time.Now()
			for _, k := range keys.keys {
				if s.has(k) != want {
					b.Fatal("a key is not where it should be")
				}
			}
			looking += time.Since(start)
		}
		return float64(probes) / looking.Seconds()
	}
	hits, misses := probe(0, true), probe(n, false)
	if s.len() != int64(n) || m.failure() != nil {
		b.Fatalf("%d keys, %v", s.len(), m.failure())
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
	b.ReportMetric(float64(n)/adding.Seconds(), "adds/s")
	b.ReportMetric(hits, "hits/s")
	b.ReportMetric(misses, "misses/s")
	s.free()
	if err := m.close(); err != nil {
		b.Fatal(err)
	}
}

// batch is some keys that are made before the clock runs.
type batch struct {
	make func([]byte, uint64) key
	keys []key
	buf  []byte
}

func newBatch(mk func([]byte, uint64) key) *batch {
	return &batch{make: mk, keys: make([]key, 4096), buf: make([]byte, 0, 4096*64)}
}

// fill makes the keys of which number says which they are.
func (b *batch) fill(number func(i uint64) (uint64, bool)) {
	buf := b.buf[:0]
	b.keys = b.keys[:cap(b.keys)]
	for i := range b.keys {
		n, ok := number(uint64(i))
		if !ok {
			b.keys = b.keys[:i]
			return
		}
		at := len(buf)
		k := b.make(buf[at:at], n)
		if k.b != nil {
			buf = buf[:at+len(k.b)]
		}
		b.keys[i] = k
	}
}

// heap is what is alive.
func heap() int64 {
	runtime.GC()
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	return int64(ms.HeapAlloc)
}
