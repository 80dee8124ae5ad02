package keyed

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
)

// Invert undoes Apply.
func (q *Permutation) Invert(y, tweak uint64) uint64 {
	for {
		y = q.unfeistel(y, tweak)
		if q.n == 0 || y < q.n {
			return y
		}
	}
}

func (q *Permutation) unfeistel(y, tweak uint64) uint64 {
	l, r := y>>q.half&q.mask, y&q.mask
	s := q.prf.pool.Get().(*scratch)
	for i := uint64(rounds); i > 0; i-- {
		l, r = r^q.round(s, i-1, l, tweak), l
	}
	q.prf.pool.Put(s)
	return l<<q.half | r
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// TestCMAC checks the vectors of NIST SP 800-38B (D.2 for AES-128 is RFC 4493's,
// D.3 is for AES-256).
func TestCMAC(t *testing.T) {
	msg := unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	for _, c := range []struct {
		key  string
		n    int
		want string
	}{
		{"2b7e151628aed2a6abf7158809cf4f3c", 0, "bb1d6929e95937287fa37d129b756746"},
		{"2b7e151628aed2a6abf7158809cf4f3c", 16, "070a16b46b4d4144f79bdd9dd04a287c"},
		{"2b7e151628aed2a6abf7158809cf4f3c", 40, "dfa66747de9ae63030ca32611497c827"},
		{"2b7e151628aed2a6abf7158809cf4f3c", 64, "51f0bebf7e3b9d92fc49741779363cfe"},
		{"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 0, "028962f61b7bf89efc6b551f4667d983"},
		{"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 16, "28a7023f452e8f82bd4bf28d8c37c35c"},
		{"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 40, "aaf3d8f1de5640c232f5b169b9c911e6"},
		{"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 64, "e1992190549f6ed5696a2c056c315410"},
	} {
		key := unhex(c.key)
		got := newPRF(key, key, key).Sum(msg[:c.n])
		if hex.EncodeToString(got[:]) != c.want {
			t.Errorf("CMAC of %d bytes: %x, want %s", c.n, got, c.want)
		}
	}
}

func secret(b byte) *Secret {
	return newSecret([32]byte(bytes.Repeat([]byte{b}, 32)))
}

func TestPRFSeparation(t *testing.T) {
	seen := map[[16]byte]string{}
	for _, s := range []*Secret{secret(1), secret(2)} {
		for _, pd := range [][2]string{{"a", "b"}, {"ab", ""}, {"", "ab"}, {"a", "bc"}, {"ab", "c"}} {
			for _, v := range []string{"", "x", "y", strings.Repeat("z", 33)} {
				sum := s.PRF(pd[0], pd[1]).Sum([]byte(v))
				what := fmt.Sprint(s, pd, v)
				if other, dup := seen[sum]; dup {
					t.Errorf("%s and %s give the same", what, other)
				}
				seen[sum] = what
			}
		}
	}
}

func TestPermutationIsExhaustive(t *testing.T) {
	p := secret(3).PRF("test", "")
	for n := uint64(1); n <= 600; n++ {
		q := p.Permutation(n)
		for tweak := range uint64(2) {
			seen := make([]bool, n)
			for x := range n {
				y := q.Apply(x, tweak)
				if y >= n || seen[y] {
					t.Fatalf("n=%d: %d -> %d is out of range or taken", n, x, y)
				}
				seen[y] = true
				if back := q.Invert(y, tweak); back != x {
					t.Fatalf("n=%d: %d -> %d -> %d", n, x, y, back)
				}
			}
		}
	}
	for _, n := range []uint64{0, 1 << 63, 1<<64 - 1, 1e18} {
		q := p.Permutation(n)
		for x := range uint64(200) {
			if back := q.Invert(q.Apply(x*31, 7), 7); back != x*31 {
				t.Fatalf("n=%d: %d comes back as %d", n, x*31, back)
			}
		}
	}
}

func TestPermuteDigitsIsABijection(t *testing.T) {
	p := secret(4).PRF("test", "")
	for length := 1; length <= 4; length++ {
		seen := map[string]bool{}
		n := 1
		for range length {
			n *= 10
		}
		for x := range n {
			d := []byte(fmt.Sprintf("%0*d", length, x))
			for i := range d {
				d[i] -= '0'
			}
			p.PermuteDigits(d, 1)
			if seen[string(d)] {
				t.Fatalf("length %d: a value comes twice", length)
			}
			seen[string(d)] = true
		}
	}
	// Long strings: neighbours stay apart, and everything depends on everything.
	for _, length := range []int{19, 25, 40, 60} {
		seen := map[string]bool{}
		for x := range 3000 {
			d := make([]byte, length)
			copy(d[x%(length-4):], []byte{byte(x % 10), byte(x / 10 % 10), byte(x / 100 % 10), byte(x / 1000)})
			key := string(d)
			if seen["in"+key] {
				continue
			}
			seen["in"+key] = true
			p.PermuteDigits(d, 1)
			if seen[string(d)] {
				t.Fatalf("length %d: a value comes twice", length)
			}
			seen[string(d)] = true
			for _, c := range d {
				if c > 9 {
					t.Fatal("not a digit")
				}
			}
		}
	}
}

func TestSecretText(t *testing.T) {
	s, err := NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	key := s.key()
	for _, text := range []string{s.Hex(), s.Hex() + "\n", strings.ToUpper(s.Hex()), base64.StdEncoding.EncodeToString(key[:]), base64.RawURLEncoding.EncodeToString(key[:])} {
		got, err := ParseSecret([]byte(text))
		if err != nil || got.key() != key {
			t.Errorf("a secret of %d characters does not come back: %v", len(text), err)
		}
	}
	for _, text := range []string{"", "secret", s.Hex()[1:], s.Hex() + "0", strings.Repeat("0", 64), strings.Repeat("zz", 32), TestSecret().Hex()} {
		if _, err := ParseSecret([]byte(text)); err == nil {
			t.Errorf("%d characters are taken for a secret", len(text))
		}
	}
}

// TestSecretNeverPrints formats a secret, copies of it and structs that hold it
// with every verb, and looks for its bytes however they are spelt.
func TestSecretNeverPrints(t *testing.T) {
	s := secret(0xa7)
	type holder struct {
		p *Secret
		v Secret
	}
	things := map[string]any{
		"pointer": s, "copy": *s, "struct": holder{s, *s}, "pointer to struct": &holder{s, *s},
		"list": []Secret{*s}, "map": map[string]*Secret{"k": s}, "error": fmt.Errorf("key: %w", fmt.Errorf("%v", *s)),
	}
	// More than one byte: an address, which may be printed, can hold any one.
	twice := []string{"a7a7a7a7", "a7, 0xa7", "a7 a7", "a7 0xa7", "167 167", "167, 167", "247 247", `\xa7\xa7`, "10100111 10100111", "\u00a7\u00a7"}
	for what, thing := range things {
		for _, verb := range "vTtbcdoOqxXUeEfFgGsp" {
			for _, flags := range []string{"", "+", "#", " ", "#+", "080"} {
				text := strings.ToLower(fmt.Sprintf("%"+flags+string(verb), thing))
				for _, spelt := range twice {
					if strings.Contains(text, spelt) {
						t.Errorf("%%%s%c of a %s prints the secret", flags, verb, what)
					}
				}
			}
		}
		if text, err := json.Marshal(thing); err == nil && strings.Contains(string(text), "167") {
			t.Errorf("the JSON of a %s holds the secret", what)
		}
	}
	if fmt.Sprint(s) != "secret("+s.ID()+")" || fmt.Sprint(*s) != fmt.Sprint(s) || fmt.Sprint(Secret{}) != "secret()" {
		t.Errorf("a secret prints as %v", s)
	}
	if _, err := ParseSecret([]byte("hunter2")); err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "keygen") {
		t.Errorf("error of a bad secret: %v", err)
	}
}

// TestConcurrentUse has many goroutines use one function (with -race) and
// compares what each saw.
func TestConcurrentUse(t *testing.T) {
	p := secret(8).PRF("test", "x")
	q := p.Permutation(1e6)
	run := func() uint64 {
		var all uint64
		for i := range uint64(2000) {
			v := []byte(fmt.Sprint(i))
			st := p.Stream(v)
			d := [12]byte{byte(i % 10), byte(i / 10 % 10)}
			b := [16]byte{byte(i)}
			p.PermuteDigits(d[:], i)
			p.Permute16(&b)
			all = all*31 + p.Uint64(v) + st.Uint64n(100) + q.Apply(i, 1) + p.Uint64(d[:]) + p.Uint64(b[:])
		}
		return all
	}
	want := run()
	got := make(chan uint64)
	for range 8 {
		go func() { got <- run() }()
	}
	for range 8 {
		if v := <-got; v != want {
			t.Errorf("another worker got %x, want %x", v, want)
		}
	}
}

// TestKeysAreApart checks that what a permutation of whole blocks shows says
// nothing of the keys of the CMAC.
func TestKeysAreApart(t *testing.T) {
	p := secret(9).PRF("test", "")
	var zero [16]byte
	p.Permute16(&zero)
	if double(zero) == p.k1 {
		t.Error("the image of the zero block is CMAC's L")
	}
}

func TestUint64nIsEven(t *testing.T) {
	p := secret(5).PRF("test", "")
	var seen [7]int
	for i := range 70000 {
		s := p.Stream([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
		s.Uint64()
		s.Uint64()
		seen[s.Uint64n(7)]++
	}
	for i, n := range seen {
		if n < 9500 || n > 10500 {
			t.Errorf("%d came %d times of 70000", i, n)
		}
	}
}

// TestSmallPermutationsAreEven counts where each number of a small domain goes
// under many tweaks: no place is more likely than another (chi-squared).
func TestSmallPermutationsAreEven(t *testing.T) {
	p := secret(10).PRF("test", "")
	for n := uint64(2); n <= 20; n++ {
		q := p.Permutation(n)
		const tweaks = 20000
		for x := range n {
			count := make([]float64, n)
			for tweak := range uint64(tweaks) {
				count[q.Apply(x, tweak)]++
			}
			sum, want := 0.0, tweaks/float64(n)
			for _, c := range count {
				sum += (c - want) * (c - want) / want
			}
			// The mean is n-1, the deviation the root of 2(n-1); five of them.
			if mean := float64(n - 1); sum > mean+5*math.Sqrt(2*mean)+10 {
				t.Errorf("n=%d: %d goes to %v", n, x, count)
			}
		}
	}
}

func TestForksAreApart(t *testing.T) {
	p := secret(11).PRF("test", "")
	seen := map[uint64]bool{}
	for _, v := range []string{"a", "b"} {
		s := p.Stream([]byte(v))
		if a, b := s.Fork(0), s; a.Uint64() != b.Uint64() {
			t.Error("label 0 is another stream")
		}
		s.Uint64()
		for label := range uint64(100) {
			f := s.Fork(label)
			for range 4 {
				x := f.Uint64()
				if seen[x] {
					t.Fatalf("label %d of %s has a number of another stream", label, v)
				}
				seen[x] = true
			}
		}
	}
}

func TestNoAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes sync.Pool allocate")
	}
	p := secret(6).PRF("test", "")
	q := p.Permutation(1000)
	value := []byte("somebody@example.com, a longer value")
	digits := make([]byte, 25)
	if n := testing.AllocsPerRun(1000, func() {
		p.Sum(value)
		s := p.Stream(value)
		s.Uint64()
		q.Apply(17, 3)
		p.PermuteDigits(digits, 3)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPRF(b *testing.B) {
	p := secret(7).PRF("test", "")
	value := []byte("somebody@example.com")
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		p.Sum(value)
	}
}

func BenchmarkPermutation(b *testing.B) {
	q := secret(7).PRF("test", "").Permutation(1e10)
	for b.Loop() {
		q.Apply(12345, 0)
	}
}
