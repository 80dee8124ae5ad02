package keyed

import (
	"encoding/binary"
	"math/bits"
)

// Permutation is a keyed bijection of the numbers below a bound: a balanced
// Feistel network of ten rounds over the next even number of bits, walked until
// the result is below the bound (Black and Rogaway, "Ciphers with Arbitrary
// Finite Domains", 2002). Safe for concurrent use.
type Permutation struct {
	prf  *PRF
	n    uint64
	half uint
	mask uint64
}

const rounds = 10

// Permutation returns the bijection of [0, n) that belongs to the function. n =
// 0 stands for 2^64.
func (p *PRF) Permutation(n uint64) *Permutation {
	q := p.permutation(n)
	return &q
}

func (p *PRF) permutation(n uint64) Permutation {
	half := max(1, (uint(bits.Len64(n-1))+1)/2) // n = 0: 32
	return Permutation{prf: p, n: n, half: half, mask: 1<<half - 1}
}

// Apply returns the image of x, which must be below the bound. Each tweak gives
// another bijection.
func (q *Permutation) Apply(x, tweak uint64) uint64 {
	for {
		x = q.feistel(x, tweak)
		if q.n == 0 || x < q.n {
			return x
		}
	}
}

func (q *Permutation) feistel(x, tweak uint64) uint64 {
	l, r := x>>q.half&q.mask, x&q.mask
	s := q.prf.pool.Get().(*scratch)
	for i := range uint64(rounds) {
		l, r = r, l^q.round(s, i, r, tweak)
	}
	q.prf.pool.Put(s)
	return l<<q.half | r
}

func (q *Permutation) round(s *scratch, i, half, tweak uint64) uint64 {
	// half has at most 32 bits; the bound tells permutations of one function
	// apart, and the whole block is used.
	binary.BigEndian.PutUint64(s.in[:8], half|i<<32|uint64(q.half)<<40|uint64(bits.Len64(q.n))<<48)
	binary.BigEndian.PutUint64(s.in[8:], tweak^q.n*0x9e3779b97f4a7c15)
	q.prf.round.Encrypt(s.out[:], s.in[:])
	return binary.BigEndian.Uint64(s.out[:8]) & q.mask
}

// PermuteDigits replaces the decimal digits in place (values 0 to 9) by a
// bijection of all strings of that length. Up to 18 digits are one number; a
// longer string is an unbalanced pair of numbers, mixed in turn.
func (p *PRF) PermuteDigits(d []byte, tweak uint64) {
	if len(d) == 0 {
		return
	}
	if len(d) <= 18 {
		p.permuteNumber(d, tweak)
		return
	}
	// Four alternating passes over overlapping windows: each is a bijection of
	// the whole string given the digits outside the window.
	for pass := range uint64(4) {
		head, tail := d[:18], d[18:]
		if pass%2 == 1 {
			head, tail = d[len(d)-18:], d[:len(d)-18]
		}
		t := p.Uint64(tail) ^ tweak ^ pass<<56
		p.permuteNumber(head, t)
		if len(tail) > 18 {
			p.PermuteDigits(tail, p.Uint64(head)^tweak^(pass+1)<<56)
		}
	}
}

func (p *PRF) permuteNumber(d []byte, tweak uint64) {
	x, n := uint64(0), uint64(1)
	for _, c := range d {
		x, n = x*10+uint64(c), n*10
	}
	x = p.Bijection(n, x, tweak)
	for i := len(d) - 1; i >= 0; i-- {
		d[i] = byte(x % 10)
		x /= 10
	}
}

// Permute16 replaces 16 bytes in place by a bijection of all such strings: one
// block of AES.
func (p *PRF) Permute16(b *[16]byte) {
	s := p.pool.Get().(*scratch)
	s.in = *b
	p.wide.Encrypt(s.out[:], s.in[:])
	*b = s.out
	p.pool.Put(s)
}

// Bijection returns the image of x under the permutation of [0, n) that belongs
// to the tweak, without preparing one; x must be below n, and n not 0.
func (p *PRF) Bijection(n, x, tweak uint64) uint64 {
	q := p.permutation(n)
	return q.Apply(x, tweak)
}
