package leak

import (
	"errors"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/pgstandin/pgstandin/keyed"
)

// ErrFull is a filter that would need more memory than it may take.
var ErrFull = errors.New("the fingerprints of original values need more memory than they may take")

// Options of a filter; the zero value is no limit and no guess.
type Options struct {
	Memory int64 // bytes that the filter may take; zero is no limit
	Expect int64 // values that are likely to come, so that the filter need not grow
	// Every says that outputs of every mask will come, also of those that copy parts
	// of what they are given: a part of an output may then be an original.
	Every bool
}

// Filter holds fingerprints of values: 56 bits of a keyed hash, and besides how
// many rows a value was found in, or that a mask made it.
//
// It is a hash table of 256 parts, each locked by itself and each with open
// addressing by buckets of one cache line (ten fingerprints). A part at 17/20 of
// its room grows by a fifth. So 20 million values take 140 to 180 MB, and at most 17
// MB are for those that wait to be put there. A lookup of another value finds one of
// them by chance in about 1 of 4 billion (the share of fingerprints taken).
type Filter struct {
	hash   hasher
	every  bool // see Options
	limit  int64
	late   int          // see lateMost
	taken  atomic.Int64 // bytes
	shards [shardCount]shard
	// first has a bit for each number of words that values have, by the hash of
	// the first word: most words of a text begin no value.
	first []atomic.Uint32
	count struct{ values, short, shared, outputs atomic.Int64 }
	uuids atomic.Bool // some original is one
}

const shardCount = 256

type shard struct {
	mu      sync.Mutex
	used    int
	buckets []bucket
	late    []occurrence // that are not in the buckets yet
	seen    uint32       // nothing but a use of what settle fetches
	_       [56]byte     // to the end of a cache line
}

const bucketSize = 10

// bucket is one cache line. It fills up from the first place on.
type bucket struct {
	lo    [bucketSize]uint32
	hi    [bucketSize]uint16
	state uint32 // three bits for each place
}

const bucketBytes = 64

// state is what is known of a fingerprint. From one to three it is the number of
// rows.
type state uint32

const (
	absent state = 0
	common state = 4 // more than three rows
	alone  state = 5 // of a mask; a part of it may be an original all the same
	output state = 6 // of a mask, as its parts are
)

// New returns an empty filter. The fingerprints depend on the secret.
func New(secret *keyed.Secret, opt Options) *Filter {
	f := &Filter{hash: newHasher(secret), every: opt.Every, limit: opt.Memory, late: lateMost}
	words := int64(1 << 14) // 64 KiB
	for words < 4<<20 && words < opt.Expect {
		words *= 2
	}
	if f.limit > 0 {
		for words > 1<<8 && words*4 > f.limit/8 {
			words /= 2
		}
		f.late = int(max(lateLeast, min(lateMost, f.limit/16/shardCount/occurrenceBytes)))
	}
	f.first = make([]atomic.Uint32, words)
	f.taken.Store(words * 4)
	each := int(opt.Expect * 20 / 17 / bucketSize / shardCount)
	if f.limit > 0 {
		room := f.limit - words*4 - int64(f.late)*occurrenceBytes*shardCount
		each = int(min(int64(each), room/bucketBytes/shardCount))
	}
	if each > 8 {
		for i := range f.shards {
			f.shards[i].buckets = make([]bucket, each)
		}
		f.taken.Add(int64(each) * shardCount * bucketBytes)
	}
	return f
}

// Bytes returns how much memory the fingerprints take.
func (f *Filter) Bytes() int64 { return f.taken.Load() }

// Empty reports whether there is no original to look for; not while the filter is
// being filled.
func (f *Filter) Empty() bool { return f.count.values.Load() == 0 }

// HoldsUUIDs reports whether an original is written as a uuid: columns of uuids can
// hold no other. Not while the filter is being filled.
func (f *Filter) HoldsUUIDs() bool { return f.uuids.Load() }

