package anonymize

import (
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/pgstandin/pgstandin/keyed"
)

// TestPrefixes masks addresses that share their first bits, and no more: so do
// the masks.
func TestPrefixes(t *testing.T) {
	mask := one(t, 1, "inet", Mask{Kind: "ip"}, func(*Column) {})
	rng := rand.New(rand.NewPCG(1, 2))
	common := func(a, b netip.Addr) int {
		x, y := a.As16(), b.As16()
		for i := range x {
			if d := x[i] ^ y[i]; d != 0 {
				return 8*i + bits.LeadingZeros8(d)
			}
		}
		return 128
	}
	for range 3000 {
		var raw [16]byte
		for i := range raw {
			raw[i] = byte(rng.Uint32())
		}
		from := 0
		if rng.IntN(2) == 0 {
			copy(raw[:], []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})
			from = 96
		}
		other := raw
		n := from + rng.IntN(128-from)
		other[n/8] ^= 0x80 >> (n % 8)
		for i := n + 1; i < 128; i++ {
			other[i/8] ^= byte(rng.IntN(2)) * (0x80 >> (i % 8))
		}
		a, b := netip.AddrFrom16(raw).Unmap(), netip.AddrFrom16(other).Unmap()
		x, err := netip.ParseAddr(mask(a.String()))
		if err != nil {
			t.Fatal(err)
		}
		y, err := netip.ParseAddr(mask(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if x.Is4() != a.Is4() || common(x, y) != n {
			t.Fatalf("%s and %s share %d bits, their masks %d", a, b, n, common(x, y))
		}
	}
}

// flipBits states what masks of addresses do to the first n bits of b, bit by bit.
func flipBits(prf *keyed.PRF, b []byte, n int) {
	from := slices.Clone(b)
	for i := range n {
		var in [16]byte // the bits before the last multiple of seven, a one, and zeros
		whole := i / 7 * 7
		for k := range whole {
			in[k/8] |= from[k/8] & (0x80 >> (k % 8))
		}
		in[whole/8] |= 0x80 >> (whole % 8)
		node := 1
		for k := whole; k < i; k++ {
			node = 2*node + int(from[k/8]>>(7-k%8)&1)
		}
		sum := prf.Sum(in[:])
		b[i/8] ^= (sum[node/8] >> (node % 8) & 1) << (7 - i%8)
	}
}

// TestLastBlocks: blocks that are kept from one address to the next change nothing.
func TestLastBlocks(t *testing.T) {
	prfs := [2]*keyed.PRF{testSecret(t, 1).PRF("test", "one"), testSecret(t, 1).PRF("test", "two")}
	rng := rand.New(rand.NewPCG(3, 4))
	var kept lastBlocks
	var addr [16]byte
	for range 4000 {
		same := rng.IntN(129) // bits of the address before
		for i := same; i < 128; i++ {
			addr[i/8] ^= byte(rng.Uint32()&1) << (7 - i%8)
		}
		n, prf := 128, prfs[0]
		if rng.IntN(4) == 0 {
			n = rng.IntN(129)
		}
		if rng.IntN(50) == 0 {
			prf = prfs[1]
		}
		want, got := addr, addr
		flipBits(prf, want[:], n)
		kept.flip(prf, &got, n)
		if want != got {
			t.Fatalf("%x, %d bits: %x instead of %x", addr, n, got, want)
		}
	}
}

// TestPrefixTable: the blocks made in advance change nothing.
func TestPrefixTable(t *testing.T) {
	prf := testSecret(t, 1).PRF("test", "prefixes")
	p := &prefixes{prf: prf}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		var raw [4]byte
		for i := range raw {
			raw[i] = byte(rng.Uint32())
		}
		n := rng.IntN(33)
		want, got := raw, raw
		flipBits(prf, want[:], n)
		p.flip(&got, n)
		if want != got {
			t.Fatalf("%v, %d bits: %v instead of %v", raw, n, got, want)
		}
	}
}
