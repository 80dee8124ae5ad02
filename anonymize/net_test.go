package anonymize

import (
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"testing"
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