// Counts says what a filter was given.
type Counts struct {
	Values  int64 // originals whose fingerprints were taken
	Short   int64 // originals of fewer than six characters, which are not looked for
	Shared  int64 // single names, places, jobs, which are not looked for
	Outputs int64 // what masks made
	Entries int64 // distinct fingerprints
	Common  int64 // of them, values found in more than three rows: hits are counted apart
}

// Counts returns what the filter was given; not while it is being filled.
func (f *Filter) Counts() Counts {
	c := Counts{Values: f.count.values.Load(), Short: f.count.short.Load(), Shared: f.count.shared.Load(), Outputs: f.count.outputs.Load()}
	for i := range f.shards {
		s := &f.shards[i]
		c.Entries += int64(s.used)
		for k := range s.buckets {
			for n := range bucketSize {
				if s.buckets[k].get(n) == common {
					c.Common++
				}
			}
		}
	}
	return c
}

func (b *bucket) get(n int) state { return state(b.state >> (3 * n) & 7) }

// used returns how many places are taken.
func (b *bucket) used() int { return (bits.Len32(b.state) + 2) / 3 }

// find returns which of the first so many places has a fingerprint, else used. Which
// place it is cannot be foreseen: so all are compared, without a branch.
func (b *bucket) find(used int, lo uint32, hi uint16) int {
	same := uint32(0)
	for n := range bucketSize {
		x := b.lo[n] ^ lo
		same |= (^(x | -x) >> 31) << n // a bit if x is zero
	}
	for same &= 1<<used - 1; same != 0; same &= same - 1 {
		if n := bits.TrailingZeros32(same); b.hi[n] == hi {
			return n
		}
	}
	return used
}

// fill takes a place that is free.
func (b *bucket) fill(n int, lo uint32, hi uint16, st state) {
	b.lo[n], b.hi[n] = lo, hi
	b.set(n, st)
}

func (b *bucket) set(n int, s state) {
	b.state = b.state&^(7<<(3*n)) | uint32(s)<<(3*n)
}

// parts of a fingerprint: the shard, and what is kept. The bucket follows from
// what is kept, so that a shard can grow.
func parts(fp uint64) (shard int, lo uint32, hi uint16) {
	return int(fp >> 56), uint32(fp >> 24), uint16(fp >> 8)
}

func (s *shard) home(lo uint32) int {
	hi, _ := bits.Mul64(uint64(lo)<<32, uint64(len(s.buckets)))
	return int(hi)
}

// lateMost is how many occurrences wait for the buckets of a shard, at most. Memory is
// slow: so many bring most of the shard's buckets into a processor's cache, and use each
// of them several times.
const lateMost, lateLeast, occurrenceBytes = 8192, 32, 8

// take takes note of occurrences of one shard.
func (f *Filter) take(s *shard, all []occurrence) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(all) > 0 {
		if len(s.late) == cap(s.late) && !f.moreLate(s) {
			if err := f.settleShard(s); err != nil {
				return err
			}
		}
		n := min(len(all), cap(s.late)-len(s.late))
		s.late = append(s.late, all[:n]...)
		all = all[n:]
	}
	return nil
}

// moreLate lets more occurrences wait, unless there are as many as may or memory is
// short.
func (f *Filter) moreLate(s *shard) bool {
	size := min(f.late, max(lateLeast, 2*cap(s.late)))
	more := int64(size-cap(s.late)) * occurrenceBytes
	if more <= 0 || f.limit > 0 && cap(s.late) > 0 && f.taken.Load()+more > f.limit {
		return false
	}
	f.taken.Add(more)
	s.late = append(make([]occurrence, 0, size), s.late...)
	return true
}

