package keyed

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"math/bits"
	"sync"
)

// PRF is a keyed pseudo-random function from byte strings to 128 bits: AES-CMAC
// (RFC 4493, NIST SP 800-38B) with a 256-bit key. It is safe for concurrent use.
//
// CMAC, the rounds of streams and permutations, and whole-block permutations
// have keys of their own: CMAC's proof allows no other use of its cipher (the
// image of the zero block would give away its subkeys).
type PRF struct {
	mac    cipher.Block // CMAC
	round  cipher.Block // streams, and rounds of Feistel networks
	wide   cipher.Block // Permute16
	k1, k2 [16]byte
	pool   sync.Pool // of *scratch: what goes through cipher.Block escapes
}

type scratch struct{ in, out [16]byte }

func newPRF(mac, round, wide []byte) *PRF {
	p := &PRF{mac: newAES(mac), round: newAES(round), wide: newAES(wide)}
	p.pool.New = func() any { return new(scratch) }
	var l [16]byte
	p.mac.Encrypt(l[:], l[:])
	p.k1 = double(l)
	p.k2 = double(p.k1)
	return p
}

func newAES(key []byte) cipher.Block {
	b, err := aes.NewCipher(key)
	if err != nil {
		panic("keyed: " + err.Error()) // only for impossible lengths
	}
	return b
}

// double multiplies by x in GF(2^128), as RFC 4493 section 2.3 does.
func double(in [16]byte) (out [16]byte) {
	hi, lo := binary.BigEndian.Uint64(in[:8]), binary.BigEndian.Uint64(in[8:])
	carry := hi >> 63
	binary.BigEndian.PutUint64(out[:8], hi<<1|lo>>63)
	binary.BigEndian.PutUint64(out[8:], lo<<1^carry*0x87)
	return out
}

// Sum returns 128 bits for value.
func (p *PRF) Sum(value []byte) [16]byte {
	s := p.pool.Get().(*scratch)
	s.in = [16]byte{}
	for len(value) > 16 {
		xor(&s.in, (*[16]byte)(value))
		p.mac.Encrypt(s.in[:], s.in[:])
		value = value[16:]
	}
	var tail [16]byte
	copy(tail[:], value)
	last := &p.k1
	if len(value) < 16 {
		tail[len(value)] = 0x80
		last = &p.k2
	}
	xor(&s.in, &tail)
	xor(&s.in, last)
	p.mac.Encrypt(s.in[:], s.in[:])
	sum := s.in
	p.pool.Put(s)
	return sum
}

// xor adds b to a, bit by bit; by subtle.XORBytes Sum would take a tenth longer.
func xor(a, b *[16]byte) {
	binary.NativeEndian.PutUint64(a[:8], binary.NativeEndian.Uint64(a[:8])^binary.NativeEndian.Uint64(b[:8]))
	binary.NativeEndian.PutUint64(a[8:], binary.NativeEndian.Uint64(a[8:])^binary.NativeEndian.Uint64(b[8:]))
}

// Uint64 returns 64 bits for value.
func (p *PRF) Uint64(value []byte) uint64 {
	s := p.Sum(value)
	return binary.BigEndian.Uint64(s[:8])
}

// Stream returns an endless stream of bits for value.
func (p *PRF) Stream(value []byte) Stream { return p.Resume(p.Sum(value)) }

// Resume returns the Stream of the value whose Sum is known.
func (p *PRF) Resume(sum [16]byte) Stream { return Stream{prf: p, seed: sum} }

// Stream is a stream of pseudo-random numbers; the zero value is not usable. It
// is a small value: copying it forks it.
type Stream struct {
	prf   *PRF
	seed  [16]byte
	buf   [16]byte
	used  int // bytes of buf that were given out; buf is empty at first
	count uint64
}

// Fork returns another stream for a label, from its beginning; those of different
// labels are independent. Label 0 is the stream itself.
func (s Stream) Fork(label uint64) Stream {
	seed := s.seed
	binary.BigEndian.PutUint64(seed[:8], binary.BigEndian.Uint64(seed[:8])^label)
	return Stream{prf: s.prf, seed: seed}
}

// Uint64 returns the next 64 bits.
func (s *Stream) Uint64() uint64 {
	if s.used == 0 || s.used == 16 {
		x := s.prf.pool.Get().(*scratch)
		x.in = s.seed
		s.count++
		binary.BigEndian.PutUint64(x.in[8:], binary.BigEndian.Uint64(x.in[8:])^s.count*0x9e3779b97f4a7c15)
		s.prf.round.Encrypt(x.out[:], x.in[:])
		s.buf = x.out
		s.prf.pool.Put(x)
		s.used = 0
	}
	v := binary.BigEndian.Uint64(s.buf[s.used:])
	s.used += 8
	return v
}

// Uint64n returns a number below n, each with the same chance (Lemire's
// multiplication with rejection). It panics when n is 0.
func (s *Stream) Uint64n(n uint64) uint64 {
	if n == 0 {
		panic("keyed: Uint64n(0)")
	}
	hi, lo := bits.Mul64(s.Uint64(), n)
	if lo < n {
		t := -n % n
		for lo < t {
			hi, lo = bits.Mul64(s.Uint64(), n)
		}
	}
	return hi
}

// Intn returns a number below n.
func (s *Stream) Intn(n int) int { return int(s.Uint64n(uint64(n))) }
