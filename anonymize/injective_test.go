package anonymize

import (
	"bytes"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

// small lists domains that are small enough to be masked as a whole: what comes
// out must be the same values in another order.
func small() []struct {
	name, kind, typ string
	params          params
	all             iter.Seq[string]
} {
	type domain = struct {
		name, kind, typ string
		params          params
		all             iter.Seq[string]
	}
	numbers := func(format string, n int) iter.Seq[string] {
		return func(yield func(string) bool) {
			for i := 0; i < n && yield(fmt.Sprintf(format, i)); i++ {
			}
		}
	}
	letters := func(format string, n int) iter.Seq[string] {
		return func(yield func(string) bool) {
			word := make([]byte, n)
			for i := 0; ; i++ {
				x := i
				for k := range word {
					word[k], x = 'A'+byte(x%26), x/26
				}
				if x > 0 || !yield(fmt.Sprintf(format, word)) {
					return
				}
			}
		}
	}
	int16s := func(yield func(string) bool) {
		for i := -1 << 15; i < 1<<15 && yield(strconv.Itoa(i)); i++ {
		}
	}
	return []domain{
		{"extensions", "phone", "text", nil, numbers("%03d", 1000)},
		{"extensions of four digits", "phone", "text", nil, numbers("%04d", 10000)},
		{"national numbers", "phone", "text", nil, numbers("%05d", 100000)},
		{"international numbers", "phone", "text", nil, numbers("+49 %05d", 100000)},
		{"int2", "number", "int2", params{"permute": true}, int16s},
		{"a range and what is outside", "number", "int2", params{"permute": []any{int64(-100), int64(20000)}}, int16s},
		{"a range up to the end", "number", "int2", params{"permute": []any{int64(1), int64(32767)}}, int16s},
		{"a range of two", "number", "int4", params{"permute": []any{int64(7), int64(8)}}, numbers("%d", 1<<16)},
		{"four digits", "vat", "text", nil, numbers("%04d", 10000)},
		{"a letter and digits", "token", "text", nil, func(yield func(string) bool) {
			for i := range 26000 {
				if !yield(fmt.Sprintf("x%c-%03d", 'A'+i/1000, i%1000)) {
					return
				}
			}
		}},
		{"banks", "bic", "text", nil, letters("%sDEFF", 4)},
		{"branches", "bic", "text", nil, letters("DEUTDEFF%s", 3)},
		{"networks", "ip", "cidr", nil, func(yield func(string) bool) {
			for i := range 1 << 16 {
				if !yield(fmt.Sprintf("%d.%d.0.0/16", i>>8, i&255)) {
					return
				}
			}
		}},
	}
}

func TestSmallDomainsArePermuted(t *testing.T) {
	for _, d := range small() {
		t.Run(d.name, func(t *testing.T) {
			f := one(t, 1, d.typ, Mask{Kind: d.kind, Params: d.params}, unique)
			// Some kinds keep a part of the value and vary it within a larger domain than
			// the values here: a token's x is a letter too. So the check is on the results.
			in, out, fixed := map[string]bool{}, map[string]bool{}, 0
			for v := range d.all {
				in[v] = true
				y := f(v)
				if out[y] {
					t.Fatalf("%s comes twice, the second time from %s", y, v)
				}
				out[y] = true
				if y == v {
					fixed++
				}
			}
			closed := d.kind != "token" && d.name != "a range of two" && d.name != "branches"
			for y := range out {
				if closed && !in[y] {
					t.Fatalf("%s is of another domain", y)
				}
			}
			// A random permutation has one fixed point on average.
			if allowed := 12; fixed > allowed && d.params == nil {
				t.Errorf("%d of %d values stay", fixed, len(in))
			}
		})
	}
}

// TestRangeStaysInRange: the numbers of the range are permuted among themselves.
func TestRangeStaysInRange(t *testing.T) {
	f := one(t, 1, "int8", Mask{Kind: "number", Params: params{"permute": []any{int64(1000), int64(1999)}}}, unique)
	for i := range 4000 {
		y, err := strconv.Atoi(f(strconv.Itoa(i)))
		if err != nil || (i >= 1000 && i < 2000) != (y >= 1000 && y < 2000) {
			t.Errorf("%d becomes %d: %v", i, y, err)
		}
	}
	for _, v := range []string{"9223372036854775807", "-9223372036854775808", "4611686018427387904", "0", "-1"} {
		narrow := one(t, 1, "int4", Mask{Kind: "number", Params: params{"permute": []any{int64(1000), int64(1999)}}})
		y := f(v)
		if _, err := strconv.ParseInt(y, 10, 64); err != nil {
			t.Errorf("%s becomes %s", v, y)
		}
		if len(v) < 10 && narrow(v) != y {
			t.Errorf("%s becomes %s in an int8 and %s in an int4", v, y, narrow(v))
		}
	}
}

// TestCapacity: what is unique in so many rows needs as many values.
func TestCapacity(t *testing.T) {
	compile := func(sole bool, rows int64, m Mask, typ Type) error {
		_, err := Compile(testSecret(t, 1), Table{Entity: -1, Rows: rows, Columns: []Column{{Name: "c", Type: typ, Unique: true, NotNull: true, Sole: sole, Mask: &m}}})
		return err
	}
	m := Mask{Kind: "number", Params: params{"permute": []any{int64(1), int64(1000)}}}
	for _, c := range []struct {
		sole bool
		rows int64
		ok   bool
	}{{true, 1000, true}, {true, 1001, false}, {false, 1e6, true}, {true, 0, true}} {
		if err := compile(c.sole, c.rows, m, Type{Name: "int4"}); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
	// The tail of a hash grows with the rows, until the column is full.
	for _, c := range []struct {
		rows   int64
		length int
		ok     bool
	}{{1000, 15, true}, {1000, 14, false}, {1e9, 22, false}, {1e9, 23, true}} {
		err := compile(true, c.rows, Mask{Kind: "hash"}, Type{Name: "varchar", Length: c.length})
		if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "characters to stay unique") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestPrefixesStay: two addresses that share their first n bits, and no more,
// share as many after.
func TestPrefixesStay(t *testing.T) {
	f := one(t, 1, "inet", Mask{Kind: "ip"}, unique)
	rng := rand.New(rand.NewPCG(3, 4))
	parse := func(s string) []byte { return netip.MustParseAddr(s).AsSlice() }
	common := func(a, b []byte) int {
		for i := range len(a) * 8 {
			if (a[i/8]^b[i/8])>>(7-i%8)&1 == 1 {
				return i
			}
		}
		return len(a) * 8
	}
	for range 2000 {
		size := 4 + 12*rng.IntN(2)
		a := make([]byte, size)
		for i := range a {
			a[i] = byte(rng.Uint32())
		}
		b := bytes.Clone(a)
		n := rng.IntN(size * 8)
		b[n/8] ^= 0x80 >> (n % 8)
		for i := n + 1; i < size*8; i++ { // what follows is another
			b[i/8] ^= byte(rng.IntN(2)) << (7 - i%8)
		}
		x, _ := netip.AddrFromSlice(a)
		y, _ := netip.AddrFromSlice(b)
		if x.Is4In6() || y.Is4In6() {
			continue
		}
		if got := common(parse(f(x.String())), parse(f(y.String()))); got != n {
			t.Fatalf("%s and %s share %d bits, and %d after", x, y, n, got)
		}
	}
}