// settle puts all occurrences into the buckets.
func (f *Filter) settle() error {
	for i := range f.shards {
		s := &f.shards[i]
		s.mu.Lock()
		err := f.settleShard(s)
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// atOnce is how many places are fetched from memory at once.
const atOnce = 64

// settleShard puts what is late into the buckets of a shard. The shard is locked.
func (f *Filter) settleShard(s *shard) error {
	late := s.late
	s.late = late[:0]
	for rest := late; len(rest) > 0; {
		some := rest[:min(len(rest), atOnce)]
		rest = rest[len(some):]
		if len(s.buckets) > 0 {
			for _, o := range some {
				_, lo, _ := parts(uint64(o))
				s.seen |= s.buckets[s.home(lo)].state
			}
		}
		for _, o := range some {
			if o&ofWord != 0 {
				f.begins(uint64(o), 1)
			}
			if err := f.put(s, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// put puts one occurrence into the buckets. The shard is locked.
func (f *Filter) put(s *shard, o occurrence) error {
	if s.used*20 >= len(s.buckets)*bucketSize*17 {
		if err := f.grow(s); err != nil {
			return err
		}
	}
	_, lo, hi := parts(uint64(o))
	for at := s.home(lo); ; {
		b := &s.buckets[at]
		used := b.used()
		if n := b.find(used, lo, hi); n < used {
			switch have := b.get(n); {
			case o&(ofOutput|ofAlone) != 0:
				b.set(n, max(have, o.first()))
			case have < common && o&ofAgain == 0:
				b.set(n, have+1)
			}
			return nil
		}
		if used < bucketSize {
			b.fill(used, lo, hi, o.first())
			s.used++
			return nil
		}
		if at++; at == len(s.buckets) {
			at = 0
		}
	}
}

// grow makes room in a shard.
func (f *Filter) grow(s *shard) error {
	old := s.buckets
	size := max(1, 2*len(old))
	if len(old) >= 64 {
		size = len(old) + len(old)/5
	}
	more := int64(size-len(old)) * bucketBytes
	if f.limit > 0 && f.taken.Load()+more > f.limit {
		return ErrFull
	}
	f.taken.Add(more)
	s.buckets = make([]bucket, size)
	for i := range old {
		from := &old[i]
		for n := range bucketSize {
			st := from.get(n)
			if st == absent {
				break
			}
			s.place(from.lo[n], from.hi[n], st)
		}
	}
	return nil
}

// place puts a fingerprint that is not there.
func (s *shard) place(lo uint32, hi uint16, st state) {
	for at := s.home(lo); ; {
		b := &s.buckets[at]
		if n := b.used(); n < bucketSize {
			b.fill(n, lo, hi, st)
			return
		}
		if at++; at == len(s.buckets) {
			at = 0
		}
	}
}

// look returns what is known of a fingerprint. It takes no lock.
func (f *Filter) look(fp uint64) state {
	at, lo, hi := parts(fp)
	s := &f.shards[at]
	if len(s.buckets) == 0 {
		return absent
	}
	for at := s.home(lo); ; {
		b := &s.buckets[at]
		used := b.used()
		if n := b.find(used, lo, hi); n < used {
			return b.get(n)
		}
		if used < bucketSize {
			return absent
		}
		if at++; at == len(s.buckets) {
			at = 0
		}
	}
}

// begins notes that a value of so many words begins with a word.
func (f *Filter) begins(word uint64, length int) {
	at, bit := f.firstAt(word)
	if w := &f.first[at]; w.Load()&(1<<(bit+length)) == 0 {
		w.Or(1 << (bit + length))
	}
}

// firstAt is where the lengths of values that begin with a word are: four words
// share a number, each has eight bits of it.
func (f *Filter) firstAt(word uint64) (at, bit int) {
	hi, lo := bits.Mul64(word, uint64(len(f.first)))
	return int(hi), int(lo>>62) * 8
}

// lengths returns a bit for each number of words that values have which begin
// with a word.
func (f *Filter) lengths(word uint64) uint32 {
	at, bit := f.firstAt(word)
	return f.first[at].Load() >> bit & 0xff
}
