package subset

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzPacked: what is packed reads back, and different values stay different.
func FuzzPacked(f *testing.F) {
	f.Add("01234567-89ab-cdef-0123-456789abcdef", "", uint8(0))
	f.Add("01234567-89ab-cdef-0123-456789abcdef", strings.Repeat("x", 300), uint8(1))
	f.Add("01234567-89ab-cdef-0123-456789abcdeX", "----", uint8(0))
	f.Add(strings.Repeat("-", 36), "a", uint8(2))
	f.Fuzz(func(t *testing.T, a, b string, n uint8) {
		fam := []family{"uuid", famText, "date"}[n%3]
		k := fam.appendPacked(nil, []byte(a))
		if got := fam.appendUnpacked([]byte("x"), k); string(got) != "x"+a && !(fam == "uuid" && len(a) == 16) {
			t.Fatalf("%q reads back as %q", a, got)
		}
		parts := fam.appendPackedPart([]byte("before"), []byte(a))
		parts = fam.appendPackedPart(parts, []byte(b))
		first, rest := cutPackedPart(parts[6:])
		second, rest := cutPackedPart(rest)
		if !bytes.Equal(first, k) || !bytes.Equal(second, fam.appendPacked(nil, []byte(b))) || len(rest) != 0 {
			t.Fatalf("%q and %q become %q and %q, and %q is left", a, b, first, second, rest)
		}
	})
}
