package reidentify

import (
	"fmt"
	"testing"
)

func TestCombinations(t *testing.T) {
	t.Parallel()
	const rows = 1000
	values := make([][]uint64, 5)
	for i := range uint64(rows) {
		for c, v := range []uint64{i % 10, i / 10 % 10, i / 100, 7, i} { // three digits, a constant, a key
			values[c] = append(values[c], v)
		}
	}
	if got := fmt.Sprint(combinations(values[:4])); got != "[{[0 1 2] 1}]" {
		t.Errorf("three digits: %s", got)
	}
	if got := fmt.Sprint(combinations(values)); got != "[{[4] 1} {[0 1 2] 1}]" {
		t.Errorf("with a key: %s", got)
	}
	if unique, k := uniqueness(values, []int{0, 3}); unique != 0 || k != 100 {
		t.Errorf("the last digit: %v unique, groups of %d", unique, k)
	}
	if got := combinations(nil); len(got) != 0 {
		t.Errorf("no column: %v", got)
	}
}

func TestSubsets(t *testing.T) {
	t.Parallel()
	n := 0
	seen := map[string]bool{}
	for set := range subsets(10, 3) {
		n++
		seen[fmt.Sprint(set)] = true
	}
	if n != 120 || len(seen) != 120 {
		t.Errorf("%d sets, %d different", n, len(seen))
	}
}
