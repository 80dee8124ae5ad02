package subset

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestKeySet compares the sets with a map, whatever is done to them.
func TestKeySet(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 50 {
		bytes := round%2 == 0
		mk := func(n int) key {
			if bytes {
				return key{b: fmt.Appendf([]byte{}, "%.*s", n%7, fmt.Sprint(n))}
			}
			return key{n: uint64(n) - 3}
		}
		text := func(k key) string { return fmt.Sprint(k.n, string(k.b)) }
		a, b := &keySet{}, &keySet{}
		in, out := map[string]bool{}, map[string]bool{}
		for range rng.IntN(3000) {
			k := mk(rng.IntN(4000))
			if a.add(k) == in[text(k)] {
				t.Fatal("add does not say whether a key is new")
			}
			in[text(k)] = true
			k = mk(rng.IntN(4000))
			b.add(k)
			out[text(k)] = true
		}
		same := func(s *keySet, want map[string]bool) {
			t.Helper()
			n := 0
			s.each(func(k key) bool {
				n++
				if !want[text(k)] || !s.has(k) {
					t.Fatalf("key %s is in", text(k))
				}
				return true
			})
			if n != len(want) || s.len() != int64(n) {
				t.Fatalf("%d keys, len %d, want %d", n, s.len(), len(want))
			}
		}
		same(a, in)
		diff := a.clone()
		diff.without(b)
		both, minus, fresh := map[string]bool{}, map[string]bool{}, map[string]bool{}
		for k := range in {
			both[k] = true
			minus[k] = !out[k]
			if out[k] {
				delete(minus, k)
			}
		}
		for k := range out {
			if !in[k] {
				fresh[k] = true
			}
			both[k] = true
		}
		same(diff, minus)
		same(a.merge(b), fresh)
		same(a, both)
		n := int64(0)
		for _, part := range a.parts(key{}, 17, 0) {
			part.each(func(k key) bool { n++; return a.has(k) })
		}
		if n != a.len() {
			t.Fatalf("parts have %d keys of %d", n, a.len())
		}
	}
}

// TestRowIDs: what is written reads back, and what is no heap row is refused.
func TestRowIDs(t *testing.T) {
	for _, id := range []uint64{1, 291, 1<<offsetBits - 1, 1 << offsetBits, 1<<leafShift - 1} {
		got, err := parseTID(appendTID(nil, id))
		if err != nil || got != id {
			t.Errorf("%d reads back as %d, %v", id, got, err)
		}
	}
	for _, s := range []string{"", "()", "(1)", "(1,2", "(1,2048)", "(4294967296,1)", "(a,1)", "1,2,3"} {
		if _, err := parseTID([]byte(s)); err == nil {
			t.Errorf("%q is taken for a row", s)
		}
	}
}

// TestCanonical: texts of equal values have one form, others do not.
func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		f    family
		a, b string
		same bool
	}{
		{famNumeric, "1.0", "1.00", true}, {famNumeric, "1", "1.0", true}, {famNumeric, "10", "1", false}, {famNumeric, "0.00", "0", true},
		{famNumeric, "100", "1", false}, {famNumeric, "NaN", "NaN", true}, {famChar, "a  ", "a", true}, {famChar, " a", "a", false},
		{famText, "a ", "a", false}, {"float8", "-0", "0", true}, {"float8", "-0.5", "0.5", false},
	} {
		a, b := string(c.f.appendCanonical(nil, []byte(c.a))), string(c.f.appendCanonical(nil, []byte(c.b)))
		if (a == b) != c.same {
			t.Errorf("%s: %q and %q become %q and %q", c.f, c.a, c.b, a, b)
		}
	}
}

// TestRowAllocations: judging a row that does not come costs no memory.
func TestRowAllocations(t *testing.T) {
	g := &graph{}
	s := &space{families: []family{famInt, famText}, cols: []int{0, 1}}
	lay := &layout{g: g, leaf: &leaf{}, outer: make([]string, 3)}
	lay.refs = []refField{{ref: &ref{space: s}, pos: []int{1, 2}}}
	r := newRow(lay)
	set := &keySet{}
	set.add(key{b: []byte("another")})
	fields := [][]byte{[]byte("(123,4)"), []byte("77"), []byte("some text")}
	n := testing.AllocsPerRun(100, func() {
		if err := r.reset(fields); err != nil {
			t.Fatal(err)
		}
		to, k, err := r.ref(&lay.refs[0])
		if err != nil || to != on || set.has(k) {
			t.Fatal(to, err)
		}
	})
	if n != 0 {
		t.Errorf("%g allocations a row", n)
	}
}

// TestQuota: a stratified number of rows keeps shares and forgets no group.
func TestQuota(t *testing.T) {
	mem := newMemory(0, "", &tuning{})
	s := newStrata(mem, 100)
	for name, n := range map[string]int{"big": 900, "mid": 90, "small": 9, "one": 1} {
		g := s.group([]byte(name))
		for i := range n {
			g.rows++
			s.add(g, drawn{hash: uint64(i * 7919 % 1009), leaf: 0, id: uint64(len(s.groups)*10000 + i)})
		}
	}
	got := rowSets{mem.newList(1)}
	s.take(&Sample{Rows: 100}, got)
	per := make([]int, 5)
	got.at[0].each(func(k key) bool { per[k.n/10000]++; return true })
	per = per[1:]
	total := 0
	for _, n := range per {
		if n == 0 {
			t.Errorf("a group has no row: %v", per)
		}
		total += n
	}
	if total < 100 || total > 101 {
		t.Errorf("%d rows instead of 100: %v", total, per)
	}
}
